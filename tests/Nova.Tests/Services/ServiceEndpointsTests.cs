using Nephos.Contracts.Nova;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Services;

public sealed class ServiceEndpointsTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Services = "/compute/v2.1/os-services";

    private Task<System.Text.Json.Nodes.JsonNode> OneAsync(string version = "compute 2.1") => TestCloud.Until(
        async () => (await cloud.Admin.At(version).Get(Services)).Is(200)["services"], s => s.AsArray().Count == 1, "the host to register");

    [Fact]
    public async Task List_ByVersion()
    {
        var old = (await OneAsync())[0]!.AsObject();
        old.Select(m => m.Key).Order().ShouldBe(["binary", "disabled_reason", "host", "id", "state", "status", "updated_at", "zone"]);
        old["id"]!.GetValue<int>().ShouldBe(1);
        old["state"]!.ToString().ShouldBe("up");
        old["zone"]!.ToString().ShouldBe("nova");
        var later = (await OneAsync("compute 2.53"))[0]!;
        Guid.TryParse(later["id"]!.ToString(), out _).ShouldBeTrue();
        later["forced_down"]!.GetValue<bool>().ShouldBeFalse();
        (await cloud.Admin.Get(Services + "?host=nope")).Is(200)["services"].AsArray().Count.ShouldBe(0);
        (await cloud.Admin.Get(Services + "?binary=nova-scheduler")).Is(200)["services"].AsArray().Count.ShouldBe(0);
        (await cloud.Admin.At("compute 2.75").Get(Services + "?nope=1")).Is(400);
        (await cloud.NewUser().Get(Services)).Is(403);
        (await cloud.Get<IComputeHosts>().ListAsync(default)).ShouldHaveSingleItem().Up.ShouldBeTrue();
    }

    [Fact]
    public async Task Change_InBothWays()
    {
        var id = (await OneAsync("compute 2.53"))[0]!["id"]!.ToString();
        var before = (await cloud.Admin.Put(Services + "/disable-log-reason", """{"host":"host1","binary":"nova-compute","disabled_reason":"rest"}""")).Is(200)["service"];
        before.ToJsonString().ShouldBe("""{"host":"host1","binary":"nova-compute","status":"disabled","disabled_reason":"rest"}""");
        (await cloud.Admin.Get("/compute/v2.1/os-availability-zone")).Is(200)["availabilityZoneInfo"][0]!["zoneState"]!["available"]!.GetValue<bool>().ShouldBeFalse();
        (await cloud.Admin.Put(Services + "/enable", """{"host":"host1","binary":"nova-compute"}""")).Is(200)["service"]["status"]!.ToString().ShouldBe("enabled");
        (await cloud.Admin.Put(Services + "/enable", """{"host":"nope","binary":"nova-compute"}""")).Is(404);
        (await cloud.Admin.Put(Services + "/enable", """{"host":"host1","binary":"nova-conductor"}""")).Is(400);
        (await cloud.Admin.Put(Services + "/enable", """{"host":"host1"}""")).Is(400);
        (await cloud.Admin.Put(Services + "/nope", """{"host":"host1","binary":"nova-compute"}""")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("Unknown action");
        (await cloud.Admin.Put(Services + "/force-down", """{"host":"host1","binary":"nova-compute"}""")).Is(404);
        (await cloud.Admin.At("compute 2.11").Put(Services + "/force-down", """{"host":"host1","binary":"nova-compute","forced_down":true}""")).Is(200)["service"]["forced_down"]!.GetValue<bool>().ShouldBeTrue();
        var admin = cloud.Admin.At("compute 2.53");
        (await OneAsync())[0]!["state"]!.ToString().ShouldBe("down");
        var up = (await admin.Put($"{Services}/{id}", """{"forced_down":false,"status":"disabled","disabled_reason":"tea"}""")).Is(200)["service"];
        (up["state"]!.ToString(), up["status"]!.ToString(), up["disabled_reason"]!.ToString()).ShouldBe(("up", "disabled", "tea"));
        (await admin.Put($"{Services}/{id}", """{"status":"enabled","disabled_reason":"x"}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Specifying 'disabled_reason' with status 'enabled' is invalid.");
        (await admin.Put($"{Services}/{id}", "{}")).Is(400);
        (await admin.Put($"{Services}/7", """{"status":"enabled"}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Invalid uuid 7");
        (await admin.Put($"{Services}/{Kernel.Ids.NewId.Uuid()}", """{"status":"enabled"}""")).Is(404);
        (await admin.Put($"{Services}/{id}", """{"status":"enabled"}""")).Is(200)["service"]["disabled_reason"].ShouldBeNull();
        var detail = (await cloud.Admin.Get("/compute/v2.1/os-availability-zone/detail")).Is(200)["availabilityZoneInfo"][0]!;
        detail["zoneName"]!.ToString().ShouldBe("nova");
        detail["hosts"]!["host1"]!["nova-compute"]!["available"]!.GetValue<bool>().ShouldBeTrue();
        (await cloud.NewUser().Get("/compute/v2.1/os-availability-zone/detail")).Is(403);
        (await cloud.NewUser().Get("/compute/v2.1/os-availability-zone")).Is(200)["availabilityZoneInfo"][0]!["hosts"].ShouldBeNull();
    }

    [Fact]
    public async Task Delete_WithServersOrUnknown_IsRefused()
    {
        await cloud.ActiveAsync(cloud.NewUser());
        var id = (await OneAsync("compute 2.53"))[0]!["id"]!.ToString();
        (await cloud.Admin.At("compute 2.53").Delete($"{Services}/{id}")).Is(409)["conflictingRequest"]["message"]!.ToString()
            .ShouldBe("Unable to delete compute service that is hosting instances. Migrate or delete the instances first.");
        (await cloud.Admin.Delete(Services + "/99")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("Service 99 not found.");
        (await cloud.Admin.Delete(Services + "/x")).Is(400);
        (await cloud.Admin.At("compute 2.53").Delete(Services + "/99")).Is(400);
    }
}

public sealed class ServiceDeleteTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    /// <summary>The node is alive, so it comes back, as another service, and takes servers again.</summary>
    [Fact]
    public async Task Delete_OfALivingHost_RegistersAnew()
    {
        const string services = "/compute/v2.1/os-services";
        var admin = cloud.Admin.At("compute 2.53");
        async Task<string?> Id() => (await admin.Get(services)).Is(200)["services"].AsArray().FirstOrDefault()?["id"]!.ToString();
        var first = await TestCloud.Until(Id, id => id is not null, "the host to register");
        (await admin.Delete($"{services}/{first}")).Is(204);
        (await admin.Delete($"{services}/{first}")).Is(404);
        await TestCloud.Until(Id, id => id is not null && id != first, "the host to register anew", 30);
        await cloud.ActiveAsync(cloud.NewUser());
    }
}
