using System.Reflection;
using Nephos.Contracts.Node;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Fake;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute;

/// <summary>The kit catches broken drivers: for each promise a driver that breaks it and the test that must fail.</summary>
public sealed class ComputeDriverKitTests
{
    [Theory]
    [InlineData("none", nameof(BrokenKit.Start_Twice_RunsWithItsBoots), false)]
    [InlineData("create resets", nameof(BrokenKit.Create_Twice_LeavesAStoppedGuest), true)]
    [InlineData("start ignored", nameof(BrokenKit.Start_Twice_RunsWithItsBoots), true)]
    [InlineData("start makes disks", nameof(BrokenKit.Start_AbsentGuest_Throws), true)]
    [InlineData("stop removes", nameof(BrokenKit.Stop_Twice_KeepsTheDisk), true)]
    [InlineData("remove keeps", nameof(BrokenKit.Remove_RunningGuestTwice_LeavesNothing), true)]
    [InlineData("no events", nameof(BrokenKit.Changed_GuestKilled_IsRaisedAndTheGuestIsStopped), true)]
    [InlineData("reshape replugs", nameof(BrokenKit.Reshape_CardAdded_IsPluggedOnce), true)]
    [InlineData("counts the dead", nameof(BrokenKit.Diagnose_RunningGuest_CountsItsHardware_AndNothingElse), true)]
    [InlineData("resume restarts", nameof(BrokenKit.Pause_Twice_HoldsAndStartGoesOn), true)]
    public async Task Kit_DriverWithFlaw_FailsThatTest(string flaw, string test, bool fails)
    {
        var kit = new BrokenKit(flaw);
        await kit.InitializeAsync();
        try
        {
            var run = () => (Task)typeof(BrokenKit).GetMethod(test, BindingFlags.Public | BindingFlags.Instance)!.Invoke(kit, null)!;
            var failure = await Record.ExceptionAsync(run);
            (failure is not null).ShouldBe(fails, $"{failure}");
        }
        finally
        {
            await kit.DisposeAsync();
        }
    }

    // Not public, so that the test runner does not run it by itself.
    private sealed class BrokenKit(string flaw) : FakeDriverTests
    {
        protected override TimeSpan Patience => TimeSpan.FromMilliseconds(200);

        protected override Task<IComputeDriver> OpenAsync() => Task.FromResult<IComputeDriver>(new BrokenDriver(OpenFake(), flaw));

        protected override Task KillAsync(string id)
        {
            ((BrokenDriver)Driver).Inner.GoDown(id);
            return Task.CompletedTask;
        }
    }

    private sealed class BrokenDriver(FakeDriver inner, string flaw) : IComputeDriver
    {
        private GuestDiagnostics? _counted;

        public FakeDriver Inner => inner;

        public ComputeCapabilities Capabilities => inner.Capabilities;

        public event Action<string>? Changed
        {
            add
            {
                if (flaw != "no events")
                {
                    inner.Changed += value;
                }
            }
            remove => inner.Changed -= value;
        }

        public Task<HypervisorFacts> DescribeAsync(CancellationToken cancel) => inner.DescribeAsync(cancel);

        public Task<IReadOnlyList<string>> AdoptAsync(CancellationToken cancel) => inner.AdoptAsync(cancel);

        public Task<GuestState> ObserveAsync(string id, CancellationToken cancel) => inner.ObserveAsync(id, cancel);

        public async Task CreateAsync(GuestSpec spec, CancellationToken cancel)
        {
            var again = (await inner.ObserveAsync(spec.Id, cancel)).Power != GuestPower.Absent;
            await (again && flaw == "create resets" ? inner.RemoveAsync(spec.Id, cancel) : inner.CreateAsync(spec, cancel));
        }

        public async Task StartAsync(GuestSpec spec, CancellationToken cancel)
        {
            if (flaw == "start makes disks")
            {
                await inner.CreateAsync(spec, cancel);
            }
            if (flaw == "resume restarts")
            {
                await inner.StopAsync(spec.Id, TimeSpan.Zero, cancel);
            }
            if (flaw != "start ignored")
            {
                await inner.StartAsync(spec, cancel);
            }
        }

        public async Task ReshapeAsync(GuestSpec spec, CancellationToken cancel)
        {
            if (flaw == "reshape replugs")
            {
                await inner.ReshapeAsync(spec with { Nics = [] }, cancel);
            }
            await inner.ReshapeAsync(spec, cancel);
        }

        public bool HasRoom() => inner.HasRoom();

        public Task PauseAsync(string id, CancellationToken cancel) => inner.PauseAsync(id, cancel);

        public Task SuspendAsync(string id, CancellationToken cancel) => inner.SuspendAsync(id, cancel);

        public Task StopAsync(string id, TimeSpan graceful, CancellationToken cancel) =>
            flaw == "stop removes" ? inner.RemoveAsync(id, cancel) : inner.StopAsync(id, graceful, cancel);

        public Task RemoveAsync(string id, CancellationToken cancel) => flaw == "remove keeps" ? inner.StopAsync(id, TimeSpan.Zero, cancel) : inner.RemoveAsync(id, cancel);

        public Task SweepAsync(CancellationToken cancel) => inner.SweepAsync(cancel);

        public Task<string> ReadConsoleAsync(string id, int? lines, CancellationToken cancel) => inner.ReadConsoleAsync(id, lines, cancel);

        public Task<Stream?> OpenVncAsync(string id, CancellationToken cancel) => inner.OpenVncAsync(id, cancel);

        public async Task<GuestDiagnostics?> DiagnoseAsync(string id, CancellationToken cancel) =>
            flaw == "counts the dead" ? _counted = await inner.DiagnoseAsync(id, cancel) ?? _counted : await inner.DiagnoseAsync(id, cancel);
    }
}
