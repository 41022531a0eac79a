using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.Routers.Routed;

namespace Nephos.Neutron.Tests.Routers;

public sealed class RouterInterfacesTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    [Fact]
    public async Task AddAndRemove_BySubnet_Work()
    {
        var user = cloud.NewUser();
        var (network, subnet) = await Inside(user, "10.2.0.0/24");
        var id = await RouterId(user);
        var added = (await Add(user, id, new { subnet_id = subnet })).Is(200).Json;
        (added["id"]!.ToString(), added["subnet_id"]!.ToString(), added["network_id"]!.ToString(), added["project_id"]!.ToString()).ShouldBe((id, subnet, network, user.ProjectId));
        added["subnet_ids"]!.AsArray().ShouldHaveSingleItem()!.ToString().ShouldBe(subnet);
        var port = (await user.Get($"{V2}/ports/{added["port_id"]}")).Is(200)["port"];
        (port["device_id"]!.ToString(), port["device_owner"]!.ToString(), port.FixedIp(), port["project_id"]!.ToString()).ShouldBe((id, "network:router_interface", "10.2.0.1", user.ProjectId));
        port["security_groups"]!.AsArray().Count.ShouldBe(0);
        (await user.Delete($"{V2}/ports/{port.Id()}")).Is(409);
        (await user.Delete($"{V2}/subnets/{subnet}")).Is(409);
        (await user.Delete($"{V2}/routers/{id}")).IsError(409, "RouterInUse", $"Router {id} has ports still attached: {port.Id()}");
        (await user.Get($"{V2}/routers/{id}")).Is(200)["router"]["revision_number"]!.GetValue<int>().ShouldBe(2);
        (await Remove(user, id, new { subnet_id = subnet })).Is(200).Json.ToJsonString().ShouldBe(added.ToJsonString());
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(404);
        (await Remove(user, id, new { subnet_id = subnet })).IsError(404, "RouterInterfaceNotFoundForSubnet", $"Router {id} has no interface on subnet {subnet}");
        (await user.Delete($"{V2}/routers/{id}")).Is(204);
        (await user.Delete($"{V2}/networks/{network}")).Is(204);
    }

    [Fact]
    public async Task Add_BodyOfUntoldLength_IsRead()
    {
        var user = cloud.NewUser();
        var (_, subnet) = await Inside(user, "10.2.1.0/24");
        var id = await RouterId(user);
        // Without a length to send, the client sends chunks.
        using var body = new StreamContent(new Endless($$"""{"subnet_id": "{{subnet}}"}"""));
        body.Headers.ContentType = new("application/json");
        (await user.Put($"{V2}/routers/{id}/add_router_interface", body)).Is(200)["subnet_id"]!.ToString().ShouldBe(subnet);
    }

    /// <summary>A stream whose length nobody knows beforehand.</summary>
    private sealed class Endless(string text) : MemoryStream(System.Text.Encoding.UTF8.GetBytes(text))
    {
        public override bool CanSeek => false;
    }

    [Fact]
    public async Task AddAndRemove_ByPort_Work()
    {
        var user = cloud.NewUser();
        var (network, subnet) = await Inside(user, "10.3.0.0/24");
        var (id, other) = (await RouterId(user), await RouterId(user));
        var port = await Port(user, network);
        var added = (await Add(user, id, new { port_id = port.Id() })).Is(200).Json;
        added["subnet_id"]!.ToString().ShouldBe(subnet);
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(200)["port"]["device_owner"]!.ToString().ShouldBe("network:router_interface");
        (await Add(user, other, new { port_id = port.Id() })).IsError(409, "PortInUse", $"Unable to complete operation on port {port.Id()} for network {network}. Port already has an attached device {id}.");
        (await Remove(user, other, new { port_id = port.Id() })).IsError(404, "RouterInterfaceNotFound", $"Router {other} does not have an interface with id {port.Id()}");
        var (_, wrong) = await Inside(user, "10.99.0.0/24");
        (await Remove(user, id, new { port_id = port.Id(), subnet_id = wrong })).IsError(400, "SubnetMismatchForPort", $"Subnet on port {port.Id()} does not match the requested subnet {wrong}.");
        (await Remove(user, id, new { port_id = port.Id(), subnet_id = subnet })).Is(200);
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(404);
    }

    [Fact]
    public async Task Port_AddressesChanged_KeepsItsIpv4()
    {
        var user = cloud.NewUser();
        var (network, subnet) = await Inside(user, "10.4.0.0/24");
        var six = await Subnet(user, network, "fd00:4::/64");
        var port = (await Add(user, await RouterId(user), new { subnet_id = subnet })).Is(200)["port_id"]!.ToString();
        Task<TestReply> Put(params object[] addresses) => user.Put($"{V2}/ports/{port}", new { port = new { fixed_ips = addresses } });
        // Who names only the subnet means the address that is there.
        (await Put(new { subnet_id = subnet })).Is(200)["port"].FixedIp().ShouldBe("10.4.0.1");
        (await Put(new { subnet_id = subnet, ip_address = "10.4.0.1" })).Is(200);
        (await Put(new { subnet_id = subnet }, new { subnet_id = six })).Is(200)["port"]["fixed_ips"]!.AsArray().Count.ShouldBe(2);
        foreach (var other in new object[][] { [], [new { subnet_id = six }], [new { subnet_id = subnet, ip_address = "10.4.0.9" }], [new { subnet_id = subnet }, new { subnet_id = subnet }], [new { ip_address = "10.4.0.1" }, new { ip_address = "10.4.0.9" }] })
        {
            (await Put(other)).IsError(400, "BadRequest", $"Bad ports request: IP updates for port {port} are not allowed.");
        }
        (await user.Get($"{V2}/ports/{port}")).Is(200)["port"]["fixed_ips"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Add_BadBody_Is400()
    {
        var user = cloud.NewUser();
        var id = await RouterId(user);
        var some = Guid.Parse("6f65e7a7-a90a-4b8a-9d1b-8b7ce9b3a2c9");
        (await Add(user, id, new { })).IsError(400, "BadRequest", "Bad router request: Either subnet_id or port_id must be specified.");
        (await Add(user, id, new { port_id = some, subnet_id = some })).IsError(400, "BadRequest", "Bad router request: Cannot specify both subnet-id and port-id.");
        (await Add(user, id, new { subnet_id = "x" })).IsError(400, "BadRequest", "Bad router request: 'x' is not a valid UUID.");
        (await Add(user, id, new { subnet_id = some })).IsError(404, "SubnetNotFound", $"Subnet {some} could not be found.");
        (await Add(user, id, new { port_id = some })).IsError(404, "PortNotFound", $"Port {some} could not be found.");
        (await Remove(user, id, new { })).Is(400);
        (await user.Put($"{V2}/routers/{id}/add_router_interface")).Is(400);
    }

    [Fact]
    public async Task Add_OverlappingOrSameSubnet_Is400()
    {
        var user = cloud.NewUser();
        var (_, one) = await Inside(user, "10.4.0.0/24");
        var (_, two) = await Inside(user, "10.4.0.128/25");
        var id = await RouterId(user);
        (await Add(user, id, new { subnet_id = one })).Is(200);
        (await Add(user, id, new { subnet_id = one })).IsError(400, "BadRequest", $"Bad router request: Router already has a port on subnet {one}.");
        (await Add(user, id, new { subnet_id = two })).IsError(400, "BadRequest", $"Bad router request: Cidr 10.4.0.128/25 of subnet {two} overlaps with cidr 10.4.0.0/24 of subnet {one}.");
    }

    [Fact]
    public async Task Add_SubnetWithoutGatewayOrOfAnother_Is400Or404()
    {
        var user = cloud.NewUser();
        var network = await Network(user);
        var subnet = await Subnet(user, network, "10.5.0.0/24", new { gateway_ip = (string?)null });
        var id = await RouterId(user);
        (await Add(user, id, new { subnet_id = subnet })).IsError(400, "BadRequest", "Bad router request: Subnet for router interface must have a gateway IP.");
        var (_, foreign) = await Inside(cloud.NewUser(), "10.6.0.0/24");
        (await Add(user, id, new { subnet_id = foreign })).Is(404);
        var (_, external) = await External(cloud.Admin, "198.18.10.0/24");
        (await Add(user, id, new { subnet_id = external })).Is(404);
    }

    [Fact]
    public async Task Add_PortWithoutAddressOrWithTwoSubnets_Is400()
    {
        var user = cloud.NewUser();
        var network = await Network(user);
        var (one, two) = (await Subnet(user, network, "10.7.0.0/24"), await Subnet(user, network, "10.7.1.0/24"));
        var id = await RouterId(user);
        var bare = await Port(user, network, new { fixed_ips = Array.Empty<object>() });
        (await Add(user, id, new { port_id = bare.Id() })).IsError(400, "BadRequest", "Bad router request: Router port must have at least one fixed IP.");
        var both = await Port(user, network, new { fixed_ips = new[] { new { subnet_id = one }, new { subnet_id = two } } });
        (await Add(user, id, new { port_id = both.Id() })).IsError(400, "BadRequest", "Bad router request: Cannot have multiple IPv4 subnets on router port.");
        (await user.Get($"{V2}/ports/{both.Id()}")).Is(200)["port"]["device_id"]!.ToString().ShouldBe("");
    }

    [Fact]
    public async Task Add_SecondIpv6SubnetOfANetwork_SharesThePort()
    {
        var user = cloud.NewUser();
        var network = await Network(user);
        var one = await Subnet(user, network, "2001:db8:1::/64", new { ipv6_ra_mode = "slaac", ipv6_address_mode = "slaac" });
        var two = await Subnet(user, network, "2001:db8:2::/64");
        var id = await RouterId(user);
        var first = (await Add(user, id, new { subnet_id = one })).Is(200).Json;
        var second = (await Add(user, id, new { subnet_id = two })).Is(200).Json;
        second["port_id"]!.ToString().ShouldBe(first["port_id"]!.ToString());
        (await user.Get($"{V2}/ports/{first["port_id"]}")).Is(200)["port"]["fixed_ips"]!.AsArray().Select(i => i!["ip_address"]!.ToString()).ShouldBe(["2001:db8:1::1", "2001:db8:2::1"], ignoreOrder: true);
        (await Remove(user, id, new { subnet_id = one })).Is(200);
        (await user.Get($"{V2}/ports/{first["port_id"]}")).Is(200)["port"]["fixed_ips"]!.AsArray().ShouldHaveSingleItem()!["ip_address"]!.ToString().ShouldBe("2001:db8:2::1");
        (await Remove(user, id, new { subnet_id = two })).Is(200);
        (await user.Get($"{V2}/ports/{first["port_id"]}")).Is(404);
    }

    [Fact]
    public async Task Add_SameSubnetTenTimesAtOnce_OneWins()
    {
        var user = cloud.NewUser();
        var (_, subnet) = await Inside(user, "10.8.0.0/24");
        var id = await RouterId(user);
        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Add(user, id, new { subnet_id = subnet })));
        replies.Count(r => r.Status == 200).ShouldBe(1);
        replies.Where(r => r.Status != 200).ShouldAllBe(r => r.Status == 400);
    }

    [Fact]
    public async Task Routes_SetAddRemove_KeepTheirRules()
    {
        var user = cloud.NewUser();
        var (_, subnet) = await Inside(user, "10.9.0.0/24");
        var id = await RouterId(user);
        (await Add(user, id, new { subnet_id = subnet })).Is(200);
        object R(string destination, string nexthop) => new { destination, nexthop };
        (await Update(user, id, new { routes = new[] { R("10.20.0.0/16", "10.9.0.5") } })).Is(200)["router"]["routes"]!.ToJsonString().ShouldBe("""[{"destination":"10.20.0.0/16","nexthop":"10.9.0.5"}]""");
        (await Update(user, id, new { routes = new[] { R("10.20.0.0/16", "10.10.0.5") } })).IsError(400, "InvalidRoutes", "Invalid format for routes: [{'destination': '10.20.0.0/16', 'nexthop': '10.10.0.5'}], the nexthop is not connected with router");
        (await Update(user, id, new { routes = new[] { R("10.20.0.0/16", "10.9.0.1") } })).IsError(400, "InvalidRoutes", "Invalid format for routes: [{'destination': '10.20.0.0/16', 'nexthop': '10.9.0.1'}], the nexthop is used by router");
        foreach (var bad in new[] { R("512.207.0.0/16", "10.9.0.5"), R("127.207.0.0/16", "10.9.0.5"), R("10.20.0.0/16", "10.9.0."), new { destination = "10.20.0.0/16" } })
        {
            (await Update(user, id, new { routes = new[] { bad } })).Is(400);
        }
        (await Update(user, id, new { routes = new[] { R("10.20.0.0/16", "10.9.0.5"), R("10.20.0.0/16", "10.9.0.5") } })).Is(400);
        (await Update(user, id, new { routes = Enumerable.Range(0, 31).Select(i => R($"10.30.{i}.0/24", "10.9.0.5")) })).IsError(409, "OverQuota", "Quota exceeded for resources: ['router_route'].");
        var added = (await user.Put($"{V2}/routers/{id}/add_extraroutes", new { router = new { routes = new[] { R("10.21.0.0/16", "10.9.0.6"), R("10.20.0.0/16", "10.9.0.5") } } })).Is(200)["router"];
        added["routes"]!.AsArray().Count.ShouldBe(2);
        (await Remove(user, id, new { subnet_id = subnet })).IsError(409, "RouterInterfaceInUseByRoute", $"Router interface for subnet {subnet} on router {id} cannot be deleted, as it is required by one or more routes.");
        (await user.Put($"{V2}/routers/{id}/remove_extraroutes", new { router = new { routes = new[] { R("10.20.0.0/16", "10.9.0.5"), R("9.9.9.0/24", "10.9.0.9") } } })).Is(200)["router"]["routes"]!.AsArray().Count.ShouldBe(1);
        (await user.Put($"{V2}/routers/{id}/add_extraroutes", new { router = new { } })).Is(400);
        (await user.Put($"{V2}/routers/{id}", """{"router":{"routes":null}}""")).Is(200)["router"]["routes"]!.AsArray().Count.ShouldBe(0);
        (await Remove(user, id, new { subnet_id = subnet })).Is(200);
    }
}
