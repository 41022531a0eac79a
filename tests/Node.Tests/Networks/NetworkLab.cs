using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Processes;
using Nephos.Node.Networks;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;

namespace Nephos.Node.Tests.Networks;

/// <summary>
/// A machine in a namespace: a home namespace that plays the host's own, an outside namespace behind it, guests that are namespaces with one card. Nothing reaches the machine's
/// own namespace. What a killed run left is removed by the next one: the names carry the process id and the driver's tag.
/// </summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    public const string HostAddress = "172.24.4.1";
    public const string OutsideAddress = "203.0.113.1";

    private static readonly ProcessRunner Runner = new();
    private readonly List<string> _namespaces = [];
    private readonly string _prefix;
    private int _guests;

    private NetworkLab(NodeOptions options, string prefix)
    {
        Options = options;
        _prefix = prefix;
    }

    public NodeOptions Options { get; }
    public Netns Home => Netns.Named(_prefix + "home");
    public Netns Outside => Netns.Named(_prefix + "out");

    public static async Task<NetworkLab> CreateAsync()
    {
        RemoveLeftovers();
        var directory = Path.Combine(Path.GetTempPath(), "nephos-lab-" + NewId.Hex()[..8]);
        var options = new NodeOptions
        {
            Host = "lab",
            StateDirectory = directory,
            HostIp = "192.0.2.1",
            BridgeAddresses = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["public"] = [HostAddress + "/24"] },
        };
        var lab = new NetworkLab(options, $"nplab-{Environment.ProcessId}-{new NodeNames(directory).Tag}-");
        await lab.AddNamespaceAsync("home");
        await lab.AddNamespaceAsync("out");
        await lab.IpAsync(lab.Home, $"""
            link set lo up
            link add name uplink type veth peer name eth0 netns {lab.Outside.Argument}
            link set uplink up
            address add 203.0.113.2/24 dev uplink
            route add default via {OutsideAddress}
            """);
        await lab.IpAsync(lab.Outside, $"""
            link set lo up
            link set eth0 up
            address add {OutsideAddress}/24 dev eth0
            """);
        return lab;
    }

    public LinuxBridgeDriver Driver(INamespaceServers? servers = null, string tunnel = "192.0.2.1") =>
        new(Runner, Options with { HostIp = tunnel }, Home, servers ?? new NoServers(), NullLogger<LinuxBridgeDriver>.Instance);

    /// <summary>A guest of the port: a namespace with the port's MAC and first address, and its tap, in the home namespace.</summary>
    public async Task<Netns> AddGuestAsync(PortSpec port, string? gateway = null, bool addresses = true)
    {
        var guest = await AddNamespaceAsync("g" + ++_guests);
        await IpAsync(Home, $"link add name {TapNames.Of(port.Id)} type veth peer name eth0 address {port.Mac} netns {guest.Argument}\n");
        var lines = "link set lo up\nlink set eth0 up\n";
        if (addresses)
        {
            lines += string.Concat(port.Addresses.Select(a => $"address add {a.Ip}/{a.PrefixLength} dev eth0{(a.Ip.Contains(':') ? " nodad" : "")}\n"));
            lines += gateway is null ? "" : $"route add default via {gateway}\n";
        }
        await IpAsync(guest, lines);
        return guest;
    }

    public Task<string> IpAsync(Netns at, string batch) => at.RunAsync(Runner, "ip", ["-batch", "-"], batch, default);

    public Task<ProcessResult> RunAsync(Netns at, string program, params string[] arguments) =>
        Runner.RunAsync("nsenter", ["--net=" + at.Path, program, .. arguments]);

    public async Task ShouldReachAsync(Netns from, string address)
    {
        // The first packets may go while neighbours are still asked for; three tries within about three seconds.
        var result = await RunAsync(from, "ping", "-n", "-c", "3", "-i", "0.3", "-W", "1", address);
        result.Ok.ShouldBeTrue($"{address} does not answer: {result.Output}{result.Error}");
    }

    public async Task ShouldNotReachAsync(Netns from, string address) =>
        (await RunAsync(from, "ping", "-n", "-c", "2", "-i", "0.2", "-W", "0.5", address)).Ok.ShouldBeFalse($"{address} answers");

    /// <summary>Everything the driver may have left: namespaces with its tag, tables and devices in the home namespace.</summary>
    public async Task<string> LeftoversAsync()
    {
        var names = new NodeNames(Options.StateDirectory);
        var spaces = Directory.EnumerateFiles(Netns.Directory).Select(Path.GetFileName).Where(n => names.Parse(n!) is not null);
        var tables = (await RunAsync(Home, "nft", "list", "tables")).Output;
        var links = Home.Interfaces().Where(static l => l is not ("lo" or "uplink"));
        return string.Join(' ', spaces.Concat(links)) + tables;
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Options.StateDirectory))
        {
            Directory.Delete(Options.StateDirectory, recursive: true);
        }
        await using var driver = Driver();
        await driver.RemoveAllAsync(default);
        foreach (var name in _namespaces)
        {
            await Runner.RunAsync("ip", ["netns", "del", name]);
        }
    }

    private async Task<Netns> AddNamespaceAsync(string name)
    {
        await Runner.RunOrThrowAsync("ip", ["netns", "add", _prefix + name]);
        _namespaces.Add(_prefix + name);
        return Netns.Named(_prefix + name);
    }

    private static void RemoveLeftovers()
    {
        if (!Directory.Exists(Netns.Directory))
        {
            return;
        }
        var all = Directory.EnumerateFiles(Netns.Directory).Select(static f => Path.GetFileName(f)).ToList();
        foreach (var name in all.Where(static n => n.StartsWith("nplab-", StringComparison.Ordinal)))
        {
            var parts = name.Split('-');
            if (!Directory.Exists("/proc/" + parts[1]))
            {
                foreach (var dead in all.Where(n => n == name || n.StartsWith($"nephos-{parts[2]}-", StringComparison.Ordinal)))
                {
                    Runner.RunAsync("ip", ["netns", "del", dead]).GetAwaiter().GetResult();
                }
            }
        }
    }
}
