using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Neutron.Tests.Networks;

public sealed class NetworkEndpointsTests(NeutronCloud cloud) : IClassFixture<NeutronCloud>
{
    private const string Path = "/networking/v2.0/networks";

    private static async Task<JsonNode> Create(TestUser user, object network) => (await user.Post(Path, new { network })).Is(201)["network"];

    [Fact]
    public async Task Create_ThenShow_HasUpstreamsDefaults()
    {
        var user = cloud.NewUser();
        var id = (await Create(user, new { name = "blue", description = "sky" }))["id"]!.ToString();
        var network = (await user.Get($"{Path}/{id}")).Is(200)["network"];
        network["name"]!.ToString().ShouldBe("blue");
        network["tenant_id"]!.ToString().ShouldBe(user.ProjectId);
        network["project_id"]!.ToString().ShouldBe(user.ProjectId);
        network["status"]!.ToString().ShouldBe("ACTIVE");
        network["mtu"]!.GetValue<int>().ShouldBe(1450);
        network["admin_state_up"]!.GetValue<bool>().ShouldBeTrue();
        network["shared"]!.GetValue<bool>().ShouldBeFalse();
        network["router:external"]!.GetValue<bool>().ShouldBeFalse();
        network["subnets"]!.AsArray().ShouldBeEmpty();
        network["revision_number"]!.GetValue<int>().ShouldBe(1);
        network.AsObject().ContainsKey("provider:network_type").ShouldBeFalse();
        (await cloud.Admin.Get($"{Path}/{id}")).Is(200)["network"]["provider:network_type"]!.ToString().ShouldBe("vxlan");
    }

    [Theory]
    [InlineData("""{"network":{"name":7}}""", "Invalid input for name. Reason: '7' is not a valid string.")]
    [InlineData("""{"network":{"admin_state_up":"maybe"}}""", "Invalid input for operation: 'maybe' cannot be converted to boolean.")]
    [InlineData("""{"network":{"status":"DOWN"}}""", "Attribute 'status' not allowed in POST")]
    [InlineData("""{"network":{"color":"red"}}""", "Unrecognized attribute(s) 'color'")]
    [InlineData("""{"network":{"tenant_id":"another"}}""", "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin privileges")]
    [InlineData("""{"network":{"mtu":9000}}""", "Invalid input for operation: Requested MTU is too big, maximum is 1450.")]
    [InlineData("""{"port":{}}""", "Unable to find 'network' in request body")]
    [InlineData("""{"networks":[]}""", "Resources required")]
    [InlineData("""{""", "Body contains invalid data")]
    public async Task Create_BadBody_Is400WithUpstreamsWords(string body, string words) =>
        (await cloud.NewUser().Post(Path, body)).Is(400)["NeutronError"]["message"]!.ToString().ShouldBe(words);

    [Fact]
    public async Task Create_NameTooLong_Is400() =>
        (await cloud.NewUser().Post(Path, new { network = new { name = new string('x', 256) } })).Is(400)["NeutronError"]["message"]!.ToString()
            .ShouldBe($"Invalid input for name. Reason: '{new string('x', 256)}' exceeds maximum length of 255.");

    [Theory]
    [InlineData("shared", true)]
    [InlineData("router:external", true)]
    [InlineData("provider:network_type", "vxlan")]
    public async Task Create_AdminsAttributes_Are403ForMembers(string name, object value)
    {
        var body = new JsonObject { ["network"] = new JsonObject { [name] = JsonValue.Create(value) } }.ToJsonString();
        var error = (await cloud.NewUser().Post(Path, body)).Is(403)["NeutronError"];
        error["type"]!.ToString().ShouldBe("PolicyNotAuthorized");
        error["message"]!.ToString().ShouldBe($"(rule:create_network and rule:create_network:{name}) is disallowed by policy");
        (await cloud.Admin.Post(Path, body)).Is(201);
    }

    [Fact]
    public async Task Rights_OthersNetwork_IsNotThereUnlessShared()
    {
        var owner = cloud.NewUser();
        var other = cloud.NewUser();
        var id = (await Create(owner, new { name = "mine" }))["id"]!.ToString();
        (await other.Get($"{Path}/{id}")).Is(404)["NeutronError"]["message"]!.ToString().ShouldBe($"Network {id} could not be found.");
        (await other.Delete($"{Path}/{id}")).Is(404);
        (await cloud.Admin.Put($"{Path}/{id}", new { network = new { shared = true } })).Is(200);
        (await other.Get($"{Path}/{id}")).Is(200);
        (await other.Put($"{Path}/{id}", new { network = new { name = "theirs" } })).Is(403);
        (await other.Get($"{Path}?id={id}")).Is(200)["networks"].AsArray().Count.ShouldBe(1);
        (await cloud.NewUser("reader", owner.ProjectId).Delete($"{Path}/{id}")).Is(403);
        (await cloud.NewUser("reader", owner.ProjectId).Post(Path, new { network = new { } })).Is(403);
    }

    [Fact]
    public async Task List_FiltersFieldsSortsAndPages_AsAsked()
    {
        var user = cloud.NewUser();
        (await user.Post(Path, new { networks = new[] { new { name = "a" }, new { name = "b" }, new { name = "c" } } })).Is(201)["networks"].AsArray().Count.ShouldBe(3);
        Names(await user.Get($"{Path}?name=a&name=c&sort_key=name&sort_dir=desc")).ShouldBe("c a");
        var one = (await user.Get($"{Path}?name=b&fields=name&fields=id"))["networks"][0]!.AsObject();
        one.Select(p => p.Key).Order().ShouldBe(["id", "name"]);
        var mine = $"{Path}?tenant_id={user.ProjectId}&sort_key=name&sort_dir=asc&limit=2";
        var page = (await user.Get(mine)).Is(200);
        Names(page).ShouldBe("a b");
        var next = page["networks_links"].AsArray().Single(l => l!["rel"]!.ToString() == "next")!["href"]!.ToString();
        var last = (await user.Get(new Uri(next).PathAndQuery)).Is(200);
        Names(last).ShouldBe("c");
        var previous = last["networks_links"].AsArray().Single()!;
        previous["rel"]!.ToString().ShouldBe("previous");
        Names(await user.Get(new Uri(previous["href"]!.ToString()).PathAndQuery)).ShouldBe("a b");
        (await user.Get($"{Path}?color=red")).Is(400)["NeutronError"]["message"]!.ToString().ShouldBe("['color'] is invalid attribute for filtering");
        (await user.Get($"{Path}?sort_key=name")).Is(400);
        (await user.Get($"{Path}?limit=-1")).Is(400);
        (await user.Get($"{Path}?admin_state_up=true&shared=false&tenant_id={user.ProjectId}"))["networks"].AsArray().Count.ShouldBe(3);
    }

    private static string Names(TestReply reply) => string.Join(' ', reply.Is(200)["networks"].AsArray().Select(n => n!["name"]!.ToString()));

    [Fact]
    public async Task Update_ReadOnlyOrStale_IsRefused()
    {
        var user = cloud.NewUser();
        var id = (await Create(user, new { name = "n" }))["id"]!.ToString();
        (await user.Put($"{Path}/{id}", new { network = new { status = "DOWN" } })).Is(400)["NeutronError"]["message"]!.ToString().ShouldBe("Cannot update read-only attribute status");
        (await user.Put($"{Path}/{id}", new { network = new { name = "m" } })).Is(200)["network"]["revision_number"]!.GetValue<int>().ShouldBe(2);
        (await user.Send(HttpMethod.Put, $"{Path}/{id}", new { network = new { name = "o" } }, ("If-Match", "revision_number=1"))).Is(412);
        (await user.Send(HttpMethod.Put, $"{Path}/{id}", new { network = new { name = "o" } }, ("If-Match", "revision_number=2"))).Is(200);
        (await user.Delete($"{Path}/{id}")).Is(204);
        (await user.Get($"{Path}/{id}")).Is(404);
        (await user.Delete($"{Path}/{id}")).Is(404);
    }

    [Fact]
    public async Task Create_Provider_SegmentsAreUnique()
    {
        (await cloud.Admin.Post(Path, """{"network":{"provider:network_type":"vxlan","provider:segmentation_id":77777}}""")).Is(201);
        (await cloud.Admin.Post(Path, """{"network":{"provider:network_type":"vxlan","provider:segmentation_id":77777}}""")).Is(409)["NeutronError"]["type"]!.ToString().ShouldBe("TunnelIdInUse");
        (await cloud.Admin.Post(Path, """{"network":{"provider:network_type":"vlan"}}""")).Is(400);
        (await cloud.Admin.Post(Path, """{"network":{"provider:segmentation_id":5}}""")).Is(400)["NeutronError"]["message"]!.ToString().ShouldBe("Invalid input for operation: network_type required.");
    }

    [Fact]
    public async Task Create_OverQuota_Is409AndMakesNothing()
    {
        var user = cloud.NewUser();
        var reply = await user.Post(Path, new { networks = Enumerable.Range(0, 101).Select(i => new { name = "n" + i }) });
        reply.Is(409)["NeutronError"]["message"]!.ToString().ShouldBe("Quota exceeded for resources: ['network'].");
        reply["NeutronError"]["type"]!.ToString().ShouldBe("OverQuota");
        (await user.Get($"{Path}?tenant_id={user.ProjectId}"))["networks"].AsArray().ShouldBeEmpty();
    }
}
