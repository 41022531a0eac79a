using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Servers;

public sealed class ServerListTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    private static async Task<List<string>> Names(TestUser user, string query) =>
        [.. (await user.Get($"{Servers}?{query}")).Is(200)["servers"].AsArray().Select(s => s!["name"]!.ToString())];

    [Fact]
    public async Task List_Filters_FindTheirServers()
    {
        var user = cloud.NewUser().At("compute 2.90");
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        var a = await cloud.ActiveAsync(user, new[] { new { uuid = network.Id } }, "alpha", new { tags = new[] { "red", "round" } });
        var b = await cloud.ActiveAsync(user, "none", "beta", new { tags = new[] { "red" } });
        var c = await cloud.ActiveAsync(user, "none", "gamma");
        (await ServerCloud.Act(user, c, """{"os-stop":null}""")).Is(202);
        await cloud.StatusAsync(user, c, "SHUTOFF");
        (await Names(user, "")).ShouldBe(["gamma", "beta", "alpha"]);
        (await Names(user, "sort_key=display_name&sort_dir=asc")).ShouldBe(["alpha", "beta", "gamma"]);
        (await Names(user, "name=^al")).ShouldBe(["alpha"]);
        (await Names(user, "status=active")).ShouldBe(["beta", "alpha"]);
        (await Names(user, "status=SHUTOFF")).ShouldBe(["gamma"]);
        (await Names(user, "status=active&status=shutoff")).Count.ShouldBe(3);
        (await Names(user, $"image={cloud.Image}&flavor=42")).Count.ShouldBe(3);
        (await Names(user, "flavor=nope")).ShouldBeEmpty();
        (await Names(user, "tags=red")).ShouldBe(["beta", "alpha"]);
        (await Names(user, "tags=red,round")).ShouldBe(["alpha"]);
        (await Names(user, "tags-any=round,blue")).ShouldBe(["alpha"]);
        (await Names(user, "not-tags=red,round")).ShouldBe(["gamma", "beta"]);
        (await Names(user, "not-tags-any=red")).ShouldBe(["gamma"]);
        var ip = cloud.Neutron.Ports.Values.Single(p => p.DeviceId == a).FixedIps[0].Ip;
        (await Names(user, "ip=" + ip)).ShouldBe(["alpha"]);
        (await Names(user, "ip=" + Uri.EscapeDataString("^" + ip.Replace(".", "\\.") + "$"))).ShouldBe(["alpha"]);
        (await Names(user, "limit=1")).ShouldBe(["gamma"]);
        (await Names(user, $"limit=1&marker={c}")).ShouldBe(["beta"]);
        (await Names(user, "changes-since=2020-01-01T00:00:00Z")).Count.ShouldBe(3);
        (await Names(user, "changes-since=2999-01-01T00:00:00Z")).ShouldBeEmpty();
        (await Names(user, "locked=true")).ShouldBeEmpty();
        // What only admins may ask is ignored for others.
        (await Names(cloud.NewUser("member", user.ProjectId), "host=nope")).Count.ShouldBe(3);
        (await Names(cloud.Admin, $"all_tenants=1&host=nope")).ShouldBeEmpty();
        (await Names(cloud.Admin, $"all_tenants=1&project_id={user.ProjectId}&host=host1")).Count.ShouldBe(3);
        var page = (await user.Get(Servers + "/detail?limit=2")).Is(200);
        page["servers_links"][0]!["href"]!.ToString().ShouldBe($"http://localhost/compute/v2.1/servers/detail?limit=2&marker={b}");
        page["servers"].AsArray().Count.ShouldBe(2);
        (await user.Get(Servers + "?limit=0")).Is(200)["servers"].AsArray().Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("limit=-1", 400, null)]
    [InlineData("limit=x", 400, null)]
    [InlineData("marker=nope", 400, "marker [nope] not found")]
    [InlineData("status=nope", 200, null)]
    [InlineData("changes-since=nope", 400, null)]
    [InlineData("changes-since=2011/01/01", 400, null)]
    [InlineData("name=%28", 400, null)]
    [InlineData("name=(?<!a)b", 400, "is not a 'regex'")]
    [InlineData("name=(a)%5C1", 400, "is not a 'regex'")]
    [InlineData("name=((a{1,60}){1,60}){1,60}", 400, "is not a 'regex'")]
    [InlineData("sort_key=nope", 400, null)]
    [InlineData("sort_key=host", 403, "Only administrators can sort servers by host")]
    [InlineData("status=deleted", 403, "Only administrators may list deleted instances")]
    [InlineData("nope=1", 200, null)]
    public async Task List_Odd_AnswersAsUpstream(string query, int status, string? words)
    {
        var reply = (await cloud.NewUser().Get($"{Servers}?{query}")).Is(status);
        if (words is not null) { reply.Text.ShouldContain(words); }
    }

    /// <summary>Matched by trying all ways, the first would take years.</summary>
    [Theory]
    [InlineData("^(a%2B)%2B$", 0)]
    [InlineData("^(a|aa)*$", 0)]
    [InlineData("^(a%2B)%2B!$", 1)]
    [InlineData("^a{40}", 1)]
    public async Task List_PatternThatWouldTakeForEver_TakesAMoment(string pattern, int count)
    {
        var user = cloud.NewUser();
        await cloud.CreateAsync(user, name: new string('a', 40) + "!");
        (await Names(user, "name=" + pattern)).Count.ShouldBe(count);
    }

    /// <summary>Notations of .NET that PostgreSQL does not share.</summary>
    [Theory]
    [InlineData("(?<x>a)")]
    [InlineData("%5Cp{L}")]
    [InlineData("[a-z-[b]]")]
    [InlineData("a{1000}")]
    [InlineData("%5CA%5Cz")]
    public async Task List_PatternOfAnotherNotation_IsNotTheServersFault(string pattern) => (await cloud.NewUser().Get($"{Servers}/detail?name={pattern}")).Status.ShouldBeOneOf(200, 400);

    [Theory]
    [InlineData("compute 2.38", "status=nope", 400)]
    [InlineData("compute 2.75", "nope=1", 400)]
    [InlineData("compute 2.66", "changes-since=2020-01-02T00:00:00Z&changes-before=2020-01-01T00:00:00Z", 400)]
    public async Task List_Odd_InLaterVersions(string version, string query, int status) => (await cloud.NewUser().At(version).Get($"{Servers}?{query}")).Is(status);
}
