using System.Globalization;
using System.Linq.Expressions;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Neutron.Agents;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Ports;
using Nephos.Neutron.SecurityGroupRules;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.NodeFeed;

/// <summary>Networks, ports and security groups as nodes need them: one query per table for all asked.</summary>
internal static class FeedRecords
{
    /// <summary>Networks that the host has a port of; of these only the asked ones, if any are named.</summary>
    public static async Task<List<NetworkSpec>> NetworksAsync(NeutronDb db, string host, List<string>? only)
    {
        var rows = await db.Networks.Where(n => (only == null || only.Contains(n.Id)) && db.Ports.Any(p => p.NetworkId == n.Id && p.HostId == host)).ToListAsync().ConfigureAwait(false);
        if (rows.Count == 0) { return []; }
        var ids = rows.Select(r => r.Id).ToList();
        var subnets = (await db.Subnets.Where(s => ids.Contains(s.NetworkId)).OrderBy(s => s.CreatedAt).ThenBy(s => s.Id).ToListAsync().ConfigureAwait(false)).ToLookup(s => s.NetworkId);
        var placed = (await db.Ports.Where(p => ids.Contains(p.NetworkId) && p.HostId != "").Select(p => new { p.NetworkId, p.HostId }).Distinct().ToListAsync().ConfigureAwait(false)).ToLookup(p => p.NetworkId, p => p.HostId);
        var dhcp = await db.Ports.Where(p => ids.Contains(p.NetworkId) && p.DeviceOwner == DeviceOwners.Dhcp && p.HostId == host).ToListAsync().ConfigureAwait(false);
        var dhcpIds = dhcp.Select(p => p.Id).ToList();
        var dhcpIps = (await db.FixedIps.Where(i => dhcpIds.Contains(i.PortId)).ToListAsync().ConfigureAwait(false)).OrderBy(i => i.Position).ToLookup(i => i.PortId);
        var tunnels = await TunnelsAsync(db, [.. placed.SelectMany(p => p).Where(h => h != host).Distinct()]).ConfigureAwait(false);
        return [.. rows.Select(n =>
        {
            var prefixes = subnets[n.Id].ToDictionary(s => s.Id, s => IpNetwork.Parse(s.Cidr).PrefixLength);
            return new NetworkSpec
            {
                Id = n.Id,
                ProjectId = n.ProjectId,
                Mtu = n.Mtu,
                Vni = n.SegmentationId,
                External = n.NetworkType == Segments.Flat,
                PhysicalNetwork = n.PhysicalNetwork.Length == 0 ? null : n.PhysicalNetwork,
                AdminStateUp = n.AdminStateUp,
                Subnets = [.. subnets[n.Id].Select(Spec)],
                Dhcp = dhcp.FirstOrDefault(p => p.NetworkId == n.Id) is { } port ? new ServicePort(port.Id, port.Mac, [.. dhcpIps[port.Id].Select(i => Address(i, prefixes))]) : null,
                DnsDomain = n.DnsDomain.Length > 0 ? n.DnsDomain.TrimEnd('.') : DhcpPorts.DefaultDomain,
                Peers = [.. placed[n.Id].Select(h => tunnels.GetValueOrDefault(h)).OfType<string>().Order(StringComparer.Ordinal)],
            };
        })];
    }

    private static SubnetSpec Spec(Subnet subnet) => new()
    {
        Id = subnet.Id,
        Cidr = subnet.Cidr,
        IpVersion = subnet.IpVersion,
        GatewayIp = subnet.GatewayIp,
        DhcpEnabled = subnet.EnableDhcp,
        DnsServers = subnet.DnsNameservers,
        HostRoutes = [.. subnet.HostRoutes.Select(r => new HostRoute(r.Destination, r.NextHop))],
        Ipv6RaMode = subnet.Ipv6RaMode,
        Ipv6AddressMode = subnet.Ipv6AddressMode,
    };

    private static PortAddress Address(FixedIp ip, Dictionary<string, int> prefixes) => new(ip.SubnetId, ip.Ip, prefixes[ip.SubnetId]);

    /// <summary>Where other hosts end their tunnels, as their agents report it.</summary>
    private static async Task<Dictionary<string, string>> TunnelsAsync(NeutronDb db, List<string> hosts)
    {
        if (hosts.Count == 0) { return []; }
        var agents = await db.Agents.Where(a => a.AgentType == AgentTypes.LinuxBridge && hosts.Contains(a.Host)).Select(a => new { a.Host, a.ConfigurationsJson }).ToListAsync().ConfigureAwait(false);
        var tunnels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var agent in agents)
        {
            using var json = JsonDocument.Parse(agent.ConfigurationsJson);
            if (json.RootElement.TryGetProperty("tunneling_ip", out var ip) && ip.ValueKind == JsonValueKind.String) { tunnels[agent.Host] = ip.GetString()!; }
        }
        return tunnels;
    }

    /// <summary>Ports with their addresses and groups. Addresses of floating IPs are their routers' business, not ports of the wire.</summary>
    public static async Task<List<PortSpec>> PortsAsync(NeutronDb db, string host, Expression<Func<Port, bool>> which)
    {
        var rows = await db.Ports.Where(p => p.DeviceOwner != DeviceOwners.FloatingIp).Where(which).ToListAsync().ConfigureAwait(false);
        if (rows.Count == 0) { return []; }
        var ids = rows.Select(r => r.Id).ToList();
        var ips = (await db.FixedIps.Where(i => ids.Contains(i.PortId)).ToListAsync().ConfigureAwait(false)).OrderBy(i => i.Position).ToLookup(i => i.PortId);
        var groups = (await db.PortSecurityGroups.Where(b => ids.Contains(b.PortId)).ToListAsync().ConfigureAwait(false)).ToLookup(b => b.PortId, b => b.SecurityGroupId);
        var networkIds = rows.Select(r => r.NetworkId).Distinct().ToList();
        var prefixes = (await db.Subnets.Where(s => networkIds.Contains(s.NetworkId)).Select(s => new { s.Id, s.Cidr }).ToListAsync().ConfigureAwait(false)).ToDictionary(s => s.Id, s => IpNetwork.Parse(s.Cidr).PrefixLength);
        return [.. rows.Select(p => new PortSpec
        {
            Id = p.Id,
            NetworkId = p.NetworkId,
            Mac = p.Mac,
            Addresses = [.. ips[p.Id].Select(i => Address(i, prefixes))],
            // The node plugs DHCP ports and routers' legs itself, by the network's and the router's records.
            Local = p.HostId == host && !p.DeviceOwner.StartsWith("network:", StringComparison.Ordinal),
            AdminStateUp = p.AdminStateUp,
            PortSecurity = p.PortSecurityEnabled,
            SecurityGroupIds = [.. groups[p.Id].Order(StringComparer.Ordinal)],
            AllowedAddressPairs = p.AddressPairsJson == "[]" ? [] : Pairs(p.AddressPairsJson),
            HostName = p.DnsName,
            DhcpOptions = Options(p),
        })];
    }

    private static List<AddressPair> Pairs(string json)
    {
        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(a => new AddressPair(a.GetProperty("ip_address").GetString()!, a.GetProperty("mac_address").GetString()!))];
    }

    /// <summary>By name; an option of IPv6 has its version in front when IPv4 has one of the same name.</summary>
    private static Dictionary<string, string> Options(Port port)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var option in PortOperations.Options(port).OrderBy(o => o.IpVersion))
        {
            var name = options.ContainsKey(option.Name) ? string.Create(CultureInfo.InvariantCulture, $"option{option.IpVersion}:{option.Name}") : option.Name;
            options[name] = option.Value ?? "";
        }
        return options;
    }

    /// <summary>Groups of the host's guests' ports (true), and those that their rules only name (false).</summary>
    public static async Task<Dictionary<string, bool>> UsedGroupsAsync(NeutronDb db, string host)
    {
        var used = await db.PortSecurityGroups.Where(b => db.Ports.Any(p => p.Id == b.PortId && p.HostId == host)).Select(b => b.SecurityGroupId).Distinct().ToListAsync().ConfigureAwait(false);
        var named = await db.SecurityGroupRules.Where(r => used.Contains(r.SecurityGroupId) && r.RemoteGroupId != null).Select(r => r.RemoteGroupId!).Distinct().ToListAsync().ConfigureAwait(false);
        var groups = named.ToDictionary(n => n, _ => false);
        foreach (var group in used) { groups[group] = true; }
        return groups;
    }

    /// <summary>The groups with rules and members; those that are only named, without rules. Of these only the asked ones, with what their rules name.</summary>
    public static async Task<List<SecurityGroupSpec>> GroupsAsync(NeutronDb db, Dictionary<string, bool> used, HashSet<string>? only)
    {
        var wanted = used.Keys.Where(g => only is null || only.Contains(g)).ToHashSet(StringComparer.Ordinal);
        if (wanted.Count == 0) { return []; }
        var asked = wanted.Where(g => used[g]).ToList();
        var found = await RulesAsync(db, asked).ConfigureAwait(false);
        wanted.UnionWith(found.Select(r => r.RemoteGroupId).OfType<string>());
        var all = wanted.ToList();
        // Mostly a group names itself, or groups that are asked for anyway.
        var named = all.Where(g => used.GetValueOrDefault(g)).Except(asked, StringComparer.Ordinal).ToList();
        var rules = (named.Count == 0 ? found : found.Concat(await RulesAsync(db, named).ConfigureAwait(false))).ToLookup(r => r.SecurityGroupId);
        var members = (await db.PortSecurityGroups.Where(b => all.Contains(b.SecurityGroupId)).Join(db.FixedIps, b => b.PortId, i => i.PortId, (b, i) => new { b.SecurityGroupId, i.Ip }).ToListAsync().ConfigureAwait(false))
            .ToLookup(m => m.SecurityGroupId, m => m.Ip);
        // What a member may use besides its own addresses is let in as the member is.
        var paired = (await db.PortSecurityGroups.Where(b => all.Contains(b.SecurityGroupId)).Join(db.Ports.Where(p => p.AddressPairsJson != "[]"), b => b.PortId, p => p.Id, (b, p) => new { b.SecurityGroupId, p.AddressPairsJson }).ToListAsync().ConfigureAwait(false))
            .SelectMany(p => Pairs(p.AddressPairsJson), (p, pair) => (p.SecurityGroupId, pair.IpAddress)).ToLookup(p => p.SecurityGroupId, p => p.IpAddress);
        return [.. all.Select(g => new SecurityGroupSpec { Id = g, Rules = [.. rules[g].Select(Spec)], Members = [.. members[g].Concat(paired[g]).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] })];
    }

    private static Task<List<SecurityGroupRule>> RulesAsync(NeutronDb db, List<string> groups) =>
        db.SecurityGroupRules.Where(r => groups.Contains(r.SecurityGroupId)).OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).ToListAsync();

    private static SecurityRule Spec(SecurityGroupRule rule) => new(
        rule.Id, rule.Direction == "ingress", rule.Ethertype == "IPv4" ? 4 : 6, rule.Protocol, rule.PortRangeMin, rule.PortRangeMax, rule.RemoteIpPrefix, rule.RemoteGroupId);
}
