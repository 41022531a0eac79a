using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Signals;
using Nephos.Node.Networks;
using Nephos.Node.Networks.Fake;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

public sealed class NetworkAgentTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryNetworkFeed _feed = new();
    private readonly FakeNetworkKnobs _knobs = new();
    private readonly SignalHub _signals = new();
    private readonly FakeNetworkDriver _driver;
    private readonly NetworkAgent _agent;

    public NetworkAgentTests()
    {
        var options = new NodeOptions { Host = "node1", StateDirectory = _folder.Path };
        _driver = new FakeNetworkDriver(options, TimeProvider.System, _knobs);
        _agent = new NetworkAgent(options, _driver, _feed, _signals, TimeProvider.System, NullLogger<NetworkAgent>.Instance);
    }

    public void Dispose()
    {
        _agent.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Port_IsUpWhenPlugged_AndDownWhenItsDeviceIsGone()
    {
        var network = Records.Network();
        var port = Records.Port(network, 5);
        _feed.Change([network], [port]);
        (await _agent.RunOnceAsync(default)).ShouldBeTrue();
        _feed.Report(NetworkRecordKind.Port, port.Id).ShouldBe(new NetworkReport(NetworkRecordKind.Port, port.Id, false, null));
        _feed.Report(NetworkRecordKind.Port, network.Dhcp!.PortId)!.Up.ShouldBeTrue();

        await _agent.PlugAsync(port.Id, TapNames.Of(port.Id), default);
        await _agent.RunOnceAsync(default);
        _feed.Report(NetworkRecordKind.Port, port.Id)!.Up.ShouldBeTrue();

        _driver.Unplug(port);
        await _agent.RunOnceAsync(default);
        _feed.Report(NetworkRecordKind.Port, port.Id)!.Up.ShouldBeFalse();
    }

    [Fact]
    public async Task Turn_NothingNew_ReportsNothing()
    {
        var network = Records.Network();
        _feed.Change([network], [Records.Port(network, 5)]);
        await _agent.RunOnceAsync(default);
        var calls = _feed.ReportCalls;
        await _agent.RunOnceAsync(default);
        _feed.ReportCalls.ShouldBe(calls);
    }

    [Fact]
    public async Task Plug_BeforeItsRecord_WaitsForIt()
    {
        var network = Records.Network();
        var port = Records.Port(network, 5);
        var plug = _agent.PlugAsync(port.Id, TapNames.Of(port.Id), default);
        await _agent.RunOnceAsync(default);
        plug.IsCompleted.ShouldBeFalse();
        _feed.Change([network], [port]);
        await _agent.RunOnceAsync(default);
        await plug.WaitAsync(TimeSpan.FromSeconds(60));
        (await _driver.PluggedAsync([port], default)).ShouldBe([port.Id]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Plug_PortThatIsGone_FailsWithoutPatience(bool meanwhile)
    {
        var network = Records.Network();
        var port = Records.Port(network, 5);
        _feed.Change([network], [port]);
        if (!meanwhile)
        {
            await _agent.RunOnceAsync(default);
            _feed.Change(gone: [new(NetworkRecordKind.Port, port.Id)]);
            await _agent.RunOnceAsync(default);
        }
        else
        {
            _knobs.Fail = (method, _) => method == "ApplyNetwork" ? new IOException("out of bridges") : null;
            await _agent.RunOnceAsync(default);
        }
        var poke = _signals.Listen(NodeTopics.Networks("node1"));
        var plug = _agent.PlugAsync(port.Id, TapNames.Of(port.Id), default);
        plug.IsCompleted.ShouldBeFalse("the port might have come back: only the next turn knows");
        if (meanwhile) { _feed.Change(gone: [new(NetworkRecordKind.Port, port.Id)]); } else { poke.IsCompleted.ShouldBeTrue("the next turn is not to be long in coming"); }
        await _agent.RunOnceAsync(default);
        (await Should.ThrowAsync<PlugException>(plug.WaitAsync(TimeSpan.FromSeconds(60)))).Message.ShouldBe($"port {port.Id} was deleted, or taken from this host");
    }

    [Fact]
    public async Task Plug_PortThatLeftAndCameBack_IsPlugged()
    {
        var network = Records.Network();
        var port = Records.Port(network, 5);
        _feed.Change([network], [port]);
        await _agent.RunOnceAsync(default);
        _feed.Change(gone: [new(NetworkRecordKind.Port, port.Id)]);
        await _agent.RunOnceAsync(default);
        _feed.Change(ports: [port]);
        var plug = _agent.PlugAsync(port.Id, TapNames.Of(port.Id), default);
        _feed.Refuse = true;
        await _agent.RunOnceAsync(default);
        plug.IsCompleted.ShouldBeFalse("a pull that failed tells nothing");
        _feed.Refuse = false;
        await _agent.RunOnceAsync(default);
        await plug.WaitAsync(TimeSpan.FromSeconds(60));
        (await _driver.PluggedAsync([port], default)).ShouldBe([port.Id]);
    }

    [Fact]
    public async Task Failure_IsReportedAndRepeated()
    {
        var network = Records.Network();
        var port = Records.Port(network, 5);
        var router = Records.Router(null, null, [], network);
        _knobs.Fail = (method, id) => method is "ApplyNetwork" or "ApplyRouter" ? new IOException("out of bridges") : null;
        _feed.Change([network], [port], [router.Router]);
        (await _agent.RunOnceAsync(default)).ShouldBeFalse();
        _feed.Report(NetworkRecordKind.Port, port.Id).ShouldBe(new NetworkReport(NetworkRecordKind.Port, port.Id, false, "out of bridges"));
        _feed.Report(NetworkRecordKind.Router, router.Router.Id)!.Error.ShouldBe("out of bridges");

        _knobs.Fail = null;
        (await _agent.RunOnceAsync(default)).ShouldBeTrue();
        _feed.Report(NetworkRecordKind.Router, router.Router.Id).ShouldBe(new NetworkReport(NetworkRecordKind.Router, router.Router.Id, true, null));
        _feed.Report(NetworkRecordKind.Port, router.Router.Legs[0].PortId)!.Up.ShouldBeTrue();
    }

    [Fact]
    public async Task Group_Changes_ReachTheNetworksThatUseIt_AlsoAsRemoteGroup()
    {
        var named = Records.Group();
        var group = Records.Group(Records.Allow("tcp", 22, group: named.Id));
        var network = Records.Network();
        var other = Records.Network();
        _feed.Change([network, other], [Records.Port(network, 5, group.Id), Records.Port(other, 5)], groups: [group, named]);
        await _agent.RunOnceAsync(default);
        var untouched = _driver.Networks[other.Id];
        _feed.Change(groups: [named with { Members = ["10.7.0.9"] }]);
        await _agent.RunOnceAsync(default);
        _driver.Networks[network.Id].Groups[named.Id].Members.ShouldBe(["10.7.0.9"]);
        _driver.Networks[other.Id].ShouldBeSameAs(untouched);
    }

    [Fact]
    public async Task FloatingIp_IsReportedWithItsRouter()
    {
        var outside = Records.Public();
        var network = Records.Network();
        var floating = new FloatingIpSpec(NewId.Uuid(), "172.24.4.100", "10.7.0.5");
        var router = Records.Router(outside, "172.24.4.10", [floating], network);
        // The router's record comes before its networks': it waits, says so, and works in the end.
        _feed.Change(routers: [router.Router]);
        (await _agent.RunOnceAsync(default)).ShouldBeFalse();
        _feed.Report(NetworkRecordKind.FloatingIp, floating.Id)!.Error.ShouldNotBeNull();
        _feed.Change([outside, network]);
        (await _agent.RunOnceAsync(default)).ShouldBeTrue();
        _feed.Report(NetworkRecordKind.FloatingIp, floating.Id).ShouldBe(new NetworkReport(NetworkRecordKind.FloatingIp, floating.Id, true, null));
    }

    [Fact]
    public async Task FloatingIp_ThatComesBackToItsRouter_IsReportedAgain()
    {
        var outside = Records.Public();
        var network = Records.Network();
        var floating = new FloatingIpSpec(NewId.Uuid(), "172.24.4.100", "10.7.0.5");
        var router = Records.Router(outside, "172.24.4.10", [floating], network).Router;
        _feed.Change([outside, network], routers: [router]);
        await _agent.RunOnceAsync(default);
        _feed.Change(routers: [router with { FloatingIps = [] }]);
        await _agent.RunOnceAsync(default);
        var calls = _feed.ReportCalls;
        // For another port meanwhile; the cloud shows it DOWN until it hears of it.
        _feed.Change(routers: [router with { FloatingIps = [floating with { FixedAddress = "10.7.0.6" }] }]);
        await _agent.RunOnceAsync(default);
        _feed.ReportCalls.ShouldBe(calls + 1);
        _feed.Report(NetworkRecordKind.FloatingIp, floating.Id)!.Up.ShouldBeTrue();
    }

    [Fact]
    public async Task Full_RemovesWhatIsNotInIt_AndALostReplyChangesNothing()
    {
        var stays = Records.Network();
        var goes = Records.Network();
        var leftover = Records.Network();
        await _driver.PrepareAsync(default);
        await _driver.ApplyNetworkAsync(Records.State(leftover, []), default);
        _feed.Change([stays, goes], routers: [Records.Router(null, null, [], goes).Router]);
        await _agent.RunOnceAsync(default);
        (await _driver.ObserveAsync(default)).NetworkIds.ShouldBe([stays.Id, goes.Id], ignoreOrder: true);

        _knobs.LoseReply = (method, _) => method.StartsWith("Remove", StringComparison.Ordinal) ? new TimeoutException("late") : null;
        _feed.StartOver(new NetworkDelta(0, true, [stays], [], [], [], []));
        (await _agent.RunOnceAsync(default)).ShouldBeFalse();
        _knobs.LoseReply = null;
        (await _agent.RunOnceAsync(default)).ShouldBeTrue();
        var observed = await _driver.ObserveAsync(default);
        observed.NetworkIds.ShouldBe([stays.Id]);
        observed.RouterIds.ShouldBeEmpty();
    }

    [Fact]
    public async Task Gone_ThenBackBeforeItsRemovalWorked_Stays()
    {
        var network = Records.Network();
        _feed.Change([network]);
        await _agent.RunOnceAsync(default);
        _knobs.Fail = (method, _) => method == "RemoveNetwork" ? new IOException("busy") : null;
        _feed.Change(gone: [new GoneRecord(NetworkRecordKind.Network, network.Id)]);
        (await _agent.RunOnceAsync(default)).ShouldBeFalse();
        _knobs.Fail = null;
        _feed.Change([network]);
        (await _agent.RunOnceAsync(default)).ShouldBeTrue();
        (await _driver.ObserveAsync(default)).NetworkIds.ShouldBe([network.Id]);
    }

    [Fact]
    public async Task Reports_NotTaken_AreRepeated()
    {
        var network = Records.Network();
        _feed.Change([network]);
        await _agent.RunOnceAsync(default);
        var port = Records.Port(network, 5);
        _feed.Change(ports: [port]);
        await _agent.RunOnceAsync(default);
        _feed.Refuse = true;
        await _agent.PlugAsync(port.Id, TapNames.Of(port.Id), default);
        await _agent.RunOnceAsync(default);
        _feed.Report(NetworkRecordKind.Port, port.Id)!.Up.ShouldBeFalse();
        _feed.Refuse = false;
        await _agent.RunOnceAsync(default);
        _feed.Report(NetworkRecordKind.Port, port.Id)!.Up.ShouldBeTrue();
    }

    [Fact]
    public async Task Heartbeat_NamesTheAgentsOfUpstream()
    {
        var network = Records.Network();
        _feed.Change([network], [Records.Port(network, 5)]);
        await _agent.RunOnceAsync(default);
        await _agent.BeatOnceAsync(default);
        _feed.Agents.Select(a => (a.Type, a.Binary)).ShouldBe([
            ("Linux bridge agent", "neutron-linuxbridge-agent"), ("DHCP agent", "neutron-dhcp-agent"), ("L3 agent", "neutron-l3-agent"), ("Metadata agent", "neutron-metadata-agent")]);
        _feed.Agents[1].Configurations["networks"].ShouldBe(1);
        _feed.Agents[0].Configurations["devices"].ShouldBe(1);
    }
}
