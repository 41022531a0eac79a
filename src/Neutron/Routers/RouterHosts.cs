using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Neutron.Agents;
using Nephos.Neutron.NodeFeed;

namespace Nephos.Neutron.Routers;

/// <summary>
/// Which host has a router: the one with the fewest whose L3 agent is alive when the router is made. While none is, the router waits, and the next agent that
/// reports takes it. Upstream: L3 agent scheduler.
/// </summary>
internal static class RouterHosts
{
    /// <summary>A host for a new router; empty when no agent is alive.</summary>
    public static async Task<string> ChooseAsync(NeutronDb db, DateTime now)
    {
        var since = now - Limits.AgentDownTime;
        return await db.Agents.Where(a => a.AgentType == AgentTypes.L3 && a.AdminStateUp && a.HeartbeatAt > since)
            .OrderBy(a => db.Routers.Count(r => r.HostId == a.Host)).ThenBy(a => a.Host).Select(a => a.Host).FirstOrDefaultAsync().ConfigureAwait(false) ?? "";
    }

    /// <summary>Gives a host the routers that wait for one. To be called inside a write when its L3 agent reports.</summary>
    public static async Task AdoptAsync(NeutronDb db, FeedMarks marks, string host)
    {
        var waiting = await db.Routers.Where(r => r.HostId == "").Select(r => r.Id).ToListAsync().ConfigureAwait(false);
        await MoveAsync(db, marks, waiting, host).ConfigureAwait(false);
    }

    /// <summary>Puts routers with their ports on a host; empty: on none.</summary>
    public static async Task MoveAsync(NeutronDb db, FeedMarks marks, IReadOnlyCollection<string> routerIds, string host)
    {
        if (routerIds.Count == 0) { return; }
        var ports = await db.RouterPorts.Where(p => routerIds.Contains(p.RouterId)).Join(db.Ports, l => l.PortId, p => p.Id, (l, p) => new { p.Id, p.NetworkId }).ToListAsync().ConfigureAwait(false);
        var ids = ports.Select(p => p.Id).ToList();
        var vif = RoutingPorts.VifType(host);
        await db.Routers.Where(r => routerIds.Contains(r.Id)).ExecuteUpdateAsync(u => u.SetProperty(r => r.HostId, host)).ConfigureAwait(false);
        await db.Ports.Where(p => ids.Contains(p.Id)).ExecuteUpdateAsync(u => u.SetProperty(p => p.HostId, host).SetProperty(p => p.VifType, vif).SetProperty(p => p.Status, "DOWN")).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Router, routerIds).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, ids).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Network, [.. ports.Select(p => p.NetworkId)]).ConfigureAwait(false);
    }
}
