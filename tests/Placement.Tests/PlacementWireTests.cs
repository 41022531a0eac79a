using System.Net.Http.Headers;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

/// <summary>Headers, media types and versions, where upstream's answers differ from those of other services.</summary>
public sealed class PlacementWireTests(PlacementCloud cloud) : IClassFixture<PlacementCloud>
{
    private const string Providers = "/placement/resource_providers";
    private TestUser Admin => cloud.Admin.At("placement 1.39");
    private Task<TestReply> Accepting(string accept, string path, string? version = "placement 1.39") => cloud.Admin.At(version).Send(HttpMethod.Get, path, null, ("Accept", accept));

    private static ByteArrayContent Content(string? type)
    {
        var content = new ByteArrayContent("{}"u8.ToArray());
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        return content;
    }

    [Fact]
    public async Task Accept_WithoutJson_Is406()
    {
        (await Accepting("text/plain", Providers)).Is(406)["errors"][0]!["detail"]!.ToString().ShouldBe("Only application/json is provided");
        (await Accepting("text/html, application/xml;q=0.9, */*;q=0.8", Providers)).Is(200);
        var page = (await Accepting("text/html", "/placement/barnabas")).Is(404);
        page.Header("Content-Type")!.ShouldStartWith("text/html");
        page.Text.ShouldContain("404 Not Found");
    }

    [Fact]
    public async Task ContentType_MissingOrWrong_IsRefusedBeforeAnythingElse()
    {
        (await Admin.Post(Providers, Content("text/plain"))).Is(415)["errors"][0]!["detail"]!.ToString().ShouldBe("The media type text/plain is not supported, use application/json");
        (await Admin.Post(Providers, Content(null))).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("content-type header required");
        (await Admin.Put(Providers + "/d3a64825-8228-4ccb-8a6c-1c6d3eb6a3e8")).Is(415)["errors"][0]!["detail"]!.ToString().ShouldBe("The media type None is not supported, use application/json");
    }

    [Theory]
    [InlineData("placement 0.5", 406, "Unacceptable version header: 0.5")]
    [InlineData("placement 1.40", 406, "Unacceptable version header: 1.40")]
    [InlineData("placement pony.horse", 400, "invalid version string: pony.horse")]
    [InlineData("placement 1.2.3", 400, "invalid version string: 1.2.3")]
    public async Task Version_Bad_IsSaid_AlsoAtTheRoot(string version, int status, string message)
    {
        foreach (var path in new[] { "/placement/", Providers })
        {
            var error = (await cloud.Admin.At(version).Get(path)).Is(status)["errors"][0]!;
            error["detail"]!.ToString().ShouldBe(message);
            error["max_version"]?.ToString().ShouldBe(status == 406 ? "1.39" : null);
        }
    }

    [Fact]
    public async Task Root_IsVersionedToo()
    {
        var latest = (await Admin.Get("/placement/")).Is(200);
        latest.Header("OpenStack-API-Version").ShouldBe("placement 1.39");
        latest.Header("Cache-Control").ShouldBe("no-cache");
        latest.Header("Vary").ShouldBe("openstack-api-version");
        (await cloud.Admin.Get("/placement/")).Is(200).Header("Cache-Control").ShouldBeNull();
        (await cloud.Anonymous.At("placement 1.39").Get("/placement/")).Is(200);
        var refused = (await Admin.Delete("/placement/")).Is(405);
        refused.Header("OpenStack-API-Version").ShouldBe("placement 1.39");
        refused.Header("Allow").ShouldBe("GET");
    }

    [Fact]
    public async Task Code_IsShownFrom123On()
    {
        (await cloud.Admin.At("placement 1.22").Get(Providers + "/x")).Is(404)["errors"][0]!["code"].ShouldBeNull();
        (await cloud.Admin.At("placement 1.23").Get(Providers + "/x")).Is(404)["errors"][0]!["code"]!.ToString().ShouldBe("placement.undefined_code");
    }

    [Fact]
    public async Task Generation_MovesAndDeletes_AsUpstreamCounts()
    {
        var ids = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            ids.Add((await Admin.Post(Providers, new { name = Kernel.Ids.NewId.Uuid() })).Is(200)["uuid"].ToString());
            (await Admin.Post($"{Providers}/{ids[i]}/inventories", new { resource_class = "VCPU", total = 4 })).Is(201);
        }
        var consumer = Kernel.Ids.NewId.Uuid();
        Task<TestReply> Put(string? provider, int? generation) => Admin.Put("/placement/allocations/" + consumer, new
        {
            allocations = provider is null ? [] : new Dictionary<string, object> { [provider] = new { resources = new { VCPU = 1 } } }, project_id = "p", user_id = "u", consumer_generation = generation, consumer_type = "INSTANCE",
        });
        async Task<int[]> Generations() => [.. await Task.WhenAll(ids.Select(async id => (await Admin.Get($"{Providers}/{id}")).Is(200)["generation"].GetValue<int>()))];
        (await Put(ids[0], null)).Is(204);
        (await Generations()).ShouldBe([2, 1]);
        (await Put(ids[1], 1)).Is(204);
        (await Generations()).ShouldBe([2, 2]);
        (await Put(null, 2)).Is(204);
        (await Generations()).ShouldBe([2, 3]);
        (await Put(ids[0], null)).Is(204);
        (await Admin.Delete("/placement/allocations/" + consumer)).Is(204);
        (await Generations()).ShouldBe([3, 3]);
    }

    [Fact]
    public async Task SchemaErrors_SayWhatWasBroken()
    {
        var id = (await Admin.Post(Providers, new { name = Kernel.Ids.NewId.Uuid() })).Is(200)["uuid"].ToString();
        (await Admin.Post($"{Providers}/{id}/inventories", new { resource_class = "VCPU", total = 0 })).Is(400)["errors"][0]!["detail"]!.ToString()
            .ShouldStartWith("JSON does not validate: 0 is less than the minimum of 1\n\nFailed validating 'minimum' in schema['properties']['total']");
        (await cloud.Admin.At("placement 1.4").Delete($"{Providers}/{id}/inventories")).Is(405);
        var consumer = "/placement/allocations/" + Kernel.Ids.NewId.Uuid();
        string Body(string mappings) => $$$$"""{"allocations": {"{{{{id}}}}": {"resources": {"VCPU": 1}}}, "mappings": {{{{mappings}}}}, "project_id": "p", "user_id": "u", "consumer_generation": null, "consumer_type": "INSTANCE"}""";
        (await Admin.Put(consumer, Body("""{"a": "b"}"""))).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("'b' is not of type 'array'");
        (await Admin.Put(consumer, Body("{}"))).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("{} does not have enough properties");
        (await Admin.Put(consumer, Body("""{"a": ["b"]}"""))).Is(400)["errors"][0]!["detail"]!.ToString().ShouldContain("'b' is not a 'uuid'");
    }
}
