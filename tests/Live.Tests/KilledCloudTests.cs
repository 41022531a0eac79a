#pragma warning disable RS0030 // Deaths come at moments of real time.
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>
/// Deaths of the program in the middle of uploads, builds, deletes and router changes: at random moments, and in each step of a server's build and of its delete. Everything
/// ends finished or unwound, nothing is left.
/// </summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class KilledCloudTests
{
    private const int Deaths = 20;
    /// <summary>So many at most until each kind of work was under way at one: where a death falls is chance and the machine's speed.</summary>
    private const int MostDeaths = 60;
    private static readonly string[] Settled = ["ACTIVE", "ERROR", "SHUTOFF"];

    [Fact]
    public async Task Cloud_KilledAtRandomPoints_LosesAndLeaksNothing()
    {
        await using var cloud = await LiveCloud.StartAsync(8712);
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var before = await cloud.TracesAsync();
        var (network, subnet) = await admin.MakeNetwork();
        var router = await admin.Make("/networking/v2.0/routers", "router", new { name = "r" });
        var image = await admin.FirstImage();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        // What was under way at the deaths: a test that kills an idle program shows nothing.
        var (uploads, builds, deletes, calls) = (0, 0, 0, 0);
        for (var death = 0; death < Deaths || ((uploads == 0 || builds == 0 || deletes == 0) && death < MostDeaths); death++)
        {
            using var churn = new Churn(admin, network, subnet, router, image, random.Next());
            // The first calls after a start take a while on a busy machine; a build after them a few hundred milliseconds.
            await Task.Delay(random.Next(10, 2000));
            churn.Dying = true;
            await cloud.KillAsync();
            calls += await churn.Ended;
            builds += (int)cloud.Count("nova", "SELECT count(*) FROM sagas WHERE state IN (1, 2) AND name = 'nova.build-server'");
            deletes += (int)cloud.Count("nova", "SELECT count(*) FROM sagas WHERE state IN (0, 1, 2) AND name = 'nova.delete-server'");
            uploads += (int)cloud.Count("glance", "SELECT count(*) FROM images WHERE status = 'saving'");
            await cloud.UpAsync();
            await admin.LoginAsync();
            await LiveCloud.Eventually(() => AllSettled(admin), 90, $"every server to be finished or unwound after death {death} (seed {seed})");
        }

        var seen = $"interrupted: {uploads} uploads, {builds} builds, {deletes} deletes, {calls} other calls (seed {seed})";
        // Where in a build or a delete is chance here; the test below dies in each of their steps.
        uploads.ShouldBeGreaterThan(0, seen);
        builds.ShouldBeGreaterThan(0, seen);
        deletes.ShouldBeGreaterThan(0, seen);
        foreach (var server in await admin.Servers()) { await admin.Delete($"/compute/v2.1/servers/{server!["id"]}"); }
        await LiveCloud.Eventually(admin.NothingIsLeft, 90, "the servers to be deleted");
        foreach (var left in (await admin.Get("/image/v2/images?name=upload"))["images"]!.AsArray()) { await admin.Delete($"/image/v2/images/{left!["id"]}"); }
        // It may be there or not, as the last change left it.
        await admin.Http.PutAsJsonAsync($"/networking/v2.0/routers/{router}/remove_router_interface", new { subnet_id = subnet });
        await admin.Delete($"/networking/v2.0/routers/{router}");
        await admin.Delete($"/networking/v2.0/networks/{network}");
        await LiveCloud.Eventually(async () => (await cloud.TracesAsync()).ShouldBe(before), 60, "nothing to be left on the machine");
        (await admin.Get("/networking/v2.0/ports"))["ports"]!.AsArray().Count.ShouldBe(0);
        Directory.GetFiles(Path.Combine(cloud.State, "images"), "*", SearchOption.AllDirectories).Length.ShouldBe(1, "only the first image's file is left");
    }

    [Fact]
    public async Task Cloud_KilledInEachStepOfABuildAndOfADelete_GoesOnWithIt()
    {
        await using var cloud = await LiveCloud.StartAsync(8714, "NEPHOS_LOG__LEVEL=debug");
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var before = await cloud.TracesAsync();
        var (network, _) = await admin.MakeNetwork();
        var image = await admin.FirstImage();
        foreach (var step in new[] { "schedule", "ports", "guest", "run" })
        {
            var dead = cloud.DieAtAsync(line => line.Contains("nova.build-server", StringComparison.Ordinal) && line.EndsWith("step " + step, StringComparison.Ordinal), TimeSpan.FromSeconds(60));
            // Its answer may be lost with the program.
            await Attempt(() => admin.MakeServer(image, network));
            await dead;
            cloud.Count("nova", "SELECT count(*) FROM sagas WHERE state = 1 AND name = 'nova.build-server'").ShouldBe(1, $"the death was to fall into step {step}");
            await cloud.UpAsync();
            await admin.LoginAsync();
            var server = (await admin.Servers()).Single()!["id"]!.ToString();
            await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, $"the server to run that was built when the program died in step {step}");
            await admin.Delete("/compute/v2.1/servers/" + server);
            await LiveCloud.Eventually(admin.NothingIsLeft, 60, "the server to be deleted");
        }
        foreach (var step in new[] { "guest", "ports", "release", "row" })
        {
            var server = await admin.MakeServer(image, network);
            await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, "the server to run");
            var dead = cloud.DieAtAsync(line => line.Contains("nova.delete-server", StringComparison.Ordinal) && line.EndsWith("step " + step, StringComparison.Ordinal), TimeSpan.FromSeconds(60));
            await Attempt(async () => { await admin.Delete("/compute/v2.1/servers/" + server); return ""; });
            await dead;
            await cloud.UpAsync();
            await admin.LoginAsync();
            await LiveCloud.Eventually(admin.NothingIsLeft, 60, $"the server to be gone whose delete was in step {step} when the program died");
        }
        await admin.Delete($"/networking/v2.0/networks/{network}");
        await LiveCloud.Eventually(async () => (await cloud.TracesAsync()).ShouldBe(before), 60, "nothing to be left on the machine");
    }

    [Fact]
    public async Task Guest_WhoseQemuIsKilled_IsShutoffAndStartsAgain()
    {
        await using var cloud = await LiveCloud.StartAsync(8713);
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var (network, _) = await admin.MakeNetwork();
        var server = await admin.MakeServer(await admin.FirstImage(), network);
        await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, "the server to run");
        await cloud.Run($"kill -9 {LiveCloud.QemuOf(server)}");
        await LiveCloud.Eventually(() => admin.Is(server, "SHUTOFF", 4), 20, "the server to be seen as shut off");
        (await admin.Http.PostAsJsonAsync($"/compute/v2.1/servers/{server}/action", new Dictionary<string, object?> { ["os-start"] = null })).EnsureSuccessStatusCode();
        await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, "the server to run again");
        await admin.Delete("/compute/v2.1/servers/" + server);
        await LiveCloud.Eventually(admin.NothingIsLeft, 60, "the server to be deleted");
    }

    /// <summary>A call whose answer may be lost because the program dies; any answer that comes must be a good one.</summary>
    private static async Task<bool> Attempt(Func<Task<string>> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException) { return false; } // the program is gone
    }

    private static async Task<bool> AllSettled(LiveAdmin admin)
    {
        foreach (var server in await admin.Servers())
        {
            Settled.ShouldContain(server!["status"]!.ToString());
            server["OS-EXT-STS:task_state"].ShouldBeNull();
        }
        foreach (var image in (await admin.Get("/image/v2/images?name=upload"))["images"]!.AsArray())
        {
            new[] { "queued", "active" }.ShouldContain(image!["status"]!.ToString());
        }
        return true;
    }

    /// <summary>Work to be killed in. Each call must succeed unless the program dies under it.</summary>
    private sealed class Churn : IDisposable
    {
        private readonly LiveAdmin _admin;
        private readonly CancellationTokenSource _end = new();
        private int _interrupted;

        public Churn(LiveAdmin admin, string network, string subnet, string router, string image, int dice)
        {
            _admin = admin;
            Ended = RunAsync(network, subnet, router, image, dice);
        }

        /// <summary>From now on a call that fails by its connection is no failure.</summary>
        public bool Dying { get; set; }

        /// <summary>How many calls the death cut off.</summary>
        public Task<int> Ended { get; }

        private async Task<int> RunAsync(string network, string subnet, string router, string image, int dice)
        {
            await Task.WhenAll(
                Step(() => UploadAsync(dice)),
                Step(async () =>
                {
                    // Whether the interface is there depends on what the last death left.
                    var ports = (await _admin.Get($"/networking/v2.0/ports?device_id={router}"))["ports"]!.AsArray();
                    await _admin.Put($"/networking/v2.0/routers/{router}/{(ports.Count == 0 ? "add" : "remove")}_router_interface", new { subnet_id = subnet });
                }),
                Step(() => _admin.MakeServer(image, network)),
                Step(async () =>
                {
                    foreach (var server in (await _admin.Servers()).Skip(1)) { await _admin.Delete($"/compute/v2.1/servers/{server!["id"]}"); }
                }));
            return _interrupted;
        }

        private async Task Step(Func<Task> call)
        {
            try { await call(); }
            catch (Exception error) when (Dying && error is HttpRequestException or TaskCanceledException or IOException) { Interlocked.Increment(ref _interrupted); }
        }

        private async Task UploadAsync(int dice)
        {
            var id = await _admin.Make("/image/v2/images", null, new { name = "upload", disk_format = "raw", container_format = "bare" });
            using var content = new ByteArrayContent(new byte[(1 << 20) + dice % (64 << 20)]);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
            var answer = await _admin.Http.PutAsync($"/image/v2/images/{id}/file", content, _end.Token);
            answer.EnsureSuccessStatusCode();
        }

        public void Dispose() => _end.Dispose();
    }
}
