using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Keystone;
using Nephos.Kernel.Api;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Limits;

public sealed class LimitTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Registered = V3 + "/registered_limits", Limits = V3 + "/limits";

    internal static async Task<string> Service(TestUser admin, string? type = null) =>
        (await admin.Post(V3 + "/services", new { service = new { type = type ?? Name("type"), name = "n" } })).Is(201)["service"]["id"]!.ToString();

    internal static async Task<string> Register(TestUser admin, string service, string resource, int value, string? region = null) =>
        (await admin.Post(Registered, new { registered_limits = new[] { new { service_id = service, region_id = region, resource_name = resource, default_limit = value } } })).Is(201)["registered_limits"][0]!["id"]!.ToString();

    internal static JsonObject Body(string owner, string id, string service, string resource, int value) => new()
    {
        ["limits"] = new JsonArray(new JsonObject { [owner] = id, ["service_id"] = service, ["resource_name"] = resource, ["resource_limit"] = value }),
    };

    [Fact]
    public async Task RegisteredLimit_WholeLife_IsUpstreamsBody()
    {
        var service = await Service(cloud.Admin);
        var made = (await cloud.Admin.Post(Registered, new { registered_limits = new[] { new { service_id = service, resource_name = "a", default_limit = 10, description = "d" }, new { service_id = service, resource_name = "b", default_limit = -1, description = "d" } } })).Is(201);
        made.Json.AsObject().Select(m => m.Key).ShouldBe(["registered_limits"]);
        var id = made["registered_limits"][0]!["id"]!.ToString();
        (await cloud.Admin.Get($"{Registered}/{id}")).Is(200)["registered_limit"].ToJsonString().ShouldBe(
            $$$"""{"id":"{{{id}}}","service_id":"{{{service}}}","region_id":null,"resource_name":"a","default_limit":10,"description":"d","links":{"self":"http://localhost{{{Registered}}}/{{{id}}}"}}""");
        (await cloud.NewUser().Get($"{Registered}?service_id={service}&resource_name__istartswith=B")).Is(200)["registered_limits"].AsArray().Single()!["default_limit"]!.GetValue<int>().ShouldBe(-1);
        (await cloud.Admin.Patch($"{Registered}/{id}", new { registered_limit = new { default_limit = 5, description = (string?)null } })).Is(200)["registered_limit"]["default_limit"]!.GetValue<int>().ShouldBe(5);
        (await cloud.Admin.Patch($"{Registered}/{id}", new { registered_limit = new { resource_name = "b" } })).Is(409).Message().ShouldBe("Conflict occurred attempting to store registered_limit - Duplicate entry.");
        (await cloud.Admin.Post(Registered, new { registered_limits = new[] { new { service_id = service, resource_name = "a", default_limit = 1 } } })).Is(409);
        (await cloud.NewUser().Delete($"{Registered}/{id}")).Is(403);
        (await cloud.Admin.Delete($"{Registered}/{id}")).Is(204);
        (await cloud.Admin.Get($"{Registered}/{id}")).Is(404).Message().ShouldBe($"Could not find registered limit for {id}.");
    }

    [Theory]
    [InlineData("""{"registered_limits":[]}""", "[] is too short")]
    [InlineData("""{"registered_limits":[{"service_id":"00000000000000000000000000000000","resource_name":"a","default_limit":1}]}""", "Expecting to find service_id in registered_limit.")]
    [InlineData("""{"registered_limits":[{"service_id":"nope","resource_name":"a","default_limit":1}]}""", "'nope' is not a 'uuid'")]
    [InlineData("""{"registered_limits":[{"service_id":"00000000000000000000000000000000","resource_name":"a"}]}""", "'default_limit' is a required property")]
    [InlineData("""{"registered_limits":[{"service_id":"00000000000000000000000000000000","resource_name":"a","default_limit":-2}]}""", "-2 is less than the minimum of -1")]
    [InlineData("""{"registered_limits":[{"service_id":"00000000000000000000000000000000","resource_name":"a","default_limit":2147483648}]}""", "2147483648 is greater than the maximum of 2147483647")]
    [InlineData("""{"registered_limits":[{"service_id":"00000000000000000000000000000000","resource_name":"a","default_limit":1,"x":1}]}""", "Additional properties are not allowed ('x' was unexpected)")]
    [InlineData("""{}""", "'registered_limits' is a required property")]
    public async Task RegisteredLimit_BadBody_Is400(string body, string words) => (await cloud.Admin.Post(Registered, body)).Is(400).Message().ShouldContain(words);

    [Fact]
    public async Task Limit_WholeLife_StandsOnItsRegisteredLimit()
    {
        var (service, project) = (await Service(cloud.Admin), await Project(cloud.Admin));
        (await cloud.Admin.Post(Limits, Body("project_id", project, service, "cores", 3))).Is(403).Message().ShouldBe("Unable to create a limit that has no corresponding registered limit.");
        var registered = await Register(cloud.Admin, service, "cores", 10);
        var id = (await cloud.Admin.Post(Limits, Body("project_id", project, service, "cores", 3))).Is(201)["limits"][0]!["id"]!.ToString();
        (await cloud.Admin.Post(Limits, Body("project_id", project, service, "cores", 4))).Is(409).Message().ShouldBe("Conflict occurred attempting to store limit - Duplicate entry.");
        (await cloud.Admin.Get($"{Limits}/{id}")).Is(200)["limit"].ToJsonString().ShouldBe(
            $$$"""{"id":"{{{id}}}","project_id":"{{{project}}}","domain_id":null,"service_id":"{{{service}}}","region_id":null,"resource_name":"cores","resource_limit":3,"description":null,"links":{"self":"http://localhost{{{Limits}}}/{{{id}}}"}}""");
        (await cloud.Admin.Delete($"{Registered}/{registered}")).Is(403).Message().ShouldBe($"Unable to update or delete registered limit {registered} because there are project limits associated with it.");
        (await cloud.Admin.Patch($"{Registered}/{registered}", new { registered_limit = new { default_limit = 1 } })).Is(403);
        (await cloud.Admin.Patch($"{Limits}/{id}", new { limit = new { resource_limit = 0, description = "d" } })).Is(200)["limit"]["resource_limit"]!.GetValue<int>().ShouldBe(0);
        (await cloud.Admin.Patch($"{Limits}/{id}", new { limit = new { project_id = "x" } })).Is(400);
        (await cloud.Admin.Delete($"{Limits}/{id}")).Is(204);
        (await cloud.Admin.Delete($"{Limits}/{id}")).Is(404).Message().ShouldBe($"Could not find limit for {id}.");
        (await cloud.Admin.Post(Limits, Body("project_id", project, service, "cores", 3))).Is(201);
        (await cloud.Admin.Delete($"{V3}/projects/{project}")).Is(204);
        (await cloud.Admin.Delete($"{Registered}/{registered}")).Is(204);
    }

    [Fact]
    public async Task Limit_OwnerMissingTwoOrUnknown_Is400()
    {
        var service = await Service(cloud.Admin);
        (await cloud.Admin.Post(Limits, Body("resource_name", "x", service, "cores", 3))).Is(400).Message().ShouldContain("is not valid under any of the given schemas");
        var two = Body("project_id", "default", service, "cores", 3);
        two["limits"]![0]!["domain_id"] = "default";
        (await cloud.Admin.Post(Limits, two)).Is(400).Message().ShouldContain("is valid under each of the given schemas");
        (await cloud.Admin.Post(Limits, Body("project_id", "nope", service, "cores", 3))).Is(400).Message().ShouldStartWith("Expecting to find project_id in limit.");
        (await cloud.Admin.Post(Limits, Body("domain_id", "nope", service, "cores", 3))).Is(400).Message().ShouldStartWith("Expecting to find domain_id in limit.");
        (await cloud.Admin.Get(Limits + "/model")).Is(200)["model"].ToJsonString().ShouldBe("""{"name":"flat","description":"Limit enforcement and validation does not take project hierarchy into consideration."}""");
    }

    [Fact]
    public async Task List_ScopeOfTheToken_BoundsIt()
    {
        var service = await Service(cloud.Admin);
        await Register(cloud.Admin, service, "cores", 10);
        var user = await cloud.NewRealUserAsync();
        var (mine, other) = (user.ProjectId, await Project(cloud.Admin));
        var mineId = (await cloud.Admin.Post(Limits, Body("project_id", mine, service, "cores", 1))).Is(201)["limits"][0]!["id"]!.ToString();
        var otherId = (await cloud.Admin.Post(Limits, Body("project_id", other, service, "cores", 2))).Is(201)["limits"][0]!["id"]!.ToString();
        var domainId = (await cloud.Admin.Post(Limits, Body("project_id", "default", service, "cores", 9))).Is(201)["limits"][0]!;
        (domainId["project_id"], domainId["domain_id"]!.ToString()).ShouldBe((null, "default"));
        (await user.Get(Limits)).Ids("limits").ShouldBe([mineId]);
        (await user.Get($"{Limits}/{mineId}")).Is(200);
        (await user.Get($"{Limits}/{otherId}")).Is(403);
        (await user.Get($"{Limits}/nope")).Is(403);
        (await cloud.Admin.Get($"{Limits}?service_id={service}")).Ids("limits").Count().ShouldBe(3);
        (await cloud.Admin.Get($"{Limits}?service_id={service}&project_id={other}")).Ids("limits").ShouldBe([otherId]);
        (await cloud.Admin.Get($"{Limits}?service_id={service}&domain_id=default")).Ids("limits").ShouldBe([domainId["id"]!.ToString()]);
        var page = (await cloud.Admin.Get($"{Limits}?service_id={service}&limit=2")).Is(200);
        page["truncated"].GetValue<bool>().ShouldBeTrue();
        (await cloud.Admin.Get(new Uri(page["links"]["next"]!.ToString()).PathAndQuery)).Ids("limits").Count().ShouldBe(1);
    }

    [Fact]
    public async Task Ask_RegisterThenOverride_IsAsOsloLimit()
    {
        var limits = cloud.Get<IUnifiedLimits>();
        var type = Name("type");
        var (service, project) = (await Service(cloud.Admin, type), await Project(cloud.Admin));
        await limits.RegisterAsync(type, [new("image_count", 5), new("image_size", -1)], default);
        await limits.RegisterAsync(type, [new("image_count", 7), new("image_stage", 1)], default);
        await limits.RegisterAsync("no-such-service", [new("x", 7)], default);
        (await cloud.Admin.Get($"{Registered}?service_id={service}")).Is(200)["registered_limits"].AsArray().Count.ShouldBe(3);
        var asked = await limits.AskAsync(type, project, ["image_count", "image_size", "other"], default);
        (asked.Limits["image_count"], asked.Limits["image_size"], asked.Limits["other"], asked.Unregistered.Single()).ShouldBe((5, -1, 0, "other"));
        (await cloud.Admin.Post(Limits, Body("project_id", project, service, "image_count", 2))).Is(201);
        asked = await limits.AskAsync(type, project, ["image_count", "image_size"], default);
        asked.Enforce(new Dictionary<string, long> { ["image_count"] = 1 }, new Dictionary<string, long> { ["image_count"] = 1, ["image_size"] = long.MaxValue / 2 });
        asked.Enforce(new Dictionary<string, long> { ["image_count"] = 9 }, new Dictionary<string, long> { ["image_count"] = 0 });
        Should.Throw<ProjectOverLimitException>(() => asked.Enforce(new Dictionary<string, long> { ["image_count"] = 2 }, new Dictionary<string, long> { ["image_count"] = 1 }))
            .Message.ShouldBe($"Project {project} is over a limit for [Resource image_count is over limit of 2 due to current usage 2 and delta 1]");
        asked.Tree.ShouldBeNull();
    }

    [Fact]
    public async Task Service_WithRegisteredLimits_CannotBeDeleted()
    {
        var service = await Service(cloud.Admin);
        var limit = await Register(cloud.Admin, service, "cores", 1);
        (await cloud.Admin.Delete($"{V3}/services/{service}")).Is(409).Message().ShouldContain(service);
        (await cloud.Admin.Delete($"{Registered}/{limit}")).Is(204);
        (await cloud.Admin.Delete($"{V3}/services/{service}")).Is(204);
    }
}

/// <summary>A cloud whose limits of domains bound those of their projects.</summary>
public sealed class StrictCloud : TestCloud
{
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, EnforcementModel = "strict_two_level", ListLimit = 3, ProjectNameUrlSafe = "new", DomainNameUrlSafe = "new" });
}

public sealed class StrictLimitTests(StrictCloud cloud) : IClassFixture<StrictCloud>
{
    [Fact]
    public async Task Limits_OfProjectAndDomain_KeepOrder()
    {
        var admin = cloud.Admin;
        (await admin.Get(V3 + "/limits/model")).Is(200)["model"]["name"]!.ToString().ShouldBe("strict_two_level");
        var type = Name("type");
        var (service, domain) = (await LimitTests.Service(admin, type), await Domain(admin));
        await LimitTests.Register(admin, service, "cores", 10);
        var project = await Project(admin, domain: domain);
        Task<TestReply> Limit(string owner, string id, int value) => admin.Post(V3 + "/limits", LimitTests.Body(owner, id, service, "cores", value));
        (await Limit("project_id", project, 11)).Is(403).Message().ShouldBe(
            $"Invalid resource limit: The resource limit (project_id: {project}, resource_name: cores, resource_limit: 11, service_id: {service}, region_id: None) doesn't satisfy current hierarchy model..");
        var ofDomain = (await Limit("domain_id", domain, 20)).Is(201)["limits"][0]!["id"]!.ToString();
        var ofProject = (await Limit("project_id", project, 15)).Is(201)["limits"][0]!["id"]!.ToString();
        (await admin.Patch($"{V3}/limits/{ofDomain}", new { limit = new { resource_limit = 14 } })).Is(403).Message().ShouldContain($"domain_id: {domain}");
        (await admin.Patch($"{V3}/limits/{ofProject}", new { limit = new { resource_limit = -1 } })).Is(403);
        (await admin.Patch($"{V3}/limits/{ofProject}", new { limit = new { resource_limit = 14 } })).Is(200);
        (await admin.Patch($"{V3}/limits/{ofDomain}", new { limit = new { resource_limit = 14 } })).Is(200);
        var asked = await cloud.Get<IUnifiedLimits>().AskAsync(type, project, ["cores"], default);
        (asked.Limits["cores"], asked.Tree!.RootId, asked.Tree.Limits["cores"]).ShouldBe((14, domain, 14));
        asked.Tree.ProjectIds.ShouldBe([domain, project], ignoreOrder: true);
        Should.Throw<ProjectOverLimitException>(() => asked.EnforceTree(new Dictionary<string, long> { ["cores"] = 14 }, new Dictionary<string, long> { ["cores"] = 1 })).ProjectId.ShouldBe(domain);
    }

    [Fact]
    public async Task Projects_DeeperThanTheModel_Are403()
    {
        var second = await Project(cloud.Admin, parent: await Project(cloud.Admin));
        (await cloud.Admin.Post(V3 + "/projects", new { project = new { name = Name(), parent_id = second } })).Is(403).Message().ShouldBe($"Max hierarchy depth reached for {second} branch.");
    }

    [Fact]
    public async Task Names_WithCharactersOfUrls_Are400()
    {
        (await cloud.Admin.Post(V3 + "/projects", new { project = new { name = "a/b?" } })).Is(400).Message().ShouldBe("Project name cannot contain the following reserved characters: /?");
        (await cloud.Admin.Post(V3 + "/domains", new { domain = new { name = "a&b" } })).Is(400).Message().ShouldBe("Domain name cannot contain the following reserved characters: &");
        (await cloud.Admin.Patch($"{V3}/projects/{await Project(cloud.Admin)}", new { project = new { name = "a#" } })).Is(400);
    }

    [Fact]
    public async Task List_BeyondListLimit_SaysTruncated()
    {
        var prefix = Name("cut");
        for (var i = 0; i < 4; i++) { await Group(cloud.Admin, $"{prefix}-{i}"); }
        var page = (await cloud.Admin.Get($"{V3}/groups?name__startswith={prefix}")).Is(200);
        (page.Ids("groups").Count(), page["truncated"].GetValue<bool>()).ShouldBe((3, true));
        for (var i = 0; i < 4; i++) { (await cloud.Admin.Post(V3 + "/regions", new { region = new { id = $"{prefix}-{i}" } })).Is(201); }
        var regions = (await cloud.Admin.Get($"{V3}/regions")).Is(200);
        (regions.Ids("regions").Count(), regions["truncated"].GetValue<bool>()).ShouldBe((3, true));
        (await cloud.Admin.Get(new Uri(regions["links"]["next"]!.ToString()).PathAndQuery)).Ids("regions").Count().ShouldBe(2);
        (await cloud.Admin.Get($"{V3}/regions?marker=nope")).Is(404).Message().ShouldBe("Marker nope could not be found.");
        (await cloud.Admin.Get($"{V3}/regions?colour=red")).Is(400);
        (await cloud.Admin.Get($"{V3}/regions?limit=x")).Is(400);
        var rest = (await cloud.Admin.Get(new Uri(page["links"]["next"]!.ToString()).PathAndQuery)).Is(200);
        (rest.Ids("groups").Count(), rest.Json.AsObject().ContainsKey("truncated")).ShouldBe((1, false));
    }
}
