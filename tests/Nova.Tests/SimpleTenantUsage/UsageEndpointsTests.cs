using System.Globalization;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.SimpleTenantUsage;

public sealed class UsageEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Usage = "/compute/v2.1/os-simple-tenant-usage";

    private string Period()
    {
        var now = cloud.Get<TimeProvider>().GetUtcNow();
        return string.Create(CultureInfo.InvariantCulture, $"start={now.AddHours(-1):yyyy-MM-dd'T'HH:mm:ss}&end={now.AddHours(1):yyyy-MM-dd'T'HH:mm:ss.ffffff}");
    }

    [Fact]
    public async Task Show_ServersOfTheProject_AddUp()
    {
        var user = cloud.NewUser();
        var (one, two) = (await cloud.ActiveAsync(user), await cloud.ActiveAsync(user, name: "two"));
        (await user.Delete("/compute/v2.1/servers/" + one)).Is(204);
        await cloud.GoneAsync(user, one);
        var usage = (await user.Get($"{Usage}/{user.ProjectId}?{Period()}")).Is(200)["tenant_usage"];
        var servers = usage["server_usages"]!.AsArray();
        servers.Count.ShouldBe(2);
        var ended = servers.Single(s => s!["instance_id"]!.ToString() == one)!;
        (ended["state"]!.ToString(), ended["memory_mb"]!.GetValue<int>(), ended["vcpus"]!.GetValue<int>()).ShouldBe(("terminated", 128, 1));
        ended["ended_at"].ShouldNotBeNull();
        servers.Single(s => s!["instance_id"]!.ToString() == two)!["state"]!.ToString().ShouldBe("active");
        usage["total_hours"]!.GetValue<double>().ShouldBe(servers.Sum(s => s!["hours"]!.GetValue<double>()), 1e-9);
        var page = (await user.At("compute 2.40").Get($"{Usage}/{user.ProjectId}?{Period()}&limit=1")).Is(200);
        var last = page["tenant_usage"]["server_usages"]![0]!["instance_id"]!.ToString();
        page["tenant_usage_links"][0]!["href"]!.ToString().ShouldContain("marker=" + last);
        (await user.At("compute 2.40").Get($"{Usage}/{user.ProjectId}?{Period()}&marker={last}")).Is(200)["tenant_usage"]["server_usages"]!.AsArray().Count.ShouldBe(1);
        (await user.At("compute 2.40").Get($"{Usage}/{user.ProjectId}?{Period()}&marker=nope")).Is(400);
    }

    [Fact]
    public async Task List_AllProjects_IsForAdmins()
    {
        var user = cloud.NewUser();
        await cloud.ActiveAsync(user);
        var brief = (await cloud.Admin.Get($"{Usage}?{Period()}")).Is(200)["tenant_usages"].AsArray().Single(u => u!["tenant_id"]!.ToString() == user.ProjectId)!.AsObject();
        brief.ContainsKey("server_usages").ShouldBeFalse();
        (await cloud.Admin.Get($"{Usage}?{Period()}&detailed=1")).Is(200)["tenant_usages"][0]!.AsObject().ContainsKey("server_usages").ShouldBeTrue();
        (await user.Get($"{Usage}?{Period()}")).Is(403);
        (await user.Get($"{Usage}/{cloud.NewUser().ProjectId}?{Period()}")).Is(403);
        // No period is no time.
        (await user.Get($"{Usage}/{user.ProjectId}")).Is(200)["tenant_usage"]["total_hours"]!.GetValue<double>().ShouldBe(0);
        (await cloud.Admin.Get($"{Usage}/{cloud.NewUser().ProjectId}?{Period()}")).Is(200)["tenant_usage"].AsObject().Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("start=2026-01-02T00:00:00&end=2026-01-01T00:00:00", "Invalid start time. The start time cannot occur after the end time.")]
    [InlineData("start=yesterday", "Invalid datetime string: Datetime is in invalid format")]
    public async Task Show_BadPeriod_Is400(string query, string words)
    {
        var user = cloud.NewUser();
        (await user.Get($"{Usage}/{user.ProjectId}?{query}")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe(words);
    }

    [Fact]
    public async Task Migrations_AreNone()
    {
        const string migrations = "/compute/v2.1/os-migrations";
        (await cloud.Admin.Get(migrations)).Is(200)["migrations"].AsArray().Count.ShouldBe(0);
        (await cloud.NewUser().Get(migrations)).Is(403);
        var manager = cloud.NewUser(["manager", "member", "reader"]);
        (await manager.Get(migrations)).Is(403);
        (await manager.At("compute 2.80").Get(migrations + "?project_id=" + manager.ProjectId)).Is(200);
        (await cloud.Admin.At("compute 2.59").Get(migrations + "?marker=x")).Is(400);
        (await cloud.Admin.At("compute 2.59").Get(migrations + "?nope=x")).Is(400);
        (await cloud.Admin.At("compute 2.59").Get(migrations + "?changes-since=yesterday")).Is(400);
    }

    [Fact]
    public async Task Extensions_AreUpstreams()
    {
        (await cloud.NewUser().Get("/compute/v2.1/extensions")).Is(200)["extensions"].AsArray().Count.ShouldBe(99);
        (await cloud.NewUser().Get("/compute/v2.1/extensions/os-hosts")).Is(200)["extension"]["name"]!.ToString().ShouldBe("Hosts");
        (await cloud.NewUser().Get("/compute/v2.1/extensions/nope")).Is(404);
    }
}
