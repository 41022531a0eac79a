using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.ServerGroups;

public sealed class ServerGroupTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Groups = "/compute/v2.1/os-server-groups";

    private static async Task<string> Create(TestUser user, string policy) =>
        (await user.At("compute 2.64").Post(Groups, new { server_group = new { name = "g", policy } })).Is(200)["server_group"]["id"]!.ToString();

    private static TestUser Server(TestUser user) => user.At("compute 2.37");

    private Task<TestReply> Boot(TestUser user, string group) => Server(user).Post("/compute/v2.1/servers", new Dictionary<string, object>
    {
        ["server"] = new { name = "s", imageRef = cloud.Image, flavorRef = "42", networks = "none" },
        ["os:scheduler_hints"] = new { group },
    });

    [Fact]
    public async Task Life_ByVersion()
    {
        var user = cloud.NewUser();
        var old = (await user.Post(Groups, """{"server_group":{"name":"old","policies":["affinity"]}}""")).Is(200)["server_group"].AsObject();
        old.Select(m => m.Key).Order().ShouldBe(["id", "members", "metadata", "name", "policies"]);
        var rules = (await user.At("compute 2.64").Post(Groups, """{"server_group":{"name":"new","policy":"anti-affinity","rules":{"max_server_per_host":"3"}}}""")).Is(200)["server_group"].AsObject();
        rules["rules"]!.ToJsonString().ShouldBe("""{"max_server_per_host":3}""");
        rules["project_id"]!.ToString().ShouldBe(user.ProjectId);
        (await user.Get(Groups)).Is(200)["server_groups"].AsArray().Select(g => g!["name"]!.ToString()).ShouldBe(["old", "new"]);
        (await user.Get(Groups + "?limit=1&offset=1")).Is(200)["server_groups"].AsArray().Select(g => g!["name"]!.ToString()).ShouldBe(["new"]);
        (await cloud.Admin.Get(Groups + "?all_projects=1")).Is(200)["server_groups"].AsArray().Select(g => g!["id"]!.ToString()).ShouldContain(old["id"]!.ToString());
        (await cloud.NewUser().Get($"{Groups}/{old["id"]}")).Is(404);
        (await cloud.NewUser().Delete($"{Groups}/{old["id"]}")).Is(404);
        (await cloud.NewUser("reader", user.ProjectId).Delete($"{Groups}/{old["id"]}")).Is(403);
        (await user.Delete($"{Groups}/{old["id"]}")).Is(204);
        (await user.Get($"{Groups}/{old["id"]}")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Instance group {old["id"]} could not be found.");
    }

    [Theory]
    [InlineData("2.1", """{"name":"g","policies":[]}""")]
    [InlineData("2.1", """{"name":"g","policies":["soft-affinity"]}""")]
    [InlineData("2.15", """{"name":"g","policies":["affinity","anti-affinity"]}""")]
    [InlineData("2.1", """{"name":"","policies":["affinity"]}""")]
    [InlineData("2.64", """{"name":"g","policies":["affinity"]}""")]
    [InlineData("2.64", """{"name":"g","policy":"storage-affinity"}""")]
    [InlineData("2.64", """{"name":"g","policy":"affinity","rules":{"max_server_per_host":1}}""")]
    [InlineData("2.64", """{"name":"g","policy":"anti-affinity","rules":{"max_server_per_host":0}}""")]
    public async Task Create_BadBody_Is400(string version, string group) => (await cloud.NewUser().At("compute " + version).Post(Groups, $$"""{"server_group":{{group}}}""")).Is(400);

    [Fact]
    public async Task Quotas_Hold()
    {
        var user = cloud.NewUser();
        (await cloud.Admin.Put("/compute/v2.1/os-quota-sets/" + user.ProjectId, """{"quota_set":{"server_groups":1,"server_group_members":1}}""")).Is(200);
        var group = await Create(user, "affinity");
        (await user.Post(Groups, """{"server_group":{"name":"g","policies":["affinity"]}}""")).Is(403)["forbidden"]["message"]!.ToString().ShouldBe("Quota exceeded, too many server groups.");
        (await Boot(user, group)).Is(202);
        (await Boot(user, group)).Is(403)["forbidden"]["message"]!.ToString().ShouldBe("Quota exceeded, too many servers in group");
        var unknown = Kernel.Ids.NewId.Uuid();
        (await Boot(user, unknown)).Is(400)["badRequest"]["message"]!.ToString().ShouldBe($"Instance group {unknown} could not be found.");
    }

    [Fact]
    public async Task AntiAffinity_SecondServerOnTheOnlyHost_IsNotPlaced()
    {
        var user = cloud.NewUser();
        var group = await Create(user, "anti-affinity");
        var first = (await Boot(user, group)).Is(202)["server"]["id"]!.ToString();
        await cloud.StatusAsync(user, first, "ACTIVE");
        (await user.At("compute 2.71").Get("/compute/v2.1/servers/" + first)).Is(200)["server"]["server_groups"]!.ToJsonString().ShouldBe($"[\"{group}\"]");
        (await user.At("compute 2.71").Get("/compute/v2.1/servers/detail")).Is(200)["servers"][0]!.AsObject().ContainsKey("server_groups").ShouldBeFalse();
        var second = (await Boot(user, group)).Is(202)["server"]["id"]!.ToString();
        var failed = await cloud.StatusAsync(user, second, "ERROR");
        failed["fault"]!["message"]!.ToString().ShouldContain("No valid host was found.");
        (await user.Get($"{Groups}/{group}")).Is(200)["server_group"]["members"]!.AsArray().Select(m => m!.ToString()).ShouldBe([first, second]);
        (await user.Delete("/compute/v2.1/servers/" + first)).Is(204);
        await cloud.GoneAsync(user, first);
        (await user.Get($"{Groups}/{group}")).Is(200)["server_group"]["members"]!.AsArray().Select(m => m!.ToString()).ShouldBe([second]);
        var third = (await Boot(user, group)).Is(202)["server"]["id"]!.ToString();
        await cloud.StatusAsync(user, third, "ACTIVE");
    }
}

public sealed class GroupRaceTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    /// <summary>Both are chosen for at the same time; the group's row lets one see the other.</summary>
    [Fact]
    public async Task AntiAffinity_TwoServersAtOnce_OneGetsTheHost()
    {
        var user = cloud.NewUser();
        var group = (await user.At("compute 2.64").Post("/compute/v2.1/os-server-groups", """{"server_group":{"name":"g","policy":"anti-affinity"}}""")).Is(200)["server_group"]["id"]!.ToString();
        (await user.At("compute 2.37").Post("/compute/v2.1/servers", new Dictionary<string, object>
        {
            ["server"] = new { name = "s", imageRef = cloud.Image, flavorRef = "42", networks = "none", min_count = 2 },
            ["os:scheduler_hints"] = new { group },
        })).Is(202);
        var statuses = await TestCloud.Until(
            async () => string.Join(',', (await user.Get("/compute/v2.1/servers/detail")).Is(200)["servers"].AsArray().Select(s => s!["status"]!.ToString()).Order()),
            seen => !seen.Contains("BUILD", StringComparison.Ordinal), "both servers to be done");
        statuses.ShouldBe("ACTIVE,ERROR");
    }
}

public sealed class GroupPlacementTests
{
    private static Nova.ServerGroups.GroupHosts Hosts(string policy, int? max, params (string Host, int Servers)[] others) => new(
        new Nova.ServerGroups.ServerGroup { Id = "g", Name = "g", ProjectId = "p", UserId = "u", Policy = policy, MaxPerHost = max, CreatedAt = DateTime.UnixEpoch },
        others.ToDictionary(o => o.Host, o => o.Servers));

    [Theory]
    [InlineData("affinity", null, "a", true)]
    [InlineData("affinity", null, "b", false)]
    [InlineData("anti-affinity", null, "a", false)]
    [InlineData("anti-affinity", 3, "a", true)]
    [InlineData("anti-affinity", 2, "a", false)]
    [InlineData("anti-affinity", null, "b", true)]
    [InlineData("soft-anti-affinity", null, "a", true)]
    public void Refuse_TwoServersOnA(string policy, int? max, string host, bool fits) => (Hosts(policy, max, ("a", 2)).Refuse(host) is null).ShouldBe(fits);

    [Fact]
    public void Refuse_EmptyAffinityGroup_TakesAnyHost() => Hosts("affinity", null).Refuse("a").ShouldBeNull();

    [Fact]
    public void Prefer_SoftPolicies_OrderHosts()
    {
        Hosts("soft-affinity", null, ("a", 2)).Prefer("a").ShouldBeGreaterThan(Hosts("soft-affinity", null, ("a", 2)).Prefer("b"));
        Hosts("soft-anti-affinity", null, ("a", 2)).Prefer("a").ShouldBeLessThan(0);
        Hosts("anti-affinity", 3, ("a", 2)).Prefer("a").ShouldBe(0);
    }
}
