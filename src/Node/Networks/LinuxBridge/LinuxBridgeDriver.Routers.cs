using System.ComponentModel;
using System.Net;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.LinuxBridge;

internal sealed partial class LinuxBridgeDriver
{
    /// <summary>Forwarding on, here and in no other namespace of ours. A router believes no other router's advertisements.</summary>
    private static readonly Dictionary<string, string> RouterSysctls = new(StringComparer.Ordinal)
    {
        ["ipv4/ip_forward"] = "1",
        ["ipv4/conf/all/rp_filter"] = "0",
        ["ipv4/conf/default/rp_filter"] = "0",
        ["ipv4/conf/all/promote_secondaries"] = "1",
        ["ipv4/conf/all/send_redirects"] = "0",
        ["ipv4/conf/default/send_redirects"] = "0",
        ["ipv6/conf/all/forwarding"] = "1",
        ["ipv6/conf/default/accept_ra"] = "0",
        ["ipv6/conf/default/accept_dad"] = "0",
    };

    /// <summary>Legs whose other end is known to be on its bridge.</summary>
    private readonly HashSet<(string PortId, string NetworkId)> _legs = [];

    public async Task ApplyRouterAsync(RouterState state, CancellationToken cancel)
    {
        var router = state.Router;
        if (!router.AdminStateUp)
        {
            await RemoveRouterAsync(router.Id, cancel);
            return;
        }
        var name = _names.Router(router.Id);
        try
        {
            var at = await NamespaceAsync(name, RouterSysctls, cancel);
            var places = Places(state);
            var plan = RouterPlan.Links(state, places.ToDictionary(static p => p.Key, static p => p.Value.At.Argument, StringComparer.Ordinal));
            // Translation first: a packet that left with an untranslated source would make a connection that stays so.
            await ApplyTablesAsync(name, at, cancel, RouterPlan.Nat(router));
            if (IsNew(name, plan))
            {
                // A leg that is made anew has a new other end.
                var present = at.Interfaces();
                _legs.RemoveWhere(l => !present.Contains(NodeNames.RouterLeg(l.PortId)) && !present.Contains(NodeNames.Gateway(l.PortId)) && Belongs(router, l.PortId));
                var before = await ApplyPlanAsync(name, at, plan, cancel);
                await AttachLegsAsync(router, places, cancel);
                Announce(at, plan, before);
                ForgetConnections(at, plan, before);
            }
            await _servers.ServeRouterAsync(state, at, cancel);
        }
        catch
        {
            Forget(name);
            throw;
        }
    }

    public async Task RemoveRouterAsync(string routerId, CancellationToken cancel)
    {
        await _servers.StopAsync(routerId);
        var name = _names.Router(routerId);
        Forget(name);
        await _tools.RemoveNamespaceAsync(name, cancel);
        // Which legs were its own is not known here after a restart, and looking again costs little.
        _legs.Clear();
    }

    private static bool Belongs(RouterSpec router, string portId) => router.Gateway?.PortId == portId || router.Legs.Any(l => l.PortId == portId);

    /// <summary>For each network of the router: the namespace and the bridge its legs end on.</summary>
    private Dictionary<string, (Netns At, string Bridge)> Places(RouterState state) => state.Networks.ToDictionary(static n => n.Key, n =>
        PhysicalBridge(n.Value) is { } physical ? (_home, physical) : (Netns.Named(_names.Network(n.Key)), NodeNames.Bridge(n.Key)), StringComparer.Ordinal);

    private async Task AttachLegsAsync(RouterSpec router, Dictionary<string, (Netns At, string Bridge)> places, CancellationToken cancel)
    {
        var legs = router.Legs.Select(static l => (l.PortId, l.NetworkId, Peer: NodeNames.RouterLegPeer(l.PortId))).ToList();
        if (router.Gateway is { } gateway)
        {
            legs.Add((gateway.PortId, gateway.NetworkId, NodeNames.GatewayPeer(gateway.PortId)));
        }
        foreach (var place in legs.Where(l => !_legs.Contains((l.PortId, l.NetworkId))).GroupBy(static l => l.NetworkId, StringComparer.Ordinal))
        {
            var (at, bridge) = places[place.Key];
            await _tools.IpAsync(at, string.Concat(place.Select(l => $"link set dev {l.Peer} master {bridge} up\n")), cancel);
            _legs.UnionWith(place.Select(static l => (l.PortId, l.NetworkId)));
        }
    }

    /// <summary>Tells the neighbours of addresses that are new here, or moved here from another router or host.</summary>
    private void Announce(Netns at, NamespacePlan plan, IReadOnlyDictionary<string, ObservedLink> before)
    {
        foreach (var link in plan.Links.Where(static l => l.Mac is not null))
        {
            var fresh = link.Addresses.Except(before.GetValueOrDefault(link.Name)?.Addresses ?? [], StringComparer.Ordinal)
                .Select(static a => IPAddress.Parse(a[..a.IndexOf('/', StringComparison.Ordinal)])).Where(static a => IpText.Version(a) == 4).ToList();
            if (fresh.Count == 0)
            {
                continue;
            }
            try
            {
                using var frames = at.Run(() => new RawFrames(link.Name));
                fresh.ForEach(a => frames.Send(RawFrames.GratuitousArp(IpText.Mac(link.Mac!), a)));
            }
            catch (Win32Exception e)
            {
                // Neighbours find out by asking; only the first seconds after a move are lost.
                _log.LogWarning(e, "Addresses of {Device} could not be announced", link.Name);
            }
        }
    }

    /// <summary>A floating address that left takes its connections along, as upstream's agent does.</summary>
    private static void ForgetConnections(Netns at, NamespacePlan plan, IReadOnlyDictionary<string, ObservedLink> before)
    {
        var now = plan.Links.SelectMany(static l => l.Addresses).ToHashSet(StringComparer.Ordinal);
        var gone = before.Values.Where(static l => l.Name.StartsWith("qg-", StringComparison.Ordinal)).SelectMany(static l => l.Addresses)
            .Where(a => !now.Contains(a) && a.EndsWith("/32", StringComparison.Ordinal)).Select(IpText.Parse).ToList();
        if (gone.Count > 0)
        {
            at.Run(() => Conntrack.Delete(gone.ConvertAll(static g => new ConnectionFilter(null, null, g, null))));
        }
    }
}
