using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;

namespace Nephos.Neutron.Ports;

/// <summary>Ports as other services see them: one query for the ports with their networks, one for the addresses with their subnets, one each for groups and floating IPs.</summary>
internal static class PortFactsQuery
{
    public static async Task<IReadOnlyList<PortFacts>> LoadAsync(NeutronDb db, IQueryable<Port> which)
    {
        var rows = await which.Join(db.Networks, p => p.NetworkId, n => n.Id, (p, n) => new
        {
            p.Id, p.NetworkId, NetworkName = n.Name, p.ProjectId, p.Mac, p.DeviceId, p.DeviceOwner, p.HostId, p.Status, p.VifType, n.Mtu, p.PortSecurityEnabled, p.DnsName, p.CreatedAt,
        }).OrderBy(p => p.CreatedAt).ThenBy(p => p.Id).ToListAsync().ConfigureAwait(false);
        if (rows.Count == 0) { return []; }
        var ids = rows.Select(r => r.Id).ToList();
        var ips = (await db.FixedIps.Where(i => ids.Contains(i.PortId)).Join(db.Subnets, i => i.SubnetId, s => s.Id, (i, s) => new { i.PortId, i.Ip, i.Position, Subnet = s }).ToListAsync().ConfigureAwait(false))
            .OrderBy(i => i.Position).ToLookup(i => i.PortId);
        var groups = (await db.PortSecurityGroups.Where(b => ids.Contains(b.PortId)).Join(db.SecurityGroups, b => b.SecurityGroupId, g => g.Id, (b, g) => new { b.PortId, g.Id, g.Name }).ToListAsync().ConfigureAwait(false))
            .ToLookup(b => b.PortId, b => (b.Id, b.Name));
        var floating = (await db.FloatingIps.Where(f => f.FixedPortId != null && ids.Contains(f.FixedPortId)).Select(f => new { f.FixedPortId, f.FixedIpAddress, f.FloatingIpAddress }).ToListAsync().ConfigureAwait(false))
            .ToLookup(f => (f.FixedPortId!, f.FixedIpAddress ?? ""), f => f.FloatingIpAddress);
        return [.. rows.Select(r => new PortFacts
        {
            Id = r.Id,
            NetworkId = r.NetworkId,
            NetworkName = r.NetworkName,
            ProjectId = r.ProjectId,
            Mac = r.Mac,
            DeviceId = r.DeviceId,
            DeviceOwner = r.DeviceOwner,
            HostId = r.HostId,
            Status = r.Status,
            VifType = r.VifType,
            Mtu = r.Mtu,
            SecurityGroupIds = [.. groups[r.Id].Select(g => g.Id)],
            SecurityGroupNames = [.. groups[r.Id].Select(g => g.Name)],
            PortSecurity = r.PortSecurityEnabled,
            DnsName = r.DnsName,
            FixedIps = [.. ips[r.Id].Select(i => new FixedIpFacts
            {
                SubnetId = i.Subnet.Id,
                Ip = i.Ip,
                IpVersion = i.Subnet.IpVersion,
                Cidr = i.Subnet.Cidr,
                GatewayIp = i.Subnet.GatewayIp,
                Dhcp = i.Subnet.EnableDhcp,
                Ipv6AddressMode = i.Subnet.Ipv6AddressMode,
                DnsServers = i.Subnet.DnsNameservers,
                HostRoutes = [.. i.Subnet.HostRoutes.Select(h => (h.Destination, h.NextHop))],
                FloatingIps = [.. floating[(r.Id, i.Ip)]],
            })],
        })];
    }
}
