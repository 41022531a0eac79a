#pragma warning disable RS0030 // It starts programs and measures time.
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;

namespace Nephos.Bench;

/// <summary>
/// Real guests: from the create call until the server is ACTIVE, which it becomes when its QEMU runs with its card plugged into the network, against the start of the same QEMU by itself with the same arguments. The image is in the node's cache. Needs
/// root and a network namespace without a default route: <c>bench/run guests</c> makes one.
/// </summary>
internal static class GuestBench
{
    private const int Rounds = 10;

    public static async Task RunAsync(string program, string state, Action<string, string, string> row)
    {
        if ((await File.ReadAllLinesAsync("/proc/net/route")).Skip(1).Any(l => l.Split('\t')[1] == "00000000")) { throw new InvalidOperationException("not in a network namespace that has a default route: use bench/run guests"); }
        PutImage(state);
        using var cloud = await Cloud.StartAsync(program, state, "real");
        try
        {
            await cloud.LoginAsync();
            var http = cloud.Http;
            var network = await Program.Make(http, "/networking/v2.0/networks", "network", new { name = "bench" });
            await Program.Make(http, "/networking/v2.0/subnets", "subnet", new { network_id = network, cidr = "10.0.0.0/16", ip_version = 4 });
            var image = (await Program.Get(http, "/image/v2/images"))["images"]![0]!["id"]!.ToString();
            var flavor = await Program.Make(http, "/compute/v2.1/flavors", "flavor", new { name = "bench", ram = 128, vcpus = 1, disk = 0 });
            async Task<(string Id, double Took)> BuildAsync()
            {
                var watch = Stopwatch.StartNew();
                var id = await Program.Make(http, "/compute/v2.1/servers", "server", new { name = "guest", imageRef = image, flavorRef = flavor, networks = new[] { new { uuid = network } } });
                await Program.Active(http, id);
                return (id, watch.Elapsed.TotalMilliseconds);
            }

            await Task.Delay(8000); // warm-up in the background, the accelerator's probe, the image's arrival
            var first = await BuildAsync();
            row("first guest: image not in the node's cache, network new", Ms(first.Took), "");
            var bare = new List<double>();
            for (var i = 0; i < 5; i++) { bare.Add(await BareAsync(state, first.Id)); }
            await RemoveAsync(http, first.Id);
            var all = new List<double>();
            for (var i = 0; i < Rounds; i++)
            {
                var (id, took) = await BuildAsync();
                all.Add(took);
                await RemoveAsync(http, id);
            }
            var (whole, alone) = (Median(all), Median(bare));
            row($"guest create to ACTIVE, real drivers (median of {Rounds})", Ms(whole), "");
            row("the same QEMU started by itself (median of 5)", Ms(alone), "");
            row("what the cloud adds to QEMU's own start", Ms(whole - alone), "400 ms");
        }
        finally
        {
            await cloud.StopAsync();
            using var down = Process.Start(new ProcessStartInfo(program) { ArgumentList = { "down", "--guests", "--state", state, "--drivers", "real" }, RedirectStandardOutput = true })!;
            await down.WaitForExitAsync();
        }
    }

    /// <summary>The image that the tests have built before, so that it is not built again.</summary>
    private static void PutImage(string state)
    {
        var built = Environment.GetEnvironmentVariable("NEPHOS_TEST_GUEST") ?? ".cache/guest/guest.qcow2";
        if (!File.Exists(built)) { return; }
        Directory.CreateDirectory(Path.Combine(state, "guest"));
        File.Copy(built, Path.Combine(state, "guest", "guest.qcow2"));
    }

    /// <summary>The running guest's own command line with another folder, disk, card and id, until QEMU says that the CPUs run.</summary>
    private static async Task<double> BareAsync(string state, string id)
    {
        var (folder, copy) = (Path.Combine(state, "node", "guests", id), Path.Combine(state, "bare"));
        var pid = (await File.ReadAllTextAsync(Path.Combine(folder, "qemu.pid"))).Trim();
        var line = Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{pid}/cmdline")).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        Directory.CreateDirectory(copy);
        File.Copy(Path.Combine(folder, "root.qcow2"), Path.Combine(copy, "root.qcow2"));
        var tap = line.Select(a => a.IndexOf("\"ifname\":\"", StringComparison.Ordinal) is >= 0 and var at ? a[(at + 10)..a.IndexOf('"', at + 10)] : null).OfType<string>().First();
        var start = new ProcessStartInfo(line[0]) { RedirectStandardError = true };
        foreach (var word in line[1..]) { start.ArgumentList.Add(word.Replace(folder, copy, StringComparison.Ordinal).Replace(tap, "bare0", StringComparison.Ordinal)); }
        var watch = Stopwatch.StartNew();
        using var qemu = Process.Start(start)!;
        await qemu.WaitForExitAsync();
        if (qemu.ExitCode != 0) { throw new InvalidOperationException("QEMU by itself did not start: " + await qemu.StandardError.ReadToEndAsync()); }
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(copy, "qmp.sock")));
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync();
        foreach (var command in new[] { "qmp_capabilities", "cont" })
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes($$"""{"execute":"{{command}}"}""" + "\n"));
            while (await reader.ReadLineAsync() is { } answer && !answer.Contains("\"return\"", StringComparison.Ordinal)) { }
        }
        var took = watch.Elapsed.TotalMilliseconds;
        await stream.WriteAsync("{\"execute\":\"quit\"}\n"u8.ToArray());
        var own = int.Parse((await File.ReadAllTextAsync(Path.Combine(copy, "qemu.pid"))).Trim(), CultureInfo.InvariantCulture);
        while (Directory.Exists($"/proc/{own}") && (await File.ReadAllBytesAsync($"/proc/{own}/cmdline")).Length > 0) { await Task.Delay(20); }
        Directory.Delete(copy, recursive: true);
        return took;
    }

    private static async Task RemoveAsync(HttpClient http, string id)
    {
        (await http.DeleteAsync("/compute/v2.1/servers/" + id)).EnsureSuccessStatusCode();
        while ((await http.GetAsync("/compute/v2.1/servers/" + id)).IsSuccessStatusCode) { await Task.Delay(20); }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static string Ms(double value) => value.ToString("#,##0", CultureInfo.InvariantCulture) + " ms";
}
