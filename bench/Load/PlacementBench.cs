#pragma warning disable RS0030 // It loads the cloud from outside and makes its ids by itself.
using System.Diagnostics;
using System.Net.Http.Json;

namespace Nephos.Bench;

/// <summary>
/// Allocation candidates among many providers, in the shape of upstream's own load test: each provider with VCPU, memory and disk, every one of them a candidate.
/// </summary>
internal static class PlacementBench
{
    private const string Ask = "/placement/allocation_candidates?resources=VCPU:2,MEMORY_MB:4096,DISK_GB:20";

    public static async Task RunAsync(Cloud cloud, Action<string, double, string> row)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 16 }) { BaseAddress = cloud.Http.BaseAddress, Timeout = TimeSpan.FromMinutes(5) };
        http.DefaultRequestHeaders.Add("X-Auth-Token", cloud.Http.DefaultRequestHeaders.GetValues("X-Auth-Token").Single());
        http.DefaultRequestHeaders.Add("OpenStack-API-Version", "placement 1.39");
        var made = 0;
        foreach (var (count, aim) in new[] { (1000, "15 ms"), (10_000, "60 ms") })
        {
            await Parallel.ForEachAsync(Enumerable.Range(made, count - made), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => await ProviderAsync(http, i));
            made = count;
            row($"allocation candidates among {count:N0} providers, all of them (median of 20)", await MedianAsync(http, Ask), aim);
            row($"allocation candidates among {count:N0} providers, limit=100 (median of 20)", await MedianAsync(http, Ask + "&limit=100"), aim);
            row($"allocation candidates among {count:N0} providers, limit=100, a claim before each (median of 20)", await MedianAsync(http, Ask + "&limit=100", claims: true), aim);
        }
    }

    private static string Id(int i) => $"00000000-0000-4000-8000-{i:D12}";

    private static async Task ProviderAsync(HttpClient http, int i)
    {
        (await http.PostAsJsonAsync("/placement/resource_providers", new { name = "bench" + i, uuid = Id(i) })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync($"/placement/resource_providers/{Id(i)}/inventories", new
        {
            resource_provider_generation = 0,
            // Keys, since the writer would change the case of members.
            inventories = new Dictionary<string, object> { ["VCPU"] = new { total = 64, allocation_ratio = 16.0 }, ["MEMORY_MB"] = new { total = 262_144, reserved = 512 }, ["DISK_GB"] = new { total = 4000 } },
        })).EnsureSuccessStatusCode();
    }

    private static async Task<double> MedianAsync(HttpClient http, string path, bool claims = false)
    {
        var times = new List<double>();
        for (var i = 0; i < 23; i++)
        {
            if (claims)
            {
                var allocations = new Dictionary<string, object> { [Id(i)] = new { resources = new Dictionary<string, int> { ["VCPU"] = 1 } } };
                (await http.PutAsJsonAsync($"/placement/allocations/{Guid.NewGuid()}", new { allocations, project_id = "p", user_id = "u", consumer_generation = (int?)null, consumer_type = "INSTANCE" })).EnsureSuccessStatusCode();
            }
            var watch = Stopwatch.StartNew();
            await http.GetByteArrayAsync(path);
            times.Add(watch.Elapsed.TotalMilliseconds);
        }
        // The first three warm up.
        return times.Skip(3).Order().ElementAt(10);
    }
}
