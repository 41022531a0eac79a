#pragma warning disable RS0030 // It starts and stops whole programs and measures time.
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Nephos.Bench;

/// <summary>
/// Starts the program with fake drivers as a user would, loads it over HTTP, and prints a table. Figures, not tests: nothing fails for being slow.
/// Use: <c>bench/run</c>, which builds the release first.
/// </summary>
internal static class Program
{
    private static readonly string[] Parts = ["start", "servers", "lists", "images", "placement", "tokens"];
    private static readonly List<(string What, string Figure, string Aim)> Rows = [];

    private static async Task<int> Main(string[] arguments)
    {
        var program = Path.GetFullPath(arguments.Length > 0 ? arguments[0] : "out/nephos");
        var parts = arguments.Length > 1 ? arguments[1..] : Parts;
        if (parts is not (["guests"] or ["identity"]) && parts.FirstOrDefault(p => !Parts.Contains(p)) is { } unknown)
        {
            Console.Error.WriteLine($"there is no part '{unknown}'; there are {string.Join(", ", Parts)}, and by themselves guests and identity");
            return 2;
        }
        var state = Directory.CreateTempSubdirectory("nephos-bench-").FullName;
        if (arguments.Length > 1 && arguments[1] == "identity")
        {
            await IdentityLoad.RunAsync(program, state, Row);
            Directory.Delete(state, recursive: true);
            Print();
            return 0;
        }
        try
        {
            if (parts is ["guests"])
            {
                await GuestBench.RunAsync(program, state, Row);
                Print();
                return 0;
            }
            if (parts.Contains("start")) { await StartAsync(program, state); }
            if (parts.Contains("servers") || parts.Contains("lists") || parts.Contains("images"))
            {
                using var cloud = await Cloud.StartAsync(program, state);
                await LoadAsync(cloud, parts.Contains("servers") || parts.Contains("lists"), parts.Contains("lists"));
                if (parts.Contains("images")) { await ImageBench.RunAsync(cloud, state, Row); }
                await cloud.StopAsync();
            }
            if (parts.Contains("placement"))
            {
                // A state of its own: its thousands of providers would take the servers of the other parts.
                var apart = Directory.CreateDirectory(Path.Combine(state, "placement")).FullName;
                using var cloud = await Cloud.StartAsync(program, apart);
                await cloud.LoginAsync();
                await PlacementBench.RunAsync(cloud, (what, figure, aim) => Row(what, Ms(figure), aim));
                await cloud.StopAsync();
            }
            if (parts.Contains("tokens")) { Row("token validation in process (a token seen before)", await TokenBench.RunAsync(), "20 us"); }
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
        Print();
        return 0;
    }

    private static async Task StartAsync(string program, string state)
    {
        using (var first = await Cloud.StartAsync(program, state))
        {
            Row("first start, empty state, to ready", Ms(first.ReadyAfter), "3,000 ms");
            await first.StopAsync();
        }
        var starts = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            using var again = await Cloud.StartAsync(program, state);
            starts.Add(again.ReadyAfter);
            await again.StopAsync();
        }
        Row("start with existing state, to ready (median of 5)", Ms(Median(starts)), "1,200 ms");
    }

    private static async Task LoadAsync(Cloud cloud, bool servers, bool lists)
    {
        await Task.Delay(5000); // warm-up in the background, then idle
        Row("memory at idle, PSS", $"{cloud.PssMib()} MiB", "150 MiB");
        var http = cloud.Http;
        await cloud.LoginAsync();
        if (!servers) { return; }
        var project = cloud.ProjectId;
        await http.PutAsJsonAsync($"/compute/v2.1/os-quota-sets/{project}", new { quota_set = new { instances = -1, cores = -1, ram = -1 } });
        await http.PutAsJsonAsync($"/networking/v2.0/quotas/{project}", new { quota = new { port = -1 } });
        var network = await Make(http, "/networking/v2.0/networks", "network", new { name = "bench" });
        await Make(http, "/networking/v2.0/subnets", "subnet", new { network_id = network, cidr = "10.0.0.0/16", ip_version = 4 });
        var image = (await Get(http, "/image/v2/images"))["images"]![0]!["id"]!.ToString();
        var flavor = await Make(http, "/compute/v2.1/flavors", "flavor", new { name = "bench", ram = 1, vcpus = 1, disk = 0 });
        object Server(string name) => new { name, imageRef = image, flavorRef = flavor, networks = new[] { new { uuid = network } } };
        async Task<List<double>> Singles(string prefix)
        {
            var times = new List<double>();
            for (var i = 0; i < 20; i++) { times.Add(await Time(async () => await Active(http, await Make(http, "/compute/v2.1/servers", "server", Server(prefix + i))))); }
            return times;
        }
        var singles = await Singles("s");
        Row("server create to ACTIVE, fake drivers (median of 20)", Ms(Median(singles)), "40 ms");
        Row("the very first of them", Ms(singles[0]), "");
        for (var round = 0; round < 2; round++)
        {
            var before = cloud.ProcessorMs();
            var took = await Time(() => Many(http, $"round{round}-", 100, Server));
            Row(round == 0 ? "100 servers in parallel to all ACTIVE" : "another 100", Ms(took), round == 0 ? "2,000 ms" : "");
            Row("processor time of the program for them", Ms(cloud.ProcessorMs() - before), "");
        }
        Row("server create to ACTIVE after those (median of 20)", Ms(Median(await Singles("t"))), "40 ms");
        if (!lists) { return; }
        for (var done = 240; done < 1000; done += 95)
        {
            await Many(http, $"more{done}-", 95, Server);
        }
        await Lists(http, "GET /servers/detail of 1,000 servers (median of 20)", "/compute/v2.1/servers/detail?limit=1000", "servers", "40 ms");
        await Lists(http, "GET /ports of 1,000 ports (median of 20)", "/networking/v2.0/ports?limit=1000&device_owner=compute:nova", "ports", "30 ms");
        Row("memory with 1,000 servers, PSS", $"{cloud.PssMib()} MiB", "");
    }

    /// <summary>An image that waits for its bytes.</summary>
    internal static async Task<string> MakeImageAsync(HttpClient http)
    {
        using var answer = await http.PostAsJsonAsync("/image/v2/images", new { name = "bench", disk_format = "raw", container_format = "bare" });
        return JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["id"]!.ToString();
    }

    private static async Task Lists(HttpClient http, string what, string path, string member, string aim)
    {
        var count = (await Get(http, path))[member]!.AsArray().Count;
        var times = new List<double>();
        for (var i = 0; i < 20; i++) { times.Add(await Time(() => http.GetByteArrayAsync(path))); }
        Row(what + (count == 1000 ? "" : $" ({count} came)"), Ms(Median(times)), aim);
    }

    /// <summary>All are asked for at once, a call each; then one looks at the list for all of them, since a thousand looks at single servers per second would measure their own load.</summary>
    private static async Task Many(HttpClient http, string prefix, int count, Func<string, object> server)
    {
        async Task<int> In(string status) => (await Get(http, $"/compute/v2.1/servers?limit=1000&status={status}"))["servers"]!.AsArray().Count;
        var before = await In("ACTIVE");
        await Task.WhenAll(Enumerable.Range(0, count).Select(i => Make(http, "/compute/v2.1/servers", "server", server(prefix + i))));
        while (await In("ACTIVE") < before + count)
        {
            if (await In("ERROR") > 0) { throw new InvalidOperationException("a server is in ERROR"); }
            await Task.Delay(50);
        }
    }

    internal static async Task Active(HttpClient http, string id)
    {
        while (true)
        {
            switch ((await Get(http, "/compute/v2.1/servers/" + id))["server"]!["status"]!.ToString())
            {
                case "ACTIVE": return;
                case "ERROR": throw new InvalidOperationException("a server is in ERROR: " + (await Get(http, "/compute/v2.1/servers/" + id))["server"]!["fault"]);
                default: await Task.Delay(2); break;
            }
        }
    }

    internal static async Task<string> Make(HttpClient http, string path, string member, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, new Dictionary<string, object> { [member] = body });
        var text = await answer.Content.ReadAsStringAsync();
        return answer.IsSuccessStatusCode ? JsonNode.Parse(text)![member]!["id"]!.ToString() : throw new InvalidOperationException($"POST {path}: {text}");
    }

    internal static async Task<JsonNode> Get(HttpClient http, string path) => JsonNode.Parse(await http.GetByteArrayAsync(path))!;

    private static async Task<double> Time(Func<Task> work)
    {
        var watch = Stopwatch.StartNew();
        await work();
        return watch.Elapsed.TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Ms(double value) => value.ToString(value < 10 ? "0.0" : "#,##0", CultureInfo.InvariantCulture) + " ms";

    private static void Row(string what, string figure, string aim)
    {
        Rows.Add((what, figure, aim));
        Console.Error.WriteLine($"{what}: {figure}");
    }

    private static void Print()
    {
        var cpu = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1] ?? "?";
        Console.WriteLine($"{Environment.ProcessorCount} processors ({cpu}), {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {Environment.OSVersion}, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}");
        Console.WriteLine();
        Console.WriteLine("| what | figure | aim |\n| --- | ---: | ---: |");
        foreach (var (what, figure, aim) in Rows) { Console.WriteLine($"| {what} | {figure} | {aim} |"); }
    }
}
