using System.Text.Json.Nodes;
using Nephos.Contracts.Placement;
using Nephos.Nova.Hosts;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.Servers;

/// <summary>Servers from create to delete.</summary>
public sealed class ServerLifeTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    [Fact]
    public async Task Create_OnANetwork_BecomesActiveWithItsAddress()
    {
        var user = cloud.NewUser();
        await ServerCloud.HostAsync(cloud);
        var network = cloud.Neutron.AddNetwork(user.ProjectId, name: "blue");
        var reply = (await user.Post(Servers, new { server = new { name = "One two", imageRef = cloud.Image, flavorRef = "42", networks = new[] { new { uuid = network.Id } }, metadata = new { a = "b" } } })).Is(202);
        reply["server"]["adminPass"]!.ToString().Length.ShouldBe(12);
        reply["server"]["security_groups"]![0]!["name"]!.ToString().ShouldBe("default");
        var id = reply["server"]["id"]!.ToString();
        reply.Header("Location").ShouldBe($"http://localhost/compute/v2.1/servers/{id}");
        var server = await cloud.StatusAsync(user, id, "ACTIVE");
        var port = cloud.Neutron.Ports.Values.Single(p => p.DeviceId == id);
        port.DeviceOwner.ShouldBe("compute:nova");
        port.HostId.ShouldBe("host1");
        server["addresses"]!["blue"]![0]!.ToJsonString().ShouldBe($$"""{"version":4,"addr":"{{port.FixedIps[0].Ip}}","OS-EXT-IPS:type":"fixed","OS-EXT-IPS-MAC:mac_addr":"{{port.Mac}}"}""");
        server["flavor"]!["id"]!.ToString().ShouldBe("42");
        server["OS-EXT-STS:power_state"]!.GetValue<int>().ShouldBe(1);
        server["OS-EXT-STS:vm_state"]!.ToString().ShouldBe("active");
        server["OS-SRV-USG:launched_at"].ShouldNotBeNull();
        server["OS-EXT-AZ:availability_zone"]!.ToString().ShouldBe("nova");
        server["metadata"]!["a"]!.ToString().ShouldBe("b");
        server["security_groups"]![0]!["name"]!.ToString().ShouldBe("default");
        server["hostId"]!.ToString().Length.ShouldBe(56);
        server["OS-DCF:diskConfig"]!.ToString().ShouldBe("MANUAL");
        server["config_drive"]!.ToString().ShouldBe("");
        server["progress"]!.GetValue<int>().ShouldBe(0);
        server.AsObject().ContainsKey("OS-EXT-SRV-ATTR:host").ShouldBeFalse();
        server.AsObject().ContainsKey("description").ShouldBeFalse();

        (await user.Delete($"{Servers}/{id}")).Is(204);
        await cloud.GoneAsync(user, id);
        await cloud.DrainAsync();
        cloud.Neutron.Ports.Values.ShouldNotContain(p => p.DeviceId == id || p.Id == port.Id);
        (await ConsumersAsync()).ShouldNotContain(id);
        Directory.Exists(Path.Combine(cloud.StateDirectory, "node", "guests", id)).ShouldBeFalse();
        var deleted = (await cloud.Admin.Get($"{Servers}/detail?all_tenants=1&deleted=true&uuid={id}")).Is(200)["servers"][0]!;
        deleted["status"]!.ToString().ShouldBe("DELETED");
        deleted["OS-SRV-USG:terminated_at"].ShouldNotBeNull();
    }

    private async Task<IReadOnlyList<string>> ConsumersAsync()
    {
        var provider = await cloud.Get<Kernel.Store.Store<NovaDb>>().ReadAsync(db => Task.FromResult(db.Hosts.Single().HypervisorId));
        return await cloud.Get<IPlacement>().ConsumersAsync(provider, default);
    }

    [Fact]
    public async Task Create_Several_NumbersThemAndSharesTheReservation()
    {
        var user = cloud.NewUser();
        var reply = (await user.Post(Servers, new { server = new { name = "pair", imageRef = cloud.Image, flavorRef = "42", min_count = "2", max_count = 2, return_reservation_id = true } })).Is(202);
        var reservation = reply["reservation_id"].ToString();
        reservation.ShouldStartWith("r-");
        var names = (await user.Get($"{Servers}?reservation_id={reservation}")).Is(200)["servers"].AsArray().Select(s => s!["name"]!.ToString()).Order().ToList();
        names.ShouldBe(["pair-1", "pair-2"]);
    }

    [Fact]
    public async Task Create_GivenPort_IsBoundAndComesFreeAtDelete()
    {
        var user = cloud.NewUser();
        var port = cloud.Neutron.AddPort(user.ProjectId, cloud.Neutron.AddNetwork(user.ProjectId));
        var id = await cloud.ActiveAsync(user, new[] { new { port = port.Id } });
        cloud.Neutron.Ports[port.Id].DeviceId.ShouldBe(id);
        (await user.Post(Servers, new { server = new { name = "x", imageRef = cloud.Image, flavorRef = "42", networks = new[] { new { port = port.Id } } } })).Is(409)["conflictingRequest"]["message"]!
            .ToString().ShouldBe($"Port {port.Id} is still in use.");
        (await user.Delete($"{Servers}/{id}")).Is(204);
        await cloud.GoneAsync(user, id);
        cloud.Neutron.Ports[port.Id].DeviceId.ShouldBe("");
    }

    [Fact]
    public async Task Show_Latest_HasEveryMember()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user.At("compute 2.90"), more: new { description = "words", tags = new[] { "x" }, hostname = "my-host" });
        var admin = (await cloud.Admin.At("compute latest").Get($"{Servers}/{id}")).Is(200)["server"].AsObject();
        foreach (var name in new[]
        {
            "OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:instance_name", "OS-EXT-SRV-ATTR:hypervisor_hostname", "OS-EXT-SRV-ATTR:hostname", "OS-EXT-SRV-ATTR:kernel_id", "OS-EXT-SRV-ATTR:ramdisk_id",
            "OS-EXT-SRV-ATTR:launch_index", "OS-EXT-SRV-ATTR:reservation_id", "OS-EXT-SRV-ATTR:root_device_name", "OS-EXT-SRV-ATTR:user_data", "locked", "locked_reason", "host_status", "description", "tags",
            "trusted_image_certificates", "server_groups", "pinned_availability_zone", "scheduler_hints", "os-extended-volumes:volumes_attached", "key_name",
        })
        {
            admin.ContainsKey(name).ShouldBeTrue(name);
        }
        admin["host_status"]!.ToString().ShouldBe("UP");
        admin["OS-EXT-SRV-ATTR:hostname"]!.ToString().ShouldBe("my-host");
        admin["OS-EXT-SRV-ATTR:instance_name"]!.ToString().ShouldStartWith("instance-0000");
        admin["flavor"]!["original_name"]!.ToString().ShouldBe("m1.nano");
        admin["tags"]!.AsArray().Single()!.ToString().ShouldBe("x");
        admin["image"]!["properties"].ShouldNotBeNull();
        var mine = (await user.At("compute latest").Get($"{Servers}/{id}")).Is(200)["server"].AsObject();
        mine.ContainsKey("OS-EXT-SRV-ATTR:host").ShouldBeFalse();
        mine.ContainsKey("host_status").ShouldBeFalse();
        mine["OS-EXT-SRV-ATTR:hostname"]!.ToString().ShouldBe("my-host");
        var oldest = (await user.Get($"{Servers}/{id}")).Is(200)["server"].AsObject();
        oldest.ContainsKey("tags").ShouldBeFalse();
        oldest["flavor"]!["links"].ShouldNotBeNull();
    }

    [Fact]
    public async Task Foreign_Server_Is404()
    {
        var id = await cloud.CreateAsync(cloud.NewUser());
        var other = cloud.NewUser();
        (await other.Get($"{Servers}/{id}")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe($"Instance {id} could not be found.");
        (await other.Delete($"{Servers}/{id}")).Is(404);
        (await other.Put($"{Servers}/{id}", new { server = new { name = "x" } })).Is(404);
        (await ServerCloud.Act(other, id, new { reboot = new { type = "HARD" } })).Is(404);
        (await other.Get($"{Servers}?all_tenants=1")).Is(403);
        (await cloud.Admin.Get($"{Servers}?all_tenants=1")).Is(200)["servers"].AsArray().Select(s => s!["id"]!.ToString()).ShouldContain(id);
    }

    [Fact]
    public async Task Update_NameAndMore_IsShown()
    {
        var user = cloud.NewUser();
        var id = await cloud.CreateAsync(user);
        var old = (await user.Put($"{Servers}/{id}", new { server = new { name = "new", accessIPv4 = "1.2.3.4", accessIPv6 = "0000:0000:0000:0000:0000:babe:220.12.22.2" } })).Is(200)["server"].AsObject();
        old["accessIPv6"]!.ToString().ShouldBe("::babe:dc0c:1602");
        old["name"]!.ToString().ShouldBe("new");
        old["accessIPv4"]!.ToString().ShouldBe("1.2.3.4");
        old.ContainsKey("OS-EXT-STS:vm_state").ShouldBeFalse();
        (await user.At("compute 2.75").Put($"{Servers}/{id}", new { server = new { description = "d" } })).Is(200)["server"].AsObject().ContainsKey("OS-EXT-STS:vm_state").ShouldBeTrue();
        (await user.Put($"{Servers}/{id}", new { server = new { name = "" } })).Is(400);
        (await user.Put($"{Servers}/{id}", new { server = new { accessIPv4 = "x" } })).Is(400);
        (await user.Put($"{Servers}/{id}", new { server = new { name = new string('a', 256) } })).Is(400);
        (await cloud.NewUser("reader", user.ProjectId).Put($"{Servers}/{id}", new { server = new { name = "x" } })).Is(403);
    }

    [Fact]
    public async Task Delete_WhileBuilding_LeavesNothing()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        cloud.Knobs.StepByHand = true;
        string id;
        try
        {
            id = await cloud.CreateAsync(user, new[] { new { uuid = network.Id } });
            await TestCloud.Until(() => Task.FromResult(cloud.Knobs.Waiting.Any(w => w.EndsWith(id, StringComparison.Ordinal))), w => w, "the driver to be asked");
            (await user.Delete($"{Servers}/{id}")).Is(204);
        }
        finally { cloud.Knobs.StepByHand = false; }
        await cloud.GoneAsync(user, id);
        await cloud.DrainAsync();
        cloud.Neutron.Ports.Values.ShouldNotContain(p => p.DeviceId == id);
        (await ConsumersAsync()).ShouldNotContain(id);
    }

    [Fact]
    public async Task Create_DriverFails_IsErrorWithStepAndReason()
    {
        var user = cloud.NewUser();
        var network = cloud.Neutron.AddNetwork(user.ProjectId);
        cloud.Knobs.Fail = (_, name, _) => name == "Start";
        string id;
        try
        {
            id = await cloud.CreateAsync(user, new[] { new { uuid = network.Id } });
            var server = await cloud.StatusAsync(user, id, "ERROR");
            server["fault"]!["code"]!.GetValue<int>().ShouldBe(500);
            server["fault"]!["message"]!.ToString().ShouldStartWith($"Build of instance {id} aborted: The fake driver was told to fail");
            server["fault"]!.AsObject().ContainsKey("details").ShouldBeFalse();
            (await cloud.Admin.Get($"{Servers}/{id}")).Is(200)["server"]["fault"]!["details"]!.ToString().ShouldStartWith("step run: ");
        }
        finally { cloud.Knobs.Fail = null; }
        cloud.Neutron.Ports.Values.ShouldNotContain(p => p.DeviceId == id);
        (await ConsumersAsync()).ShouldNotContain(id);
        var action = (await user.At("compute 2.51").Get($"{Servers}/{id}/os-instance-actions")).Is(200)["instanceActions"][0]!;
        action["message"]!.ToString().ShouldBe("Error");
        (await user.Delete($"{Servers}/{id}")).Is(204);
        await cloud.GoneAsync(user, id);
    }

    [Fact]
    public async Task Create_TooBig_IsErrorAndSaysPerHostWhy()
    {
        var user = cloud.NewUser();
        await cloud.GiveRoomAsync(user, 100000);
        var flavor = (await cloud.Admin.Post("/compute/v2.1/flavors", new { flavor = new { name = "huge" + user.UserId, ram = 2000000, vcpus = 1, disk = 1 } })).Is(200)["flavor"]["id"]!.ToString();
        var id = (await user.Post(Servers, new { server = new { name = "x", imageRef = cloud.Image, flavorRef = flavor } })).Is(202)["server"]["id"]!.ToString();
        var fault = (await cloud.StatusAsync(user, id, "ERROR"))["fault"]!;
        fault["message"]!.ToString().ShouldStartWith("No valid host was found. There are not enough hosts available.");
        fault["message"]!.ToString().ShouldContain("MEMORY_MB");
        fault["message"]!.ToString().ShouldNotContain("host1");
        (await cloud.Admin.Get($"{Servers}/{id}")).Is(200)["server"]["fault"]!["details"]!.ToString().ShouldContain("host1: ");
    }

    [Fact]
    public async Task Create_HundredAtOnce_AllRun()
    {
        var user = cloud.NewUser();
        await cloud.GiveRoomAsync(user);
        cloud.Neutron.AddNetwork(user.ProjectId);
        var ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => cloud.CreateAsync(user, "auto", $"many{i}")));
        foreach (var id in ids) { await cloud.StatusAsync(user, id, "ACTIVE"); }
        (await user.Get(Servers + "/detail?limit=1000")).Is(200)["servers"].AsArray().Count.ShouldBe(100);
    }
}
