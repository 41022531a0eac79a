using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>What goes wrong on machines: each case ends with a message that says what to do, and the cloud goes on.</summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class BadLuckTests
{
    [Fact]
    public async Task Commands_BesideACloud_SayWhatIsInTheWay()
    {
        await using var cloud = await LiveCloud.StartAsync(8715);
        (await cloud.Nephos($"up --state {cloud.State} --drivers fake")).ShouldBe((1, $"nephos: another process runs the cloud in {cloud.State} (`nephos status` shows it, `nephos down` stops it)"));
        var other = Directory.CreateTempSubdirectory("nephos-live-").FullName;
        try
        {
            (await cloud.Nephos($"up --state {other} --drivers fake --listen 127.0.0.1:8715")).ShouldBe((1, "nephos: 127.0.0.1:8715 is in use by another program; choose another with --listen ADDR:PORT"));
            (await cloud.Nephos($"status --state {other}")).ShouldBe((3, $"nephos: no cloud is running with state in {other}"));
            (await cloud.Nephos($"config check --state {other}")).ExitCode.ShouldBe(0);
        }
        finally { Directory.Delete(other, recursive: true); }
        (await cloud.Nephos($"status --state {cloud.State} --json")).ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Disk_Full_IsSaidAndOverWhenThereIsRoomAgain()
    {
        await using var cloud = await LiveCloud.StartOnDiskAsync(8716, 300);
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var (network, _) = await admin.MakeNetwork();
        var first = await admin.FirstImage();
        // So small a disk is no whole GiB in the inventory.
        var flavor = await admin.Make("/compute/v2.1/flavors", "flavor", new { name = "diskless", ram = 128, vcpus = 1, disk = 0 });

        // An image that does not fit: 413 in upstream's words, back to queued, and no half file.
        var image = await admin.Make("/image/v2/images", null, new { name = "big", disk_format = "raw", container_format = "bare" });
        using (var big = new ByteArrayContent(new byte[400 << 20]))
        {
            big.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            var answer = await admin.Http.PutAsync($"/image/v2/images/{image}/file", big);
            ((int)answer.StatusCode).ShouldBe(413, await answer.Content.ReadAsStringAsync());
            (await answer.Content.ReadAsStringAsync()).ShouldContain("Image storage media is full");
        }
        (await admin.Get("/image/v2/images/" + image))["status"]!.ToString().ShouldBe("queued");
        Directory.GetFiles(Path.Combine(cloud.State, "images"), "*", SearchOption.AllDirectories).Length.ShouldBe(1, "only the first image's file is there");

        // With the last byte gone, a change is refused with the reason, what is only read goes on, and nothing is lost when there is room again.
        var ballast = Path.Combine(cloud.State, "ballast");
        await cloud.Run($"dd if=/dev/zero of={ballast} bs=4k status=none", wanted: 1);
        var refused = await admin.Http.PostAsJsonAsync("/compute/v2.1/servers", new { server = new { name = "s", imageRef = first, flavorRef = flavor, networks = new[] { new { uuid = network } } } });
        var made = refused.IsSuccessStatusCode ? JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["server"]!["id"]!.ToString() : null;
        if (made is null)
        {
            ((int)refused.StatusCode).ShouldBe(503, await refused.Content.ReadAsStringAsync());
            (await refused.Content.ReadAsStringAsync()).ShouldContain("disk");
        }
        (await admin.Get("/image/v2/images"))["images"]!.AsArray().Count.ShouldBe(2);
        File.Delete(ballast);
        if (made is not null) { await LiveCloud.Eventually(async () => (await admin.Servers()).Single()!["status"]!.ToString().ShouldBeOneOf("ACTIVE", "ERROR"), 90, "the server to run or to say why not"); }
        var server = await admin.MakeServer(first, network, flavor);
        await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, "a server to run now that there is room");
        foreach (var left in await admin.Servers()) { await admin.Delete($"/compute/v2.1/servers/{left!["id"]}"); }
        await LiveCloud.Eventually(admin.NothingIsLeft, 90, "the servers to be deleted");
    }

    [Fact]
    public async Task Disk_FullUnderAGuest_PausesItWithTheReasonUntilThereIsRoom()
    {
        await using var cloud = await LiveCloud.StartAsync(8717);
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var guests = Path.Combine(cloud.State, "node/guests");
        await cloud.Run($"mkdir -p -m 0700 {guests}");
        await cloud.Run($"mount -t tmpfs -o size=40m,mode=700 guests {guests}");
        try
        {
            var (network, _) = await admin.MakeNetwork();
            var writes = Convert.ToBase64String(Encoding.UTF8.GetBytes("#!/bin/sh\ndd if=/dev/urandom of=/big bs=1M count=200\nsync\n"));
            var server = await admin.Make("/compute/v2.1/servers", "server", new { name = "s", imageRef = await admin.FirstImage(), flavorRef = "1", networks = new[] { new { uuid = network } }, user_data = writes });
            await LiveCloud.Eventually(() => admin.Is(server, "PAUSED", 3), 180, "the guest to stand still at a full disk");
            var action = (await admin.Get($"/compute/v2.1/servers/{server}/os-instance-actions"))["instanceActions"]![0]!;
            (action["action"]!.ToString(), action["message"]!.ToString()).ShouldBe(("pause", "The host's disk is full: the guest stands still at a write and goes on when there is room"));
            JsonNode.Parse((await cloud.Nephos($"status --state {cloud.State} --json")).Text)!["halted"]![0]!["server"]!.ToString().ShouldBe(server);
            await cloud.Run($"mount -o remount,size=400m {guests}");
            await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, "the guest to go on now that there is room");
            (await admin.Get($"/compute/v2.1/servers/{server}/os-instance-actions"))["instanceActions"]![0]!["action"]!.ToString().ShouldBe("unpause");
            JsonNode.Parse((await cloud.Nephos($"status --state {cloud.State} --json")).Text)!["halted"]!.AsArray().Count.ShouldBe(0);
            await admin.Delete("/compute/v2.1/servers/" + server);
            await LiveCloud.Eventually(admin.NothingIsLeft, 90, "the server to be deleted");
        }
        finally { await cloud.Run("umount -l " + guests); }
    }
}
