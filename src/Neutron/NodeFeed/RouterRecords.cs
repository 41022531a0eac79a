using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.NodeFeed;

/// <summary>Routers as their host needs them.</summary>
internal static class RouterRecords
{
    /// <summary>Routers of the host; of these only the asked ones, if any are named. One query per table.</summary>
    public static async Task<List<RouterSpec>> LoadAsync(NeutronDb db, string host, List<string>? only)
    {
        var rows = await db.Routers.Where(r => r.HostId == host && (only == null || only.Contains(r.Id))).ToListAsync().ConfigureAwait(false);
        if (rows.Count == 0) { return []; }
        var ids = rows.Select(r => r.Id).ToList();
        var legs = await db.RouterPorts.Where(l => ids.Contains(l.RouterId))
            .Join(db.Ports, l => l.PortId, p => p.Id, (l, p) => new { l.RouterId, l.IsGateway, p.Id, p.NetworkId, p.Mac, p.CreatedAt }).OrderBy(p => p.CreatedAt).ThenBy(p => p.Id).ToListAsync().ConfigureAwait(false);
        var portIds = legs.Select(l => l.Id).ToList();
        var ips = (await db.FixedIps.Where(i => portIds.Contains(i.PortId)).Join(db.Subnets, i => i.SubnetId, s => s.Id, (i, s) => new { i.PortId, i.Ip, i.Position, i.SubnetId, s.Cidr, s.GatewayIp }).ToListAsync().ConfigureAwait(false))
            .OrderBy(i => i.Position).ToLookup(i => i.PortId);
        var routes = (await db.RouterRoutes.Where(r => ids.Contains(r.RouterId)).OrderBy(r => r.Destination).ThenBy(r => r.NextHop).ToListAsync().ConfigureAwait(false)).ToLookup(r => r.RouterId);
        var floating = (await db.FloatingIps.Where(f => f.RouterId != null && ids.Contains(f.RouterId) && f.FixedIpAddress != null).OrderBy(f => f.Id).ToListAsync().ConfigureAwait(false)).ToLookup(f => f.RouterId!);
        IReadOnlyList<PortAddress> Addresses(string port) => [.. ips[port].Select(i => new PortAddress(i.SubnetId, i.Ip, IpNetwork.Parse(i.Cidr).PrefixLength))];
        return [.. rows.Select(r => new RouterSpec
        {
            Id = r.Id,
            ProjectId = r.ProjectId,
            AdminStateUp = r.AdminStateUp,
            Gateway = legs.FirstOrDefault(l => l.RouterId == r.Id && l.IsGateway) is { } gateway
                ? new RouterGateway(gateway.Id, gateway.NetworkId, gateway.Mac, Addresses(gateway.Id), r.EnableSnat, [.. ips[gateway.Id].Select(i => i.GatewayIp).OfType<string>().Distinct()])
                : null,
            Legs = [.. legs.Where(l => l.RouterId == r.Id && !l.IsGateway).Select(l => new RouterLeg(l.Id, l.NetworkId, l.Mac, Addresses(l.Id)))],
            Routes = [.. routes[r.Id].Select(x => new HostRoute(x.Destination, x.NextHop))],
            FloatingIps = [.. floating[r.Id].Select(f => new FloatingIpSpec(f.Id, f.FloatingIpAddress, f.FixedIpAddress!))],
        })];
    }
}
