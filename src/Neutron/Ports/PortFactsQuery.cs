using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.Ports;

/// <summary>Ports as other services see them: one query for the ports and one for each of addresses, subnets, groups, networks and floating IPs.</summary>
internal static class PortFactsQuery
{
    public static async Task<IReadOnlyList<PortFacts>> LoadAsync(NeutronDb db, IQueryable<Port> which)
    {
        var rows = await which.OrderBy(p => p.CreatedAt).ThenBy(p => p.Id).ToListAsync().ConfigureAwait(false);
        if (rows.Count == 0) { return []; }
        var views = await PortView.LoadAsync(db, rows).ConfigureAwait(false);
        var subnetIds = views.SelectMany(v => v.FixedIps).Select(i => i.SubnetId).Distinct().ToList();
        var subnets = await db.Subnets.Where(s => subnetIds.Contains(s.Id)).ToDictionaryAsync(s => s.Id).ConfigureAwait(false);
        var ids = rows.Select(r => r.Id).ToList();
        var floating = (await db.FloatingIps.Where(f => f.FixedPortId != null && ids.Contains(f.FixedPortId)).Select(f => new { f.FixedPortId, f.FixedIpAddress, f.FloatingIpAddress }).ToListAsync().ConfigureAwait(false))
            .ToLookup(f => (f.FixedPortId!, f.FixedIpAddress ?? ""), f => f.FloatingIpAddress);
        return [.. views.Select(v => Facts(v, subnets, ip => [.. floating[(v.Row.Id, ip)]]))];
    }

    private static PortFacts Facts(PortView view, Dictionary<string, Subnet> subnets, Func<string, IReadOnlyList<string>> floating) => new()
    {
        Id = view.Row.Id,
        NetworkId = view.Row.NetworkId,
        NetworkName = view.Network.Name,
        ProjectId = view.Row.ProjectId,
        Mac = view.Row.Mac,
        DeviceId = view.Row.DeviceId,
        DeviceOwner = view.Row.DeviceOwner,
        HostId = view.Row.HostId,
        Status = view.Row.Status,
        VifType = view.Row.VifType,
        Mtu = view.Network.Mtu,
        SecurityGroupIds = view.SecurityGroupIds,
        PortSecurity = view.Row.PortSecurityEnabled,
        DnsName = view.Row.DnsName,
        FixedIps = [.. view.FixedIps.Select(i => Facts(i, subnets[i.SubnetId], floating(i.Ip)))],
    };

    private static FixedIpFacts Facts(FixedIp ip, Subnet subnet, IReadOnlyList<string> floating) => new()
    {
        SubnetId = subnet.Id,
        Ip = ip.Ip,
        IpVersion = subnet.IpVersion,
        Cidr = subnet.Cidr,
        GatewayIp = subnet.GatewayIp,
        Dhcp = subnet.EnableDhcp,
        Ipv6AddressMode = subnet.Ipv6AddressMode,
        DnsServers = subnet.DnsNameservers,
        HostRoutes = [.. subnet.HostRoutes.Select(r => (r.Destination, r.NextHop))],
        FloatingIps = floating,
    };
}
