using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Store;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.Routers.Routed;

namespace Nephos.Neutron.Tests.Routers;

/// <summary>What a router's host pulls, and that every change of it is pulled.</summary>
public sealed class RouterFeedTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private INetworkFeed Feed => cloud.Get<INetworkFeed>();

    private Task Appear(string host) => Feed.ReportAgentsAsync(host, [new AgentFacts(host, "L3 agent", "nephos", new Dictionary<string, object?>())], default);

    private Task<string> HostOf(string routerId) => cloud.Get<Store<NeutronDb>>().ReadAsync(db => db.Routers.Where(r => r.Id == routerId).Select(r => r.HostId).FirstAsync());

    [Fact]
    public async Task Pull_Router_HasLegsGatewayRoutesAndFloatingIps()
    {
        await Appear("net1");
        var user = cloud.NewUser();
        var (external, _) = await External(cloud.Admin, "198.18.40.0/24");
        var (network, subnet) = await Inside(user, "10.40.0.0/24");
        var id = await RouterId(user, external);
        var host = await HostOf(id);
        var before = (await Feed.PullAsync(host, 0, default)).Revision;
        (await Add(user, id, new { subnet_id = subnet })).Is(200);
        (await Update(user, id, new { routes = new[] { new { destination = "10.41.0.0/16", nexthop = "10.40.0.9" } } })).Is(200);
        var port = await Port(user, network);
        var floating = (await user.Post(V2 + "/floatingips", new { floatingip = new { floating_network_id = external, port_id = port.Id() } })).Is(201)["floatingip"];

        var delta = await Feed.PullAsync(host, before, default);
        var router = delta.Routers.Where(r => r.Id == id).ShouldHaveSingleItem();
        var leg = router.Legs.ShouldHaveSingleItem();
        (leg.NetworkId, leg.Addresses.ShouldHaveSingleItem()).ShouldBe((network, new PortAddress(subnet, "10.40.0.1", 24)));
        router.Gateway!.Snat.ShouldBeTrue();
        router.Gateway.NextHops.ShouldBe(["198.18.40.1"]);
        router.Gateway.Addresses.ShouldHaveSingleItem().PrefixLength.ShouldBe(24);
        router.Routes.ShouldBe([new HostRoute("10.41.0.0/16", "10.40.0.9")]);
        router.FloatingIps.ShouldBe([new FloatingIpSpec(floating.Id(), floating["floating_ip_address"]!.ToString(), port.FixedIp())]);
        delta.Networks.Select(n => n.Id).ShouldContain(network);
        (await Feed.PullAsync(host, 0, default)).Networks.Select(n => n.Id).ShouldContain(external);

        await Feed.ReportAsync(host, [new NetworkReport(NetworkRecordKind.FloatingIp, floating.Id(), true, null)], default);
        (await user.Get($"{V2}/floatingips/{floating.Id()}")).Is(200)["floatingip"]["status"]!.ToString().ShouldBe("ACTIVE");
        (await user.Put($"{V2}/floatingips/{floating.Id()}", """{"floatingip":{"port_id":null}}""")).Is(200)["floatingip"]["status"]!.ToString().ShouldBe("DOWN");
        var after = await Feed.PullAsync(host, delta.Revision, default);
        after.Routers.Where(r => r.Id == id).ShouldHaveSingleItem().FloatingIps.ShouldBeEmpty();

        (await user.Put($"{V2}/routers/{id}", """{"router":{"routes":[]}}""")).Is(200);
        (await Remove(user, id, new { subnet_id = subnet })).Is(200);
        (await user.Delete($"{V2}/routers/{id}")).Is(204);
        (await Feed.PullAsync(host, after.Revision, default)).Gone.ShouldContain(new GoneRecord(NetworkRecordKind.Router, id));
    }

    [Fact]
    public async Task L3Agents_AreListedAndRoutersMove()
    {
        await Appear("net1");
        var user = cloud.NewUser();
        var (_, subnet) = await Inside(user, "10.42.0.0/24");
        var id = await RouterId(user);
        (await Add(user, id, new { subnet_id = subnet })).Is(200);
        var host = await HostOf(id);
        await Appear("net2");
        var agents = await cloud.Get<Store<NeutronDb>>().ReadAsync(db => db.Agents.Where(a => a.AgentType == "L3 agent").ToDictionaryAsync(a => a.Host, a => a.Id));
        var path = $"{V2}/agents/{agents[host]}/l3-routers";
        (await user.Get(path)).Is(403);
        (await cloud.Admin.Get($"{V2}/routers/{id}/l3-agents")).Is(200)["agents"].AsArray().ShouldHaveSingleItem()!["host"]!.ToString().ShouldBe(host);
        (await user.Get($"{V2}/routers/{id}/l3-agents")).Is(403);
        (await cloud.Admin.Get(path)).Is(200)["routers"].AsArray().Select(r => r!.Id()).ShouldContain(id);
        (await cloud.Admin.Post($"{V2}/agents/{agents["net2"]}/l3-routers", new { router_id = id })).Is(409)["NeutronError"]["type"]!.ToString().ShouldBe("RouterHostedByL3Agent");
        (await cloud.Admin.Delete($"{V2}/agents/{agents["net2"]}/l3-routers/{id}")).Is(409);
        (await cloud.Admin.Delete($"{path}/{id}")).Is(204);
        (await cloud.Admin.Post($"{V2}/agents/{agents["net2"]}/l3-routers", new { router_id = id })).Is(201);
        (await HostOf(id)).ShouldBe("net2");
        (await Feed.PullAsync("net2", 0, default)).Routers.Select(r => r.Id).ShouldContain(id);
        (await cloud.Admin.Get($"{V2}/agents/{id}/l3-routers")).Is(404);
    }

    [Fact]
    public async Task Pull_Groups_HaveRulesAndMembersWithAddressPairs()
    {
        await Feed.ReportAgentsAsync("net3", [new AgentFacts("net3", "Linux bridge agent", "nephos", new Dictionary<string, object?>())], default);
        var admin = cloud.NewUser("admin");
        var network = await Network(admin);
        await Subnet(admin, network, "10.43.0.0/24");
        async Task<string> Group(string name) => (await admin.Post(V2 + "/security-groups", new { security_group = new { name } })).Is(201)["security_group"].Id();
        var (web, db) = (await Group("web"), await Group("db"));
        async Task<System.Text.Json.Nodes.JsonNode> PortIn(string group, string? host, object[] pairs) =>
            (await admin.Post(V2 + "/ports", new { port = new Dictionary<string, object?> { ["network_id"] = network, ["security_groups"] = new[] { group }, ["binding:host_id"] = host ?? "", ["allowed_address_pairs"] = pairs } })).Is(201)["port"];
        await PortIn(db, "net3", []);
        var since = (await Feed.PullAsync("net3", 0, default)).Revision;
        (await admin.Post(V2 + "/security-group-rules", new { security_group_rule = new { security_group_id = db, direction = "ingress", protocol = "tcp", port_range_min = 5432, port_range_max = 5432, remote_group_id = web } })).Is(201);
        var first = await Feed.PullAsync("net3", since, default);
        first.SecurityGroups.Single(g => g.Id == db).Rules.ShouldContain(r => r.Ingress && r.IpVersion == 4 && r.Protocol == "tcp" && r.PortMin == 5432 && r.RemoteGroupId == web);
        first.SecurityGroups.Single(g => g.Id == web).Members.ShouldBeEmpty();
        var port = await PortIn(web, null, [new { ip_address = "10.43.0.128/25" }]);
        var second = await Feed.PullAsync("net3", first.Revision, default);
        second.SecurityGroups.Single(g => g.Id == web).Members.ShouldBe([port.FixedIp(), "10.43.0.128/25"], ignoreOrder: true);
        (await admin.Put($"{V2}/ports/{port.Id()}", new { port = new { allowed_address_pairs = Array.Empty<object>() } })).Is(200);
        var third = await Feed.PullAsync("net3", second.Revision, default);
        third.SecurityGroups.Single(g => g.Id == web).Members.ShouldBe([port.FixedIp()]);
        (await admin.Delete($"{V2}/ports/{port.Id()}")).Is(204);
        (await Feed.PullAsync("net3", third.Revision, default)).SecurityGroups.Single(g => g.Id == web).Members.ShouldBeEmpty();
    }
}
