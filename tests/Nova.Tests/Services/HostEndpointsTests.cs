using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Services;

/// <summary>os-hosts, which clients before 2.43 still ask.</summary>
public sealed class HostEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Hosts = "/compute/v2.1/os-hosts";

    [Fact]
    public async Task Hosts_AreListedShownAndDisabled()
    {
        var user = cloud.NewUser();
        await cloud.ActiveAsync(user);
        (await user.Get(Hosts)).Is(403);
        (await cloud.Admin.At("compute 2.43").Get(Hosts)).Is(404);
        var host = (await cloud.Admin.Get(Hosts)).Is(200)["hosts"].AsArray().ShouldHaveSingleItem()!;
        host.ToJsonString().ShouldBe("""{"host_name":"host1","service":"compute","zone":"nova"}""");
        (await cloud.Admin.Get(Hosts + "?zone=mars")).Is(200)["hosts"].AsArray().Count.ShouldBe(0);
        var shown = (await cloud.Admin.Get(Hosts + "/host1")).Is(200)["host"].AsArray().Select(r => r!["resource"]!).ToList();
        shown.Select(r => r["project"]!.ToString()).ShouldBe(["(total)", "(used_now)", "(used_max)", user.ProjectId]);
        shown[3]["memory_mb"]!.GetValue<int>().ShouldBe(128);
        (await cloud.Admin.Put(Hosts + "/host1", """{"status": "disable"}""")).Is(200).Text.ShouldBe("""{"host":"host1","status":"disabled"}""");
        (await cloud.Admin.Get(Hosts)).Is(200)["hosts"].AsArray().Count.ShouldBe(0);
        (await cloud.Admin.Put(Hosts + "/host1", """{"status": "ENABLE"}""")).Is(200)["status"].ToString().ShouldBe("enabled");
    }

    [Theory]
    [InlineData("host1", "{}", 400)]
    [InlineData("host1", """{"status": "perhaps"}""", 400)]
    [InlineData("host1", """{"color": "red"}""", 400)]
    [InlineData("host1", """{"maintenance_mode": "enable"}""", 501)]
    [InlineData("nowhere", """{"status": "enable"}""", 404)]
    public async Task Update_Bad_IsRefused(string host, string body, int status)
    {
        await ServerCloud.HostAsync(cloud);
        (await cloud.NewUser().Put($"{Hosts}/{host}", """{"status": "enable"}""")).Is(403);
        (await cloud.Admin.Put($"{Hosts}/{host}", body)).Is(status);
    }

    [Theory]
    [InlineData("startup")]
    [InlineData("shutdown")]
    [InlineData("reboot")]
    public async Task Power_IsNotOffered(string action)
    {
        await ServerCloud.HostAsync(cloud);
        (await cloud.Admin.Get($"{Hosts}/nowhere/{action}")).Is(404);
        (await cloud.Admin.Get($"{Hosts}/host1/{action}")).Is(501);
        (await cloud.NewUser().Get($"{Hosts}/host1/{action}")).Is(403);
    }
}
