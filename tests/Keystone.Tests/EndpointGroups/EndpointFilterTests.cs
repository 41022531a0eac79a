using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.EndpointGroups;

public sealed class EndpointFilterTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Filter = V3 + "/OS-EP-FILTER", Groups = Filter + "/endpoint_groups";

    private async Task<(string Service, string Endpoint)> Endpoint(string kind = "public", string? region = null)
    {
        var service = (await cloud.Admin.Post(V3 + "/services", new { service = new { type = Name("type"), name = "n" } })).Is(201)["service"]["id"]!.ToString();
        return (service, (await cloud.Admin.Post(V3 + "/endpoints", new { endpoint = new { service_id = service, url = "http://x/", @interface = kind, region_id = region } })).Is(201)["endpoint"]["id"]!.ToString());
    }

    private async Task<string> GroupOf(object filters) => (await cloud.Admin.Post(Groups, new { endpoint_group = new { name = Name("eg"), filters } })).Is(201)["endpoint_group"]["id"]!.ToString();

    [Fact]
    public async Task Group_WholeLife_IsUpstreamsBody()
    {
        var (service, endpoint) = await Endpoint();
        var name = Name("eg");
        var id = (await cloud.Admin.Post(Groups, new { endpoint_group = new { name, description = "d", filters = new { service_id = service } } })).Is(201)["endpoint_group"]["id"]!.ToString();
        (await cloud.Admin.Get($"{Groups}/{id}")).Is(200)["endpoint_group"].ToJsonString().ShouldBe(
            $$$"""{"id":"{{{id}}}","name":"{{{name}}}","description":"d","filters":{"service_id":"{{{service}}}"},"links":{"self":"http://localhost{{{Groups}}}/{{{id}}}"}}""");
        (await cloud.Admin.Head($"{Groups}/{id}")).Is(200);
        (await cloud.Admin.Get($"{Groups}?name={name}")).Ids("endpoint_groups").ShouldBe([id]);
        (await cloud.Admin.Get($"{Groups}/{id}/endpoints")).Ids("endpoints").ShouldBe([endpoint]);
        (await cloud.Admin.Patch($"{Groups}/{id}", new { endpoint_group = new { filters = new { service_id = service, @interface = "admin" } } })).Is(200);
        (await cloud.Admin.Get($"{Groups}/{id}/endpoints")).Ids("endpoints").ShouldBeEmpty();
        (await cloud.NewUser().Get(Groups)).Is(403);
        (await cloud.Admin.Delete($"{Groups}/{id}")).Is(204);
        (await cloud.Admin.Get($"{Groups}/{id}")).Is(404).Message().ShouldBe($"Could not find Endpoint Group: {id}.");
    }

    [Theory]
    [InlineData("""{"endpoint_group":{"name":"x","filters":{}}}""", "filters field is required and cannot be empty")]
    [InlineData("""{"endpoint_group":{"name":"x","filters":{"enabled":true}}}""", "Expecting to find service_id or region_id or interface in endpoint_group.")]
    [InlineData("""{"endpoint_group":{"name":"x","filters":{"interface":"secret"}}}""", "'secret' is not one of ['admin', 'internal', 'public']")]
    [InlineData("""{"endpoint_group":{"name":"x"}}""", "'filters' is a required property")]
    [InlineData("""{"endpoint_group":{"filters":{"region_id":null}}}""", "'name' is a required property")]
    public async Task Group_BadBody_Is400(string body, string words) => (await cloud.Admin.Post(Groups, body)).Is(400).Message().ShouldContain(words);

    [Fact]
    public async Task Catalog_ProjectWithEndpoints_HoldsOnlyThose()
    {
        var user = await cloud.NewRealUserAsync();
        async Task<string[]> Catalog() => [.. (await user.Get(V3 + "/auth/catalog")).Is(200)["catalog"].AsArray().SelectMany(s => s!["endpoints"]!.AsArray()).Select(e => e!["id"]!.ToString())];
        var ((_, one), (service, two)) = (await Endpoint(), await Endpoint("internal"));
        (await Catalog()).Length.ShouldBeGreaterThan(2);
        var (project, link) = (user.ProjectId, $"{Filter}/projects/{user.ProjectId}/endpoints/{one}");
        (await cloud.Admin.Head(link)).Is(404);
        (await cloud.Admin.Get(link)).Is(404).Message().ShouldBe($"Endpoint {one} not found in project {project}");
        (await cloud.Admin.Put(link)).Is(204);
        (await cloud.Admin.Put(link)).Is(409).Message().ShouldBe("Conflict occurred attempting to store project_endpoint - Duplicate entry.");
        (await cloud.Admin.Head(link)).Is(204);
        (await Catalog()).ShouldBe([one]);
        var group = await GroupOf(new { service_id = service });
        var groupLink = $"{Groups}/{group}/projects/{project}";
        (await cloud.Admin.Get(groupLink)).Is(404).Message().ShouldBe("Endpoint Group Project Association not found");
        (await cloud.Admin.Put(groupLink)).Is(204);
        (await cloud.Admin.Put(groupLink)).Is(409);
        (await cloud.Admin.Get(groupLink)).Is(200)["project_endpoint_group"].ToJsonString().ShouldBe($$$"""{"endpoint_group_id":"{{{group}}}","project_id":"{{{project}}}","links":{"self":"/OS-EP-FILTER/endpoint_groups/{{{group}}}/projects/{{{project}}}"}}""");
        (await Catalog()).ShouldBe([one, two], ignoreOrder: true);
        (await cloud.Admin.Get($"{Filter}/projects/{project}/endpoints")).Ids("endpoints").ShouldBe([one, two], ignoreOrder: true);
        (await cloud.Admin.Get($"{Filter}/projects/{project}/endpoint_groups")).Ids("endpoint_groups").ShouldBe([group]);
        (await cloud.Admin.Get($"{Groups}/{group}/projects")).Ids("projects").ShouldBe([project]);
        (await cloud.Admin.Get($"{Filter}/endpoints/{one}/projects")).Ids("projects").ShouldBe([project]);
        (await cloud.Admin.Delete(groupLink)).Is(204);
        (await cloud.Admin.Delete(groupLink)).Is(404);
        (await cloud.Admin.Delete(link)).Is(204);
        (await cloud.Admin.Delete(link)).Is(404);
        (await Catalog()).Length.ShouldBeGreaterThan(2);
        (await cloud.Admin.Put($"{Filter}/projects/nope/endpoints/{one}")).Is(404).Message().ShouldBe("Could not find project: nope.");
        (await cloud.Admin.Put($"{Filter}/projects/{project}/endpoints/nope")).Is(404).Message().ShouldBe("Could not find endpoint: nope.");
    }

    [Fact]
    public async Task Associations_WhatTheyNameGoes_GoToo()
    {
        var ((_, one), project) = (await Endpoint(), await Project(cloud.Admin));
        (await cloud.Admin.Put($"{Filter}/projects/{project}/endpoints/{one}")).Is(204);
        (await cloud.Admin.Delete($"{V3}/projects/{project}")).Is(204);
        (await cloud.Admin.Get($"{Filter}/endpoints/{one}/projects")).Ids("projects").ShouldBeEmpty();
    }
}

public sealed class PolicyTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Policies = V3 + "/policies";

    [Fact]
    public async Task Policy_WholeLife_IsUpstreamsBody()
    {
        var id = (await cloud.Admin.Post(Policies, new { policy = new { blob = "a b", type = "text/x", more = 1 } })).Is(201)["policy"]["id"]!.ToString();
        (await cloud.Admin.Get($"{Policies}/{id}")).Is(200)["policy"].ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","type":"text/x","blob":"a b","links":{"self":"http://localhost{{{Policies}}}/{{{id}}}"},"more":1}""");
        (await cloud.Admin.Patch($"{Policies}/{id}", new { policy = new { type = "text/y" } })).Is(200)["policy"]["type"]!.ToString().ShouldBe("text/y");
        (await cloud.Admin.Get($"{Policies}?type=text/y")).Ids("policies").ShouldBe([id]);
        (await cloud.Admin.Post(Policies, new { policy = new { blob = "x" } })).Is(400);
        (await cloud.Admin.Patch($"{Policies}/{id}", new { policy = new { } })).Is(400);
        (await cloud.Admin.Delete($"{Policies}/{id}")).Is(204);
        (await cloud.Admin.Get($"{Policies}/{id}")).Is(404).Message().ShouldBe($"Could not find policy: {id}.");
    }

    [Fact]
    public async Task Association_OfEndpointRegionAndService_NearestHolds()
    {
        async Task<string> Policy(string blob) => (await cloud.Admin.Post(Policies, new { policy = new { blob, type = "t" } })).Is(201)["policy"]["id"]!.ToString();
        var (parent, child) = (Name("region"), Name("region"));
        (await cloud.Admin.Post(V3 + "/regions", new { region = new { id = parent } })).Is(201);
        (await cloud.Admin.Post(V3 + "/regions", new { region = new { id = child, parent_region_id = parent } })).Is(201);
        var service = (await cloud.Admin.Post(V3 + "/services", new { service = new { type = Name("type") } })).Is(201)["service"]["id"]!.ToString();
        var endpoint = (await cloud.Admin.Post(V3 + "/endpoints", new { endpoint = new { service_id = service, url = "http://x/", @interface = "public", region_id = child } })).Is(201)["endpoint"]["id"]!.ToString();
        var effective = $"{V3}/endpoints/{endpoint}/OS-ENDPOINT-POLICY/policy";
        (await cloud.Admin.Get(effective)).Is(404).Message().ShouldBe($"No policy is associated with endpoint {endpoint}.");
        var (ofService, ofRegion, ofEndpoint) = (await Policy("s"), await Policy("r"), await Policy("e"));
        foreach (var (policy, path) in new[] { (ofService, $"services/{service}"), (ofRegion, $"services/{service}/regions/{parent}"), (ofEndpoint, $"endpoints/{endpoint}") })
        {
            var link = $"{Policies}/{policy}/OS-ENDPOINT-POLICY/{path}";
            (await cloud.Admin.Get(link)).Is(404).Message().ShouldBe("Could not find policy association.");
            (await cloud.Admin.Put(link)).Is(204);
            (await cloud.Admin.Put(link)).Is(204);
            (await cloud.Admin.Head(link)).Is(204);
            (await cloud.Admin.Get(effective)).Is(200)["policy"]["id"]!.ToString().ShouldBe(policy);
            (await cloud.Admin.Get($"{Policies}/{policy}/OS-ENDPOINT-POLICY/endpoints")).Ids("endpoints").ShouldBe([endpoint]);
        }
        (await cloud.Admin.Put($"{Policies}/{ofService}/OS-ENDPOINT-POLICY/endpoints/{endpoint}")).Is(204);
        (await cloud.Admin.Head($"{Policies}/{ofEndpoint}/OS-ENDPOINT-POLICY/endpoints/{endpoint}")).Is(404);
        (await cloud.Admin.Delete($"{Policies}/{ofService}/OS-ENDPOINT-POLICY/endpoints/{endpoint}")).Is(204);
        (await cloud.Admin.Get(effective)).Is(200)["policy"]["blob"]!.ToString().ShouldBe("r");
        (await cloud.Admin.Delete($"{Policies}/{ofRegion}")).Is(204);
        (await cloud.Admin.Get(effective)).Is(200)["policy"]["blob"]!.ToString().ShouldBe("s");
        (await cloud.Admin.Put($"{Policies}/{ofService}/OS-ENDPOINT-POLICY/services/{service}/regions/nope")).Is(404);
        (await cloud.Admin.Put($"{Policies}/nope/OS-ENDPOINT-POLICY/services/{service}")).Is(404);
        (await cloud.NewUser().Put($"{Policies}/{ofService}/OS-ENDPOINT-POLICY/services/{service}")).Is(403);
        (await cloud.Admin.Delete($"{V3}/services/{service}")).Is(204);
    }
}
