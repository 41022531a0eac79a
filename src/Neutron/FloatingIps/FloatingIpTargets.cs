using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.FloatingIps;

/// <summary>What a floating IP is translated to, and by whom.</summary>
internal sealed record FloatingIpTarget(string PortId, string DeviceId, string FixedIp, string RouterId);

/// <summary>Finds the target that a request names: upstream's <c>_internal_fip_assoc_data</c> and <c>get_router_for_floatingip</c>, in their order.</summary>
internal static class FloatingIpTargets
{
    public static async Task<FloatingIpTarget> FindAsync(NeutronDb db, RequestContext context, FloatingIp floating, string portId, string? fixedIp)
    {
        var port = await PortView.Scope(db, context).FirstOrDefaultAsync(p => p.Id == portId).ConfigureAwait(false) ?? throw NeutronErrors.PortNotFound(portId);
        if (port.ProjectId != floating.ProjectId && !context.IsAdmin)
        {
            throw FloatingIpErrors.Bad($"Cannot process floating IP association with Port {portId}, since that port is owned by a different project");
        }
        if (port.DeviceOwner == DeviceOwners.Dhcp) { throw FloatingIpErrors.Bad($"Port {portId} is unable to be assigned a floating IP"); }
        var addresses = await db.FixedIps.Where(i => i.PortId == portId).OrderBy(i => i.Position).ToListAsync().ConfigureAwait(false);
        var address = Choose(portId, addresses, fixedIp);
        var routerId = await RouterAsync(db, address, floating.FloatingNetworkId).ConfigureAwait(false) ?? throw FloatingIpErrors.NoGateway(floating.FloatingNetworkId, address.SubnetId, portId);
        if (await db.FloatingIps.AnyAsync(f => f.Id != floating.Id && f.FixedPortId == portId && f.FixedIpAddress == address.Ip && f.FloatingNetworkId == floating.FloatingNetworkId).ConfigureAwait(false))
        {
            throw FloatingIpErrors.PortAlreadyAssociated(floating.FloatingIpAddress, floating.Id, portId, address.Ip, floating.FloatingNetworkId);
        }
        return new FloatingIpTarget(portId, port.DeviceId, address.Ip, routerId);
    }

    private static FixedIp Choose(string portId, List<FixedIp> addresses, string? asked)
    {
        if (asked is not null)
        {
            if (IpAddress.Parse(asked).Version != 4) { throw FloatingIpErrors.Bad($"Cannot process floating IP association with {asked}, since that is not an IPv4 address"); }
            return addresses.FirstOrDefault(i => i.Ip == asked) ?? throw FloatingIpErrors.Bad($"Port {portId} does not have fixed ip {asked}");
        }
        var four = addresses.Where(i => i.IpKey.Length == 8).ToList();
        return four.Count switch
        {
            1 => four[0],
            0 => throw FloatingIpErrors.Bad($"Cannot add floating IP to port {portId} that has no fixed IPv4 addresses"),
            _ => throw FloatingIpErrors.Bad($"Port {portId} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP"),
        };
    }

    /// <summary>A router with a leg into the subnet and a gateway into the external network; of several, the one that is the subnet's gateway.</summary>
    private static async Task<string?> RouterAsync(NeutronDb db, FixedIp address, string externalNetworkId)
    {
        var gateway = await db.Subnets.Where(s => s.Id == address.SubnetId).Select(s => s.GatewayIp).FirstAsync().ConfigureAwait(false);
        var legs = await db.RouterPorts.Where(l => !l.IsGateway).Join(db.FixedIps.Where(i => i.SubnetId == address.SubnetId), l => l.PortId, i => i.PortId, (l, i) => new { l.RouterId, i.Ip })
            .Where(l => db.Routers.Any(r => r.Id == l.RouterId && db.Ports.Any(p => p.Id == r.GatewayPortId && p.NetworkId == externalNetworkId)))
            .OrderBy(l => l.RouterId).ToListAsync().ConfigureAwait(false);
        return (legs.FirstOrDefault(l => l.Ip == gateway) ?? legs.FirstOrDefault())?.RouterId;
    }
}
