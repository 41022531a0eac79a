using Nephos.Contracts.Node;
using Nephos.Nova.ServerActions;
using Nephos.Nova.Servers;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.ServerActions;

public sealed class ActionTests(ServerCloud cloud) : IClassFixture<ServerCloud>
{
    private const string Servers = "/compute/v2.1/servers";

    [Fact]
    public async Task Power_ThroughAllStates()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        async Task Step(string action, string status)
        {
            (await ServerCloud.Act(user, id, action)).Is(202);
            await cloud.StatusAsync(user, id, status);
        }
        await Step("""{"os-stop":null}""", "SHUTOFF");
        await Step("""{"os-start":null}""", "ACTIVE");
        await Step("""{"reboot":{"type":"SOFT"}}""", "ACTIVE");
        await Step("""{"reboot":{"type":"HARD"}}""", "ACTIVE");
        await Step("""{"pause":null}""", "PAUSED");
        await Step("""{"unpause":null}""", "ACTIVE");
        await Step("""{"suspend":null}""", "SUSPENDED");
        await Step("""{"resume":null}""", "ACTIVE");
        await Step("""{"os-stop":null}""", "SHUTOFF");
        await Step("""{"reboot":{"type":"hard"}}""", "ACTIVE");
        var actions = (await user.Get($"{Servers}/{id}/os-instance-actions")).Is(200)["instanceActions"].AsArray();
        actions.Select(a => a!["action"]!.ToString()).ShouldBe(["reboot", "stop", "resume", "suspend", "unpause", "pause", "reboot", "reboot", "start", "stop", "create"]);
        actions.ShouldAllBe(a => a!["message"] == null);
        var request = actions[1]!["request_id"]!.ToString();
        var shown = (await user.At("compute 2.84").Get($"{Servers}/{id}/os-instance-actions/{request}")).Is(200)["instanceAction"];
        var happening = shown["events"]![0]!.AsObject();
        happening["event"]!.ToString().ShouldBe("compute_stop_instance");
        happening["result"]!.ToString().ShouldBe("Success");
        happening["hostId"]!.ToString().Length.ShouldBe(56);
        happening.ContainsKey("host").ShouldBeFalse();
        happening.ContainsKey("traceback").ShouldBeFalse();
        (await cloud.Admin.At("compute 2.84").Get($"{Servers}/{id}/os-instance-actions/{request}")).Is(200)["instanceAction"]["events"]![0]!["host"]!.ToString().ShouldBe("host1");
        (await user.Get($"{Servers}/{id}/os-instance-actions/{request}")).Is(200)["instanceAction"].AsObject().ContainsKey("events").ShouldBeFalse();
        (await user.Get($"{Servers}/{id}/os-instance-actions/req-nope")).Is(404);
    }

    [Fact]
    public async Task Power_InWrongState_Is409WithUpstreamsWords()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        async Task<string> Refused(string action) => (await ServerCloud.Act(user, id, action)).Is(409)["conflictingRequest"]["message"]!.ToString();
        (await Refused("""{"os-start":null}""")).ShouldBe($"Cannot 'start' instance {id} while it is in vm_state active");
        (await Refused("""{"unpause":null}""")).ShouldBe($"Cannot 'unpause' instance {id} while it is in vm_state active");
        (await Refused("""{"resume":null}""")).ShouldBe($"Cannot 'resume' instance {id} while it is in vm_state active");
        (await Refused("""{"restore":""}""")).ShouldBe($"Cannot 'restore' instance {id} while it is in vm_state active");
        (await ServerCloud.Act(user, id, """{"os-stop":null}""")).Is(202);
        await cloud.StatusAsync(user, id, "SHUTOFF");
        (await Refused("""{"reboot":{"type":"SOFT"}}""")).ShouldBe($"Cannot 'reboot' instance {id} while it is in vm_state stopped");
        (await ServerCloud.Act(user, id, """{"reboot":{"type":"x"}}""")).Is(400);
        (await ServerCloud.Act(user, id, """{"os-nope":{}}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("There is no such action: os-nope");
        (await ServerCloud.Act(user, id, """{"resize":{"flavorRef":"1"}}""")).Is(501);
        (await ServerCloud.Act(user, id, """{"resize":{"flavorRef":"42"}}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("When resizing, instances must change flavor!");
        (await ServerCloud.Act(user, id, """{"resize":{"flavorRef":""}}""")).Is(400);
        (await ServerCloud.Act(user, id, """{"resize":{"flavorRef":"nope"}}""")).Is(400);
        (await ServerCloud.Act(user, id, """{"confirmResize":null}""")).Is(409);
        (await ServerCloud.Act(user, Kernel.Ids.NewId.Uuid(), """{"os-start":null}""")).Is(404);
    }

    [Fact]
    public async Task PowerOffInside_ShowsShutoffAndCanBeStarted()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        cloud.Driver.GoDown(id);
        var server = await cloud.StatusAsync(user, id, "SHUTOFF");
        server["OS-EXT-STS:power_state"]!.GetValue<int>().ShouldBe(4);
        (await user.Get($"{Servers}/{id}/os-instance-actions")).Is(200)["instanceActions"][0]!["action"]!.ToString().ShouldBe("stop");
        (await ServerCloud.Act(user, id, """{"os-start":null}""")).Is(202);
        await cloud.StatusAsync(user, id, "ACTIVE");
    }

    [Fact]
    public async Task Lock_KeepsOwnersOut()
    {
        var user = cloud.NewUser().At("compute 2.73");
        var id = await cloud.ActiveAsync(user);
        (await ServerCloud.Act(user, id, """{"lock":{"locked_reason":"busy"}}""")).Is(202);
        var server = (await user.Get($"{Servers}/{id}")).Is(200)["server"];
        server["locked"]!.GetValue<bool>().ShouldBeTrue();
        server["locked_reason"]!.ToString().ShouldBe("busy");
        (await ServerCloud.Act(user, id, """{"os-stop":null}""")).Is(409)["conflictingRequest"]["message"]!.ToString().ShouldBe($"Instance {id} is locked");
        (await user.Delete($"{Servers}/{id}")).Is(409);
        (await user.Get($"{Servers}?locked=true")).Is(200)["servers"].AsArray().Count.ShouldBe(1);
        (await ServerCloud.Act(user, id, """{"unlock":null}""")).Is(202);
        (await ServerCloud.Act(cloud.Admin, id, """{"lock":null}""")).Is(202);
        (await ServerCloud.Act(user, id, """{"unlock":null}""")).Is(403);
        (await ServerCloud.Act(cloud.Admin, id, """{"unlock":null}""")).Is(202);
        (await ServerCloud.Act(user, id, """{"os-stop":null}""")).Is(202);
    }

    [Fact]
    public async Task ConsoleOutput_IsTheGuestsLog()
    {
        var user = cloud.NewUser();
        var id = await cloud.ActiveAsync(user);
        (await ServerCloud.Act(user, id, """{"os-getConsoleOutput":{}}""")).Is(200)["output"].ToString().ShouldContain("line 20");
        (await ServerCloud.Act(user, id, """{"os-getConsoleOutput":{"length":"2"}}""")).Is(200)["output"].ToString().ShouldEndWith("line 20\n");
        (await ServerCloud.Act(user, id, """{"os-getConsoleOutput":{"length":-2}}""")).Is(400);
        (await ServerCloud.Act(cloud.NewUser(), id, """{"os-getConsoleOutput":{}}""")).Is(404);
    }

    [Fact]
    public async Task Metadata_AndTags_Life()
    {
        var user = cloud.NewUser().At("compute 2.26");
        var id = await cloud.ActiveAsync(user.At("compute 2.90"));
        var metadata = $"{Servers}/{id}/metadata";
        (await user.Post(metadata, """{"metadata":{"a":"1","b":"2"}}""")).Is(200)["metadata"].AsObject().Count.ShouldBe(2);
        (await user.Put(metadata + "/a", """{"meta":{"a":"3"}}""")).Is(200)["meta"]["a"]!.ToString().ShouldBe("3");
        (await user.Put(metadata + "/a", """{"meta":{"b":"3"}}""")).Is(400)["badRequest"]["message"]!.ToString().ShouldBe("Request body and URI mismatch");
        (await user.Put(metadata, """{"metadata":{"c":"4"}}""")).Is(200)["metadata"].AsObject().Count.ShouldBe(1);
        (await user.Get(metadata + "/a")).Is(404)["itemNotFound"]["message"]!.ToString().ShouldBe("Metadata item was not found");
        (await user.Delete(metadata + "/c")).Is(204);
        (await user.Delete(metadata + "/c")).Is(404);
        (await user.Post(metadata, """{"metadata":{"":"1"}}""")).Is(400);
        (await user.Post(metadata, $$$"""{"metadata":{"{{{new string('k', 256)}}}":"1"}}""")).Is(400);
        (await user.Post(metadata, """{"metadata":null}""")).Is(400);
        var tags = $"{Servers}/{id}/tags";
        (await user.Put(tags + "/red")).Is(201).Header("Location")!.ShouldEndWith("/tags/red");
        (await user.Put(tags + "/red")).Is(204);
        (await user.Put(tags + "/a,b")).Is(400);
        (await user.Get(tags + "/red")).Is(204);
        (await user.Get(tags + "/blue")).Is(404);
        (await user.Put(tags, """{"tags":["x","y"]}""")).Is(200)["tags"].AsArray().Count.ShouldBe(2);
        (await user.Delete(tags + "/x")).Is(204);
        (await user.Delete(tags)).Is(204);
        (await user.Get(tags)).Is(200)["tags"].AsArray().Count.ShouldBe(0);
    }

    [Fact]
    public void Table_EveryState_IsAllowedOrHasAReason()
    {
        var states = new[] { VmStates.Active, VmStates.Building, VmStates.Stopped, VmStates.Paused, VmStates.Suspended, VmStates.Error };
        foreach (var action in PowerActions.All)
        {
            action.From.ShouldBeSubsetOf(states);
            action.Power.ShouldNotBe(GuestPower.Absent);
            ServerStatus.Of(VmStates.Active, action.Task).ShouldNotBe("UNKNOWN");
        }
    }
}
