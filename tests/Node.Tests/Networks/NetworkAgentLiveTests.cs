using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Signals;
using Nephos.Node.Networks;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

/// <summary>The agent as a service on a real machine: records come by signal, a guest is plugged, the agent stops and another takes over.</summary>
[Trait("Category", "Live")]
public sealed class NetworkAgentLiveTests
{
    [Fact]
    public async Task Agent_StopsAndAnotherTakesOver_TrafficGoesOn_AndLeftoversGo()
    {
        await using var lab = await NetworkLab.CreateAsync();
        var feed = new InMemoryNetworkFeed();
        var signals = new SignalHub();
        var outside = Records.Public();
        var network = Records.Network();
        var group = Records.Group(Records.AllowAllOut, Records.Allow("icmp"), Records.Allow("tcp"));
        var port = Records.Port(network, 11, group.Id);
        var router = Records.Router(outside, "172.24.4.10", [new FloatingIpSpec(NewId.Uuid(), "172.24.4.100", "10.7.0.11")], network).Router;
        var guest = await lab.AddGuestAsync(port, "10.7.0.1");

        LiveConnection connection;
        await using (var driver = lab.Driver())
        using (var agent = Agent(lab, driver, feed, signals))
        {
            await agent.StartAsync(default);
            // The guest comes before its port's record, as it may in a busy cloud.
            var plug = agent.PlugAsync(port.Id, TapNames.Of(port.Id), default);
            feed.Change([outside, network], [port], [router], [group]);
            signals.Poke(NodeTopics.Networks("lab"));
            await plug.WaitAsync(TimeSpan.FromSeconds(20));
            await UntilAsync(() => feed.Report(NetworkRecordKind.Port, port.Id) is { Up: true } && feed.Report(NetworkRecordKind.Router, router.Id) is { Up: true });
            await lab.ShouldReachAsync(lab.Home, "172.24.4.100");
            connection = LiveConnection.Open(guest, lab.Home, "172.24.4.100");
            await agent.StopAsync(default);
        }
        using (connection)
        {
            // Nobody is there, and the kernel goes on.
            await connection.ShouldStillWorkAsync();
            await using var driver = lab.Driver();
            using var agent = Agent(lab, driver, feed, signals);
            await agent.StartAsync(default);
            await UntilAsync(() => feed.Agents.Count == 4);
            await agent.RunOnceAsync(default);
            await connection.ShouldStillWorkAsync();
            feed.Report(NetworkRecordKind.Port, port.Id)!.Up.ShouldBeTrue();

            feed.StartOver(new NetworkDelta(0, true, [outside], [], [], [], []));
            (await agent.RunOnceAsync(default)).ShouldBeTrue();
            var observed = await driver.ObserveAsync(default);
            observed.NetworkIds.ShouldBeEmpty();
            observed.RouterIds.ShouldBeEmpty();
            await agent.StopAsync(default);
        }
    }

    private static NetworkAgent Agent(NetworkLab lab, INetworkDriver driver, INetworkFeed feed, SignalHub signals) =>
        new(lab.Options, driver, feed, signals, TimeProvider.System, NullLogger<NetworkAgent>.Instance);

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!holds())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }
}
