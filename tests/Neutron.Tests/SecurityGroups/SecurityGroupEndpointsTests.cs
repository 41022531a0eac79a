using System.Text.Json.Nodes;
using Nephos.Kernel.Ids;
using Nephos.Neutron.SecurityGroups;
using Nephos.Kernel.Store;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Neutron.Tests.SecurityGroups;

public sealed class SecurityGroupEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = "/networking/v2.0/security-groups";

    private static async Task<JsonNode> Create(TestUser user, string name = "web") => (await user.Post(Path, new { security_group = new { name } })).Is(201)["security_group"];

    private static async Task<string> DefaultId(TestUser user) => (await user.Get(Path + "?name=default")).Is(200)["security_groups"][0]!["id"]!.ToString();

    private static void IsError(TestReply reply, int status, string type, string words)
    {
        reply.Is(status)["NeutronError"]["type"]!.ToString().ShouldBe(type);
        reply["NeutronError"]["message"]!.ToString().ShouldBe(words);
    }

    [Fact]
    public async Task List_FirstTime_HasTheDefaultGroupWithItsRules()
    {
        var user = cloud.NewUser("reader");
        var groups = (await user.Get(Path)).Is(200)["security_groups"].AsArray();
        groups.Count.ShouldBe(1);
        var group = groups[0]!;
        group["name"]!.ToString().ShouldBe("default");
        group["description"]!.ToString().ShouldBe("Default security group");
        group["stateful"]!.GetValue<bool>().ShouldBeTrue();
        group["shared"]!.GetValue<bool>().ShouldBeFalse();
        group["project_id"]!.ToString().ShouldBe(user.ProjectId);
        group["tenant_id"]!.ToString().ShouldBe(user.ProjectId);
        group["revision_number"]!.GetValue<int>().ShouldBe(1);
        group["tags"]!.AsArray().Count.ShouldBe(0);
        group["created_at"]!.ToString().ShouldEndWith("Z");
        var rules = group["security_group_rules"]!.AsArray().Select(r => $"{r!["direction"]} {r["ethertype"]} {r["remote_group_id"]} {r["belongs_to_default_sg"]}").Order().ToList();
        var id = group["id"]!.ToString();
        rules.ShouldBe(["egress IPv4  true", "egress IPv6  true", $"ingress IPv4 {id} true", $"ingress IPv6 {id} true"]);
        (await user.Get(Path)).Is(200)["security_groups"].AsArray().Count.ShouldBe(1);
    }

    [Fact]
    public async Task EnsureDefault_FiftyAtOnce_MakesOne()
    {
        var user = cloud.NewUser();
        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => user.Get(Path)));
        replies.Select(r => r.Is(200)["security_groups"][0]!["id"]!.ToString()).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task EnsureDefault_TwiceInOneTransaction_MakesOne()
    {
        var project = NewId.Hex();
        var ids = await cloud.Get<Store<NeutronDb>>().WriteAsync(async db =>
            (await DefaultGroups.EnsureAsync(db, project, DateTime.UnixEpoch), await DefaultGroups.EnsureAsync(db, project, DateTime.UnixEpoch)));
        ids.Item1.ShouldBe(ids.Item2);
    }

    [Fact]
    public async Task Create_ShowUpdateDelete_Work()
    {
        var user = cloud.NewUser();
        var made = (await user.Post(Path, new { security_group = new { name = "web", description = "front", tags = new[] { "b", "a" } } })).Is(201)["security_group"];
        made["tags"]!.AsArray().Select(t => t!.ToString()).ShouldBe(["a", "b"]);
        var rules = made["security_group_rules"]!.AsArray();
        rules.Select(r => $"{r!["direction"]} {r["ethertype"]} {r["protocol"]} {r["remote_ip_prefix"]} {r["normalized_cidr"]} {r["belongs_to_default_sg"]}").Order().ShouldBe(["egress IPv4    false", "egress IPv6    false"]);
        var id = made["id"]!.ToString();
        var shown = (await user.Get($"{Path}/{id}")).Is(200)["security_group"];
        shown.ToJsonString().ShouldBe(made.ToJsonString());
        var updated = (await user.Put($"{Path}/{id}", new { security_group = new { name = "www", description = "x", stateful = false } })).Is(200)["security_group"];
        (updated["name"]!.ToString(), updated["description"]!.ToString(), updated["stateful"]!.GetValue<bool>(), updated["revision_number"]!.GetValue<int>()).ShouldBe(("www", "x", false, 2));
        (await user.Delete($"{Path}/{id}")).Is(204);
        IsError(await user.Get($"{Path}/{id}"), 404, "SecurityGroupNotFound", $"Security group {id} does not exist");
        IsError(await user.Delete($"{Path}/{id}"), 404, "SecurityGroupNotFound", $"Security group {id} does not exist");
    }

    [Fact]
    public async Task Create_Bulk_MakesAll()
    {
        var user = cloud.NewUser();
        var made = (await user.Post(Path, new { security_groups = new[] { new { name = "a" }, new { name = "b" } } })).Is(201)["security_groups"].AsArray();
        made.Select(g => g!["name"]!.ToString()).ShouldBe(["a", "b"]);
        (await user.Get(Path)).Is(200)["security_groups"].AsArray().Count.ShouldBe(3);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("DEFAULT")]
    public async Task Create_NamedDefault_Is409(string name) => IsError(await cloud.NewUser().Post(Path, new { security_group = new { name } }), 409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");

    [Fact]
    public async Task Default_RenamedOrDeletedByItsProject_Is409()
    {
        var user = cloud.NewUser();
        var id = await DefaultId(user);
        IsError(await user.Put($"{Path}/{id}", new { security_group = new { name = "other" } }), 409, "SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
        IsError(await user.Delete($"{Path}/{id}"), 409, "SecurityGroupCannotRemoveDefault", "Insufficient rights for removing default security group.");
        (await user.Put($"{Path}/{id}", new { security_group = new { description = "mine" } })).Is(200)["security_group"]["description"]!.ToString().ShouldBe("mine");
        (await cloud.Admin.Delete($"{Path}/{id}")).Is(204);
        (await DefaultId(user)).ShouldNotBe(id);
    }

    [Fact]
    public async Task Create_BeyondTheQuota_Is409WithUpstreamsWords()
    {
        var user = cloud.NewUser();
        for (var i = 0; i < 9; i++) { await Create(user, "g" + i); }
        IsError(await user.Post(Path, new { security_group = new { name = "more" } }), 409, "OverQuota", "Quota exceeded for resources: ['security_group'].");
    }

    [Theory]
    [InlineData("""{"security_group":{"name":7}}""", "Invalid input for name. Reason: '7' is not a valid string.")]
    [InlineData("""{"security_group":{"color":"red"}}""", "Unrecognized attribute(s) 'color'")]
    [InlineData("""{"security_group":{"id":"x"}}""", "Attribute 'id' not allowed in POST")]
    [InlineData("""{"group":{}}""", "Unable to find 'security_group' in request body")]
    [InlineData("""[]""", "Body contains invalid data")]
    public async Task Create_BadBody_Is400(string body, string words) => IsError(await cloud.NewUser().Post(Path, body), 400, "HTTPBadRequest", words);

    [Fact]
    public async Task Create_NameTooLong_Is400()
    {
        var name = new string('x', 256);
        IsError(await cloud.NewUser().Post(Path, new { security_group = new { name } }), 400, "HTTPBadRequest", $"Invalid input for name. Reason: '{name}' exceeds maximum length of 255.");
    }

    [Fact]
    public async Task Rights_ForeignIs404_ReaderIs403_AdminSeesAll()
    {
        var user = cloud.NewUser();
        var id = (await Create(user))["id"]!.ToString();
        var other = cloud.NewUser();
        IsError(await other.Get($"{Path}/{id}"), 404, "SecurityGroupNotFound", $"Security group {id} does not exist");
        (await other.Put($"{Path}/{id}", new { security_group = new { name = "x" } })).Is(404);
        (await other.Delete($"{Path}/{id}")).Is(404);
        var reader = cloud.NewUser("reader", user.ProjectId);
        (await reader.Get($"{Path}/{id}")).Is(200);
        IsError(await reader.Delete($"{Path}/{id}"), 403, "PolicyNotAuthorized", "rule:delete_security_group is disallowed by policy");
        (await reader.Post(Path, new { security_group = new { name = "x" } })).Is(403);
        (await other.Post(Path, new { security_group = new { name = "x", project_id = user.ProjectId } })).Is(400);
        (await cloud.Admin.Post(Path, new { security_group = new { name = "x", project_id = user.ProjectId } })).Is(201)["security_group"]["project_id"]!.ToString().ShouldBe(user.ProjectId);
        (await cloud.Admin.Get($"{Path}?id={id}")).Is(200)["security_groups"].AsArray().Count.ShouldBe(1);
        (await other.Get($"{Path}?id={id}")).Is(200)["security_groups"].AsArray().Count.ShouldBe(0);
        (await cloud.Anonymous.Get(Path)).Is(401);
    }

    [Fact]
    public async Task List_FiltersFieldsPages_Work()
    {
        var user = cloud.NewUser();
        foreach (var name in new[] { "a", "b", "c" }) { await Create(user, name); }
        (await user.Get(Path + "?name=a&name=c&fields=name")).Is(200).Text.ShouldContain("""{"name":"a"}""");
        (await user.Get(Path + "?sort_key=name&sort_dir=desc&fields=name")).Is(200)["security_groups"].AsArray().Select(g => g!["name"]!.ToString()).ShouldBe(["default", "c", "b", "a"]);
        var page = (await user.Get(Path + "?sort_key=name&sort_dir=asc&limit=2")).Is(200);
        page["security_groups"].AsArray().Select(g => g!["name"]!.ToString()).ShouldBe(["a", "b"]);
        page["security_groups_links"].AsArray().Select(l => l!["rel"]!.ToString()).ShouldContain("next");
        (await user.Get(Path + "?shared=True")).Is(200)["security_groups"].AsArray().Count.ShouldBe(0);
        (await user.Get(Path + "?color=red")).Is(400);
    }
}
