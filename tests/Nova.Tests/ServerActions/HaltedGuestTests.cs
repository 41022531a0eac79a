using System.Text.Json.Nodes;
using Nephos.Contracts.Nova;
using Nephos.Node.Compute;
using Nephos.Node.Guests;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.ServerActions;

/// <summary>Guests that their hypervisor holds although nobody asked for it.</summary>
public sealed class HaltedGuestTests(ServerCloud cloud) : IClassFixture<ServerCloud>, IDisposable
{
    private const string Servers = "/compute/v2.1/servers";
    private const string Reason = "The host's disk is full: the guest stands still at a write and goes on when there is room";

    public void Dispose() => cloud.Knobs.DiskFull = false;

    private static async Task<JsonNode> LastActionAsync(TestUser user, string id) => (await user.Get($"{Servers}/{id}/os-instance-actions")).Is(200)["instanceActions"][0]!;

    [Fact]
    public async Task DiskFull_ShowsPausedWithTheReason_AndGoesOnWhenThereIsRoom()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        cloud.Knobs.DiskFull = true;
        cloud.Driver.Halt(id, GuestHalt.DiskFull);
        var server = await cloud.StatusAsync(user, id, "PAUSED");
        server["OS-EXT-STS:power_state"]!.GetValue<int>().ShouldBe(3);
        var action = await LastActionAsync(user, id);
        (action["action"]!.ToString(), action["message"]!.ToString(), action["user_id"]!.ToString()).ShouldBe(("pause", Reason, "nova"));
        var events = (await cloud.Admin.At("compute 2.84").Get($"{Servers}/{id}/os-instance-actions/{action["request_id"]}")).Is(200)["instanceAction"]["events"]!.AsArray();
        (events[0]!["event"]!.ToString(), events[0]!["result"]!.ToString(), events[0]!["details"]!.ToString()).ShouldBe(("compute_pause_instance", "Error", Reason));
        (await cloud.Get<IComputeHosts>().HaltedAsync(default)).ShouldContain(h => h.ServerId == id && h.Reason == Reason && h.Host == "host1");

        // It cannot go on yet, and says so once.
        (await ServerCloud.Act(user, id, """{"unpause":null}""")).Is(202);
        await cloud.StatusAsync(user, id, "PAUSED");
        action = await LastActionAsync(user, id);
        (action["action"]!.ToString(), action["message"]!.ToString()).ShouldBe(("unpause", "Error"));
        (await user.Get($"{Servers}/{id}/os-instance-actions")).Is(200)["instanceActions"].AsArray().Count.ShouldBe(3);

        cloud.Knobs.DiskFull = false;
        cloud.Get<GuestAgent>().WakeAll();
        await cloud.StatusAsync(user, id, "ACTIVE");
        action = await LastActionAsync(user, id);
        (action["action"]!.ToString(), action["message"]).ShouldBe(("unpause", null));
        (await cloud.Get<IComputeHosts>().HaltedAsync(default)).ShouldNotContain(h => h.ServerId == id);
    }

    [Fact]
    public async Task DiskFull_UnpauseWithRoom_GoesOn()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        cloud.Knobs.DiskFull = true;
        cloud.Driver.Halt(id, GuestHalt.DiskFull);
        await cloud.StatusAsync(user, id, "PAUSED");
        cloud.Knobs.DiskFull = false;
        // The node may have been quicker.
        (await ServerCloud.Act(user, id, """{"unpause":null}""")).Status.ShouldBeOneOf(202, 409);
        await cloud.StatusAsync(user, id, "ACTIVE");
    }

    [Fact]
    public async Task Panic_StaysUntilAHardReboot()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        cloud.Driver.Halt(id, GuestHalt.Panicked);
        await cloud.StatusAsync(user, id, "PAUSED");
        (await LastActionAsync(user, id))["message"]!.ToString().ShouldBe("The guest's kernel has panicked: a hard reboot starts it anew");
        cloud.Get<GuestAgent>().WakeAll();
        await cloud.Get<GuestAgent>().IdleAsync();
        await cloud.StatusAsync(user, id, "PAUSED");
        (await ServerCloud.Act(user, id, """{"reboot":{"type":"HARD"}}""")).Is(202);
        await cloud.StatusAsync(user, id, "ACTIVE");
        (await cloud.Get<IComputeHosts>().HaltedAsync(default)).ShouldNotContain(h => h.ServerId == id);
    }
}
