using System.Text.Json.Nodes;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Hypervisors;

public sealed class HypervisorEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Hypervisors = "/compute/v2.1/os-hypervisors";

    private async Task<string> ServerAsync() => await cloud.ActiveAsync(cloud.NewUser());

    private async Task<JsonObject> MineAsync(string version, string query = "") =>
        (await cloud.Admin.At(version).Get(Hypervisors + "/detail" + query)).Is(200)["hypervisors"].AsArray().Single(h => h!["hypervisor_hostname"]!.ToString() == "host1")!.AsObject();

    [Fact]
    public async Task Detail_ByVersion_HasItsMembers()
    {
        var server = await ServerAsync();
        var old = await MineAsync("compute 2.1");
        old["id"]!.GetValue<int>().ShouldBe(1);
        old["cpu_info"]!.GetValue<string>().ShouldStartWith("{\"arch\":");
        old["vcpus"]!.GetValue<int>().ShouldBe(1000);
        old["running_vms"]!.GetValue<int>().ShouldBeGreaterThan(0);
        old["vcpus_used"]!.GetValue<int>().ShouldBe(old["running_vms"]!.GetValue<int>());
        (old["memory_mb_used"]!.GetValue<int>() + old["free_ram_mb"]!.GetValue<int>()).ShouldBe(800_000);
        old["service"]!["host"]!.ToString().ShouldBe("host1");
        (await MineAsync("compute 2.28"))["cpu_info"]!["topology"]!["cores"]!.GetValue<int>().ShouldBe(1);
        var later = await MineAsync("compute 2.53", "?with_servers=true");
        NewId.IsUuidLike(later["id"]!.ToString()).ShouldBeTrue();
        later["servers"]!.AsArray().Select(s => s!["uuid"]!.ToString()).ShouldContain(server);
        var newest = await MineAsync("compute 2.88");
        newest.Select(m => m.Key).Order().ShouldBe(["host_ip", "hypervisor_hostname", "hypervisor_type", "hypervisor_version", "id", "service", "state", "status", "uptime"]);
    }

    [Fact]
    public async Task List_Pages()
    {
        await ServerAsync();
        await cloud.Get<IGuestFeed>().ReportNodeAsync(new NodeFacts { Host = "host2", HypervisorType = "fake", HypervisorVersion = 1, Vcpus = 1, RamMib = 100, DiskGib = 1, HostIp = "10.0.0.2" }, default);
        var admin = cloud.Admin.At("compute 2.53");
        var page = (await admin.Get(Hypervisors + "?limit=1")).Is(200);
        page["hypervisors"].AsArray().Count.ShouldBe(1);
        page["hypervisors"][0]!.AsObject().Select(m => m.Key).Order().ShouldBe(["hypervisor_hostname", "id", "state", "status"]);
        var marker = page["hypervisors"][0]!["id"]!.ToString();
        page["hypervisors_links"][0]!["href"]!.ToString().ShouldBe($"http://localhost{Hypervisors}?limit=1&marker={marker}");
        (await admin.Get($"{Hypervisors}?marker={marker}")).Is(200)["hypervisors"].AsArray().Single()!["hypervisor_hostname"]!.ToString().ShouldBe("host2");
        (await admin.Get(Hypervisors + "?marker=nope")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("marker [nope] not found");
        (await cloud.Admin.At("compute 2.33").Get(Hypervisors + "?marker=1")).Is(200)["hypervisors"].AsArray().Count.ShouldBe(1);
        (await admin.Get(Hypervisors + "?hypervisor_hostname_pattern=ost2")).Is(200)["hypervisors"].AsArray().Count.ShouldBe(1);
        (await admin.Get(Hypervisors + "?hypervisor_hostname_pattern=xx")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("No hypervisor matching 'xx' could be found.");
        (await admin.Get(Hypervisors + "?hypervisor_hostname_pattern=host&limit=1")).Is(400);
        (await admin.Get(Hypervisors + "?nope=1")).Is(400);
        (await admin.Get(Hypervisors + "?with_servers=perhaps")).Is(400);
    }

    [Fact]
    public async Task ShowSearchServersUptimeStatistics()
    {
        var server = await ServerAsync();
        (await cloud.Admin.Get(Hypervisors + "/1")).Is(200)["hypervisor"]["local_gb"]!.GetValue<int>().ShouldBe(600_000);
        (await cloud.Admin.Get(Hypervisors + "/host1/search")).Is(200)["hypervisors"].AsArray().Count.ShouldBe(1);
        (await cloud.Admin.Get(Hypervisors + "/host1/servers")).Is(200)["hypervisors"][0]!["servers"]!.AsArray().Select(s => s!["uuid"]!.ToString()).ShouldContain(server);
        (await cloud.Admin.Get($"{Hypervisors}/{NewId.Uuid()}/servers")).Is(404);
        (await cloud.Admin.At("compute 2.53").Get(Hypervisors + "/host1/search")).Is(404);
        (await cloud.Admin.Get(Hypervisors + "/1/uptime")).Is(501);
        (await cloud.Admin.Get($"{Hypervisors}/{NewId.Uuid()}/uptime")).Is(404);
        (await cloud.Admin.Get($"{Hypervisors}/{NewId.Uuid()}")).Is(404);
        (await cloud.Admin.At("compute 2.53").Get(Hypervisors + "/1")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Invalid uuid 1");
        var sums = (await cloud.Admin.Get(Hypervisors + "/statistics")).Is(200)["hypervisor_statistics"].AsObject();
        sums.Count.ShouldBe(12);
        sums["vcpus"]!.GetValue<int>().ShouldBeGreaterThanOrEqualTo(1000);
        (await cloud.Admin.At("compute 2.88").Get(Hypervisors + "/statistics")).Is(404);
        foreach (var path in new[] { "", "/detail", "/statistics", "/1", "/1/uptime" }) { (await cloud.NewUser().Get(Hypervisors + path)).Is(403); }
    }
}
