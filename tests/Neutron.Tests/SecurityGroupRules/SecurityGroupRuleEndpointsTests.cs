using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Neutron.Tests.SecurityGroupRules;

public sealed class SecurityGroupRuleEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = "/networking/v2.0/security-group-rules";
    private const string Groups = "/networking/v2.0/security-groups";

    private static async Task<string> Group(TestUser user) => (await user.Post(Groups, new { security_group = new { name = "web" } })).Is(201)["security_group"]["id"]!.ToString();

    private static Task<TestReply> Post(TestUser user, object rule) => user.Post(Path, new { security_group_rule = rule });

    private static void IsError(TestReply reply, int status, string type, string words)
    {
        reply.Is(status)["NeutronError"]["type"]!.ToString().ShouldBe(type);
        reply["NeutronError"]["message"]!.ToString().ShouldContain(words);
    }

    [Fact]
    public async Task Create_ShowListDelete_Work()
    {
        var user = cloud.NewUser();
        var group = await Group(user);
        var rule = (await Post(user, new { security_group_id = group, direction = "ingress", ethertype = "IPv4", protocol = "tcp", port_range_min = 22, port_range_max = 22, remote_ip_prefix = "10.0.0.5/24", description = "ssh" })).Is(201)["security_group_rule"];
        string Of(string name) => rule[name]?.ToJsonString().Trim('"') ?? "null";
        string.Join(' ', new[] { "direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "normalized_cidr", "remote_group_id", "remote_address_group_id", "belongs_to_default_sg", "description", "revision_number" }.Select(Of))
            .ShouldBe("ingress IPv4 tcp 22 22 10.0.0.5/24 10.0.0.0/24 null null false ssh 0");
        var id = Of("id");
        (await user.Get($"{Path}/{id}")).Is(200)["security_group_rule"].ToJsonString().ShouldBe(rule.ToJsonString());
        (await user.Get($"{Path}?security_group_id={group}&direction=ingress")).Is(200)["security_group_rules"].AsArray().Count.ShouldBe(1);
        (await user.Get($"{Path}?port_range_min=22&protocol=tcp")).Is(200)["security_group_rules"].AsArray().Count.ShouldBe(1);
        var shown = (await user.Get($"{Groups}/{group}")).Is(200)["security_group"];
        shown["security_group_rules"]!.AsArray().Count.ShouldBe(3);
        shown["revision_number"]!.GetValue<int>().ShouldBe(2);
        (await user.Delete($"{Path}/{id}")).Is(204);
        IsError(await user.Get($"{Path}/{id}"), 404, "SecurityGroupRuleNotFound", $"Security group rule {id} does not exist");
        IsError(await user.Delete($"{Path}/{id}"), 404, "SecurityGroupRuleNotFound", $"Security group rule {id} does not exist");
    }

    [Fact]
    public async Task List_FirstTime_HasTheDefaultGroupsRules()
    {
        var user = cloud.NewUser();
        var rules = (await user.Get(Path)).Is(200)["security_group_rules"].AsArray();
        rules.Count.ShouldBe(4);
        (await user.Get(Path + "?belongs_to_default_sg=true")).Is(200)["security_group_rules"].AsArray().Count.ShouldBe(4);
        (await user.Get(Path + "?belongs_to_default_sg=false")).Is(200)["security_group_rules"].AsArray().Count.ShouldBe(0);
    }

    [Fact]
    public async Task Create_Double_Is409WithTheRulesId()
    {
        var user = cloud.NewUser();
        var group = await Group(user);
        var id = (await Post(user, new { security_group_id = group, direction = "ingress", protocol = "tcp", port_range_min = 66, port_range_max = 67 })).Is(201)["security_group_rule"]["id"]!.ToString();
        IsError(await Post(user, new { security_group_id = group, direction = "ingress", protocol = "6", port_range_min = 66, port_range_max = "67", remote_ip_prefix = "0.0.0.0/0" }), 409, "SecurityGroupRuleExists", $"Security group rule already exists. Rule id is {id}.");
        IsError(await Post(user, new { security_group_id = group, direction = "egress" }), 409, "SecurityGroupRuleExists", "Rule id is ");
    }

    [Fact]
    public async Task Create_Bulk_IsAllOrNothing()
    {
        var user = cloud.NewUser();
        var group = await Group(user);
        object Rule(int port, string? of = null) => new { security_group_id = of ?? group, direction = "ingress", protocol = "tcp", port_range_min = port, port_range_max = port };
        (await user.Post(Path, new { security_group_rules = new[] { Rule(80), Rule(443) } })).Is(201)["security_group_rules"].AsArray().Count.ShouldBe(2);
        IsError(await user.Post(Path, new { security_group_rules = new[] { Rule(81), Rule(80) } }), 409, "SecurityGroupRuleExists", "already exists");
        IsError(await user.Post(Path, new { security_group_rules = new[] { Rule(82), Rule(82) } }), 409, "DuplicateSecurityGroupRuleInPost", "Duplicate Security Group Rule in POST.");
        IsError(await user.Post(Path, new { security_group_rules = new[] { Rule(83), Rule(83, await Group(user)) } }), 400, "SecurityGroupNotSingleGroupRules", "Only allowed to update rules for one security profile at a time");
        (await user.Get($"{Path}?security_group_id={group}&direction=ingress")).Is(200)["security_group_rules"].AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Create_UnknownOrForeignGroup_Is404And403()
    {
        var user = cloud.NewUser();
        var missing = Guid.Empty.ToString();
        IsError(await Post(user, new { security_group_id = missing, direction = "ingress" }), 404, "SecurityGroupNotFound", $"Security group {missing} does not exist");
        var foreign = await Group(cloud.NewUser());
        IsError(await Post(user, new { security_group_id = foreign, direction = "ingress" }), 403, "PolicyNotAuthorized", "rule:create_security_group_rule is disallowed by policy");
        var group = await Group(user);
        foreach (var remote in new[] { "bad_group_id", missing, foreign })
        {
            IsError(await Post(user, new { security_group_id = group, direction = "ingress", remote_group_id = remote }), 404, "SecurityGroupNotFound", remote);
        }
        IsError(await Post(user, new { security_group_id = group, direction = "ingress", remote_address_group_id = missing }), 404, "AddressGroupNotFound", missing);
        (await Post(user, new { security_group_id = group, direction = "ingress", remote_group_id = group })).Is(201);
    }

    [Theory]
    [InlineData("""{"direction":"ingress"}""", "HTTPBadRequest", "Failed to parse request. Required attribute 'security_group_id' not specified")]
    [InlineData("""{"security_group_id":"x","direction":"up"}""", "HTTPBadRequest", "Invalid input for direction. Reason: up is not in valid_values.")]
    [InlineData("""{"security_group_id":"x","direction":"ingress","protocol":"bad_protocol_name"}""", "SecurityGroupRuleInvalidProtocol", "protocol bad_protocol_name not supported")]
    [InlineData("""{"security_group_id":"x","direction":"ingress","ethertype":"bad_ethertype"}""", "SecurityGroupRuleInvalidEtherType", "ethertype 'bad_ethertype' not supported")]
    public async Task Create_BadBody_Is400(string rule, string type, string words) =>
        IsError(await cloud.NewUser().Post(Path, """{"security_group_rule":""" + rule + "}"), 400, type, words);

    [Fact]
    public async Task Create_BeyondTheQuota_Is409()
    {
        var user = cloud.NewUser();
        var group = await Group(user);
        var many = Enumerable.Range(1, 95).Select(p => new { security_group_id = group, direction = "ingress", protocol = "tcp", port_range_min = p, port_range_max = p }).ToArray();
        IsError(await user.Post(Path, new { security_group_rules = many }), 409, "OverQuota", "Quota exceeded for resources: ['security_group_rule'].");
        (await user.Post(Path, new { security_group_rules = many[..94] })).Is(201);
    }

    [Fact]
    public async Task Rights_Foreign_Is404_ReaderIs403()
    {
        var user = cloud.NewUser();
        var group = await Group(user);
        var id = (await Post(user, new { security_group_id = group, direction = "ingress" })).Is(201)["security_group_rule"]["id"]!.ToString();
        var other = cloud.NewUser();
        (await other.Get($"{Path}/{id}")).Is(404);
        (await other.Delete($"{Path}/{id}")).Is(404);
        var reader = cloud.NewUser("reader", user.ProjectId);
        (await reader.Get($"{Path}/{id}")).Is(200);
        (await reader.Delete($"{Path}/{id}")).Is(403);
        // The group's owner counts: what an admin adds to it, the owner sees and deletes.
        var byAdmin = (await Post(cloud.Admin, new { security_group_id = group, direction = "ingress", protocol = "icmp" })).Is(201)["security_group_rule"];
        byAdmin["project_id"]!.ToString().ShouldBe(cloud.Admin.ProjectId);
        (await user.Delete($"{Path}/{byAdmin["id"]}")).Is(204);
        (await user.Put($"{Path}/{id}", new { security_group_rule = new { description = "x" } })).Is(405);
    }

    [Fact]
    public async Task DeleteGroup_NamedByAnothersRule_TakesThatRuleWithIt()
    {
        var user = cloud.NewUser();
        var (a, b) = (await Group(user), await Group(user));
        await Post(user, new { security_group_id = a, direction = "ingress", remote_group_id = b });
        (await user.Delete($"{Groups}/{b}")).Is(204);
        (await user.Get($"{Path}?security_group_id={a}&direction=ingress")).Is(200)["security_group_rules"].AsArray().Count.ShouldBe(0);
    }
}
