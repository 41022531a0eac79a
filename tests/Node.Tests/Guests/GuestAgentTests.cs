using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Fake;
using Nephos.Node.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Guests;

public sealed class GuestAgentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SignalHub _signals = new();
    private readonly RecordingPlug _plug = new();
    private readonly FakeKnobs _knobs = new();
    private readonly List<string> _calls = [];
    private readonly InMemoryFeed _feed;
    private FakeDriver _driver = null!;
    private GuestAgent _agent = null!;

    public GuestAgentTests()
    {
        _feed = new InMemoryFeed(_signals);
        Restart();
        _knobs.Fail = (_, name, _) =>
        {
            lock (_calls)
            {
                _calls.Add(name);
            }
            return false;
        };
    }

    public void Dispose()
    {
        _agent.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Apply_NewGuest_RunsAndIsReported()
    {
        var guest = Valid.Guest();
        var report = await ApplyAsync(guest);
        report.ShouldBe(new GuestReport { Id = guest.Id, Generation = 1, Boots = 1, Power = GuestPower.Running });
        _plug.Ports.ShouldBe([guest.Nics[0].PortId]);
    }

    [Fact]
    public async Task Apply_SameGenerationAgain_DoesNothing()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _calls.Clear();
        await ApplyAsync(guest with { Power = GuestPower.Stopped });
        _calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Apply_LateOlderGeneration_ChangesNothing()
    {
        var guest = Valid.Guest() with { Generation = 5 };
        await ApplyAsync(guest);
        await ApplyAsync(guest with { Generation = 4, Power = GuestPower.Absent });
        (await PowerAsync(guest.Id)).ShouldBe(GuestPower.Running);
    }

    [Theory]
    [InlineData(RebootKind.Soft)]
    [InlineData(RebootKind.Hard)]
    public async Task Apply_MoreBoots_RestartsOnce(RebootKind kind)
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _calls.Clear();
        await ApplyAsync(guest with { Generation = 2, Boots = 2, LastReboot = kind });
        await ApplyAsync(guest with { Generation = 3, Boots = 2, LastReboot = kind });
        _calls.ShouldBe(["Stop", "Start"]);
    }

    [Fact]
    public async Task Apply_Failure_IsReportedOnceAndStandsUntilTheNextGeneration()
    {
        var guest = Valid.Guest();
        _plug.Refused[guest.Nics[0].PortId] = "The port does not exist";
        var report = await ApplyAsync(guest);
        report.ShouldBe(new GuestReport { Id = guest.Id, Generation = 1, Boots = 1, Power = GuestPower.Stopped, Error = "The port does not exist" });
        _plug.Refused.Clear();
        _calls.Clear();
        _agent.WakeAll();
        await _agent.IdleAsync();
        _calls.ShouldBeEmpty();
        (await ApplyAsync(guest with { Generation = 2 })).ShouldSatisfyAllConditions(r => r.Error.ShouldBeNull(), r => r.Power.ShouldBe(GuestPower.Running));
    }

    [Fact]
    public async Task Apply_LostReply_IsObservedAndNotRepeated()
    {
        var lost = 0;
        _knobs.LoseReply = (_, name, _) => name == "Start" && Interlocked.Increment(ref lost) == 1;
        var report = await ApplyAsync(Valid.Guest());
        report.ShouldSatisfyAllConditions(r => r.Error.ShouldBeNull(), r => r.Power.ShouldBe(GuestPower.Running));
        _calls.ShouldBe(["Create", "Start"]);
    }

    [Fact]
    public async Task Apply_HardRebootOfAGuestThatDoesNotAnswer_RestartsIt()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _calls.Clear();
        var mute = true;
        _knobs.Mute = _ => mute;
        _knobs.LoseReply = (_, name, _) =>
        {
            mute &= name != "Stop";
            return false;
        };
        var report = await ApplyAsync(guest with { Generation = 2, Boots = 2, LastReboot = RebootKind.Hard });
        report.ShouldBe(new GuestReport { Id = guest.Id, Generation = 2, Boots = 2, Power = GuestPower.Running });
        _calls.ShouldBe(["Stop", "Start"]);
    }

    [Fact]
    public async Task Apply_Absent_LeavesNothingAndIsReported()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        (await ApplyAsync(guest with { Generation = 2, Power = GuestPower.Absent })).Power.ShouldBe(GuestPower.Absent);
        Directory.Exists(Path.Combine(_folder.Path, "guests", guest.Id)).ShouldBeFalse();
    }

    [Fact]
    public async Task Apply_AbsentThatFails_IsTriedAgain()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        var failures = 1;
        _knobs.Fail = (_, name, _) => name == "Remove" && Interlocked.Decrement(ref failures) >= 0;
        (await ApplyAsync(guest with { Generation = 2, Power = GuestPower.Absent })).Error.ShouldNotBeNull();
        _agent.WakeAll();
        await _agent.IdleAsync();
        _feed.Reports[^1].ShouldBe(new GuestReport { Id = guest.Id, Generation = 2, Boots = 1, Power = GuestPower.Absent });
    }

    [Fact]
    public async Task Apply_AbsentDuringAnApply_OverridesIt()
    {
        var guest = Valid.Guest();
        _knobs.StepByHand = true;
        _feed.Put(guest);
        await _agent.PullOnceAsync(default);
        await UntilAsync(() => _knobs.Waiting.Contains($"Create {guest.Id}"), "the first record is being applied");
        _feed.Put(guest with { Generation = 2, Power = GuestPower.Absent });
        await _agent.PullOnceAsync(default);
        await UntilAsync(() => _knobs.Waiting.Contains($"Remove {guest.Id}"), "the removal took over");
        _knobs.StepByHand = false;
        await _agent.IdleAsync();
        _feed.Reports.ShouldHaveSingleItem().ShouldSatisfyAllConditions(r => r.Generation.ShouldBe(2), r => r.Power.ShouldBe(GuestPower.Absent));
    }

    [Fact]
    public async Task Apply_NewerRecordsDuringAnApply_OnlyTheNewestFollows()
    {
        var guest = Valid.Guest();
        _knobs.StepByHand = true;
        _feed.Put(guest);
        await _agent.PullOnceAsync(default);
        await UntilAsync(() => _knobs.Waiting.Count == 1, "the first record is being applied");
        for (var generation = 2; generation <= 4; generation++)
        {
            _feed.Put(guest with { Generation = generation, Power = generation == 4 ? GuestPower.Paused : GuestPower.Stopped });
            await _agent.PullOnceAsync(default);
        }
        _knobs.StepByHand = false;
        await _agent.IdleAsync();
        _feed.Reports.Select(report => report.Generation).ShouldBe([1, 4]);
        _calls.ShouldBe(["Create", "Start", "Pause"]);
    }

    [Fact]
    public async Task Observe_GuestWentDown_IsReportedAsUnsolicitedAndNotRestarted()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _calls.Clear();
        _driver.GoDown(guest.Id);
        await _agent.IdleAsync();
        _feed.Reports[^1].ShouldBe(new GuestReport { Id = guest.Id, Generation = 1, Boots = 1, Power = GuestPower.Stopped, Unsolicited = true });
        _agent.WakeAll();
        await _agent.IdleAsync();
        _feed.Reports.Count.ShouldBe(2);
        _calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Observe_HaltedByAFullDisk_IsReportedOnceAndGoesOnWhenThereIsRoom()
    {
        const string words = "The host's disk is full: the guest stands still at a write and goes on when there is room";
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _knobs.DiskFull = true;
        _driver.Halt(guest.Id, GuestHalt.DiskFull);
        await _agent.IdleAsync();
        _agent.WakeAll();
        await _agent.IdleAsync();
        _feed.Reports.Count.ShouldBe(2);
        _feed.Reports[^1].ShouldBe(new GuestReport { Id = guest.Id, Generation = 1, Boots = 1, Power = GuestPower.Paused, Halted = words });
        // Asked to go on too early: it did not.
        (await ApplyAsync(guest with { Generation = 2 })).ShouldBe(new GuestReport { Id = guest.Id, Generation = 2, Boots = 1, Power = GuestPower.Paused, Halted = words, Error = words });
        _calls.Clear();
        _knobs.DiskFull = false;
        Restart();
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        _feed.Reports[^1].ShouldSatisfyAllConditions(r => r.Power.ShouldBe(GuestPower.Running), r => r.Halted.ShouldBeNull(), r => r.Error.ShouldBeNull());
        _calls.ShouldBe(["Start"]);
    }

    [Fact]
    public async Task Observe_HaltedAndNotWishedToRun_StaysSo()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _knobs.DiskFull = true;
        _driver.Halt(guest.Id, GuestHalt.DiskFull);
        await ApplyAsync(guest with { Generation = 2, Power = GuestPower.Paused });
        _knobs.DiskFull = false;
        _agent.WakeAll();
        await _agent.IdleAsync();
        (await PowerAsync(guest.Id)).ShouldBe(GuestPower.Paused);
    }

    [Fact]
    public async Task Observe_WentDownWhileTheCloudIsAway_IsReportedLater()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _feed.Away = true;
        _driver.GoDown(guest.Id);
        await _agent.IdleAsync();
        _feed.Away = false;
        _agent.WakeAll();
        await _agent.IdleAsync();
        _feed.Reports[^1].Unsolicited.ShouldBeTrue();
    }

    [Fact]
    public async Task Restart_RunningGuests_AreAdoptedAndReportedWithoutACall()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest with { Boots = 4 });
        Restart();
        _calls.Clear();
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        _feed.Reports[^1].ShouldBe(new GuestReport { Id = guest.Id, Generation = 1, Boots = 4, Power = GuestPower.Running });
        _feed.Reports.Count.ShouldBe(2);
        _calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Restart_GuestDiedMeanwhile_IsReportedAsUnsolicited()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _agent.Dispose();
        _driver.GoDown(guest.Id);
        Restart();
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        _feed.Reports[^1].ShouldSatisfyAllConditions(r => r.Unsolicited.ShouldBeTrue(), r => r.Power.ShouldBe(GuestPower.Stopped));
    }

    [Fact]
    public async Task Restart_KilledBetweenRebootAndItsRecord_DoesNotRebootAgain()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        var second = guest with { Generation = 2, Boots = 2, LastReboot = RebootKind.Hard };
        // What a kill after the restart and before applied.json leaves.
        await _driver.StopAsync(guest.Id, TimeSpan.Zero, default);
        await _driver.StartAsync(second, default);
        Restart();
        _calls.Clear();
        await ApplyAsync(second);
        _calls.ShouldBeEmpty();
        _feed.Reports[^1].ShouldBe(new GuestReport { Id = guest.Id, Generation = 2, Boots = 2, Power = GuestPower.Running });
    }

    [Fact]
    public async Task Restart_TornAppliedFile_IsAppliedAnewWithoutARestartOfTheGuest()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        File.WriteAllText(Path.Combine(_folder.Path, "guests", guest.Id, "applied.json"), "{\"gen");
        Restart();
        _calls.Clear();
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        _calls.ShouldBeEmpty();
        _feed.Reports[^1].Power.ShouldBe(GuestPower.Running);
    }

    [Fact]
    public async Task Pull_FullList_RemovesLeftovers()
    {
        var (kept, lost) = (Valid.Guest(), Valid.Guest());
        await ApplyAsync(kept);
        await ApplyAsync(lost);
        _feed.Forget(lost.Id);
        Restart();
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        (await PowerAsync(kept.Id)).ShouldBe(GuestPower.Running);
        Directory.Exists(Path.Combine(_folder.Path, "guests", lost.Id)).ShouldBeFalse();
    }

    [Fact]
    public async Task Pull_GuestThatWasALeftoverIsListedAgain_IsMadeAgain()
    {
        var guest = Valid.Guest();
        await ApplyAsync(guest);
        _feed.Forget(guest.Id);
        Restart();
        _feed.Put(Valid.Guest());
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        (await PowerAsync(guest.Id)).ShouldBe(GuestPower.Absent);
        await ApplyAsync(guest);
        (await PowerAsync(guest.Id)).ShouldBe(GuestPower.Running);
    }

    [Fact]
    public async Task Apply_ManyGuests_AllRun()
    {
        var guests = Enumerable.Range(0, 100).Select(_ => Valid.Guest()).ToList();
        guests.ForEach(_feed.Put);
        await _agent.PullOnceAsync(default);
        await _agent.IdleAsync();
        _feed.Reports.Count(report => report is { Power: GuestPower.Running, Error: null }).ShouldBe(100);
    }

    [Fact]
    public async Task Hosted_PutAndPoke_IsAppliedWithoutWaitingForTheInterval()
    {
        Restart(new EndlessIntervals());
        await _agent.StartAsync(default);
        await UntilAsync(() => !_feed.Heartbeats.IsEmpty, "a heartbeat came at start");
        var guest = Valid.Guest();
        _feed.Put(guest);
        await _feed.WaitAsync(guest.Id, report => report.Power == GuestPower.Running, "the guest runs");
        _feed.Heartbeats.TryPeek(out var facts).ShouldBeTrue();
        facts.ShouldNotBeNull().ShouldSatisfyAllConditions(
            f => f.HypervisorType.ShouldBe("fake"), f => f.Vcpus.ShouldBeGreaterThan(0), f => f.RamMib.ShouldBeGreaterThan(0), f => f.DiskGib.ShouldBeGreaterThan(0));
        await _agent.StopAsync(default);
        (await PowerAsync(guest.Id)).ShouldBe(GuestPower.Running);
    }

    private async Task<GuestReport> ApplyAsync(GuestSpec guest)
    {
        _feed.Put(guest);
        (await _agent.PullOnceAsync(default)).ShouldBeTrue();
        await _agent.IdleAsync();
        return _feed.Reports.Last(report => report.Id == guest.Id);
    }

    private async Task<GuestPower> PowerAsync(string id) => (await _driver.ObserveAsync(id, default)).Power;

    /// <summary>The program was killed and starts again.</summary>
    private void Restart(TimeProvider? clock = null)
    {
        var options = new NodeOptions { Host = InMemoryFeed.Host, StateDirectory = _folder.Path, ComputeDriver = "fake" };
        var folders = new GuestFolders(options);
        _driver = new FakeDriver(folders, _plug, TimeProvider.System, _knobs);
        _agent = new GuestAgent(options, folders, _driver, _feed, _signals, clock ?? TimeProvider.System, NullLogger<GuestAgent>.Instance);
    }

    /// <summary>No timer ever goes off.</summary>
    private sealed class EndlessIntervals : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
        {
            stop.IsCancellationRequested.ShouldBeFalse("it did not happen that " + what);
            await Task.Yield();
        }
    }
}
