using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.FloatingIps;

/// <summary>What happens to floating IPs when their port changes or goes, inside the port's write.</summary>
internal static class FloatingIpRelease
{
    /// <summary>
    /// Before ports are deleted: their floating IPs stay, without port. Upstream's 409 when one of them belongs to a project that the caller is not of, who could not associate it again.
    /// </summary>
    public static async Task OfPortsAsync(NeutronDb db, FeedMarks marks, RequestContext context, IReadOnlyCollection<string> portIds)
    {
        var floating = await db.FloatingIps.AsTracking().Where(f => f.FixedPortId != null && portIds.Contains(f.FixedPortId)).ToListAsync().ConfigureAwait(false);
        if (floating.Count == 0) { return; }
        if (!context.IsAdmin && floating.FirstOrDefault(f => f.ProjectId != context.Who.ProjectId) is { } foreign) { throw FloatingIpErrors.PortHasForeign(foreign.FixedPortId!); }
        var routers = floating.Select(f => f.RouterId).OfType<string>().ToList();
        foreach (var one in floating)
        {
            (one.FixedPortId, one.FixedIpAddress, one.RouterId, one.Status) = (null, null, null, FloatingIp.Down);
            one.Touch(context);
            db.Record(context, "update", "floatingip", one.Id, one.ProjectId);
        }
        await marks.MarkAsync(db, NetworkRecordKind.Router, routers).ConfigureAwait(false);
        // The ports are deleted by a statement of their own, which the foreign key must let through.
        await db.SaveChangesAsync().ConfigureAwait(false);
    }

    /// <summary>Before an external network is deleted: its floating IPs without port do not keep it.</summary>
    public static async Task DeleteFreeAsync(NeutronDb db, FeedMarks marks, RequestContext context, string networkId)
    {
        var free = await db.FloatingIps.Where(f => f.FloatingNetworkId == networkId && f.FixedPortId == null).ToListAsync().ConfigureAwait(false);
        if (free.Count == 0) { return; }
        var (ids, portIds) = (free.Select(f => f.Id).ToList(), free.Select(f => f.FloatingPortId).ToList());
        await db.FloatingIps.Where(f => ids.Contains(f.Id)).ExecuteDeleteAsync().ConfigureAwait(false);
        await Tag.RemoveAsync(db, ids).ConfigureAwait(false);
        await PortRows.RemoveAsync(db, marks, context, await db.Ports.Where(p => portIds.Contains(p.Id)).ToListAsync().ConfigureAwait(false)).ConfigureAwait(false);
        foreach (var one in free) { db.Record(context, "delete", "floatingip", one.Id, one.ProjectId); }
    }

    /// <summary>After a port's addresses changed: upstream's 400 when it lost one that a floating IP is translated to.</summary>
    public static async Task CheckAddressesAsync(NeutronDb db, string portId)
    {
        if (await db.FloatingIps.AnyAsync(f => f.FixedPortId == portId && !db.FixedIps.Any(i => i.PortId == portId && i.Ip == f.FixedIpAddress)).ConfigureAwait(false))
        {
            throw FloatingIpErrors.FixedIpOfPortInUse(portId);
        }
    }
}
