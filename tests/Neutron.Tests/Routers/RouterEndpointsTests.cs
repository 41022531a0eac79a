using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Neutron.Tests.Routers.Routed;

namespace Nephos.Neutron.Tests.Routers;

public sealed class RouterEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = V2 + "/routers";

    [Fact]
    public async Task Create_ShowListUpdateDelete_Work()
    {
        var user = cloud.NewUser();
        var made = (await user.Post(Path, new { router = new { name = "r", admin_state_up = false, description = "d", tags = new[] { "t" } } })).Is(201)["router"];
        made["admin_state_up"]!.GetValue<bool>().ShouldBeFalse();
        made["external_gateway_info"].ShouldBeNull();
        made["routes"]!.AsArray().Count.ShouldBe(0);
        made["status"]!.ToString().ShouldBe("ACTIVE");
        made["project_id"]!.ToString().ShouldBe(user.ProjectId);
        made["tenant_id"]!.ToString().ShouldBe(user.ProjectId);
        made.AsObject().ContainsKey("ha").ShouldBeFalse();
        (await user.Get($"{Path}/{made.Id()}")).Is(200)["router"].ToJsonString().ShouldBe(made.ToJsonString());
        (await user.Get(Path + "?name=r&fields=id")).Is(200)["routers"].AsArray().ShouldHaveSingleItem()!.ToJsonString().ShouldBe("{\"id\":\"" + made.Id() + "\"}");
        var updated = (await Update(user, made.Id(), new { name = "s", admin_state_up = true })).Is(200)["router"];
        (updated["name"]!.ToString(), updated["admin_state_up"]!.GetValue<bool>(), updated["revision_number"]!.GetValue<int>()).ShouldBe(("s", true, 2));
        var forAdmin = (await cloud.Admin.Get($"{Path}/{made.Id()}")).Is(200)["router"];
        (forAdmin["ha"]!.GetValue<bool>(), forAdmin["distributed"]!.GetValue<bool>()).ShouldBe((false, false));
        (await user.Delete($"{Path}/{made.Id()}")).Is(204);
        (await user.Get($"{Path}/{made.Id()}")).IsError(404, "RouterNotFound", $"Router {made.Id()} could not be found");
    }

    [Fact]
    public async Task Rights_UnknownAndForeignAre404_ReaderIs403()
    {
        var user = cloud.NewUser();
        var id = await RouterId(user);
        var other = cloud.NewUser();
        foreach (var router in new[] { id, "non_exist_router" })
        {
            (await other.Get($"{Path}/{router}")).IsError(404, "RouterNotFound", $"Router {router} could not be found");
            (await Update(other, router, new { name = "x" })).Is(404);
            (await Add(other, router, new { subnet_id = Guid.Empty })).Is(404);
            (await other.Delete($"{Path}/{router}")).Is(404);
        }
        var reader = cloud.NewUser("reader", user.ProjectId);
        (await reader.Get($"{Path}/{id}")).Is(200);
        (await Update(reader, id, new { name = "x" })).IsError(403, "PolicyNotAuthorized", "rule:update_router is disallowed by policy");
        (await Add(reader, id, new { subnet_id = Guid.Empty })).IsError(403, "PolicyNotAuthorized", "rule:add_router_interface is disallowed by policy");
        (await reader.Post(Path, new { router = new { } })).Is(403);
        (await other.Get(Path)).Is(200)["routers"].AsArray().Count.ShouldBe(0);
        (await cloud.Admin.Post(Path, new { router = new { project_id = user.ProjectId } })).Is(201)["router"]["project_id"]!.ToString().ShouldBe(user.ProjectId);
    }

    [Theory]
    [InlineData("""{"router":{"name":1}}""", "Invalid input for name. Reason: '1' is not a valid string.")]
    [InlineData("""{"router":{"external_gateway_info":"x"}}""", "Invalid input for external_gateway_info. Reason: 'x' is not a dictionary.")]
    [InlineData("""{"router":{"external_gateway_info":{"enable_snat":true}}}""", "Invalid input for external_gateway_info. Reason: Validation of dictionary's keys failed. Expected keys: {'network_id'} Provided keys: {'enable_snat'}.")]
    [InlineData("""{"router":{"external_gateway_info":{"network_id":"x"}}}""", "Invalid input for external_gateway_info. Reason: 'x' is not a valid UUID.")]
    [InlineData("""{"router":{"external_gateway_info":{"network_id":"6f65e7a7-a90a-4b8a-9d1b-8b7ce9b3a2c9","color":1}}}""", "Invalid input for external_gateway_info. Reason: Unexpected keys supplied: color.")]
    [InlineData("""{"router":{"routes":[]}}""", "Attribute 'routes' not allowed in POST")]
    [InlineData("""{"router":{"status":"x"}}""", "Attribute 'status' not allowed in POST")]
    public async Task Create_BadBody_Is400(string body, string words) => (await cloud.NewUser().Post(Path, body)).IsError(400, "HTTPBadRequest", words);

    [Fact]
    public async Task Create_BeyondTheQuota_Is409()
    {
        var user = cloud.NewUser();
        for (var i = 0; i < 10; i++) { await Router(user); }
        (await user.Post(Path, new { router = new { } })).IsError(409, "OverQuota", "Quota exceeded for resources: ['router'].");
    }

    [Fact]
    public async Task AdminsAttributes_Are403ForMembers_TrueIs400()
    {
        var user = cloud.NewUser();
        var (external, subnet) = await External(cloud.Admin, "198.18.0.0/24");
        (await user.Post(Path, new { router = new { distributed = true } })).Is(403);
        (await user.Post(Path, new { router = new { ha = true } })).Is(403);
        (await cloud.Admin.Post(Path, new { router = new { ha = true } })).Is(400);
        (await cloud.Admin.Post(Path, new { router = new { distributed = false } })).Is(201);
        (await user.Post(Path, new { router = new { external_gateway_info = new { network_id = external, enable_snat = false } } }))
            .IsError(403, "PolicyNotAuthorized", "rule:create_router:external_gateway_info:enable_snat is disallowed by policy");
        (await user.Post(Path, new { router = new { external_gateway_info = new { network_id = external, external_fixed_ips = new[] { new { subnet_id = subnet } } } } })).Is(403);
        var id = await RouterId(user);
        (await Update(user, id, new { external_gateway_info = new { network_id = external, enable_snat = true } })).Is(403);
        var router = (await Update(cloud.Admin, id, new { external_gateway_info = new { network_id = external, enable_snat = false } })).Is(200)["router"];
        router["external_gateway_info"]!["enable_snat"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    public async Task Gateway_SetAndCleared_ItsPortComesAndGoes()
    {
        var user = cloud.NewUser();
        var (external, subnet) = await External(cloud.Admin, "198.18.1.0/24");
        var router = await Router(user, external);
        var gateway = router["external_gateway_info"]!;
        gateway["network_id"]!.ToString().ShouldBe(external);
        gateway["enable_snat"]!.GetValue<bool>().ShouldBeTrue();
        gateway["external_fixed_ips"]![0]!["subnet_id"]!.ToString().ShouldBe(subnet);
        var ip = gateway["external_fixed_ips"]![0]!["ip_address"]!.ToString();
        var port = (await cloud.Admin.Get($"{V2}/ports?device_id={router.Id()}&device_owner=network:router_gateway")).Is(200)["ports"].AsArray().ShouldHaveSingleItem()!;
        (port["project_id"]!.ToString(), port.FixedIp()).ShouldBe(("", ip));
        (await user.Get($"{V2}/ports/{port.Id()}")).Is(404);
        (await cloud.Admin.Delete($"{V2}/ports/{port.Id()}")).IsError(409, "ServicePortInUse", $"Port {port.Id()} cannot be deleted directly via the port API: has device owner network:router_gateway.");
        (await Update(user, router.Id(), new { external_gateway_info = new { } })).Is(200).Json["router"]!["external_gateway_info"].ShouldBeNull();
        (await cloud.Admin.Get($"{V2}/ports?device_id={router.Id()}")).Is(200)["ports"].AsArray().Count.ShouldBe(0);
        (await Update(user, router.Id(), new { external_gateway_info = new { network_id = external } })).Is(200)["router"]["external_gateway_info"].ShouldNotBeNull();
        (await user.Delete($"{Path}/{router.Id()}")).Is(204);
        (await cloud.Admin.Get($"{V2}/ports?device_id={router.Id()}")).Is(200)["ports"].AsArray().Count.ShouldBe(0);
    }

    [Fact]
    public async Task Gateway_WithAddress_TakesItOrSaysWhyNot()
    {
        var admin = cloud.NewUser("admin");
        var (external, subnet) = await External(admin, "198.18.2.0/24");
        Task<TestReply> Create(string ip) => admin.Post(Path, new { router = new { external_gateway_info = new { network_id = external, external_fixed_ips = new[] { new { subnet_id = subnet, ip_address = ip } } } } });
        var router = (await Create("198.18.2.77")).Is(201)["router"];
        router["external_gateway_info"]!["external_fixed_ips"]![0]!["ip_address"]!.ToString().ShouldBe("198.18.2.77");
        (await Create("198.18.2.77")).Is(409)["NeutronError"]["type"]!.ToString().ShouldBe("IpAddressAlreadyAllocated");
        (await Create("198.18.2.1")).IsError(400, "BadRequest", "Bad router request: External IP 198.18.2.1 is the same as the gateway IP.");
        (await Create("10.1.1.1")).Is(400);
        var moved = (await Update(admin, router.Id(), new { external_gateway_info = new { network_id = external, external_fixed_ips = new[] { new { ip_address = "198.18.2.78" } } } })).Is(200)["router"];
        moved["external_gateway_info"]!["external_fixed_ips"]!.AsArray().ShouldHaveSingleItem()!["ip_address"]!.ToString().ShouldBe("198.18.2.78");
        (await admin.Get($"{Path}?project_id={admin.ProjectId}")).Is(200)["routers"].AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task Gateway_WrongNetwork_Is404Or400()
    {
        var user = cloud.NewUser();
        var id = await RouterId(user);
        (await Update(user, id, new { external_gateway_info = new { network_id = id } })).IsError(404, "NetworkNotFound", $"Network {id} could not be found.");
        var (inside, _) = await Inside(user, "10.1.0.0/24");
        (await Update(user, id, new { external_gateway_info = new { network_id = inside } })).IsError(400, "BadRequest", $"Bad router request: Network {inside} is not an external network.");
        var (foreign, _) = await Inside(cloud.NewUser(), "10.1.0.0/24");
        (await Update(user, id, new { external_gateway_info = new { network_id = foreign } })).IsError(404, "NetworkNotFound", $"Network {foreign} could not be found.");
    }

    [Fact]
    public async Task Gateway_OverlappingAnInterface_Is400()
    {
        var user = cloud.NewUser();
        var (external, externalSubnet) = await External(cloud.Admin, "198.18.3.0/24");
        var (_, subnet) = await Inside(user, "198.18.0.0/16");
        var id = await RouterId(user);
        (await Add(user, id, new { subnet_id = subnet })).Is(200);
        (await Update(user, id, new { external_gateway_info = new { network_id = external } }))
            .IsError(400, "BadRequest", $"Bad router request: Cidr 198.18.3.0/24 of subnet {externalSubnet} overlaps with cidr 198.18.0.0/16 of subnet {subnet}.");
        var withGateway = await RouterId(user, external);
        (await Add(user, withGateway, new { subnet_id = subnet }))
            .IsError(400, "BadRequest", $"Bad router request: Cidr 198.18.0.0/16 of subnet {subnet} overlaps with cidr 198.18.3.0/24 of subnet {externalSubnet}.");
    }
}
