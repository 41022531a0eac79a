using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Routers;

/// <summary>The gateway as the API shows it.</summary>
internal sealed record GatewayView(string NetworkId, IReadOnlyList<FixedIp> FixedIps);

/// <summary>A router with its gateway, routes and labels.</summary>
internal sealed record RouterView(Router Row, IReadOnlyList<string> Tags, GatewayView? Gateway, IReadOnlyList<RouterRoute> Routes) : IView<Router>
{
    public IReadOnlyDictionary<string, object?> Target => field ??= PolicyTarget.Project(Row.ProjectId);

    /// <summary>Routers that the caller may see: all for admins, else the project's own.</summary>
    public static IQueryable<Router> Scope(NeutronDb db, RequestContext context)
    {
        if (context.IsAdmin) { return db.Routers; }
        var project = context.Who.ProjectId ?? "";
        return db.Routers.Where(r => r.ProjectId == project);
    }

    /// <summary>One query for each of gateway ports, their addresses, routes and labels.</summary>
    public static async Task<IReadOnlyList<RouterView>> LoadAsync(NeutronDb db, IReadOnlyList<Router> routers)
    {
        var ids = routers.Select(r => r.Id).ToList();
        var gateways = routers.Select(r => r.GatewayPortId).OfType<string>().ToList();
        var networks = gateways.Count == 0 ? [] : await db.Ports.Where(p => gateways.Contains(p.Id)).Select(p => new { p.Id, p.NetworkId }).ToDictionaryAsync(p => p.Id, p => p.NetworkId).ConfigureAwait(false);
        var addresses = gateways.Count == 0 ? [] : await db.FixedIps.Where(i => gateways.Contains(i.PortId)).OrderBy(i => i.Position).ToListAsync().ConfigureAwait(false);
        var addressesOf = addresses.ToLookup(i => i.PortId);
        var routes = (await db.RouterRoutes.Where(r => ids.Contains(r.RouterId)).OrderBy(r => r.Destination).ThenBy(r => r.NextHop).ToListAsync().ConfigureAwait(false)).ToLookup(r => r.RouterId);
        var tags = await Tag.OfAsync(db, ids).ConfigureAwait(false);
        return [.. routers.Select(r => new RouterView(r, [.. tags[r.Id]], r.GatewayPortId is { } port ? new GatewayView(networks[port], [.. addressesOf[port]]) : null, [.. routes[r.Id]]))];
    }
}
