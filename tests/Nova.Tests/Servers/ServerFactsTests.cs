using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Nova.InstanceUsageAuditLog;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Servers;

/// <summary>What is known of a server beside its state: diagnostics, topology, the password its guest posted, the events others tell of it.</summary>
public sealed class ServerFactsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private TestUser At(TestUser user, string version) => user.At("compute " + version);

    [Fact]
    public async Task Diagnostics_OfARunningGuest_CountItsHardware()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        var path = $"/compute/v2.1/servers/{id}/diagnostics";
        (await At(user, "2.90").Get(path)).Is(403);
        (await cloud.NewUser().Get(path)).Is(404);
        var facts = (await At(cloud.Admin, "2.48").Get(path)).Is(200);
        facts["state"].ToString().ShouldBe("running");
        facts["num_cpus"].GetValue<int>().ShouldBe(1);
        facts["num_disks"].GetValue<int>().ShouldBe(1);
        facts["memory_details"]["maximum"]!.GetValue<int>().ShouldBe(128);
        facts["cpu_details"][0]!.AsObject().Select(m => m.Key).ShouldBe(["id", "time", "utilisation"]);
        (await At(cloud.Admin, "2.47").Get(path)).Is(200)["cpu0_time"].GetValue<long>().ShouldBe(0);
        (await ServerCloud.Act(user, id, """{"os-stop": null}""")).Is(202);
        await cloud.StatusAsync(user, id, "SHUTOFF");
        (await At(cloud.Admin, "2.48").Get(path)).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe($"Cannot 'get_diagnostics' instance {id} while it is in power state shutdown");
    }

    [Fact]
    public async Task Topology_WithoutNuma_IsEmpty()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        (await At(user, "2.78").Get($"/compute/v2.1/servers/{id}/topology")).Is(200).Text.ShouldBe("""{"nodes":[],"pagesize_kb":null}""");
        (await At(user, "2.77").Get($"/compute/v2.1/servers/{id}/topology")).Is(404);
    }

    [Fact]
    public async Task Password_PostedByTheGuest_IsKeptOnceAndCleared()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId).Id;
        var id = await cloud.ActiveAsync(user, new[] { new { uuid = network } });
        var address = (await user.Get("/compute/v2.1/servers/" + id)).Is(200)["server"]["addresses"]!.AsObject().First().Value![0]!["addr"]!.ToString();
        var metadata = cloud.Get<IInstanceMetadata>();
        var path = $"/compute/v2.1/servers/{id}/os-server-password";
        (await user.Get(path)).Is(200)["password"].ToString().ShouldBe("");
        (await metadata.SetPasswordAsync(network, "203.0.113.9", "x", default)).ShouldBe(PasswordOutcome.Unknown);
        (await metadata.SetPasswordAsync(network, address, new string('x', 1021), default)).ShouldBe(PasswordOutcome.TooLarge);
        (await metadata.SetPasswordAsync(network, address, "c2VjcmV0", default)).ShouldBe(PasswordOutcome.Kept);
        (await metadata.SetPasswordAsync(network, address, "b3RoZXI=", default)).ShouldBe(PasswordOutcome.Exists);
        (await user.Get(path)).Is(200)["password"].ToString().ShouldBe("c2VjcmV0");
        (await metadata.FindAsync(network, address, default))!.Files["openstack/latest/password"].ShouldBe("c2VjcmV0"u8.ToArray());
        (await cloud.NewUser("reader", user.ProjectId).Delete(path)).Is(403);
        (await user.Delete(path)).Is(204);
        (await user.Get(path)).Is(200)["password"].ToString().ShouldBe("");
        (await metadata.SetPasswordAsync(network, address, "b3RoZXI=", default)).ShouldBe(PasswordOutcome.Kept);
    }

    [Fact]
    public async Task ExternalEvents_EachHasItsCode()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        var service = cloud.NewUser(["service"]);
        const string path = "/compute/v2.1/os-server-external-events";
        object One(string name, string server, string? tag = null) => tag is null ? new { name, server_uuid = server } : new { name, server_uuid = server, tag };
        (await user.Post(path, new { events = new[] { One("network-changed", id) } })).Is(403);
        var done = (await service.Post(path, new { events = new[] { One("network-changed", id, "a") } })).Is(200)["events"][0]!;
        done["code"]!.GetValue<int>().ShouldBe(200);
        done["status"]!.ToString().ShouldBe("completed");
        done["tag"]!.ToString().ShouldBe("a");
        var mixed = (await At(service, "2.76").Post(path, new { events = new[] { One("network-vif-plugged", id), One("network-changed", NewId.Uuid()), One("power-update", id) } })).Is(207)["events"].AsArray();
        mixed.Select(e => e!["code"]!.GetValue<int>()).ShouldBe([200, 404, 400]);
    }

    [Theory]
    [InlineData("2.1", """{"events": []}""")]
    [InlineData("2.1", """{}""")]
    [InlineData("2.1", """{"events": [{"name": "network-changed"}]}""")]
    [InlineData("2.1", """{"events": [{"name": "network-changed", "server_uuid": "x"}]}""")]
    [InlineData("2.1", """{"events": [{"name": "network-changed", "server_uuid": "3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11", "status": "odd"}]}""")]
    [InlineData("2.50", """{"events": [{"name": "volume-extended", "server_uuid": "3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11"}]}""")]
    [InlineData("2.92", """{"events": [{"name": "volume-reimaged", "server_uuid": "3b1d2b5e-7d5b-4c4a-a5e3-6d9a3d1f6a11"}]}""")]
    public async Task ExternalEvents_Bad_Is400(string version, string body) => (await At(cloud.NewUser(["service"]), version).Post("/compute/v2.1/os-server-external-events", body)).Is(400);

    [Fact]
    public async Task AuditLog_SaysThatNoHostHasRun()
    {
        await ServerCloud.HostAsync(cloud);
        const string path = "/compute/v2.1/os-instance_usage_audit_log";
        (await cloud.NewUser().Get(path)).Is(403);
        var log = (await cloud.Admin.Get(path + "/2026-03-15%2010:00:00")).Is(200)["instance_usage_audit_log"];
        log["period_beginning"]!.ToString().ShouldBe("2026-02-01 00:00:00");
        log["period_ending"]!.ToString().ShouldBe("2026-03-01 00:00:00");
        log["overall_status"]!.ToString().ShouldBe("0 of 1 hosts done. 0 errors.");
        log["hosts_not_run"]!.AsArray().Count.ShouldBe(1);
        (await cloud.Admin.Get(path)).Is(200)["instance_usage_audit_logs"]["num_hosts"]!.GetValue<int>().ShouldBe(1);
        (await cloud.Admin.Get(path + "/yesterday")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Invalid timestamp for date yesterday");
        UsageAuditLogEndpoints.LastMonth(new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc)).End.ShouldBe(new DateTime(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc));
    }

    [Fact]
    public async Task Versions_TheFrozenOne_HasAnAddressOfItsOwn()
    {
        (await cloud.Anonymous.Get("/compute/v2/")).Is(200)["version"]["id"]!.ToString().ShouldBe("v2.0");
        (await cloud.Anonymous.Get("/compute/v2.1/")).Is(200)["version"]["id"]!.ToString().ShouldBe("v2.1");
        (await cloud.Anonymous.Get("/compute/v3/")).Is(404);
    }
}
