using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Neutron.NodeFeed;

namespace Nephos.Neutron.FloatingIps;

/// <summary>Floating IPs lose their port when it goes or loses the address; they stay their project's.</summary>
internal static class FloatingIpRelease
{
    /// <summary>Of ports that are about to go.</summary>
    public static Task OfPortsAsync(NeutronDb db, FeedMarks marks, RequestContext context, IReadOnlyCollection<string> portIds) =>
        ReleaseAsync(db, marks, context, db.FloatingIps.Where(f => f.FixedPortId != null && portIds.Contains(f.FixedPortId)));

    /// <summary>Of a port's addresses that it has no more.</summary>
    public static Task OfLostAddressesAsync(NeutronDb db, FeedMarks marks, RequestContext context, string portId) =>
        ReleaseAsync(db, marks, context, db.FloatingIps.Where(f => f.FixedPortId == portId && !db.FixedIps.Any(i => i.PortId == portId && i.Ip == f.FixedIpAddress)));

    private static async Task ReleaseAsync(NeutronDb db, FeedMarks marks, RequestContext context, IQueryable<FloatingIp> which)
    {
        var found = await which.Select(f => new { f.Id, f.RouterId }).ToListAsync().ConfigureAwait(false);
        if (found.Count == 0) { return; }
        var ids = found.Select(f => f.Id).ToList();
        var now = context.Now;
        await db.FloatingIps.Where(f => ids.Contains(f.Id)).ExecuteUpdateAsync(u => u
            .SetProperty(f => f.FixedPortId, (string?)null).SetProperty(f => f.FixedIpAddress, (string?)null).SetProperty(f => f.RouterId, (string?)null)
            .SetProperty(f => f.Status, FloatingIp.Down).SetProperty(f => f.Revision, f => f.Revision + 1).SetProperty(f => f.UpdatedAt, now)).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Router, [.. found.Select(f => f.RouterId).OfType<string>()]).ConfigureAwait(false);
    }
}
