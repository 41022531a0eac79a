using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Quotas;

namespace Nephos.Neutron.Routers;

/// <summary>Static routes of routers (upstream's extensions extraroute and extraroute-atomic), inside the caller's write.</summary>
internal static class RouterRoutes
{
    /// <summary>Makes the routes those given.</summary>
    public static async Task SetAsync(NeutronDb db, Router router, IReadOnlyCollection<RouteRequest> wanted)
    {
        var (cidrs, addresses) = await LegsAsync(db, router.Id, gateway: true).ConfigureAwait(false);
        Check(wanted, cidrs, addresses);
        var limit = await Quota.LimitAsync(db, router.ProjectId, QuotaResources.Find("router_route")!).ConfigureAwait(false);
        if (limit >= 0 && wanted.Count > limit) { throw RouterErrors.TooManyRoutes(); }
        await db.RouterRoutes.Where(r => r.RouterId == router.Id).ExecuteDeleteAsync().ConfigureAwait(false);
        db.RouterRoutes.AddRange(wanted.Select(w => new RouterRoute { RouterId = router.Id, Destination = w.Destination, NextHop = w.NextHop }));
    }

    public static async Task<HashSet<RouteRequest>> CurrentAsync(NeutronDb db, string routerId) =>
        [.. await db.RouterRoutes.Where(r => r.RouterId == routerId).Select(r => new RouteRequest(r.Destination, r.NextHop)).ToListAsync().ConfigureAwait(false)];

    /// <summary>With a new gateway, or without one, the routes there are must still lead somewhere.</summary>
    public static async Task CheckGatewayAsync(NeutronDb db, string routerId, string? networkId)
    {
        var routes = await CurrentAsync(db, routerId).ConfigureAwait(false);
        if (routes.Count == 0) { return; }
        var (cidrs, addresses) = await LegsAsync(db, routerId, gateway: false).ConfigureAwait(false);
        var outside = await db.Subnets.Where(s => s.NetworkId == networkId).Select(s => s.Cidr).ToListAsync().ConfigureAwait(false);
        Check(routes, [.. cidrs, .. outside.Select(IpNetwork.Parse)], addresses);
    }

    /// <summary>409 when a route's next hop is in the subnet that is to leave the router.</summary>
    public static async Task CheckLeavingAsync(NeutronDb db, string routerId, string subnetId, string cidr)
    {
        var network = IpNetwork.Parse(cidr);
        foreach (var route in await CurrentAsync(db, routerId).ConfigureAwait(false))
        {
            if (network.Contains(IpAddress.Parse(route.NextHop))) { throw RouterErrors.InterfaceInUseByRoute(routerId, subnetId); }
        }
    }

    private static void Check(IReadOnlyCollection<RouteRequest> routes, IReadOnlyCollection<IpNetwork> cidrs, IReadOnlyCollection<string> addresses)
    {
        foreach (var route in routes)
        {
            var hop = IpAddress.Parse(route.NextHop);
            if (!cidrs.Any(c => c.Contains(hop))) { throw Invalid("the nexthop is not connected with router"); }
            if (addresses.Contains(route.NextHop, StringComparer.Ordinal)) { throw Invalid("the nexthop is used by router"); }
        }
        ApiError Invalid(string reason) => RouterErrors.InvalidRoutes($"[{string.Join(", ", routes)}]", reason);
    }

    private static async Task<(List<IpNetwork> Cidrs, List<string> Addresses)> LegsAsync(NeutronDb db, string routerId, bool gateway)
    {
        var legs = await db.RouterPorts.Where(l => l.RouterId == routerId && (gateway || !l.IsGateway)).Join(db.FixedIps, l => l.PortId, i => i.PortId, (l, i) => i)
            .Join(db.Subnets, i => i.SubnetId, s => s.Id, (i, s) => new { i.Ip, s.Cidr }).ToListAsync().ConfigureAwait(false);
        return ([.. legs.Select(l => IpNetwork.Parse(l.Cidr))], [.. legs.Select(l => l.Ip)]);
    }
}
