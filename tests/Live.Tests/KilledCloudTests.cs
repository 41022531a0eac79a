using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>Twenty deaths of the program at random moments of uploads, builds, deletes and router changes: everything ends finished or unwound, nothing is left.</summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class KilledCloudTests
{
    private const int Deaths = 20;
    private static readonly string[] Settled = ["ACTIVE", "ERROR", "SHUTOFF", "DELETED"];

    [Fact]
    public async Task Cloud_KilledAtRandomPoints_LosesAndLeaksNothing()
    {
        await using var cloud = await LiveCloud.StartAsync(8712);
        using var http = new HttpClient { BaseAddress = new Uri(cloud.Url), Timeout = TimeSpan.FromSeconds(30) };
        await Login(cloud, http);
        var before = await cloud.TracesAsync();
        var network = await Make(http, "/networking/v2.0/networks", "network", new { name = "n" });
        var subnet = await Make(http, "/networking/v2.0/subnets", "subnet", new { network_id = network, cidr = "10.9.0.0/24", ip_version = 4 });
        var router = await Make(http, "/networking/v2.0/routers", "router", new { name = "r" });
        var image = (await Get(http, "/image/v2/images"))["images"]![0]!["id"]!.ToString();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var death = 0; death < Deaths; death++)
        {
            var work = Churn(http, network, subnet, router, image, random.Next());
            await Task.Delay(random.Next(10, 1500));
            await cloud.KillAsync();
            await work;
            await cloud.UpAsync();
            await Login(cloud, http);
            await LiveCloud.Eventually(() => AllSettled(http), 90, $"every server to be finished or unwound after death {death} (seed {seed})");
        }

        foreach (var server in (await Get(http, "/compute/v2.1/servers"))["servers"]!.AsArray()) { (await http.DeleteAsync($"/compute/v2.1/servers/{server!["id"]}")).EnsureSuccessStatusCode(); }
        await LiveCloud.Eventually(async () => (await Get(http, "/compute/v2.1/servers"))["servers"]!.AsArray().Count.ShouldBe(0), 90, "the servers to be deleted");
        foreach (var left in (await Get(http, "/image/v2/images?name=upload"))["images"]!.AsArray()) { (await http.DeleteAsync($"/image/v2/images/{left!["id"]}")).EnsureSuccessStatusCode(); }
        await http.PutAsJsonAsync($"/networking/v2.0/routers/{router}/remove_router_interface", new { subnet_id = subnet });
        (await http.DeleteAsync($"/networking/v2.0/routers/{router}")).EnsureSuccessStatusCode();
        (await http.DeleteAsync($"/networking/v2.0/networks/{network}")).EnsureSuccessStatusCode();
        await LiveCloud.Eventually(async () => (await cloud.TracesAsync()).ShouldBe(before), 60, "nothing to be left on the machine");
        (await Get(http, "/networking/v2.0/ports"))["ports"]!.AsArray().Count.ShouldBe(0);
        var provider = (await Get(http, "/placement/resource_providers"))["resource_providers"]![0]!["uuid"];
        (await Get(http, $"/placement/resource_providers/{provider}/usages"))["usages"]!.AsObject().ShouldAllBe(u => (int)u.Value! == 0);
        Directory.GetFiles(Path.Combine(cloud.State, "images"), "*", SearchOption.AllDirectories).Length.ShouldBe(1, "only the first image's file is left");
    }

    [Fact]
    public async Task Guest_WhoseQemuIsKilled_IsShutoffAndStartsAgain()
    {
        await using var cloud = await LiveCloud.StartAsync(8713);
        using var http = new HttpClient { BaseAddress = new Uri(cloud.Url), Timeout = TimeSpan.FromSeconds(30) };
        await Login(cloud, http);
        var network = await Make(http, "/networking/v2.0/networks", "network", new { name = "n" });
        await Make(http, "/networking/v2.0/subnets", "subnet", new { network_id = network, cidr = "10.9.0.0/24", ip_version = 4 });
        var image = (await Get(http, "/image/v2/images"))["images"]![0]!["id"]!.ToString();
        var server = await Make(http, "/compute/v2.1/servers", "server", new { name = "s", imageRef = image, flavorRef = "1", networks = new[] { new { uuid = network } } });
        await LiveCloud.Eventually(() => Is(http, server, "ACTIVE", 1), 60, "the server to run");
        await cloud.Run($"kill -9 {LiveCloud.QemuOf(server)}");
        await LiveCloud.Eventually(() => Is(http, server, "SHUTOFF", 4), 20, "the server to be seen as shut off");
        (await http.PostAsJsonAsync($"/compute/v2.1/servers/{server}/action", new Dictionary<string, object?> { ["os-start"] = null })).EnsureSuccessStatusCode();
        await LiveCloud.Eventually(() => Is(http, server, "ACTIVE", 1), 60, "the server to run again");
        (await http.DeleteAsync($"/compute/v2.1/servers/{server}")).EnsureSuccessStatusCode();
        await LiveCloud.Eventually(async () => (await Get(http, "/compute/v2.1/servers"))["servers"]!.AsArray().Count.ShouldBe(0), 60, "the server to be deleted");
    }

    private static async Task Is(HttpClient http, string server, string status, int power)
    {
        var seen = (await Get(http, "/compute/v2.1/servers/" + server))["server"]!;
        seen["status"]!.ToString().ShouldBe(status, seen["fault"]?.ToString());
        ((int)seen["OS-EXT-STS:power_state"]!).ShouldBe(power);
    }

    /// <summary>Work to be killed in; whatever it meets when the cloud goes away is as good as any other end.</summary>
    private static async Task Churn(HttpClient http, string network, string subnet, string router, string image, int dice)
    {
        try
        {
            var uploading = Upload(http, dice);
            if (dice % 2 == 0) { await http.PutAsJsonAsync($"/networking/v2.0/routers/{router}/add_router_interface", new { subnet_id = subnet }); }
            else { await http.PutAsJsonAsync($"/networking/v2.0/routers/{router}/remove_router_interface", new { subnet_id = subnet }); }
            await http.PostAsJsonAsync("/compute/v2.1/servers", new { server = new { name = "s", imageRef = image, flavorRef = "1", networks = new[] { new { uuid = network } } } });
            foreach (var server in (await Get(http, "/compute/v2.1/servers"))["servers"]!.AsArray().Skip(1)) { await http.DeleteAsync($"/compute/v2.1/servers/{server!["id"]}"); }
            await uploading;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException or IOException or System.Text.Json.JsonException) { return; }
    }

    private static async Task Upload(HttpClient http, int dice)
    {
        var id = await Make(http, "/image/v2/images", null, new { name = "upload", disk_format = "raw", container_format = "bare" });
        using var content = new ByteArrayContent(new byte[(1 << 20) + dice % (64 << 20)]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        await http.PutAsync($"/image/v2/images/{id}/file", content);
    }

    private static async Task<bool> AllSettled(HttpClient http)
    {
        foreach (var server in (await Get(http, "/compute/v2.1/servers/detail"))["servers"]!.AsArray())
        {
            Settled.ShouldContain(server!["status"]!.ToString());
            server["OS-EXT-STS:task_state"].ShouldBeNull();
        }
        foreach (var image in (await Get(http, "/image/v2/images?name=upload"))["images"]!.AsArray())
        {
            new[] { "queued", "active" }.ShouldContain(image!["status"]!.ToString());
        }
        return true;
    }

    private static async Task Login(LiveCloud cloud, HttpClient http)
    {
        var admin = cloud.Admin;
        var body = new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain = new { id = "default" }, password = admin["OS_PASSWORD"] } } },
                scope = new { project = new { name = "admin", domain = new { id = "default" } } },
            },
        };
        var answer = await http.PostAsJsonAsync("/identity/v3/auth/tokens", body);
        answer.EnsureSuccessStatusCode();
        http.DefaultRequestHeaders.Remove("X-Auth-Token");
        http.DefaultRequestHeaders.Add("X-Auth-Token", answer.Headers.GetValues("X-Subject-Token").Single());
    }

    private static async Task<string> Make(HttpClient http, string path, string? member, object body)
    {
        var answer = await http.PostAsJsonAsync(path, member is null ? body : new Dictionary<string, object> { [member] = body });
        answer.EnsureSuccessStatusCode();
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (member is null ? json : json[member]!)["id"]!.ToString();
    }

    private static async Task<JsonNode> Get(HttpClient http, string path)
    {
        var answer = await http.GetAsync(path);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }
}
