using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shouldly;

namespace Nephos.Live.Tests;

/// <summary>The administrator of a live cloud, over HTTP: where a test makes many calls and the client's second of start-up each would be most of its time.</summary>
internal sealed class LiveAdmin(LiveCloud cloud) : IDisposable
{
    public HttpClient Http { get; } = new() { BaseAddress = new Uri(cloud.Url), Timeout = TimeSpan.FromSeconds(60) };

    public static async Task<LiveAdmin> LoginAsync(LiveCloud cloud)
    {
        var admin = new LiveAdmin(cloud);
        await admin.LoginAsync();
        return admin;
    }

    public async Task LoginAsync()
    {
        var password = cloud.Admin["OS_PASSWORD"];
        var body = new
        {
            auth = new
            {
                identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain = new { id = "default" }, password } } },
                scope = new { project = new { name = "admin", domain = new { id = "default" } } },
            },
        };
        var answer = await Http.PostAsJsonAsync("/identity/v3/auth/tokens", body);
        answer.EnsureSuccessStatusCode();
        Http.DefaultRequestHeaders.Remove("X-Auth-Token");
        Http.DefaultRequestHeaders.Add("X-Auth-Token", answer.Headers.GetValues("X-Subject-Token").Single());
    }

    /// <summary>Makes a resource and answers its id.</summary>
    /// <param name="path">Of the collection.</param>
    /// <param name="member">Under which it goes in and comes out; null: bare.</param>
    /// <param name="body">The resource.</param>
    public async Task<string> Make(string path, string? member, object body)
    {
        var answer = await Http.PostAsJsonAsync(path, member is null ? body : new Dictionary<string, object> { [member] = body });
        answer.IsSuccessStatusCode.ShouldBeTrue($"POST {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return (member is null ? json : json[member]!)["id"]!.ToString();
    }

    public async Task<JsonNode> Get(string path)
    {
        var answer = await Http.GetAsync(path);
        answer.IsSuccessStatusCode.ShouldBeTrue($"GET {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    public async Task Put(string path, object body)
    {
        var answer = await Http.PutAsJsonAsync(path, body);
        answer.IsSuccessStatusCode.ShouldBeTrue($"PUT {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async Task Delete(string path)
    {
        var answer = await Http.DeleteAsync(path);
        answer.IsSuccessStatusCode.ShouldBeTrue($"DELETE {path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    public async Task<JsonArray> Servers() => (await Get("/compute/v2.1/servers/detail"))["servers"]!.AsArray();

    /// <summary>A network with the subnet 10.9.0.0/24.</summary>
    public async Task<(string Network, string Subnet)> MakeNetwork()
    {
        var network = await Make("/networking/v2.0/networks", "network", new { name = "n" });
        return (network, await Make("/networking/v2.0/subnets", "subnet", new { network_id = network, cidr = "10.9.0.0/24", ip_version = 4 }));
    }

    public async Task<string> FirstImage() => (await Get("/image/v2/images"))["images"]![0]!["id"]!.ToString();

    public Task<string> MakeServer(string image, string network, string flavor = "1") =>
        Make("/compute/v2.1/servers", "server", new { name = "s", imageRef = image, flavorRef = flavor, networks = new[] { new { uuid = network } } });

    public async Task Is(string server, string status, int power)
    {
        var seen = (await Get("/compute/v2.1/servers/" + server))["server"]!;
        seen["status"]!.ToString().ShouldBe(status, seen["fault"]?.ToString());
        ((int)seen["OS-EXT-STS:power_state"]!).ShouldBe(power);
    }

    /// <summary>No server, no port, no usage is left.</summary>
    public async Task NothingIsLeft()
    {
        (await Servers()).Count.ShouldBe(0);
        (await Get("/networking/v2.0/ports"))["ports"]!.AsArray().Count(p => p!["device_owner"]!.ToString().StartsWith("compute:", StringComparison.Ordinal)).ShouldBe(0);
        var provider = (await Get("/placement/resource_providers"))["resource_providers"]![0]!["uuid"];
        (await Get($"/placement/resource_providers/{provider}/usages"))["usages"]!.AsObject().ShouldAllBe(u => (int)u.Value! == 0);
    }

    public void Dispose() => Http.Dispose();
}
