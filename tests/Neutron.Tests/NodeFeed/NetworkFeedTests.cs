using System.Text.Json.Nodes;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Wire;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.NeutronConversation;

namespace Nephos.Neutron.Tests.NodeFeed;

/// <summary>What nodes are told. Two hosts report agents; each test has its own network.</summary>
public sealed class NetworkFeedTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>, IAsyncLifetime
{
    private INetworkFeed Feed => cloud.Get<INetworkFeed>();
    private IPorts Ports => cloud.Get<IPorts>();
    private RequestContext Context => RequestContext.ForService("test", TimeProvider.System.Now());

    public async Task InitializeAsync()
    {
        foreach (var (host, ip) in new[] { ("host1", "192.0.2.1"), ("host2", "192.0.2.2") })
        {
            await Feed.ReportAgentsAsync(host,
            [
                new(host, "Linux bridge agent", "neutron-linuxbridge-agent", new Dictionary<string, object?> { ["tunneling_ip"] = ip }),
                new(host, "DHCP agent", "neutron-dhcp-agent", new Dictionary<string, object?>()),
                new(host, "L3 agent", "neutron-l3-agent", new Dictionary<string, object?>()),
            ], default);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    private async Task<PortFacts> Plug(TestUser user, string network, string host, string? device = null)
    {
        var wanted = new NewPort(NewId.Uuid(), user.ProjectId, network, null, null, device ?? NewId.Uuid(), "compute:nova", host, "vm");
        (await Ports.CreateAsync(Context, wanted, default)).ShouldBe(host);
        return (await Ports.FindAsync(Context, wanted.Id, default))!;
    }

    private async Task<long> Now(string host) => (await Feed.PullAsync(host, 0, default)).Revision;

    [Fact]
    public async Task Pull_AfterAPortIsPlugged_BringsNetworkPortsAndGroups()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24", more: new { dns_nameservers = new[] { "9.9.9.9" } });
        var since = await Now("host2");
        var woken = cloud.Get<SignalHub>().Listen(NodeTopics.Networks("host2"));
        var here = await Plug(user, network, "host2");
        woken.IsCompleted.ShouldBeTrue();
        var delta = await Feed.PullAsync("host2", since, default);
        delta.Full.ShouldBeFalse();
        var spec = delta.Networks.ShouldHaveSingleItem();
        (spec.Id, spec.External, spec.Mtu).ShouldBe((network, false, 1450));
        spec.Vni.ShouldBeGreaterThan(0);
        spec.Subnets.ShouldHaveSingleItem().DnsServers.ShouldBe(["9.9.9.9"]);
        spec.Dhcp.ShouldNotBeNull().Addresses.ShouldHaveSingleItem().PrefixLength.ShouldBe(24);
        delta.Ports.Single(p => p.Id == here.Id).ShouldSatisfyAllConditions(p => p.Local.ShouldBeTrue(), p => p.HostName.ShouldBe("vm"), p => p.PortSecurity.ShouldBeTrue());
        var group = delta.SecurityGroups.ShouldHaveSingleItem();
        here.SecurityGroupIds.ShouldBe([group.Id]);
        group.Members.ShouldBe([here.FixedIps[0].Ip]);
        group.Rules.Count.ShouldBe(4);
        (await Feed.PullAsync("host2", delta.Revision, default)).ShouldSatisfyAllConditions(d => d.Networks.ShouldBeEmpty(), d => d.Ports.ShouldBeEmpty(), d => d.Gone.ShouldBeEmpty());
    }

    [Fact]
    public async Task Pull_TwoHosts_KnowEachOtherAndLoseWhatGoes()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        var one = await Plug(user, network, "host1");
        var since = await Now("host1");
        var two = await Plug(user, network, "host2");
        var delta = await Feed.PullAsync("host1", since, default);
        delta.Networks.ShouldHaveSingleItem().Peers.ShouldBe(["192.0.2.2"]);
        delta.Ports.Single(p => p.Id == two.Id).Local.ShouldBeFalse();
        delta.SecurityGroups.ShouldHaveSingleItem().Members.ShouldBe(new[] { one.FixedIps[0].Ip, two.FixedIps[0].Ip }, ignoreOrder: true);
        (await Feed.PullAsync("host2", 0, default)).Networks.Single(n => n.Id == network).Peers.ShouldBe(["192.0.2.1"]);

        var sinceTwo = await Now("host2");
        await Ports.DeleteAsync(Context, two.Id, default);
        (await Feed.PullAsync("host1", delta.Revision, default)).Gone.ShouldContain(new GoneRecord(NetworkRecordKind.Port, two.Id));
        (await Feed.PullAsync("host2", sinceTwo, default)).Gone.ShouldContain(new GoneRecord(NetworkRecordKind.SecurityGroup, one.SecurityGroupIds[0]));
        await Ports.DeleteAsync(Context, one.Id, default);
        var before = await Now("host1");
        (await user.Delete($"{V2}/networks/{network}")).Is(204);
        (await Feed.PullAsync("host1", before, default)).Gone.ShouldContain(new GoneRecord(NetworkRecordKind.Network, network));
        (await Feed.PullAsync("host1", 0, default)).Networks.ShouldNotContain(n => n.Id == network);
    }

    [Fact]
    public async Task Pull_ChangedRule_ComesToHostsWithTheGroup()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        var port = await Plug(user, network, "host1");
        var since = await Now("host1");
        var other = await Now("host2");
        (await user.Post($"{V2}/security-group-rules", new { security_group_rule = new { security_group_id = port.SecurityGroupIds[0], direction = "ingress", protocol = "tcp", port_range_min = 22, port_range_max = 22 } })).Is(201);
        (await Feed.PullAsync("host1", since, default)).SecurityGroups.ShouldHaveSingleItem().Rules.ShouldContain(r => r.Protocol == "tcp" && r.PortMin == 22 && r.Ingress && r.IpVersion == 4);
        (await Feed.PullAsync("host2", other, default)).SecurityGroups.ShouldBeEmpty();
    }

    [Fact]
    public async Task Dhcp_Port_ComesWithTheSubnetAndGoesWithTheLast()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        var subnet = (await user.Subnet(network, "10.0.0.0/24")).Id();
        var port = (await user.Get($"{V2}/ports?network_id={network}&device_owner=network:dhcp")).Is(200)["ports"].AsArray().ShouldHaveSingleItem()!;
        port["fixed_ips"]!.AsArray().ShouldHaveSingleItem()!["ip_address"]!.ToString().ShouldBe("10.0.0.2");
        port["device_id"]!.ToString().ShouldStartWith("dhcp");
        port["device_id"]!.ToString().ShouldEndWith("-" + network);
        port["port_security_enabled"]!.GetValue<bool>().ShouldBeFalse();
        var six = (await user.Subnet(network, "2001:db8::/64", 6, new { ipv6_address_mode = "slaac", ipv6_ra_mode = "slaac" })).Id();
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(200)["port"]["fixed_ips"]!.AsArray().Count.ShouldBe(2);
        (await user.Put($"{V2}/subnets/{subnet}", new { subnet = new { enable_dhcp = false } })).Is(200);
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(200)["port"]["fixed_ips"]!.AsArray().ShouldHaveSingleItem()!["subnet_id"]!.ToString().ShouldBe(six);
        (await user.Delete($"{V2}/subnets/{six}")).Is(204);
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(404);
        (await user.Delete($"{V2}/networks/{network}")).Is(204);
    }

    [Fact]
    public async Task Report_OfAPort_ChangesItsStatusOnce()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        var port = await Plug(user, network, "host1");
        (port.Status, port.VifType).ShouldBe(("DOWN", "bridge"));
        await Feed.ReportAsync("host2", [new(NetworkRecordKind.Port, port.Id, true, null)], default);
        (await Status(user, port.Id)).ShouldBe("DOWN");
        await Feed.ReportAsync("host1", [new(NetworkRecordKind.Port, port.Id, true, null)], default);
        (await Status(user, port.Id)).ShouldBe("ACTIVE");
        await Ports.UnbindAsync(Context, port.Id, port.DeviceId, default);
        (await Status(user, port.Id)).ShouldBe("DOWN");
        await Ports.BindAsync(Context, port.Id, "another", "compute:nova", "host2", default);
        (await Ports.FindAsync(Context, port.Id, default))!.HostId.ShouldBe("host2");
        await Should.ThrowAsync<Kernel.Errors.ApiError>(() => Ports.BindAsync(Context, port.Id, "third", "compute:nova", "host1", default));
    }

    private static async Task<string> Status(TestUser user, string id) => (await user.Get($"{V2}/ports/{id}")).Is(200)["port"]["status"]!.ToString();

    [Fact]
    public async Task Create_SameIdTwice_AnswersTheSamePort()
    {
        var user = cloud.NewUser();
        var network = await user.Network();
        await user.Subnet(network, "10.0.0.0/24");
        var wanted = new NewPort(NewId.Uuid(), user.ProjectId, network, "10.0.0.77", null, NewId.Uuid(), "compute:nova", "host1", "vm");
        (await Ports.CreateAsync(Context, wanted, default)).ShouldBe("host1");
        var first = (await Ports.FindAsync(Context, wanted.Id, default))!;
        (await Ports.CreateAsync(Context, wanted with { HostId = "host2" }, default)).ShouldBe("host1", "it was made before");
        var second = (await Ports.FindAsync(Context, wanted.Id, default))!;
        second.Mac.ShouldBe(first.Mac);
        second.FixedIps.ShouldHaveSingleItem().ShouldSatisfyAllConditions(i => i.Ip.ShouldBe("10.0.0.77"), i => i.Cidr.ShouldBe("10.0.0.0/24"), i => i.GatewayIp.ShouldBe("10.0.0.1"));
        (await Ports.OfDevicesAsync([wanted.DeviceId], default)).ShouldHaveSingleItem().Id.ShouldBe(wanted.Id);
        (await Ports.AtAddressAsync(network, "10.0.0.77", default))!.Id.ShouldBe(wanted.Id);
        (await cloud.Get<INetworks>().AvailableAsync(Context, user.ProjectId, default)).ShouldContain(n => n.Id == network);
        await Ports.DeleteAsync(Context, wanted.Id, default);
        await Ports.DeleteAsync(Context, wanted.Id, default);
    }

    [Fact]
    public async Task Public_Network_IsMadeAtTheFirstStart()
    {
        var network = (await cloud.NewUser().Get($"{V2}/networks?name=public&router:external=true")).Is(200)["networks"].AsArray().ShouldHaveSingleItem()!;
        network["mtu"]!.GetValue<int>().ShouldBe(1500);
        var subnet = (await cloud.Admin.Get($"{V2}/subnets?network_id={network.Id()}")).Is(200)["subnets"].AsArray().ShouldHaveSingleItem()!;
        (await cloud.NewUser().Get($"{V2}/subnets?network_id={network.Id()}")).Is(200)["subnets"].AsArray().ShouldBeEmpty();
        (await cloud.NewUser().Get($"{V2}/subnets/{subnet.Id()}")).Is(404);
        subnet["cidr"]!.ToString().ShouldBe("172.24.4.0/24");
        subnet["enable_dhcp"]!.GetValue<bool>().ShouldBeFalse();
        subnet["allocation_pools"]!.ToJsonString().ShouldBe("""[{"start":"172.24.4.10","end":"172.24.4.250"}]""");
        (await cloud.NewUser().Post($"{V2}/ports", new { port = new { network_id = network.Id() } })).Is(403);
    }

    [Fact]
    public async Task Agents_AreListedForAdminsOnly()
    {
        (await cloud.NewUser().Get($"{V2}/agents")).Is(200)["agents"].AsArray().ShouldBeEmpty();
        var agents = (await cloud.Admin.Get($"{V2}/agents?host=host1&agent_type=DHCP agent")).Is(200)["agents"].AsArray();
        var agent = agents.ShouldHaveSingleItem()!;
        agent["alive"]!.GetValue<bool>().ShouldBeTrue();
        (await cloud.Admin.Put($"{V2}/agents/{agent.Id()}", new { agent = new { description = "rack 3" } })).Is(200)["agent"]["description"]!.ToString().ShouldBe("rack 3");
        (await cloud.Admin.Get($"{V2}/agents/{NewId.Uuid()}")).Is(404);
        (await cloud.NewUser().Get($"{V2}/availability_zones")).Is(200)["availability_zones"].AsArray().Select(z => (JsonNode)z!["resource"]!).Select(r => r.ToString()).ShouldBe(["network", "router"]);
    }
}
