using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.Routers;

/// <summary>
/// The leg into an external network: a port without project, whose addresses are the router's outside. Changes run inside the caller's write, in the order
/// of upstream's <c>_update_router_gw_info</c>.
/// </summary>
internal static class RouterGateways
{
    /// <summary>Gives the router that gateway, or none.</summary>
    /// <param name="router">Tracked.</param>
    public static async Task SetAsync(NeutronDb db, FeedMarks marks, RequestContext context, Router router, GatewayRequest? wanted)
    {
        router.EnableSnat = wanted?.EnableSnat ?? true;
        var network = wanted is null ? null : await CheckNetworkAsync(db, context, wanted).ConfigureAwait(false);
        await RouterRoutes.CheckGatewayAsync(db, router.Id, network?.Id).ConfigureAwait(false);
        var current = router.GatewayPortId is null ? null : await db.Ports.FirstAsync(p => p.Id == router.GatewayPortId).ConfigureAwait(false);
        if (current is not null && current.NetworkId == network?.Id)
        {
            if (wanted!.FixedIps is { Count: > 0 } asked) { await MoveAsync(db, marks, current, asked).ConfigureAwait(false); }
            return;
        }
        if (current is not null)
        {
            if (await db.FloatingIps.AnyAsync(f => f.RouterId == router.Id).ConfigureAwait(false)) { throw RouterErrors.GatewayInUse(router.Id, current.NetworkId); }
            router.GatewayPortId = null;
            await RoutingPorts.DeleteAsync(db, marks, context, current.Id).ConfigureAwait(false);
        }
        if (network is not null) { await AddAsync(db, marks, context, router, network, wanted!).ConfigureAwait(false); }
    }

    private static async Task<Network> CheckNetworkAsync(NeutronDb db, RequestContext context, GatewayRequest wanted)
    {
        var network = await NetworkView.Scope(db, context).FirstOrDefaultAsync(n => n.Id == wanted.NetworkId).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(wanted.NetworkId);
        if (!network.External) { throw RouterErrors.Bad($"Network {network.Id} is not an external network"); }
        var asked = (wanted.FixedIps ?? []).Select(i => i.IpAddress).OfType<string>().ToList();
        var taken = asked.Count == 0 ? null : await db.Subnets.Where(s => s.NetworkId == network.Id && s.GatewayIp != null && asked.Contains(s.GatewayIp)).Select(s => s.GatewayIp).FirstOrDefaultAsync().ConfigureAwait(false);
        return taken is null ? network : throw RouterErrors.Bad($"External IP {taken} is the same as the gateway IP");
    }

    /// <summary>Other addresses of the gateway that is there.</summary>
    private static async Task MoveAsync(NeutronDb db, FeedMarks marks, Port port, IReadOnlyList<FixedIpRequest> asked)
    {
        var current = await db.FixedIps.Where(i => i.PortId == port.Id).OrderBy(i => i.Position).ToListAsync().ConfigureAwait(false);
        if (Same(current.Select(i => i.SubnetId), asked.Select(i => i.SubnetId)) && Same(current.Select(i => i.Ip), asked.Select(i => i.IpAddress))) { return; }
        var taker = new AddressTaker(port.Id, port.NetworkId, port.Mac, port.DeviceOwner);
        db.FixedIps.AddRange(await FixedIpOperations.ChangeAsync(db, taker, current, asked, macChanged: false).ConfigureAwait(false));
        await marks.MarkAsync(db, NetworkRecordKind.Port, port.Id).ConfigureAwait(false);
    }

    private static bool Same(IEnumerable<string> there, IEnumerable<string?> asked) => there.ToHashSet(StringComparer.Ordinal).SetEquals(asked.OfType<string>());

    private static async Task AddAsync(NeutronDb db, FeedMarks marks, RequestContext context, Router router, Network network, GatewayRequest wanted)
    {
        await RouterSubnets.CheckAsync(db, router.Id, await db.Subnets.Where(s => s.NetworkId == network.Id).ToListAsync().ConfigureAwait(false)).ConfigureAwait(false);
        var id = NewId.Uuid();
        await RoutingPorts.CreateAsync(db, marks, context, new NewRoutingPort(id, "", network.Id, router.Id, DeviceOwners.RouterGateway, router.HostId, wanted.FixedIps is { Count: > 0 } ips ? ips : null)).ConfigureAwait(false);
        db.RouterPorts.Add(new RouterPort { PortId = id, RouterId = router.Id, IsGateway = true });
        router.GatewayPortId = id;
    }
}
