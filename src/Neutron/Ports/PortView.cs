using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Ports;

/// <summary>What a port's rules and view need of its network.</summary>
internal sealed record PortNetwork(string Id, string Name, string ProjectId, bool Shared, string DnsDomain, int Mtu);

/// <summary>What a port's view needs of an address.</summary>
internal sealed record PortIp(string PortId, string SubnetId, string Ip, int Position);

/// <summary>A port with its addresses, groups, labels and network.</summary>
internal sealed record PortView(Port Row, IReadOnlyList<PortIp> FixedIps, IReadOnlyList<string> SecurityGroupIds, PortNetwork Network, IReadOnlyList<string> Tags) : IView<Port>
{
    public IReadOnlyDictionary<string, object?> Target => TargetOf(Row.ProjectId, Row.DeviceOwner, Network.Id, Network.ProjectId, Network.Shared);

    public static IReadOnlyDictionary<string, object?> TargetOf(string projectId, string deviceOwner, string networkId, string networkProjectId, bool shared) => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["project_id"] = projectId,
        ["tenant_id"] = projectId,
        ["device_owner"] = deviceOwner,
        ["network_id"] = networkId,
        ["network:project_id"] = networkProjectId,
        ["network:tenant_id"] = networkProjectId,
        ["shared"] = shared,
    };

    /// <summary>One query each for addresses, groups, networks and labels of all rows.</summary>
    public static async Task<IReadOnlyList<PortView>> LoadAsync(NeutronDb db, IReadOnlyList<Port> rows)
    {
        var ids = rows.Select(r => r.Id).ToList();
        var networkIds = rows.Select(r => r.NetworkId).Distinct().ToList();
        var ips = (await db.FixedIps.Where(i => ids.Contains(i.PortId)).Select(i => new PortIp(i.PortId, i.SubnetId, i.Ip, i.Position)).ToListAsync().ConfigureAwait(false)).OrderBy(i => i.Position).ToLookup(i => i.PortId);
        var groups = (await db.PortSecurityGroups.Where(b => ids.Contains(b.PortId)).ToListAsync().ConfigureAwait(false)).ToLookup(b => b.PortId, b => b.SecurityGroupId);
        var networks = await db.Networks.Where(n => networkIds.Contains(n.Id)).Select(n => new PortNetwork(n.Id, n.Name, n.ProjectId, n.Shared, n.DnsDomain, n.Mtu))
            .ToDictionaryAsync(n => n.Id).ConfigureAwait(false);
        var tags = await Tag.OfAsync(db, ids).ConfigureAwait(false);
        return [.. rows.Select(r => new PortView(r, [.. ips[r.Id]], [.. groups[r.Id]], networks[r.NetworkId], [.. tags[r.Id]]))];
    }

    /// <summary>Own ports and those on own networks.</summary>
    public static IQueryable<Port> Scope(NeutronDb db, RequestContext context)
    {
        if (context.IsAdmin || context.Who.Roles.Contains("service", StringComparer.OrdinalIgnoreCase)) { return db.Ports; }
        var project = context.Who.ProjectId ?? "";
        return db.Ports.Where(p => p.ProjectId == project || db.Networks.Any(n => n.Id == p.NetworkId && n.ProjectId == project));
    }

    public void WriteFixedIps(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var ip in FixedIps)
        {
            writer.WriteStartObject();
            writer.WriteString("subnet_id", ip.SubnetId);
            writer.WriteString("ip_address", ip.Ip);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>What DNS answers for the port: its name, or one made of each address (neutron db/dns_db).</summary>
    public void WriteDnsAssignment(Utf8JsonWriter writer)
    {
        var domain = Network.DnsDomain.Length > 0 ? Network.DnsDomain.TrimEnd('.') : DhcpPorts.DefaultDomain;
        writer.WriteStartArray();
        foreach (var ip in FixedIps)
        {
            var host = Row.DnsName.Length > 0 ? Row.DnsName : "host-" + ip.Ip.Replace('.', '-').Replace(':', '-');
            writer.WriteStartObject();
            writer.WriteString("ip_address", ip.Ip);
            writer.WriteString("hostname", host);
            writer.WriteString("fqdn", host.EndsWith('.') ? host : string.Create(CultureInfo.InvariantCulture, $"{host}.{domain}."));
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
