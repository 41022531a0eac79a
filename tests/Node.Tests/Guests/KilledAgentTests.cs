using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Fake;
using Nephos.Node.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Guests;

/// <summary>A node that is killed at every point of a random history, before or after each effect, ends where one that never was killed ends.</summary>
public sealed class KilledAgentTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Agent_KilledAroundEveryCall_EndsAsTheCloudAsked(int seed)
    {
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        var feed = new InMemoryFeed(new SignalHub());
        var guests = Enumerable.Range(0, 4).Select(_ => Valid.Guest()).ToArray();
        for (var round = 0; round < 40; round++)
        {
            var at = random.Next(guests.Length);
            var now = guests[at];
            if (now.Power == GuestPower.Absent)
            {
                continue; // A removed server never comes back.
            }
            var roll = random.Next(10);
            guests[at] = now with
            {
                Generation = now.Generation + 1,
                Power = roll switch { < 5 => GuestPower.Running, < 8 => GuestPower.Stopped, 8 => GuestPower.Running, _ => round > 30 ? GuestPower.Absent : GuestPower.Running },
                Boots = now.Boots + (roll % 2),
                LastReboot = (RebootKind)random.Next(2),
                Nics = roll == 3 ? [.. now.Nics.Take(1), Valid.Nic()] : now.Nics,
            };
            feed.Put(guests[at]);
            await RunKilledAsync(folder.Path, feed, random.Next(1, 4), before: random.Next(2) == 0);
        }
        // And one that is left alone.
        var driver = await RunKilledAsync(folder.Path, feed, killAt: int.MaxValue, before: true);
        foreach (var guest in guests.Where(guest => feed.Reports.Any(report => report.Id == guest.Id) || guest.Generation > 1))
        {
            var state = await driver.ObserveAsync(guest.Id, default);
            state.Power.ShouldBe(guest.Power);
            if (guest.Power == GuestPower.Running)
            {
                state.Boots.ShouldBe(guest.Boots);
                driver.PortsOf(guest.Id).ShouldBe(guest.Nics.Select(nic => nic.PortId));
            }
            Directory.Exists(Path.Combine(folder.Path, "guests", guest.Id)).ShouldBe(guest.Power != GuestPower.Absent);
            feed.Reports.Last(report => report.Id == guest.Id).ShouldSatisfyAllConditions(
                report => report.Generation.ShouldBe(guest.Generation), report => report.Power.ShouldBe(guest.Power), report => report.Error.ShouldBeNull());
        }
    }

    /// <summary>A node that starts, pulls, and dies at its n-th call: from then on it does and says nothing more.</summary>
    private static async Task<FakeDriver> RunKilledAsync(string folder, InMemoryFeed feed, int killAt, bool before)
    {
        var knobs = new FakeKnobs();
        using var killed = new CancellationTokenSource();
        bool Kill(long number, bool here)
        {
            if (number >= killAt && here)
            {
                killed.Cancel();
            }
            return killed.IsCancellationRequested;
        }
        knobs.Fail = (number, _, _) => Kill(number, before) ? throw new OperationCanceledException(killed.Token) : false;
        knobs.LoseReply = (number, _, _) => Kill(number, !before) ? throw new OperationCanceledException(killed.Token) : false;
        knobs.Mute = _ => killed.IsCancellationRequested ? throw new OperationCanceledException(killed.Token) : false;
        var options = new NodeOptions { Host = InMemoryFeed.Host, StateDirectory = folder, ComputeDriver = "fake" };
        var folders = new GuestFolders(options);
        var driver = new FakeDriver(folders, new RecordingPlug(), TimeProvider.System, knobs);
        using var agent = new GuestAgent(options, folders, driver, feed, new SignalHub(), TimeProvider.System, NullLogger<GuestAgent>.Instance);
        using var stop = killed.Token.Register(agent.Abandon);
        await agent.PullOnceAsync(default);
        await agent.IdleAsync();
        return driver;
    }
}
