using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.Ipv6;
using Nephos.Node.Networks.Metadata;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>DHCP, metadata and router advertisements, started and stopped as networks and routers come and go.</summary>
internal sealed class NamespaceServers : INamespaceServers
{
    private readonly MetadataServer _metadata;
    private readonly ILogger _log;
    private readonly ITimer _advertise;

    // Written by the driver's calls, which come one at a time; the advertisers are also read by the timer.
    private readonly Dictionary<string, NetworkServers> _networks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string RouterId, string PortId), RouterAdvertiser> _advertisers = new();

    /// <param name="Device">The device's index: another one means that the namespace or its bridge was made anew, and sockets must follow.</param>
    /// <param name="Six">Null while the network's DHCP port has no IPv6 address.</param>
    private sealed record NetworkServers(uint Device, string Mac, DhcpServer Four, Dhcpv6Server? Six, IDisposable Metadata) : IDisposable
    {
        public void Dispose()
        {
            Four.Dispose();
            Six?.Dispose();
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
        var six = service.Addresses.Any(static a => IpText.Version(a.Ip) == 6);
        var index = at.Run(() => Native.IndexOfInterface(device));
        if (_networks.TryGetValue(id, out var running) && (running.Device, running.Mac, running.Six is not null) == (index, service.Mac, six))
        {
            running.Four.Update(view);
            running.Six?.Update(view);
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
            _networks[id] = new NetworkServers(index, service.Mac, four, dhcpv6, await _metadata.ListenAsync(id, at));
        }
        catch
        {
            opened.ForEach(static o => o.Dispose());
            throw;
        }
    }

    public Task ServeRouterAsync(RouterState state, Netns at, CancellationToken cancel)
    {
        var router = state.Router;
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
        return Task.CompletedTask;
    }

    public Task StopAsync(string networkOrRouterId)
    {
        StopNetwork(networkOrRouterId);
        StopAdvertisers(networkOrRouterId, []);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _advertise.DisposeAsync();
        foreach (var id in _networks.Keys.Concat(_advertisers.Keys.Select(static k => k.RouterId)).ToList())
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
