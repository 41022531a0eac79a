using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

public sealed class NftTableTests
{
    private static NftTable Table(IReadOnlyList<string> elements, params string[] rules)
    {
        var table = new NftTable("inet", "t");
        table.Map("m", "mark : verdict", elements);
        table.Chain("a", null, rules);
        return table;
    }

    [Fact]
    public void Replace_RemovesAndMakes_InOneText() =>
        Table(["0x1 : jump a"], "accept").Replace().ShouldBe("""
            add table inet t
            delete table inet t
            add table inet t
            add chain inet t a
            add map inet t m { type mark : verdict; }
            add rule inet t a accept
            add element inet t m { 0x1 : jump a }

            """);

    [Fact]
    public void Change_WritesTheDifferenceOnly()
    {
        Table(["0x1 : jump a"], "accept").ChangeFrom(Table(["0x1 : jump a"], "accept")).ShouldBe("");
        Table(["0x2 : jump a"], "accept").ChangeFrom(Table(["0x1 : jump a"], "accept")).ShouldBe("""
            delete element inet t m { 0x1 : jump a }
            add element inet t m { 0x2 : jump a }

            """);
        Table([], "drop").ChangeFrom(Table([], "accept")).ShouldBe("flush chain inet t a\nadd rule inet t a drop\n");
    }

    [Fact]
    public void Change_ToAnotherHook_ReplacesTheTable()
    {
        var hooked = new NftTable("inet", "t");
        hooked.Chain("a", "type filter hook forward priority 0; policy accept;");
        hooked.ChangeFrom(Table([])).ShouldStartWith("add table inet t\ndelete table inet t\n");
    }

    [Fact]
    public void ChangedGroup_TouchesItsChainOnly()
    {
        var network = Records.Network();
        var group = Records.Group(Records.Allow("tcp", 22));
        var ports = Enumerable.Range(5, 50).Select(i => Records.Port(network, i, group.Id)).ToList();
        var before = PortFirewall.Compile("nephos", ports, Records.State(network, ports, group).Groups, true);
        var changed = group with { Rules = [Records.Allow("tcp", 80)] };
        var after = PortFirewall.Compile("nephos", ports, Records.State(network, ports, changed).Groups, true);
        after.Bridge.ChangeFrom(before.Bridge).ShouldBe("");
        after.Inet.ChangeFrom(before.Inet).ShouldBe($"flush chain inet nephos sg-in-{group.Id}\nadd rule inet nephos sg-in-{group.Id} meta nfproto ipv4 meta l4proto 6 th dport 80 accept\n");
    }

    [Fact]
    public void ChangedPort_TouchesItsOwnNamesOnly()
    {
        var network = Records.Network();
        var group = Records.Group(Records.Allow("tcp", 22));
        var ports = Enumerable.Range(5, 20).Select(i => Records.Port(network, i, group.Id)).ToList();
        var groups = Records.State(network, ports, group).Groups;
        var fewer = PortFirewall.Compile("nephos", ports.Skip(1), groups, true);
        var all = PortFirewall.Compile("nephos", ports, groups, true);
        foreach (var line in (all.Bridge.ChangeFrom(fewer.Bridge) + all.Inet.ChangeFrom(fewer.Inet) + fewer.Bridge.ChangeFrom(all.Bridge) + fewer.Inet.ChangeFrom(all.Inet)).Trim().Split('\n'))
        {
            (line.Contains(ports[0].Id) || line.Contains(TapNames.Of(ports[0].Id))).ShouldBeTrue(line);
        }
    }

    [Fact]
    public void Marks_OfPortsThatBeginAlike_Differ()
    {
        var network = Records.Network();
        var a = Records.Port(network, 5) with { Id = "00000000-aaaa-4aaa-8aaa-aaaaaaaaaaaa" };
        var b = a with { Id = "00000000-bbbb-4aaa-8aaa-aaaaaaaaaaaa", Mac = Records.Mac() };
        var tables = PortFirewall.Compile("nephos", [a, b], new Dictionary<string, SecurityGroupSpec>(), true);
        // Zero means unguarded and is nobody's number.
        tables.Inet.Sets["egress"].Elements.ShouldBe([$"0x00000001 : jump out-{a.Id}", $"0x00000002 : jump out-{b.Id}"]);
    }
}

public sealed class IpBatchTests
{
    private static readonly NamespacePlan Plan = new(
        [new LinkPlan("qg-1", "type veth peer name gp-1 mtu 1500 netns 7", "fa:16:3e:00:00:01", 1500, null, ["172.24.4.10/24", "172.24.4.100/32", "fd00::1/64"])],
        [new RoutePlan(4, "default", "172.24.4.1", "qg-1"), new RoutePlan(4, "10.0.0.0/8", "10.7.0.9", null)], ["qr-", "qg-"]);

    [Fact]
    public void NothingThere_MakesAll() => IpBatch.Decide(Plan, new Dictionary<string, ObservedLink>(), []).ShouldBe("""
        link add name qg-1 address fa:16:3e:00:00:01 mtu 1500 type veth peer name gp-1 mtu 1500 netns 7
        link set dev qg-1 up
        address replace 172.24.4.10/24 dev qg-1
        address replace 172.24.4.100/32 dev qg-1
        address replace fd00::1/64 dev qg-1 nodad
        route replace default via 172.24.4.1 dev qg-1 onlink proto static
        route replace 10.0.0.0/8 via 10.7.0.9 proto static

        """);

    [Fact]
    public void AllThere_DoesNothing() => IpBatch.Decide(Plan, IpObservation.Links(Captured), IpObservation.Routes(CapturedRoutes, 4)).ShouldBe("");

    [Fact]
    public void Stranger_IsRemovedOnlyUnderOurPrefix() =>
        IpBatch.Decide(new NamespacePlan([], null, ["qg-"]), IpObservation.Links(Captured), []).ShouldBe("link del dev qg-1\n");

    [Fact]
    public void AddressThatGoes_GoesAfterTheNewOneCame() =>
        IpBatch.Decide(Plan with { Links = [Plan.Links[0] with { Addresses = ["172.24.4.11/24", "172.24.4.100/32", "fd00::1/64"] }] }, IpObservation.Links(Captured), IpObservation.Routes(CapturedRoutes, 4))
            .ShouldBe("address replace 172.24.4.11/24 dev qg-1\naddress del 172.24.4.10/24 dev qg-1\n");

    /// <summary>As iproute2 6.1 prints it, shortened.</summary>
    private const string Captured = """
        [{},{"ifindex":2,"link_index":5,"ifname":"qg-1","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"qdisc":"noqueue","operstate":"UP","link_type":"ether",
        "address":"fa:16:3e:00:00:01","link_netnsid":0,"linkinfo":{"info_kind":"veth"},"addr_info":[{"family":"inet","local":"172.24.4.10","prefixlen":24,"scope":"global","label":"qg-1"},
        {"family":"inet","local":"172.24.4.100","prefixlen":32,"scope":"global","label":"qg-1"},{"family":"inet6","local":"fd00::1","prefixlen":64,"scope":"global"},
        {"family":"inet6","local":"fe80::f816:3eff:fe00:1","prefixlen":64,"scope":"link"}]},
        {"ifname":"eth7","flags":["UP"],"mtu":1500,"address":"02:00:00:00:00:01","addr_info":[]}]
        """;

    private const string CapturedRoutes = """
        [{"dst":"default","gateway":"172.24.4.1","dev":"qg-1","protocol":"static","flags":["onlink"]},{"dst":"172.24.4.0/24","dev":"qg-1","protocol":"kernel","scope":"link","prefsrc":"172.24.4.10","flags":[]},
        {"dst":"10.0.0.0/8","gateway":"10.7.0.9","dev":"qr-1","protocol":"static","flags":[]}]
        """;
}
