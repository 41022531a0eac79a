using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Catalog;

public sealed class CatalogTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    [Fact]
    public async Task Region_WholeLife_IsUpstreams()
    {
        var (id, child) = (Name("region"), Name("child"));
        (await cloud.Admin.Post(V3 + "/regions", new { region = new { id } })).Is(201)["region"].ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","description":"","parent_region_id":null,"links":{"self":"http://localhost/identity/v3/regions/{{{id}}}"}}""");
        (await cloud.Admin.Post(V3 + "/regions", new { region = new { id } })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store region - Duplicate ID, {id}..");
        (await cloud.Admin.Put($"{V3}/regions/{child}", new { region = new { parent_region_id = id } })).Is(201);
        (await cloud.Admin.Put($"{V3}/regions/{child}x", new { region = new { id = "y" } })).Is(400);
        (await cloud.Admin.Post(V3 + "/regions", new { region = new { parent_region_id = "nope" } })).Is(404);
        (await cloud.NewUser().Get($"{V3}/regions?parent_region_id={id}")).Ids("regions").ShouldBe([child]);
        (await cloud.Admin.Patch($"{V3}/regions/{id}", new { region = new { parent_region_id = child } })).Is(400).Message().ShouldContain("circular region hierarchy");
        (await cloud.Admin.Patch($"{V3}/regions/{id}", new { region = new { description = "d" } })).Is(200)["region"]["description"]!.ToString().ShouldBe("d");
        (await cloud.NewUser().Delete($"{V3}/regions/{id}")).Is(403);
        (await cloud.Admin.Delete($"{V3}/regions/RegionOne")).Is(403).Message().ShouldBe("Unable to delete region RegionOne because it or its child regions have associated endpoints.");
        (await cloud.Admin.Delete($"{V3}/regions/{id}")).Is(204);
        (await cloud.Admin.Get($"{V3}/regions/{child}")).Is(404);
    }

    [Fact]
    public async Task ServiceAndEndpoint_WholeLife_AreSeenInTheCatalog()
    {
        var type = Name("type");
        var service = (await cloud.Admin.Post(V3 + "/services", new { service = new { type, name = "mine", description = "d" } })).Is(201)["service"];
        var id = service["id"]!.ToString();
        service.ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","type":"{{{type}}}","enabled":true,"name":"mine","links":{"self":"http://localhost/identity/v3/services/{{{id}}}"},"description":"d"}""");
        (await cloud.Admin.Get($"{V3}/services?type={type}")).Ids("services").ShouldBe([id]);
        (await cloud.Admin.Get($"{V3}/services?name=mine")).Ids("services").ShouldBe([id]);
        (await cloud.Admin.Post(V3 + "/services", new { service = new { name = "x" } })).Is(400);
        (await cloud.NewUser().Get(V3 + "/services")).Is(403);

        object Endpoint(string url, string service_id, string kind = "public", string? region_id = "RegionOne") => new { endpoint = new { url, service_id, @interface = kind, region_id } };
        var endpoint = (await cloud.Admin.Post(V3 + "/endpoints", Endpoint("http://x/$(project_id)s", id))).Is(201)["endpoint"];
        (endpoint["region"]!.ToString(), endpoint["enabled"]!.GetValue<bool>()).ShouldBe(("RegionOne", true));
        (await cloud.Admin.Post(V3 + "/endpoints", Endpoint("http://x", "nope"))).Is(400).Message().ShouldStartWith("Expecting to find endpoint service_id in service table.");
        (await cloud.Admin.Post(V3 + "/endpoints", Endpoint("http://x", id, region_id: "nope"))).Is(400);
        (await cloud.Admin.Post(V3 + "/endpoints", Endpoint("http://x", id, "other"))).Is(400);
        (await cloud.Admin.Post(V3 + "/endpoints", Endpoint("http://x/$(nope)s", id))).Is(400).Message().ShouldBe("Cannot create an endpoint with an invalid URL: http://x/$(nope)s.");
        (await cloud.Admin.Get($"{V3}/endpoints?service_id={id}&interface=public")).Ids("endpoints").ShouldBe([endpoint["id"]!.ToString()]);

        var user = await cloud.NewRealUserAsync();
        async Task<string?> Address() => (await user.Get(V3 + "/auth/catalog")).Is(200)["catalog"].AsArray().SingleOrDefault(s => s!["type"]!.ToString() == type)?["endpoints"]!.AsArray().SingleOrDefault()?["url"]!.ToString();
        (await Address()).ShouldBe("http://x/" + user.ProjectId);
        (await cloud.Admin.Patch($"{V3}/endpoints/{endpoint["id"]}", new { endpoint = new { enabled = false } })).Is(200);
        (await Address()).ShouldBeNull();
        (await cloud.Admin.Delete($"{V3}/services/{id}")).Is(204);
        (await cloud.Admin.Get($"{V3}/endpoints/{endpoint["id"]}")).Is(404).Message().ShouldBe($"Could not find endpoint: {endpoint["id"]}.");
    }

    [Fact]
    public async Task Start_Again_ChangesNothing()
    {
        async Task<string> All() => string.Concat(await Task.WhenAll(new[] { "services", "endpoints", "regions", "roles", "role_assignments" }.Select(async n => (await cloud.Admin.Get($"{V3}/{n}")).Is(200).Text)));
        var before = await All();
        await cloud.Get<Bootstrap.FirstStart>().RunAsync(default);
        (await All()).ShouldBe(before);
    }
}
