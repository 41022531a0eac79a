using System.Linq.Expressions;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Policy;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Subnets;

/// <summary>A subnet with its network and labels.</summary>
internal sealed record SubnetView(Subnet Row, Network Network, IReadOnlyList<string> Tags) : IView<Subnet>
{
    public IReadOnlyDictionary<string, object?> Target => TargetOf(Row.ProjectId, Network);

    public static IReadOnlyDictionary<string, object?> TargetOf(string projectId, Network network) => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["project_id"] = projectId,
        ["tenant_id"] = projectId,
        ["network_id"] = network.Id,
        ["network:project_id"] = network.ProjectId,
        ["network:tenant_id"] = network.ProjectId,
        ["shared"] = network.Shared,
        ["router:external"] = network.External,
    };

    public static async Task<IReadOnlyList<SubnetView>> LoadAsync(NeutronDb db, IReadOnlyList<Subnet> rows)
    {
        var networkIds = rows.Select(r => r.NetworkId).Distinct().ToList();
        var networks = await db.Networks.Where(n => networkIds.Contains(n.Id)).ToDictionaryAsync(n => n.Id).ConfigureAwait(false);
        var tags = await Tag.OfAsync(db, rows.Select(r => r.Id).ToList()).ConfigureAwait(false);
        return [.. rows.Select(r => new SubnetView(r, networks[r.NetworkId], [.. tags[r.Id]]))];
    }

    /// <summary>Own subnets and those of own and shared networks; those of external networks are their owner's to see, as upstream's queries have it.</summary>
    public static IQueryable<Subnet> Scope(NeutronDb db, RequestContext context)
    {
        if (context.IsAdmin || context.Who.Roles.Contains("service", StringComparer.OrdinalIgnoreCase)) { return db.Subnets; }
        var project = context.Who.ProjectId ?? "";
        return db.Subnets.Where(s => s.ProjectId == project || db.Networks.Any(n => n.Id == s.NetworkId && (n.ProjectId == project || n.Shared)));
    }
}

/// <summary>The subnet's attributes.</summary>
internal static class SubnetTable
{
    private const string OwnerOrNetwork = "(role:member and project_id:%(project_id)s) or " + Rules.NetworkOwnerMember;

    public const string CreateRule = Rules.NetworkOwnerMember;
    public const string GetRule = "(role:reader and project_id:%(project_id)s) or rule:shared or rule:external_network or " + Rules.NetworkOwnerReader + " or rule:service_api";
    /// <summary>To read tags; upstream leaves the services out.</summary>
    public const string TagsRule = "(role:reader and project_id:%(project_id)s) or rule:shared or rule:external_network or " + Rules.NetworkOwnerReader;
    public const string UpdateRule = OwnerOrNetwork;
    public const string DeleteRule = OwnerOrNetwork;

    public static readonly ResourceTable<Subnet, SubnetView> Table = new ResourceTable<Subnet, SubnetView>("subnet", "subnets", NeutronErrors.SubnetNotFound)
        .Standard()
        .Text("name", v => v.Row.Name, s => s.Name).Takes(SubnetFields.Name)
        .Text("network_id", v => v.Row.NetworkId, s => s.NetworkId).Takes(SubnetFields.NetworkId)
        .Number("ip_version", v => v.Row.IpVersion, (Expression<Func<Subnet, int>>)(s => s.IpVersion)).Takes(SubnetFields.IpVersion)
        .Text("cidr", v => v.Row.Cidr, s => s.Cidr).Takes(SubnetFields.Cidr)
        .Text("gateway_ip", v => v.Row.GatewayIp, s => s.GatewayIp).Takes(SubnetFields.GatewayIp)
        .Json("allocation_pools", WritePools).Takes(SubnetFields.Pools)
        .Texts("dns_nameservers", v => v.Row.DnsNameservers).Takes(SubnetFields.Dns)
        .Json("host_routes", WriteRoutes).Takes(SubnetFields.Routes)
        .Flag("enable_dhcp", v => v.Row.EnableDhcp, s => s.EnableDhcp).Takes(SubnetFields.EnableDhcp)
        .Text("ipv6_ra_mode", v => v.Row.Ipv6RaMode, s => s.Ipv6RaMode).Takes(SubnetFields.RaMode)
        .Text("ipv6_address_mode", v => v.Row.Ipv6AddressMode, s => s.Ipv6AddressMode).Takes(SubnetFields.AddressMode)
        .Json("subnetpool_id", (writer, _) => writer.WriteNullValue()).Takes(SubnetFields.SubnetPoolId)
            .FilteredBy((_, query, _) => query.Where(s => false))
        .Unseen("prefixlen").Takes(SubnetFields.PrefixLength)
        .Unseen("use_default_subnetpool").Takes(SubnetFields.UseDefaultPool)
        .Texts("service_types", v => v.Row.ServiceTypes).Takes(SubnetFields.ServiceTypes).Guarded(create: Rules.Admin, update: Rules.Admin)
        .Flag("router:external", v => v.Network.External).FilteredBy((db, query, values) =>
        {
            var wanted = Field.ConvertedFlag(values[^1]) == true;
            return query.Where(s => db.Networks.Any(n => n.Id == s.NetworkId && n.External == wanted));
        })
        .Unseen("shared").FilteredBy((db, query, values) =>
        {
            var wanted = Field.ConvertedFlag(values[^1]) == true;
            return query.Where(s => db.Networks.Any(n => n.Id == s.NetworkId && n.Shared == wanted));
        });

    private static void WritePools(Utf8JsonWriter writer, SubnetView view)
    {
        writer.WriteStartArray();
        foreach (var pool in view.Row.Pools)
        {
            writer.WriteStartObject();
            writer.WriteString("start", pool.Start);
            writer.WriteString("end", pool.End);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    private static void WriteRoutes(Utf8JsonWriter writer, SubnetView view)
    {
        writer.WriteStartArray();
        foreach (var route in view.Row.HostRoutes)
        {
            writer.WriteStartObject();
            writer.WriteString("destination", route.Destination);
            writer.WriteString("nexthop", route.NextHop);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }
}
