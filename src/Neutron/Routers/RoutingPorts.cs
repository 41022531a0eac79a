using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.Routers;

/// <summary>A port of a router or a floating IP, to be made.</summary>
/// <param name="ProjectId">Empty for gateways and floating IPs: their ports are nobody's to see (upstream: "intentionally not set").</param>
/// <param name="HostId">Where the router is; empty: nowhere yet.</param>
/// <param name="Asked">Null: any addresses.</param>
internal sealed record NewRoutingPort(string Id, string ProjectId, string NetworkId, string DeviceId, string DeviceOwner, string HostId, IReadOnlyList<FixedIpRequest>? Asked);

/// <summary>Ports that routers and floating IPs make for themselves, inside the caller's write: without quota, security groups and anti-spoofing, as upstream's.</summary>
internal static class RoutingPorts
{
    public static async Task CreateAsync(NeutronDb db, FeedMarks marks, RequestContext context, NewRoutingPort wanted)
    {
        var port = new Port
        {
            Id = wanted.Id,
            ProjectId = wanted.ProjectId,
            Name = "",
            NetworkId = wanted.NetworkId,
            Mac = "",
            DeviceId = wanted.DeviceId,
            DeviceOwner = wanted.DeviceOwner,
            HostId = wanted.HostId,
            VifType = VifType(wanted.HostId),
            Status = wanted.DeviceOwner == DeviceOwners.FloatingIp ? "N/A" : "DOWN",
            PortSecurityEnabled = false,
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        await PortRows.InsertAsync(db, marks, context, port, null, wanted.Asked, []).ConfigureAwait(false);
    }

    public static async Task DeleteAsync(NeutronDb db, FeedMarks marks, RequestContext context, string id) =>
        await PortRows.RemoveAsync(db, marks, context, await db.Ports.Where(p => p.Id == id).ToListAsync().ConfigureAwait(false)).ConfigureAwait(false);

    public static string VifType(string host) => host.Length > 0 ? Bindings.Bridge : Bindings.Unbound;
}
