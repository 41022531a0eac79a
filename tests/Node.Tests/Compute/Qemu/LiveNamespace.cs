using System.Globalization;
using Nephos.Kernel.Processes;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Networks;
using Nephos.Node.Tests.Guests;

namespace Nephos.Node.Tests.Compute.Qemu;

/// <summary>
/// A network namespace and a folder for guests of a test: QEMU runs in the namespace, so its taps are there and no packet leaves. The names hold the test
/// process's id; what a crashed test process left is cleaned by the next one.
/// </summary>
internal sealed class LiveNamespace : IProcessRunner, IDisposable
{
    private const string Prefix = "nn";
    private static readonly ProcessRunner Runner = new();
    private static int _count;

    private LiveNamespace()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
        Folder = Path.Combine(Path.GetTempPath(), Name);
    }

    public string Name { get; }

    public string Folder { get; }

    public static async Task<LiveNamespace> MakeAsync()
    {
        await CleanAsync();
        var made = new LiveNamespace();
        Directory.CreateDirectory(made.Folder);
        await Runner.RunOrThrowAsync("ip", ["netns", "add", made.Name]);
        await made.RunOrThrowAsync("ip", ["link", "set", "lo", "up"]);
        return made;
    }

    /// <summary>Runs a program in the namespace.</summary>
    public Task<ProcessResult> RunAsync(string program, IReadOnlyList<string> arguments, ReadOnlyMemory<byte>? input = null, TimeSpan? limit = null, CancellationToken cancel = default) =>
        Runner.RunAsync("nsenter", ["--net=/run/netns/" + Name, "--", program, .. arguments], input, limit, cancel);

    public void Dispose() => RemoveAsync(Name).GetAwaiter().GetResult();

    /// <summary>The test guest: the repository's own build script makes it, or a variable names it.</summary>
    public static string Image()
    {
        var named = Environment.GetEnvironmentVariable("NEPHOS_TEST_GUEST");
        if (!string.IsNullOrEmpty(named))
        {
            return named;
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var path = Path.Combine(folder.FullName, ".cache", "guest", "guest.qcow2");
            if (File.Exists(path))
            {
                return path;
            }
        }
        throw new FileNotFoundException("There is no test guest: run guest/build-guest, or name one in NEPHOS_TEST_GUEST");
    }

    private static async Task CleanAsync()
    {
        foreach (var path in Directory.EnumerateDirectories(Path.GetTempPath(), Prefix + "*").Concat(Directory.Exists("/run/netns") ? Directory.EnumerateFiles("/run/netns", Prefix + "*") : []))
        {
            var name = Path.GetFileName(path);
            var dash = name.IndexOf('-', StringComparison.Ordinal);
            if (dash > 0 && int.TryParse(name.AsSpan(Prefix.Length, dash - Prefix.Length), CultureInfo.InvariantCulture, out var pid) && !Directory.Exists($"/proc/{pid}"))
            {
                await RemoveAsync(name);
            }
        }
    }

    private static async Task RemoveAsync(string name)
    {
        var folder = Path.Combine(Path.GetTempPath(), name);
        foreach (var pid in QemuProcess.FindAll(folder).ToList())
        {
            await QemuProcess.KillAsync(pid, folder, TimeProvider.System, default);
        }
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        if (File.Exists("/run/netns/" + name))
        {
            await Runner.RunOrThrowAsync("ip", ["netns", "del", name]);
        }
    }
}

/// <summary>Sets the tap up, in the namespace, and remembers it.</summary>
internal sealed class LivePlug(LiveNamespace ns) : INetworkPlug
{
    public RecordingPlug Recorded { get; } = new();

    public async Task PlugAsync(string portId, string tap, CancellationToken cancel)
    {
        await Recorded.PlugAsync(portId, tap, cancel);
        await ns.RunOrThrowAsync("ip", ["link", "set", tap, "up"], cancel: cancel);
    }
}
