#pragma warning disable RS0030 // A cloud that is killed on purpose is started by hand, and its tests wait for real time.
using System.Diagnostics;
using System.Text;
using Nephos.Kernel.Processes;
using Nephos.Testing;

namespace Nephos.Live.Tests;

/// <summary>
/// A whole cloud as a user has it: the program in a process of its own, real guests, real networks, the real client. Everything is in the network namespace
/// that the tests run in, which has no default route; the outside world is another namespace. The machine's own namespace is refused.
/// </summary>
public sealed class LiveCloud : IAsyncDisposable
{
    private const string Outside = "outside";
    public const string OutsideAddress = "198.51.100.2";
    private readonly string _listen;
    private readonly ProcessRunner _runner = new();
    private readonly string _log;
    private readonly string[] _more;
    private readonly string _drivers;
    private Process? _process;
    private bool _hasDisk;
    private volatile Func<string, bool>? _deadly;

    private LiveCloud(string state, int port, string[] more, string drivers = "real")
    {
        _drivers = drivers;
        State = state;
        _more = more;
        _listen = $"127.0.0.1:{port}";
        // Beside it: the disk of the state may be full.
        _log = state + ".log";
    }

    /// <summary>The state directory.</summary>
    public string State { get; }
    public string Url => "http://" + _listen;
    public int Pid => _process!.Id;

    /// <param name="port">Where it listens on loopback.</param>
    /// <param name="environment">More configuration as <c>NEPHOS_KEY=value</c>.</param>
    public static Task<LiveCloud> StartAsync(int port, params string[] environment) => StartOnDiskAsync(port, null, environment);

    /// <summary>On a disk of its own of so many MiB; null: on the machine's.</summary>
    public static async Task<LiveCloud> StartOnDiskAsync(int port, int? diskMib, params string[] environment)
    {
        var cloud = new LiveCloud(Directory.CreateTempSubdirectory("nephos-live-").FullName, port, environment);
        await cloud.RefuseTheMachinesNamespaceAsync();
        if (diskMib is not null)
        {
            await cloud.Run($"mount -t tmpfs -o size={diskMib}m disk {cloud.State}");
            cloud._hasDisk = true;
        }
        Directory.CreateDirectory(Path.Combine(cloud.State, "guest"));
        File.Copy(Environment.GetEnvironmentVariable("NEPHOS_TEST_GUEST") ?? Path.Combine(Repository.Root, ".cache/guest/guest.qcow2"), Path.Combine(cloud.State, "guest/guest.qcow2"));
        await cloud.MakeOutsideAsync();
        await cloud.UpAsync();
        // The bridge of the public network comes with its first router and stays: it belongs to the machine, not to the router.
        await cloud.Run("openstack router create first", cloud.Admin);
        await cloud.Run("openstack router set --external-gateway public first", cloud.Admin);
        await Eventually(() => cloud.Run("ip link show br-public"), 30, "the public network's bridge");
        await cloud.Run("openstack router delete first", cloud.Admin);
        await Eventually(async () =>
        {
            if ((await cloud.Run("ip netns list")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length > 1) { throw new InvalidOperationException("the router's namespace is still there"); }
        }, 30, "the first router to be gone");
        return cloud;
    }

    /// <summary>One with fake drivers, for conversations that need no guests: no networks, no outside world, one image.</summary>
    public static async Task<LiveCloud> StartFakeAsync(int port, params string[] environment)
    {
        var cloud = new LiveCloud(Directory.CreateTempSubdirectory("nephos-live-").FullName, port, environment, "fake");
        await cloud.RefuseTheMachinesNamespaceAsync();
        await cloud.UpAsync();
        return cloud;
    }

    /// <summary>Starts (or starts again) and waits until it is ready.</summary>
    public async Task UpAsync()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = State };
        foreach (var word in new[] { Path.Combine(AppContext.BaseDirectory, "nephos.dll"), "up", "--state", State, "--listen", _listen, "--drivers", _drivers }) { start.ArgumentList.Add(word); }
        start.Environment.Remove("DOTNET_STARTUP_HOOKS");
        foreach (var setting in _more.Select(m => m.Split('=', 2))) { start.Environment[setting[0]] = setting[1]; }
        var process = Process.Start(start)!;
        _process = process;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Line(string? line)
        {
            if (line is null) { return; }
            if (_deadly is { } deadly && deadly(line))
            {
                _deadly = null;
                process.Kill();
            }
            lock (_log) { File.AppendAllText(_log, line + "\n"); }
            if (line.StartsWith("Nephos is ready", StringComparison.Ordinal)) { ready.TrySetResult(); }
        }
        process.OutputDataReceived += (_, e) => Line(e.Data);
        process.ErrorDataReceived += (_, e) => Line(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var first = await Task.WhenAny(ready.Task, process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(60)));
        if (first != ready.Task) { throw new TimeoutException($"the cloud did not become ready:\n{Log()}"); }
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary><c>kill -9</c> the moment the program says such a line; whoever waits is told when it is dead.</summary>
    public async Task DieAtAsync(Func<string, bool> line, TimeSpan limit)
    {
        _deadly = line;
        try { await _process!.WaitForExitAsync().WaitAsync(limit); }
        catch (TimeoutException error) { throw new TimeoutException($"the program did not come to the line that it was to die at:\n{Log()}", error); }
        finally { _deadly = null; }
    }

    /// <summary>Reads one number from a service's database while the program is down.</summary>
    public long Count(string service, string sql)
    {
        using var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(State, "db", service + ".sqlite")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public string Log() => File.Exists(_log) ? string.Join('\n', File.ReadLines(_log).TakeLast(60)) : "";

    /// <summary>The environment of a user of the client.</summary>
    public Dictionary<string, string> UserEnvironment(string user, string password, string project) => new(StringComparer.Ordinal)
    {
        ["OS_AUTH_URL"] = Url + "/identity/v3",
        ["OS_USERNAME"] = user,
        ["OS_PASSWORD"] = password,
        ["OS_PROJECT_NAME"] = project,
        ["OS_USER_DOMAIN_NAME"] = "Default",
        ["OS_PROJECT_DOMAIN_NAME"] = "Default",
        ["OS_REGION_NAME"] = "RegionOne",
        ["OS_IDENTITY_API_VERSION"] = "3",
    };

    public Dictionary<string, string> Admin => UserEnvironment("admin", File.ReadAllText(Path.Combine(State, "admin-password")).Trim(), "admin");

    /// <summary>Runs a command line of words separated by spaces ('...' keeps spaces) and answers its output; fails with everything it said.</summary>
    public async Task<string> Run(string line, IReadOnlyDictionary<string, string>? environment = null, int seconds = 180, int wanted = 0)
    {
        var words = Words(line);
        if (words[0] == "openstack" && environment is not null)
        {
            words = ["env", .. environment.Select(e => $"{e.Key}={e.Value}"), .. words];
        }
        var result = await _runner.RunAsync(words[0], words[1..], limit: TimeSpan.FromSeconds(seconds));
        return result.ExitCode == wanted ? result.Output.TrimEnd()
            : throw new InvalidOperationException($"`{line}` ended with {result.ExitCode}, wanted {wanted}:\n{result.Output}{result.Error}\nthe cloud's log:\n{Log()}");
    }

    /// <summary>Runs a command inside a guest by ssh.</summary>
    public Task<string> Ssh(string key, string address, string command, int wanted = 0) =>
        RunWords(["ssh", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=5", "cirros@" + address, command], wanted);

    private async Task<string> RunWords(string[] words, int wanted)
    {
        var result = await _runner.RunAsync(words[0], words[1..], limit: TimeSpan.FromSeconds(60));
        return result.ExitCode == wanted ? result.Output.TrimEnd() : throw new InvalidOperationException($"`{string.Join(' ', words)}` ended with {result.ExitCode}, wanted {wanted}:\n{result.Output}{result.Error}");
    }

    /// <summary>Tries until it works; fails with the last failure.</summary>
    public static async Task<T> Eventually<T>(Func<Task<T>> look, int seconds, string what)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try { return await look(); }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                if (watch.Elapsed.TotalSeconds > seconds) { throw new TimeoutException($"waited {seconds} s for {what}: {error.Message}", error); }
                await Task.Delay(300);
            }
        }
    }

    /// <inheritdoc cref="Eventually{T}"/>
    public static Task Eventually(Func<Task> look, int seconds, string what) => Eventually(async () => { await look(); return true; }, seconds, what);

    /// <summary>Everything of this cloud that exists on the machine, one thing a line, sorted: what must be the same after all was deleted.</summary>
    public async Task<string> TracesAsync()
    {
        var text = new StringBuilder();
        foreach (var _ in Qemus()) { text.Append("process qemu\n"); }
        foreach (var line in (await Run("ip -o link")).Split('\n')) { text.Append("link ").Append(line.Split(": ")[1].Split('@')[0]).Append('\n'); }
        foreach (var line in (await Run("ip netns list")).Split('\n', StringSplitOptions.RemoveEmptyEntries)) { text.Append("namespace ").Append(line.Split(' ')[0]).Append('\n'); }
        foreach (var line in (await Run("nft list ruleset")).Split('\n')) { text.Append("nft ").Append(line.Contains("packets", StringComparison.Ordinal) ? line.Split("packets")[0] : line).Append('\n'); }
        var guests = Path.Combine(State, "node/guests");
        foreach (var file in Directory.Exists(guests) ? Directory.GetFileSystemEntries(guests) : []) { text.Append("guest folder ").Append(Path.GetFileName(file)).Append('\n'); }
        var lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }

    /// <summary>The process of a server's guest.</summary>
    public static int QemuOf(string server) => Qemus().Single(q => q.Command.Contains(server, StringComparison.Ordinal)).Pid;

    /// <summary>Every QEMU there is: the tests run in a process namespace of their own.</summary>
    private static List<(int Pid, string Command)> Qemus()
    {
        var found = new List<(int, string)>();
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid)) { continue; }
            string command;
            try { command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' '); }
            catch (IOException) { continue; } // it has just ended
            if (command.Contains("qemu-system", StringComparison.Ordinal)) { found.Add((pid, command)); }
        }
        return found;
    }

    private async Task RefuseTheMachinesNamespaceAsync()
    {
        var routes = await Run("ip route show default");
        if (routes.Length > 0) { throw new InvalidOperationException("live tests run in a network namespace without a default route: start them with ./test"); }
    }

    /// <summary>The world beyond the cloud: a namespace that the machine reaches, but that knows no way to guests' addresses.</summary>
    private async Task MakeOutsideAsync()
    {
        if ((await Run("ip netns list")).Contains(Outside, StringComparison.Ordinal)) { return; }
        await Run($"ip netns add {Outside}");
        await Run($"ip link add up0 type veth peer name eth0 netns {Outside}");
        await Run("ip addr add 198.51.100.1/24 dev up0");
        await Run("ip link set up0 up");
        await Run($"ip -n {Outside} addr add {OutsideAddress}/24 dev eth0");
        await Run($"ip -n {Outside} link set eth0 up");
        await Run($"ip -n {Outside} link set lo up");
    }

    private static string[] Words(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quoted = false;
        foreach (var c in line + " ")
        {
            if (c == '\'') { quoted = !quoted; }
            else if (c == ' ' && !quoted)
            {
                if (word.Length > 0) { words.Add(word.ToString()); }
                word.Clear();
            }
            else { word.Append(c); }
        }
        return [.. words];
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false }) { await KillAsync(); }
        await Run($"dotnet {Path.Combine(AppContext.BaseDirectory, "nephos.dll")} down --guests --state {State} --drivers {_drivers}");
        if (_hasDisk) { await Run("umount " + State); }
        Directory.Delete(State, recursive: true);
        File.Delete(_log);
    }

    /// <summary>The program's command line, beside the cloud that runs: <c>config check</c>, <c>up --listen ...</c>. Its output and errors, and how it ended.</summary>
    public async Task<(int ExitCode, string Text)> Nephos(string line)
    {
        var result = await _runner.RunAsync("dotnet", [Path.Combine(AppContext.BaseDirectory, "nephos.dll"), .. Words(line)], limit: TimeSpan.FromSeconds(60));
        return (result.ExitCode, (result.Output + result.Error).Trim());
    }
}
