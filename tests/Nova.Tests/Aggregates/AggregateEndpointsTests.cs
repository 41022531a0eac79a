using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Aggregates;

public sealed class AggregateEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Aggregates = "/compute/v2.1/os-aggregates";

    private static string NewName() => "a" + Kernel.Ids.NewId.Hex();

    private async Task<string> Create(string? zone = null) =>
        (await cloud.Admin.Post(Aggregates, new { aggregate = new { name = NewName(), availability_zone = zone } })).Is(200)["aggregate"]["id"]!.ToString();

    private Task<TestReply> Act(string id, object action) => cloud.Admin.Post($"{Aggregates}/{id}/action", action);

    [Fact]
    public async Task Life()
    {
        var name = NewName();
        var made = (await cloud.Admin.At("compute 2.41").Post(Aggregates, new { aggregate = new { name, availability_zone = "london" } })).Is(200)["aggregate"].AsObject();
        made.Select(m => m.Key).Order().ShouldBe(["availability_zone", "created_at", "deleted", "deleted_at", "id", "name", "updated_at", "uuid"]);
        var path = $"{Aggregates}/{made["id"]}";
        (await cloud.Admin.Post(Aggregates, new { aggregate = new { name } })).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe($"Aggregate {name} already exists.");
        (await cloud.Admin.Post(path + "/action", """{"set_metadata":{"metadata":{"ssd":"true","gpu":"no"}}}""")).Is(200);
        var set = (await cloud.Admin.Post(path + "/action", """{"set_metadata":{"metadata":{"gpu":null}}}""")).Is(200)["aggregate"]["metadata"]!.AsObject();
        set.Select(m => $"{m.Key}={m.Value}").Order().ShouldBe(["availability_zone=london", "ssd=true"]);
        var renamed = (await cloud.Admin.Put(path, """{"aggregate":{"name":" new name ","availability_zone":"paris"}}""")).Is(200)["aggregate"];
        renamed["name"]!.ToString().ShouldBe("new name");
        renamed["metadata"]!["availability_zone"]!.ToString().ShouldBe("paris");
        renamed["updated_at"].ShouldNotBeNull();
        (await cloud.Admin.Put(path, """{"aggregate":{"availability_zone":null}}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldContain("does not support empty named availability zone");
        (await cloud.Admin.Put(path, """{"aggregate":{}}""")).Is(400);
        (await cloud.Admin.Get(Aggregates)).Is(200)["aggregates"].AsArray().ShouldContain(a => a!["name"]!.ToString() == "new name");
        (await cloud.Admin.Delete(path)).Is(200);
        (await cloud.Admin.Get(path)).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Aggregate {made["id"]} could not be found.");
        (await cloud.Admin.Get(Aggregates + "/nope")).Is(400);
        (await cloud.NewUser().Get(Aggregates)).Is(403);
    }

    [Theory]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":"a","availability_zone":"a:b"}""")]
    [InlineData("""{"name":7}""")]
    [InlineData("""{"name":"a","hosts":[]}""")]
    public async Task Create_BadBody_Is400(string aggregate) => (await cloud.Admin.Post(Aggregates, $$"""{"aggregate":{{aggregate}}}""")).Is(400);

    [Fact]
    public async Task Hosts_MakeZones()
    {
        await cloud.ActiveAsync(cloud.NewUser());
        var plain = await Create();
        (await Act(plain, new { add_host = new { host = "nope" } })).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("Compute host nope could not be found.");
        (await Act(plain, new { add_host = new { host = "host1" } })).Is(200)["aggregate"]["hosts"]!.ToJsonString().ShouldBe("""["host1"]""");
        (await Act(plain, new { add_host = new { host = "host1" } })).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe($"Aggregate {plain} already has host host1.");
        (await cloud.Admin.Delete($"{Aggregates}/{plain}")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe($"Cannot remove host from aggregate {plain}. Reason: Host aggregate is not empty.");
        // The host has a server, so its zone stays.
        (await Act(await Create("london"), new { add_host = new { host = "host1" } })).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldContain("from 'nova' to 'london'");
        (await Act(plain, new { set_metadata = new { metadata = new { availability_zone = "london" } } })).Is(400)["badRequest"]["message"]!.ToString().ShouldContain("One or more hosts contain instances in this zone");
        (await Act(plain, new { remove_host = new { host = "nope" } })).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Cannot remove host nope in aggregate {plain}");
        // The zone of that name is the one that it is in.
        var same = await Create("nova");
        (await Act(same, new { add_host = new { host = "host1" } })).Is(200);
        (await Act(await Create("paris"), new { add_host = new { host = "host1" } })).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldContain("already in availability zone(s) ['nova']");
        (await Act(same, new { remove_host = new { host = "host1" } })).Is(200)["aggregate"]["hosts"]!.AsArray().Count.ShouldBe(0);
        (await Act(plain, new { remove_host = new { host = "host1" } })).Is(200);
    }
}
