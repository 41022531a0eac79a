using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Policy;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Networks;

/// <summary>A network with its subnets and labels.</summary>
internal sealed record NetworkView(Network Row, IReadOnlyList<string> SubnetIds, IReadOnlyList<string> Tags) : IView<Network>
{
    public IReadOnlyDictionary<string, object?> Target => TargetOf(Row);

    /// <summary>What rules about the network itself may name.</summary>
    public static IReadOnlyDictionary<string, object?> TargetOf(Network row) => new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["id"] = row.Id,
        ["project_id"] = row.ProjectId,
        ["tenant_id"] = row.ProjectId,
        ["shared"] = row.Shared,
        ["router:external"] = row.External,
    };

    /// <summary>One query for the subnets and one for the labels of all rows.</summary>
    public static async Task<IReadOnlyList<NetworkView>> LoadAsync(NeutronDb db, IReadOnlyList<Network> rows)
    {
        var ids = rows.Select(r => r.Id).ToList();
        var subnets = (await db.Subnets.Where(s => ids.Contains(s.NetworkId)).OrderBy(s => s.Id).Select(s => new { s.NetworkId, s.Id }).ToListAsync().ConfigureAwait(false)).ToLookup(s => s.NetworkId, s => s.Id);
        var tags = await Tag.OfAsync(db, ids).ConfigureAwait(false);
        return [.. rows.Select(r => new NetworkView(r, [.. subnets[r.Id]], [.. tags[r.Id]]))];
    }

    /// <summary>Networks that the caller may see: all for admins, else own, shared and external ones.</summary>
    public static IQueryable<Network> Scope(NeutronDb db, Kernel.Auth.RequestContext context)
    {
        if (context.IsAdmin || context.Who.Roles.Contains("service", StringComparer.OrdinalIgnoreCase)) { return db.Networks; }
        var project = context.Who.ProjectId ?? "";
        return db.Networks.Where(n => n.ProjectId == project || n.Shared || n.External);
    }
}

/// <summary>The network's attributes (neutron-lib api/definitions: network, provider_net, external_net, network_mtu, port_security, dns, network_availability_zone).</summary>
internal static class NetworkTable
{
    private const string Visible = Rules.ProjectReader + " or rule:service_api or rule:shared or rule:external or rule:context_is_advsvc";

    public static readonly Field<string> Name = Field.NameText();
    public static readonly Field<bool> AdminStateUp = Field.Boolean("admin_state_up", true);
    public static readonly Field<bool> Shared = Field.Boolean("shared");
    public static readonly Field<bool> External = Field.Boolean("router:external");
    public static readonly Field<bool> IsDefault = Field.Boolean("is_default");
    public static readonly Field<int?> Mtu = Field.Integer("mtu", min: 0, max: 65535);
    public static readonly Field<bool> PortSecurity = Field.Boolean("port_security_enabled", true);
    public static readonly Field<string?> NetworkType = Field.TextOrNull("provider:network_type", 255);
    public static readonly Field<string?> PhysicalNetwork = Field.TextOrNull("provider:physical_network", 64);
    public static readonly Field<int?> SegmentationId = Field.Integer("provider:segmentation_id");
    public static readonly Field<string> DnsDomain = DnsNames.Domain("dns_domain");
    public static readonly Field<IReadOnlyList<string>> ZoneHints = AvailabilityZones.ZoneHints.Field;

    public const string CreateRule = Rules.ProjectMember;
    public const string GetRule = Visible;
    public const string UpdateRule = Rules.ProjectMember;
    public const string DeleteRule = Rules.ProjectMember;

    public static readonly ResourceTable<Network, NetworkView> Table = new ResourceTable<Network, NetworkView>("network", "networks", NeutronErrors.NetworkNotFound)
        .Standard()
        .Text("name", v => v.Row.Name, n => n.Name).Takes(Name)
        .Flag("admin_state_up", v => v.Row.AdminStateUp, n => n.AdminStateUp).Takes(AdminStateUp)
        .Text("status", v => v.Row.Status, n => n.Status)
        .Texts("subnets", v => v.SubnetIds)
        .Flag("shared", v => v.Row.Shared, n => n.Shared).Takes(Shared).Guarded(create: Rules.Admin, update: Rules.Admin)
        .Flag("router:external", v => v.Row.External, n => n.External).Takes(External).Guarded(create: Rules.Admin, update: Rules.Admin)
        .Json("is_default", (writer, v) => { if (v.Row.External) { writer.WriteBooleanValue(v.Row.IsDefault); } else { writer.WriteNullValue(); } })
            .Takes(IsDefault).Guarded(create: Rules.Admin, update: Rules.Admin).FilteredBy((_, query, values) =>
            {
                var wanted = Field.ConvertedFlag(values[^1]) == true;
                return query.Where(n => n.IsDefault == wanted);
            })
        .Number("mtu", v => v.Row.Mtu, (Expression<Func<Network, int>>)(n => n.Mtu)).Takes(Mtu)
        .Flag("port_security_enabled", v => v.Row.PortSecurityEnabled, n => n.PortSecurityEnabled).Takes(PortSecurity).Guarded(create: Rules.ProjectMember, update: Rules.ProjectMember)
        .Text("provider:network_type", v => v.Row.NetworkType, n => n.NetworkType).Takes(NetworkType).Guarded(Rules.Admin, Rules.Admin, Rules.Admin)
        .Text("provider:physical_network", v => v.Row.PhysicalNetwork.Length == 0 ? null : v.Row.PhysicalNetwork, n => n.PhysicalNetwork).Takes(PhysicalNetwork).Guarded(Rules.Admin, Rules.Admin, Rules.Admin)
        .Number("provider:segmentation_id", v => v.Row.SegmentationId == 0 ? null : v.Row.SegmentationId, (Expression<Func<Network, int>>)(n => n.SegmentationId)).Takes(SegmentationId).Guarded(Rules.Admin, Rules.Admin, Rules.Admin)
        .Text("dns_domain", v => v.Row.DnsDomain, n => n.DnsDomain).Takes(DnsDomain)
        .Texts("availability_zone_hints", v => v.Row.AvailabilityZoneHints).Takes(ZoneHints)
        .Texts("availability_zones", v => v.SubnetIds.Count > 0 ? [AvailabilityZones.ZoneHints.OnlyZone] : [])
        .Json("ipv4_address_scope", (writer, _) => writer.WriteNullValue())
        .Json("ipv6_address_scope", (writer, _) => writer.WriteNullValue());
}
