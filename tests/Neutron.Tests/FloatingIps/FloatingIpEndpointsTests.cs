using System.Text.Json.Nodes;
using Nephos.Neutron.Tests.Routers;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.Routers.Routed;

namespace Nephos.Neutron.Tests.FloatingIps;

public sealed class FloatingIpEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = V2 + "/floatingips";
    private const string Missing = "6f65e7a7-a90a-4b8a-9d1b-8b7ce9b3a2c9";

    private static Task<TestReply> Post(TestUser user, object floatingip) => user.Post(Path, new { floatingip });
    private static async Task<JsonNode> Create(TestUser user, string network) => (await Post(user, new { floating_network_id = network })).Is(201)["floatingip"];
    private static Task<TestReply> Put(TestUser user, JsonNode floating, object floatingip) => user.Put($"{Path}/{floating.Id()}", new { floatingip });

    /// <summary>An external network, a router with gateway, a subnet on it, a port there.</summary>
    private async Task<(string External, string Router, string Network, string Subnet, JsonNode Port)> World(TestUser user, string external)
    {
        var (externalId, _) = await External(cloud.Admin, external);
        var (network, subnet) = await Inside(user, "10.0.0.0/24");
        var router = await RouterId(user, externalId);
        (await Add(user, router, new { subnet_id = subnet })).Is(200);
        return (externalId, router, network, subnet, await Routed.Port(user, network));
    }

    [Fact]
    public async Task Create_Associate_Move_Disassociate_Delete_Work()
    {
        var user = cloud.NewUser();
        var world = await World(user, "198.19.0.0/24");
        var floating = (await Post(user, new { floating_network_id = world.External, description = "d", tags = new[] { "t" } })).Is(201)["floatingip"];
        floating["floating_ip_address"]!.ToString().ShouldStartWith("198.19.0.");
        floating["status"]!.ToString().ShouldBe("DOWN");
        (floating["port_id"], floating["router_id"], floating["fixed_ip_address"], floating["port_details"]).ShouldBe((null, null, null, null));
        (floating["project_id"]!.ToString(), floating["tenant_id"]!.ToString(), floating["description"]!.ToString()).ShouldBe((user.ProjectId, user.ProjectId, "d"));
        floating.AsObject().ContainsKey("subnet_id").ShouldBeFalse();
        (await user.Get($"{Path}/{floating.Id()}")).Is(200)["floatingip"].ToJsonString().ShouldBe(floating.ToJsonString());
        var associated = (await Put(user, floating, new { port_id = world.Port.Id() })).Is(200)["floatingip"];
        (associated["router_id"]!.ToString(), associated["fixed_ip_address"]!.ToString(), associated["port_id"]!.ToString()).ShouldBe((world.Router, world.Port.FixedIp(), world.Port.Id()));
        associated["port_details"]!["network_id"]!.ToString().ShouldBe(world.Network);
        associated["port_details"]!.AsObject().Select(p => p.Key).Order().ShouldBe(["admin_state_up", "device_id", "device_owner", "mac_address", "name", "network_id", "status"]);
        (await Put(user, floating, new { description = "e" })).Is(200)["floatingip"]["port_id"]!.ToString().ShouldBe(world.Port.Id());
        (await user.Get($"{Path}?port_id={world.Port.Id()}&fields=id")).Is(200)["floatingips"].AsArray().Count.ShouldBe(1);
        var other = await Routed.Port(user, world.Network);
        (await Put(user, floating, new { port_id = other.Id() })).Is(200)["floatingip"]["fixed_ip_address"]!.ToString().ShouldBe(other.FixedIp());
        var free = (await user.Put($"{Path}/{floating.Id()}", """{"floatingip":{"port_id":null}}""")).Is(200)["floatingip"];
        (free["port_id"], free["router_id"], free["fixed_ip_address"]).ShouldBe((null, null, null));
        (await user.Delete($"{Path}/{floating.Id()}")).Is(204);
        (await user.Get($"{Path}/{floating.Id()}")).IsError(404, "FloatingIPNotFound", $"Floating IP {floating.Id()} could not be found");
        (await user.Delete($"{Path}/{floating.Id()}")).Is(404);
        (await cloud.Admin.Get($"{V2}/ports?device_id={floating.Id()}")).Is(200)["ports"].AsArray().Count.ShouldBe(0);
    }

    [Fact]
    public async Task Create_ItsPort_IsNobodys()
    {
        var user = cloud.NewUser();
        var (external, _) = await External(cloud.Admin, "198.19.1.0/24");
        var floating = await Create(user, external);
        var port = (await cloud.Admin.Get($"{V2}/ports?device_id={floating.Id()}")).Is(200)["ports"].AsArray().ShouldHaveSingleItem()!;
        (port["device_owner"]!.ToString(), port["project_id"]!.ToString(), port["status"]!.ToString(), port.FixedIp()).ShouldBe(("network:floatingip", "", "N/A", floating["floating_ip_address"]!.ToString()));
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(404);
        (await cloud.Admin.Delete($"{V2}/ports/{port.Id()}")).IsError(409, "ServicePortInUse", $"Port {port.Id()} cannot be deleted directly via the port API: has device owner network:floatingip.");
    }

    [Fact]
    public async Task Create_Associated_HasRouter_UnreachableIs404()
    {
        var user = cloud.NewUser();
        var world = await World(user, "198.19.2.0/24");
        (await Post(user, new { floating_network_id = world.External, port_id = world.Port.Id(), fixed_ip_address = world.Port.FixedIp() })).Is(201)["floatingip"]["router_id"]!.ToString().ShouldBe(world.Router);
        var (other, _) = await External(cloud.Admin, "198.19.3.0/24");
        (await Post(user, new { floating_network_id = other, port_id = world.Port.Id() }))
            .IsError(404, "ExternalGatewayForFloatingIPNotFound", $"External network {other} is not reachable from subnet {world.Subnet}.  Therefore, cannot associate Port {world.Port.Id()} with a Floating IP.");
        (await user.Get(Path)).Is(200)["floatingips"].AsArray().Count.ShouldBe(1);
        var floating = await Create(user, other);
        (await Put(user, floating, new { port_id = world.Port.Id() })).Is(404)["NeutronError"]["type"]!.ToString().ShouldBe("ExternalGatewayForFloatingIPNotFound");
    }

    [Fact]
    public async Task Create_OnWrongNetwork_Is400Or404()
    {
        var user = cloud.NewUser();
        var (inside, _) = await Inside(user, "10.0.0.0/24");
        (await Post(user, new { floating_network_id = inside })).IsError(400, "BadRequest", $"Bad floatingip request: Network {inside} is not a valid external network.");
        (await Post(user, new { floating_network_id = Missing })).IsError(404, "NetworkNotFound", $"Network {Missing} could not be found.");
        var empty = await Network(cloud.Admin, external: true);
        (await Post(user, new { floating_network_id = empty })).IsError(400, "BadRequest", $"Bad floatingip request: Network {empty} does not contain any IPv4 subnet.");
    }

    [Theory]
    [InlineData("{}", "Failed to parse request. Required attribute 'floating_network_id' not specified")]
    [InlineData("""{"floating_network_id":"x"}""", "Invalid input for floating_network_id. Reason: 'x' is not a valid UUID.")]
    [InlineData("""{"floating_network_id":"6f65e7a7-a90a-4b8a-9d1b-8b7ce9b3a2c9","port_id":"x"}""", "Invalid input for port_id. Reason: 'x' is not a valid UUID.")]
    [InlineData("""{"floating_network_id":"6f65e7a7-a90a-4b8a-9d1b-8b7ce9b3a2c9","fixed_ip_address":"x"}""", "Invalid input for fixed_ip_address. Reason: 'x' is not a valid IP address.")]
    [InlineData("""{"floating_network_id":"6f65e7a7-a90a-4b8a-9d1b-8b7ce9b3a2c9","router_id":null}""", "Attribute 'router_id' not allowed in POST")]
    public async Task Create_BadBody_Is400(string body, string words) => (await cloud.NewUser().Post(Path, "{\"floatingip\":" + body + "}")).IsError(400, "HTTPBadRequest", words);

    [Fact]
    public async Task Associate_BadTargets_SayWhy()
    {
        var user = cloud.NewUser();
        var world = await World(user, "198.19.4.0/24");
        var floating = await Create(user, world.External);
        var port = world.Port.Id();
        (await Put(user, floating, new { fixed_ip_address = "10.0.0.9" })).IsError(400, "BadRequest", "Bad floatingip request: fixed_ip_address cannot be specified without a port_id.");
        (await Put(user, floating, new { port_id = port, fixed_ip_address = "10.0.0.250" })).IsError(400, "BadRequest", $"Bad floatingip request: Port {port} does not have fixed ip 10.0.0.250.");
        (await Put(user, floating, new { port_id = port, fixed_ip_address = "2001:db8::a" })).IsError(400, "BadRequest", "Bad floatingip request: Cannot process floating IP association with 2001:db8::a, since that is not an IPv4 address.");
        (await Put(user, floating, new { port_id = Missing })).IsError(404, "PortNotFound", $"Port {Missing} could not be found.");
        var bare = await Routed.Port(user, world.Network, new { fixed_ips = Array.Empty<object>() });
        (await Put(user, floating, new { port_id = bare.Id() })).IsError(400, "BadRequest", $"Bad floatingip request: Cannot add floating IP to port {bare.Id()} that has no fixed IPv4 addresses.");
        var two = await Routed.Port(user, world.Network, new { fixed_ips = new[] { new { subnet_id = world.Subnet }, new { subnet_id = world.Subnet } } });
        (await Put(user, floating, new { port_id = two.Id() })).IsError(400, "BadRequest", $"Bad floatingip request: Port {two.Id()} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP.");
        (await Put(user, floating, new { port_id = port })).Is(200);
        var second = await Create(user, world.External);
        (await Put(user, second, new { port_id = port })).IsError(409, "FloatingIPPortAlreadyAssociated",
            $"Cannot associate floating IP {second["floating_ip_address"]} ({second.Id()}) with port {port} using fixed IP {world.Port.FixedIp()}, as that fixed IP already has a floating IP on external network {world.External}.");
        (await Put(user, floating, new { floating_ip_address = "1.1.1.1" })).IsError(400, "HTTPBadRequest", "Cannot update read-only attribute floating_ip_address");
    }

    [Fact]
    public async Task Rights_ForeignIs404_ReaderIs403_AddressIsManagers()
    {
        var user = cloud.NewUser();
        var (external, subnet) = await External(cloud.Admin, "198.19.5.0/24");
        var floating = await Create(user, external);
        var other = cloud.NewUser();
        (await other.Get($"{Path}/{floating.Id()}")).Is(404);
        (await other.Delete($"{Path}/{floating.Id()}")).Is(404);
        (await other.Get(Path)).Is(200)["floatingips"].AsArray().Count.ShouldBe(0);
        (await cloud.NewUser("reader", user.ProjectId).Delete($"{Path}/{floating.Id()}")).IsError(403, "PolicyNotAuthorized", "rule:delete_floatingip is disallowed by policy");
        (await Post(user, new { floating_network_id = external, floating_ip_address = "198.19.5.99" })).Is(403);
        var chosen = (await Post(cloud.Admin, new { floating_network_id = external, floating_ip_address = "198.19.5.99", project_id = user.ProjectId })).Is(201)["floatingip"];
        (chosen["floating_ip_address"]!.ToString(), chosen["project_id"]!.ToString()).ShouldBe(("198.19.5.99", user.ProjectId));
        (await Post(cloud.Admin, new { floating_network_id = external, floating_ip_address = "198.19.5.99" })).Is(409)["NeutronError"]["type"]!.ToString().ShouldBe("IpAddressAlreadyAllocated");
        (await Post(cloud.Admin, new { floating_network_id = external, floating_ip_address = "10.1.1.1" })).Is(400);
        (await Post(user, new { floating_network_id = external, subnet_id = subnet })).Is(201);
        (await Post(user, new { floating_network_id = external, subnet_id = Missing })).Is(404);
    }

    [Fact]
    public async Task Used_GatewayInterfaceAndRouter_Stay()
    {
        var user = cloud.NewUser();
        var world = await World(user, "198.19.6.0/24");
        var floating = (await Post(user, new { floating_network_id = world.External, port_id = world.Port.Id() })).Is(201)["floatingip"];
        (await Update(user, world.Router, new { external_gateway_info = new { } })).IsError(409, "RouterExternalGatewayInUseByFloatingIp",
            $"Gateway cannot be updated for router {world.Router}, since a gateway to external network {world.External} is required by one or more floating IPs.");
        (await Remove(user, world.Router, new { subnet_id = world.Subnet })).IsError(409, "RouterInterfaceInUseByFloatingIP",
            $"Router interface for subnet {world.Subnet} on router {world.Router} cannot be deleted, as it is required by one or more floating IPs.");
        (await user.Delete($"{V2}/routers/{world.Router}")).Is(409);
        (await user.Delete($"{Path}/{floating.Id()}")).Is(204);
        (await Remove(user, world.Router, new { subnet_id = world.Subnet })).Is(200);
        (await user.Delete($"{V2}/routers/{world.Router}")).Is(204);
    }

    [Fact]
    public async Task PortDeleted_FloatingIpIsLetGo_AddressTakenAwayIs400()
    {
        var user = cloud.NewUser();
        var world = await World(user, "198.19.7.0/24");
        var floating = (await Post(user, new { floating_network_id = world.External, port_id = world.Port.Id() })).Is(201)["floatingip"];
        (await user.Put($"{V2}/ports/{world.Port.Id()}", new { port = new { fixed_ips = new[] { new { ip_address = "10.0.0.77" } } } }))
            .IsError(400, "BadRequest", $"Bad port request: Cannot update the fixed_ips of the port {world.Port.Id()}, because its original fixed_ip has been associated to a floating ip.");
        (await user.Delete($"{V2}/ports/{world.Port.Id()}")).Is(204);
        var left = (await user.Get($"{Path}/{floating.Id()}")).Is(200)["floatingip"];
        (left["port_id"], left["router_id"], left["status"]!.ToString()).ShouldBe((null, null, "DOWN"));
        var port = (await Routed.Port(user, world.Network)).Id();
        (await Post(cloud.Admin, new { floating_network_id = world.External, port_id = port })).Is(201);
        (await user.Delete($"{V2}/ports/{port}")).IsError(409, "FipAssociated", $"Unable to complete the operation on port {port} because the port still has an associated floating IP.");
    }

    [Fact]
    public async Task Create_FiftyAtOnce_NeverShareAnAddress()
    {
        var user = cloud.NewUser();
        var (external, _) = await External(cloud.Admin, "198.19.8.0/24");
        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Post(user, new { floating_network_id = external })));
        replies.Select(r => r.Is(201)["floatingip"]["floating_ip_address"]!.ToString()).Distinct().Count().ShouldBe(50);
        (await Post(user, new { floating_network_id = external })).IsError(409, "OverQuota", "Quota exceeded for resources: ['floatingip'].");
    }

    [Fact]
    public async Task Create_NetworkExhausted_Is409()
    {
        var user = cloud.NewUser();
        var (external, _) = await External(cloud.Admin, "198.19.9.0/30");
        await Create(user, external);
        (await Post(user, new { floating_network_id = external })).IsError(409, "IpAddressGenerationFailure", $"No more IP addresses available on network {external}.");
    }
}
