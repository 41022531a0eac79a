using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.Dns;
using Nephos.Node.Networks.Ipv6;
using Nephos.Node.Networks.Metadata;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>DHCP, names, metadata and router advertisements, started and stopped as networks and routers come and go.</summary>
internal sealed class NamespaceServers : INamespaceServers
{
    private readonly MetadataServer _metadata;
    private readonly ILogger _log;
    private readonly ITimer _advertise;

    // Written by the driver's calls, which come one at a time; the advertisers are also read by the timer.
    private readonly Dictionary<string, NetworkServers> _networks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string RouterId, string PortId), RouterAdvertiser> _advertisers = new();
    private readonly Dictionary<string, RouterMetadata> _routers = new(StringComparer.Ordinal);

    private sealed record RouterMetadata(RouterPrefixes Prefixes, IDisposable Listener);

    /// <summary>Inside prefixes of a router and their networks; replaced whole, read by accepting.</summary>
    private sealed class RouterPrefixes
    {
        public volatile IReadOnlyList<(System.Net.IPNetwork Prefix, string NetworkId)> List = [];

        public string? NetworkOf(System.Net.IPAddress address) => List.FirstOrDefault(p => p.Prefix.Contains(address)).NetworkId;
    }

    /// <param name="Device">The device's index: another one means that the namespace or its bridge was made anew, and sockets must follow.</param>
    /// <param name="Six">Null while the network's DHCP port has no IPv6 address.</param>
    private sealed record NetworkServers(uint Device, string Mac, DhcpServer Four, Dhcpv6Server? Six, DnsServer Names, IDisposable Metadata) : IDisposable
    {
        public void Dispose()
        {
            Four.Dispose();
            Six?.Dispose();
            Names.Dispose();
            Metadata.Dispose();
        }
    }

    public NamespaceServers(IInstanceMetadata metadata, TimeProvider time, ILoggerFactory logs)
    {
        _metadata = new MetadataServer(metadata, logs);
        _log = logs.CreateLogger<NamespaceServers>();
        _advertise = time.CreateTimer(_ => Advertise(), null, RouterAdvertiser.Interval, RouterAdvertiser.Interval);
    }

    public async Task ServeNetworkAsync(NetworkState state, Netns at, string device, CancellationToken cancel)
    {
        var id = state.Network.Id;
        if (state.Network.Dhcp is not { } service)
        {
            StopNetwork(id);
            return;
        }
        var view = new DhcpView(state);
        var names = new DnsView(state);
        var six = service.Addresses.Any(static a => IpText.Version(a.Ip) == 6);
        var index = at.Run(() => Native.IndexOfInterface(device));
        if (_networks.TryGetValue(id, out var running) && (running.Device, running.Mac, running.Six is not null) == (index, service.Mac, six))
        {
            running.Four.Update(view);
            running.Six?.Update(view);
            running.Names.Update(names);
            return;
        }
        StopNetwork(id);
        var opened = new List<IDisposable>();
        try
        {
            var four = new DhcpServer(at, device, view, _log);
            opened.Add(four);
            var dhcpv6 = six ? new Dhcpv6Server(at, device, view, _log) : null;
            opened.AddRange(dhcpv6 is null ? [] : [dhcpv6]);
            var dns = new DnsServer(at, names, _log);
            opened.Add(dns);
            _networks[id] = new NetworkServers(index, service.Mac, four, dhcpv6, dns, await _metadata.ListenAsync(id, at));
        }
        catch
        {
            opened.ForEach(static o => o.Dispose());
            throw;
        }
    }

    public async Task ServeRouterAsync(RouterState state, Netns at, CancellationToken cancel)
    {
        var router = state.Router;
        await ServeRouterMetadataAsync(router, at);
        var wanted = router.Legs.Select(l => (Leg: l, Bytes: RouterAdvertisement.Write(l, state.Networks[l.NetworkId]))).Where(static l => l.Bytes is not null).ToList();
        StopAdvertisers(router.Id, wanted.Select(static w => w.Leg.PortId).ToHashSet(StringComparer.Ordinal));
        foreach (var (leg, bytes) in wanted)
        {
            var device = NodeNames.RouterLeg(leg.PortId);
            if (_advertisers.TryGetValue((router.Id, leg.PortId), out var running) && running.Device == at.Run(() => Native.IndexOfInterface(device)))
            {
                running.Update(bytes!);
                continue;
            }
            running?.Dispose();
            _advertisers[(router.Id, leg.PortId)] = new RouterAdvertiser(at, device, bytes!, _log);
        }
    }

    /// <summary>For guests that did not take the route of DHCP (configured by hand, or from a config drive): their request follows the default route to the router.</summary>
    private async Task ServeRouterMetadataAsync(RouterSpec router, Netns at)
    {
        var prefixes = router.Legs.SelectMany(static l => l.Addresses.Where(static a => IpText.Version(a.Ip) == 4).Select(a => (IpText.Parse($"{a.Ip}/{a.PrefixLength}"), l.NetworkId))).ToList();
        if (_routers.TryGetValue(router.Id, out var running))
        {
            running.Prefixes.List = prefixes;
            return;
        }
        var known = new RouterPrefixes { List = prefixes };
        _routers[router.Id] = new RouterMetadata(known, await _metadata.ListenAsync(known.NetworkOf, at, IpText.Parse(LinuxBridgeDriver.MetadataAddress).BaseAddress));
    }

    public Task StopAsync(string networkOrRouterId)
    {
        StopNetwork(networkOrRouterId);
        StopAdvertisers(networkOrRouterId, []);
        if (_routers.Remove(networkOrRouterId, out var router))
        {
            router.Listener.Dispose();
        }
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _advertise.DisposeAsync();
        foreach (var id in _networks.Keys.Concat(_routers.Keys).ToList())
        {
            await StopAsync(id);
        }
        await _metadata.DisposeAsync();
    }

    private void StopNetwork(string id)
    {
        if (_networks.Remove(id, out var running))
        {
            running.Dispose();
        }
    }

    private void StopAdvertisers(string routerId, HashSet<string> except)
    {
        foreach (var key in _advertisers.Keys.Where(k => k.RouterId == routerId && !except.Contains(k.PortId)).ToList())
        {
            if (_advertisers.TryRemove(key, out var running))
            {
                running.Dispose();
            }
        }
    }

    private void Advertise()
    {
        foreach (var advertiser in _advertisers.Values)
        {
            advertiser.Send();
        }
    }
}
