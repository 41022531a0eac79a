using System.Text.Json.Nodes;
using Nephos.Kernel.Ids;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.SecurityGroups;

/// <summary>Nova's old calls for security groups, with Neutron's own behind them.</summary>
public sealed class SecurityGroupTests(TestCloud cloud) : IClassFixture<TestCloud>
{
    private const string Groups = "/compute/v2.1/os-security-groups";
    private const string RulesPath = "/compute/v2.1/os-security-group-rules";

    private static async Task<JsonNode> Create(TestUser user, string name = "web") =>
        (await user.Post(Groups, new { security_group = new { name, description = "what it is" } })).Is(200)["security_group"];

    private static Task<TestReply> Rule(TestUser user, object rule) => user.Post(RulesPath, new { security_group_rule = rule });

    private static string Message(TestReply reply, string envelope) => reply[envelope]["message"]!.ToString();

    [Fact]
    public async Task Group_Lives()
    {
        var user = cloud.NewUser();
        var made = await Create(user, " web one ");
        made.AsObject().Select(m => m.Key).ShouldBe(["id", "description", "name", "tenant_id", "rules"]);
        (made["name"]!.ToString(), made["description"]!.ToString(), made["tenant_id"]!.ToString()).ShouldBe((" web one ", "what it is", user.ProjectId));
        made["rules"]!.AsArray().ShouldBeEmpty("rules for what leaves are not shown");
        var one = $"{Groups}/{made["id"]}";
        (await user.Get(one)).Is(200)["security_group"].ToJsonString().ShouldBe(made.ToJsonString());
        var listed = (await user.Get(Groups)).Is(200)["security_groups"].AsArray();
        listed.Select(g => g!["name"]!.ToString()).ShouldBe([" web one ", "default"]);
        listed[0]!.ToJsonString().ShouldBe(made.ToJsonString());
        listed[1]!["rules"]!.AsArray().Select(r => r!["group"]!.ToJsonString()).Distinct().ShouldBe([$$"""{"name":"default","tenant_id":"{{user.ProjectId}}"}"""]);
        (await user.Get("/networking/v2.0/security-groups/" + made["id"])).Is(200);
        (await user.Put(one, new { security_group = new { name = "db", description = "" } })).Is(200)["security_group"]["name"]!.ToString().ShouldBe("db");
        (await user.Delete(one)).Is(202);
        Message((await user.Get(one)).Is(404), "itemNotFound").ShouldBe($"Security group {made["id"]} does not exist");
        (await user.Delete(one)).Is(404);
        (await user.Put(one, new { security_group = new { name = "db", description = "" } })).Is(404);
    }

    [Fact]
    public async Task List_PagesAndAllTenants()
    {
        var user = cloud.NewUser();
        var made = await Create(user);
        (await user.Get(Groups + "?limit=1")).Is(200)["security_groups"].AsArray().Count.ShouldBe(1);
        (await user.Get(Groups + "?offset=2")).Is(200)["security_groups"].AsArray().ShouldBeEmpty();
        (await user.Get(Groups + "?limit=one")).Is(400);
        bool Has(TestReply reply) => reply.Is(200)["security_groups"].AsArray().Any(g => g!["id"]!.ToString() == made["id"]!.ToString());
        Has(await cloud.Admin.Get(Groups)).ShouldBeFalse();
        Has(await cloud.Admin.Get(Groups + "?all_tenants=1")).ShouldBeTrue();
        Has(await cloud.NewUser().Get(Groups + "?all_tenants=1")).ShouldBeFalse();
    }

    [Fact]
    public async Task Calls_AreGoneAfter235_AndKeepOthersOut()
    {
        var user = cloud.NewUser();
        var one = $"{Groups}/{(await Create(user))["id"]}";
        (await user.At("compute 2.35").Get(one)).Is(200);
        (await user.At("compute 2.36").Get(one)).Is(404);
        (await user.At("compute 2.36").Get(Groups)).Is(404);
        (await user.At("compute 2.36").Post(RulesPath, new { })).Is(404);
        (await cloud.NewUser().Get(one)).Is(404);
        (await cloud.NewUser().Delete(one)).Is(404);
        (await cloud.NewUser("reader", user.ProjectId).Get(one)).Is(200);
        (await cloud.NewUser("reader", user.ProjectId).Delete(one)).Is(403);
        (await user.Delete(Groups + "/")).Is(404);
        Message((await user.Get(Groups + "/web")).Is(400), "badRequest").ShouldBe("Security group id should be uuid");
        (await user.Delete(Groups + "/7")).Is(400);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"security_group":{"name":"a"}}""")]
    [InlineData("""{"security_group":{"name":7,"description":""}}""")]
    [InlineData("""{"security_group":{"name":"a","description":null}}""")]
    public async Task Create_BadBody_Is400(string body) => (await cloud.NewUser().Post(Groups, body)).Is(400);

    [Fact]
    public async Task Create_LongName_Is400() =>
        (await cloud.NewUser().Post(Groups, new { security_group = new { name = new string('n', 256), description = "" } })).Is(400);

    [Fact]
    public async Task Default_IsNeitherMadeNorDeleted()
    {
        var user = cloud.NewUser();
        Message((await user.Post(Groups, new { security_group = new { name = "default", description = "" } })).Is(403), "forbidden").ShouldBe("Default security group already exists.");
        var id = (await user.Get(Groups)).Is(200)["security_groups"].AsArray().Single()!["id"];
        Message((await user.Delete($"{Groups}/{id}")).Is(400), "badRequest").ShouldBe("Insufficient rights for removing default security group.");
        (await user.Put($"{Groups}/{id}", new { security_group = new { name = "mine", description = "" } })).Is(409);
    }

    [Fact]
    public async Task Create_OverQuota_Is403()
    {
        var user = cloud.NewUser();
        (await cloud.Admin.Put("/networking/v2.0/quotas/" + user.ProjectId, """{"quota":{"security_group":1}}""")).Is(200);
        Message((await user.Post(Groups, new { security_group = new { name = "a", description = "" } })).Is(403), "forbidden").ShouldContain("security_group");
    }

    [Fact]
    public async Task Delete_OfAGroupInUse_Is400()
    {
        var user = cloud.NewUser();
        var id = (await Create(user))["id"]!.ToString();
        var network = (await user.Post("/networking/v2.0/networks", new { network = new { name = "n" } })).Is(201)["network"]["id"];
        (await user.Post("/networking/v2.0/ports", new { port = new { network_id = network!.ToString(), security_groups = new[] { id } } })).Is(201);
        Message((await user.Delete($"{Groups}/{id}")).Is(400), "badRequest").ShouldBe($"Security Group {id} in use.");
    }

    [Fact]
    public async Task Rules_OfAddresses_Live()
    {
        var user = cloud.NewUser();
        var id = (await Create(user))["id"]!.ToString();
        var rule = (await Rule(user, new { parent_group_id = id, ip_protocol = "tcp", from_port = 22, to_port = "22" })).Is(200)["security_group_rule"];
        rule.AsObject().Select(m => m.Key).ShouldBe(["id", "parent_group_id", "ip_protocol", "from_port", "to_port", "group", "ip_range"]);
        rule.ToJsonString().ShouldEndWith($$$"""
            "parent_group_id":"{{{id}}}","ip_protocol":"tcp","from_port":22,"to_port":22,"group":{},"ip_range":{"cidr":"0.0.0.0/0"}}
            """.Trim());
        (await Rule(user, new { parent_group_id = id, ip_protocol = "udp", from_port = 1, to_port = 65535, cidr = "10.2.3.124/24" })).Is(200)["security_group_rule"]["ip_range"]!["cidr"]!.ToString().ShouldBe("10.2.3.124/24");
        (await Rule(user, new { parent_group_id = id, ip_protocol = "tcp", from_port = 80, to_port = 81, cidr = "fd00::/8" })).Is(200);
        var ping = (await Rule(user, new { parent_group_id = id, ip_protocol = "icmp", from_port = -1, to_port = -1 })).Is(200)["security_group_rule"];
        (ping["from_port"]!.ToString(), ping["to_port"]!.ToString()).ShouldBe(("-1", "-1"));
        var shown = (await user.Get($"{Groups}/{id}")).Is(200)["security_group"]["rules"]!.AsArray();
        shown.Count.ShouldBe(4);
        shown.Select(r => $"{r!["ip_protocol"]} {r["from_port"]}-{r["to_port"]}").Order(StringComparer.Ordinal).ShouldBe(["icmp -1--1", "tcp 22-22", "tcp 80-81", "udp 1-65535"]);
        Message((await Rule(user, new { parent_group_id = id, ip_protocol = "udp", from_port = 1, to_port = 65535, cidr = "10.2.3.124/24" })).Is(400), "badRequest").ShouldBe("This rule already exists in group " + id);
        (await cloud.NewUser().Delete($"{RulesPath}/{rule["id"]}")).Is(404);
        (await user.Delete($"{RulesPath}/{rule["id"]}")).Is(202);
        Message((await user.Delete($"{RulesPath}/{rule["id"]}")).Is(404), "itemNotFound").ShouldBe($"Security group rule {rule["id"]} does not exist");
        (await user.Delete(RulesPath + "/one")).Is(400);
    }

    [Fact]
    public async Task Rules_OfAGroup_GoWithIt()
    {
        var user = cloud.NewUser();
        var (id, source) = ((await Create(user))["id"]!.ToString(), (await Create(user, "clients"))["id"]!.ToString());
        var group = $$"""{"name":"clients","tenant_id":"{{user.ProjectId}}"}""";
        var all = (await Rule(user, new { parent_group_id = id, group_id = source })).Is(200)["security_group_rule"];
        (all["group"]!.ToJsonString(), all["ip_range"]!.ToJsonString(), all["ip_protocol"], all["from_port"]).ShouldBe((group, "{}", null, null));
        var tcp = (await Rule(user, new { parent_group_id = id, group_id = source, ip_protocol = "tcp" })).Is(200)["security_group_rule"];
        (tcp["from_port"]!.ToString(), tcp["to_port"]!.ToString()).ShouldBe(("1", "65535"));
        (await Rule(user, new { parent_group_id = id, group_id = source, ip_protocol = "tcp", from_port = 22, to_port = 22 })).Is(200);
        (await Rule(user, new { parent_group_id = id, group_id = source, ip_protocol = "tcp", from_port = 22, to_port = 22 })).Is(403);
        (await user.Get($"{Groups}/{id}")).Is(200)["security_group"]["rules"]!.AsArray().Count.ShouldBe(3);
        (await user.Delete($"{Groups}/{source}")).Is(202);
        (await user.Get($"{Groups}/{id}")).Is(200)["security_group"]["rules"]!.AsArray().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"ip_protocol":"999","from_port":22,"to_port":22}""", "Invalid IP protocol 999.")]
    [InlineData("""{"ip_protocol":"tcp","from_port":65536,"to_port":22}""", "Invalid port range 65536:22. Former value cannot be greater than the later")]
    [InlineData("""{"ip_protocol":"tcp","from_port":22,"to_port":70000}""", "Invalid port range 22:70000. Valid TCP ports should be between 1-65535")]
    [InlineData("""{"ip_protocol":"icmp","from_port":256,"to_port":0}""", "Invalid port range 256:0. For ICMP, the type:code must be valid")]
    [InlineData("""{"ip_protocol":"icmp","from_port":"a","to_port":0}""", "Invalid input received: Type and Code must be integers for ICMP protocol type")]
    [InlineData("""{"ip_protocol":"udp","from_port":[],"to_port":0}""", "Invalid input received: To and From ports must be integers")]
    [InlineData("""{"ip_protocol":"udp","from_port":1}""", "Not enough parameters to build a valid rule.")]
    [InlineData("""{"cidr":"10.0.0.0/8"}""", "Not enough parameters to build a valid rule.")]
    [InlineData("""{"ip_protocol":"udp","from_port":1,"to_port":1,"cidr":"10.0.0.1"}""", "10.0.0.1 is not a valid IP network.")]
    [InlineData("""{"ip_protocol":"udp","from_port":1,"to_port":1,"cidr":"10.0.0.1/33"}""", "10.0.0.1/33 is not a valid IP network.")]
    [InlineData("""{"ip_protocol":"udp","from_port":1,"to_port":1,"cidr":"10.0.0.0/0"}""", "Bad prefix for network in cidr 10.0.0.0/0")]
    [InlineData("""{"parent_group_id":"web","ip_protocol":"udp","from_port":1,"to_port":1}""", "Invalid input for field/attribute parent_group_id. Value: web. 'web' is not a 'uuid'")]
    [InlineData("""{"group_id":"web"}""", "Invalid input for field/attribute group_id. Value: web. 'web' is not a 'uuid'")]
    public async Task CreateRule_BadRule_Is400(string rule, string words)
    {
        var user = cloud.NewUser();
        var body = JsonNode.Parse(rule)!;
        body["parent_group_id"] ??= (await Create(user))["id"]!.ToString();
        Message((await Rule(user, body)).Is(400), "badRequest").ShouldBe(words);
    }

    [Fact]
    public async Task CreateRule_UnknownGroup_Is404()
    {
        var user = cloud.NewUser();
        var (id, others) = ((await Create(user))["id"]!.ToString(), (await Create(cloud.NewUser()))["id"]!.ToString());
        foreach (var unknown in new[] { NewId.Uuid(), others })
        {
            Message((await Rule(user, new { parent_group_id = unknown, ip_protocol = "tcp", from_port = 22, to_port = 22 })).Is(404), "itemNotFound").ShouldBe($"Security group {unknown} does not exist");
            (await Rule(user, new { parent_group_id = id, group_id = unknown })).Is(404);
        }
    }
}
