using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Kernel.Processes;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>
/// Networks out of Linux bridges, veth pairs, vxlan, nftables and namespaces.
/// </summary>
/// <remarks>
/// A tenant network is a namespace with its bridge, so overlapping ranges never meet: each has its own addresses, connection table and rules. A router is
/// a namespace too, with a veth pair to each network. Networks on a physical network are the host's own bridge.
/// The driver keeps what it last made (plans, tables) to write differences only. That memory may be empty or dropped at any time: then the devices are
/// observed and the tables replaced in one transaction, neither of which interrupts traffic. So a restart adopts, and a failure is followed by a fresh look.
/// The files <c>.Networks.cs</c>, <c>.Routers.cs</c> and <c>.Home.cs</c> hold the three kinds of places.
/// </remarks>
internal sealed partial class LinuxBridgeDriver : INetworkDriver
{
    private readonly KernelTools _tools;
    private readonly NodeOptions _options;
    private readonly NodeNames _names;
    private readonly Netns _home;
    private readonly INamespaceServers _servers;
    private readonly ILogger _log;

    /// <summary>Fingerprints of the plans in force, by namespace name.</summary>
    private readonly ConcurrentDictionary<string, string> _plans = new(StringComparer.Ordinal);

    /// <summary>Namespaces made by this process and not filled yet: nothing is in them, so nothing has to be looked at.</summary>
    private readonly ConcurrentDictionary<string, bool> _empty = new(StringComparer.Ordinal);

    /// <summary>Tables in force, by namespace name (empty for the host's own), then in the order they were written.</summary>
    private readonly ConcurrentDictionary<string, IReadOnlyList<NftTable>> _tables = new(StringComparer.Ordinal);

    /// <param name="home">The namespace that counts as the machine's own.</param>
    public LinuxBridgeDriver(IProcessRunner runner, NodeOptions options, Netns home, INamespaceServers servers, ILogger<LinuxBridgeDriver> log)
    {
        _tools = new KernelTools(runner);
        _options = options;
        _names = new NodeNames(options.StateDirectory);
        _home = home;
        _servers = servers;
        _log = log;
    }

    internal NodeNames Names => _names;

    public Task<ObservedNetworks> ObserveAsync(CancellationToken cancel)
    {
        var ours = !Directory.Exists(Netns.Directory) ? []
            : Directory.EnumerateFiles(Netns.Directory).Select(f => _names.Parse(Path.GetFileName(f))).OfType<(bool Router, string Id)>().ToList();
        return Task.FromResult(new ObservedNetworks(
            ours.Where(o => !o.Router).Select(o => o.Id).ToHashSet(StringComparer.Ordinal), ours.Where(o => o.Router).Select(o => o.Id).ToHashSet(StringComparer.Ordinal)));
    }

    public async Task RemoveAllAsync(CancellationToken cancel)
    {
        var observed = await ObserveAsync(cancel);
        foreach (var router in observed.RouterIds)
        {
            await RemoveRouterAsync(router, cancel);
        }
        foreach (var network in observed.NetworkIds)
        {
            await RemoveNetworkAsync(network, cancel);
        }
        await RemoveHomeAsync(cancel);
    }

    public ValueTask DisposeAsync() => _servers.DisposeAsync();

    private static readonly IReadOnlyDictionary<string, ObservedLink> EmptyNamespace =
        new Dictionary<string, ObservedLink>(StringComparer.Ordinal) { ["lo"] = new("lo", null, "", 65536, null, false, null, [], null) };

    private bool IsNew(string name, NamespacePlan plan) => !_plans.TryGetValue(name, out var applied) || applied != plan.Fingerprint();

    /// <summary>Makes a namespace's devices and routes as planned. Returns what was there before.</summary>
    private async Task<IReadOnlyDictionary<string, ObservedLink>> ApplyPlanAsync(string name, Netns at, NamespacePlan plan, CancellationToken cancel)
    {
        _plans.TryRemove(name, out _);
        var empty = _empty.TryRemove(name, out _);
        var links = empty ? Task.FromResult(EmptyNamespace) : _tools.LinksAsync(at, cancel);
        var routes = plan.Routes is not null && !empty ? _tools.RoutesAsync(at, cancel) : Task.FromResult<IReadOnlyList<ObservedRoute>>([]);
        await _tools.IpAsync(at, IpBatch.Decide(plan, await links, await routes), cancel);
        _plans[name] = plan.Fingerprint();
        return await links;
    }

    /// <summary>Makes a namespace's tables so in one transaction: the difference to the tables in force, or whole when those are not known.</summary>
    private async Task ApplyTablesAsync(string name, Netns at, CancellationToken cancel, params IReadOnlyList<NftTable> tables)
    {
        var known = _tables.TryRemove(name, out var before);
        if (known)
        {
            var change = string.Concat(tables.Zip(before!, static (now, old) => now.ChangeFrom(old)));
            try
            {
                await _tools.NftAsync(at, change, cancel);
                _tables[name] = tables;
                return;
            }
            catch (ProcessFailedException e)
            {
                // Somebody else changed our tables, or an earlier write ended half known to us: write them whole.
                _log.LogWarning(e, "The change of the rules in {Namespace} failed, they are replaced", name);
            }
        }
        await _tools.NftAsync(at, string.Concat(tables.Select(static t => t.Replace())), cancel);
        _tables[name] = tables;
    }

    private void Forget(string name)
    {
        _plans.TryRemove(name, out _);
        _tables.TryRemove(name, out _);
        _empty.TryRemove(name, out _);
    }

    private string? PhysicalBridge(NetworkSpec network) =>
        !network.External && network.PhysicalNetwork is null ? null
        : _options.Bridges.TryGetValue(network.PhysicalNetwork ?? "", out var bridge) ? bridge
        : throw new InvalidOperationException($"this host has no bridge for the physical network '{network.PhysicalNetwork}' of network {network.Id}");
}
