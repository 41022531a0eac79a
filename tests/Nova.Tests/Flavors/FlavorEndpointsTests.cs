using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Flavors;

public sealed class FlavorEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Flavors = "/compute/v2.1/flavors";

    private async Task<string> Create(bool isPublic = true)
    {
        var name = "f" + Kernel.Ids.NewId.Hex();
        return (await cloud.Admin.Post(Flavors, new { flavor = new Dictionary<string, object> { ["name"] = name, ["ram"] = 64, ["vcpus"] = "1", ["disk"] = 1, ["os-flavor-access:is_public"] = isPublic } }))
            .Is(200)["flavor"]["id"]!.ToString();
    }

    [Fact]
    public async Task List_FirstStart_HasDevStacksFlavors()
    {
        var flavors = (await cloud.NewUser().Get(Flavors + "/detail")).Is(200)["flavors"].AsArray();
        var tiny = flavors.Single(f => f!["id"]!.ToString() == "1")!;
        tiny["name"]!.ToString().ShouldBe("m1.tiny");
        tiny["swap"]!.ToString().ShouldBe("");
        tiny["OS-FLV-EXT-DATA:ephemeral"]!.GetValue<int>().ShouldBe(0);
        tiny["links"]![0]!["href"]!.ToString().ShouldBe("http://localhost/compute/v2.1/flavors/1");
        tiny["links"]![1]!["href"]!.ToString().ShouldBe("http://localhost/compute/flavors/1");
        tiny.AsObject().ContainsKey("description").ShouldBeFalse();
    }

    [Fact]
    public async Task List_ByTwos_LinksToTheNextPage()
    {
        var page = (await cloud.NewUser().Get(Flavors + "?limit=2")).Is(200);
        page["flavors"].AsArray().Count.ShouldBe(2);
        page["flavors_links"][0]!["href"]!.ToString().ShouldBe("http://localhost/compute/v2.1/flavors?limit=2&marker=2");
        (await cloud.NewUser().Get(Flavors + "?marker=nope")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("marker [nope] not found");
        (await cloud.NewUser().Get(Flavors + "?minRam=invalid")).Is(400);
        (await cloud.NewUser().Get(Flavors + "?sort_key=nope")).Is(400);
        (await cloud.NewUser().At("compute 2.75").Get(Flavors + "?nope=1")).Is(400);
        (await cloud.NewUser().Get(Flavors + "?nope=1&minRam=16000&minDisk=100")).Is(200)["flavors"].AsArray().Select(f => f!["id"]!.ToString()).ShouldBe(["5"]);
    }

    [Fact]
    public async Task Show_ByVersion_HasItsMembers()
    {
        var at255 = (await cloud.NewUser().At("compute 2.55").Get(Flavors + "/2")).Is(200)["flavor"].AsObject();
        at255.ContainsKey("description").ShouldBeTrue();
        at255.ContainsKey("extra_specs").ShouldBeFalse();
        var latest = (await cloud.NewUser().At("compute latest").Get(Flavors + "/2")).Is(200)["flavor"].AsObject();
        latest["swap"]!.GetValue<int>().ShouldBe(0);
        latest["extra_specs"]!.AsObject().Count.ShouldBe(0);
        latest.ContainsKey("rxtx_factor").ShouldBeFalse();
        (await cloud.NewUser().Get(Flavors + "/nope")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("Flavor nope could not be found.");
    }

    [Theory]
    [InlineData("""{"name":"a","ram":0,"vcpus":1,"disk":1}""", "Invalid input for field/attribute ram. Value: 0. 0 is less than the minimum of 1")]
    [InlineData("""{"name":" a","ram":1,"vcpus":1,"disk":1}""", "An invalid 'name' value was provided. The name must be: printable characters. Can not start or end with whitespace.")]
    [InlineData("""{"name":"","ram":1,"vcpus":1,"disk":1}""", "Invalid input for field/attribute name. Value: . '' is too short")]
    [InlineData("""{"name":"a","ram":1,"vcpus":1}""", "'disk' is a required property")]
    [InlineData("""{"name":"a","ram":1,"vcpus":1,"disk":1,"color":2}""", "Additional properties are not allowed ('color' was unexpected)")]
    [InlineData("""{"name":"a","ram":1,"vcpus":1,"disk":1,"id":"a!"}""", "Invalid input for field/attribute id")]
    [InlineData("""{"name":"a","ram":1,"vcpus":1,"disk":1,"rxtx_factor":0}""", "Invalid input for field/attribute rxtx_factor")]
    [InlineData("""{"name":"a","ram":99999999999,"vcpus":1,"disk":1}""", "is greater than the maximum of 2147483647")]
    public async Task Create_BadBody_Is400(string flavor, string words) =>
        (await cloud.Admin.Post(Flavors, $$"""{"flavor":{{flavor}}}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldContain(words);

    [Fact]
    public async Task Create_TakenNameOrId_Is409()
    {
        (await cloud.Admin.Post(Flavors, """{"flavor":{"name":"m1.tiny","ram":1,"vcpus":1,"disk":1}}""")).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe("Flavor with name m1.tiny already exists.");
        (await cloud.Admin.Post(Flavors, """{"flavor":{"name":"other","id":1,"ram":1,"vcpus":1,"disk":1}}""")).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe("Flavor with ID 1 already exists.");
        (await cloud.NewUser().Post(Flavors, """{"flavor":{"name":"other","ram":1,"vcpus":1,"disk":1}}""")).Is(403)["forbidden"]["message"]!.ToString()
            .ShouldBe("Policy doesn't allow os_compute_api:os-flavor-manage:create to be performed.");
    }

    [Fact]
    public async Task Private_IsSeenByItsProjectsOnly()
    {
        var user = cloud.NewUser();
        var id = await Create(isPublic: false);
        (await user.Get($"{Flavors}/{id}")).Is(404);
        (await cloud.Admin.Get(Flavors + "?is_public=false")).Is(200)["flavors"].AsArray().Select(f => f!["id"]!.ToString()).ShouldContain(id);
        (await cloud.Admin.Get(Flavors)).Is(200)["flavors"].AsArray().Select(f => f!["id"]!.ToString()).ShouldNotContain(id);
        (await cloud.Admin.Post($"{Flavors}/{id}/action", new { addTenantAccess = new { tenant = user.ProjectId } })).Is(200)["flavor_access"][0]!["tenant_id"]!.ToString().ShouldBe(user.ProjectId);
        (await cloud.Admin.Post($"{Flavors}/{id}/action", new { addTenantAccess = new { tenant = user.ProjectId } })).Is(409);
        (await user.Get($"{Flavors}/{id}")).Is(200);
        (await cloud.Admin.Get($"{Flavors}/{id}/os-flavor-access")).Is(200)["flavor_access"].AsArray().Count.ShouldBe(1);
        (await cloud.Admin.Post($"{Flavors}/{id}/action", new { removeTenantAccess = new { tenant = user.ProjectId } })).Is(200);
        (await cloud.Admin.Post($"{Flavors}/{id}/action", new { removeTenantAccess = new { tenant = user.ProjectId } })).Is(404);
        (await cloud.Admin.Get(Flavors + "/1/os-flavor-access")).Is(404);
        (await cloud.Admin.At("compute 2.7").Post(Flavors + "/1/action", new { addTenantAccess = new { tenant = "x" } })).Is(409);
    }

    [Fact]
    public async Task ExtraSpecs_Life()
    {
        var specs = $"{Flavors}/{await Create()}/os-extra_specs";
        (await cloud.Admin.Post(specs, """{"extra_specs":{"key1":"value1","key2":2}}""")).Is(200)["extra_specs"]["key2"]!.ToString().ShouldBe("2");
        (await cloud.NewUser().Get(specs)).Is(200)["extra_specs"]["key1"]!.ToString().ShouldBe("value1");
        (await cloud.Admin.Put(specs + "/key1", """{"key1":"new"}""")).Is(200)["key1"].ToString().ShouldBe("new");
        (await cloud.Admin.Put(specs + "/key1", """{"key2":"new"}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Request body and URI mismatch");
        (await cloud.NewUser().Get(specs + "/key1")).Is(200)["key1"].ToString().ShouldBe("new");
        (await cloud.Admin.Delete(specs + "/key1")).Is(200);
        (await cloud.Admin.Delete(specs + "/key1")).Is(404);
        (await cloud.NewUser().Get(specs + "/key1")).Is(404);
        (await cloud.NewUser().Post(specs, """{"extra_specs":{"a":"b"}}""")).Is(403);
        (await cloud.Admin.At("compute 2.86").Post(specs, """{"extra_specs":{"hw:nope":"b"}}""")).Is(400);
        (await cloud.Admin.At("compute 2.86").Post(specs, """{"extra_specs":{"hw:cpu_policy":"dedicated","my:own":"x"}}""")).Is(200);
    }

    [Fact]
    public async Task UpdateAndDelete_Flavor()
    {
        var id = await Create();
        (await cloud.Admin.At("compute 2.55").Put($"{Flavors}/{id}", """{"flavor":{"description":"words"}}""")).Is(200)["flavor"]["description"]!.ToString().ShouldBe("words");
        (await cloud.Admin.Put($"{Flavors}/{id}", """{"flavor":{"description":"words"}}""")).Is(404);
        (await cloud.Admin.Delete($"{Flavors}/{id}")).Is(202);
        (await cloud.Admin.Delete($"{Flavors}/{id}")).Is(404);
    }
}
