using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace Nephos.Neutron.Networks;

/// <summary>
/// An isolated layer-2 domain (api-ref network v2, "Networks").
/// <list type="bullet">
/// <item>A tenant's network is a vxlan with a VNI of its own; an external one is flat on a physical network. Nothing else is offered: vlan, gre and geneve
/// are refused as upstream refuses types that its drivers do not know.</item>
/// <item>Type, physical network and segmentation id together are unique.</item>
/// <item><c>shared</c> and <c>router:external</c> are columns; upstream keeps them as RBAC entries for all projects, which read the same here.</item>
/// </list>
/// </summary>
internal sealed class Network : StandardRow
{
    public required string Name { get; set; }
    public bool AdminStateUp { get; set; } = true;
    public string Status { get; set; } = "ACTIVE";
    public bool Shared { get; set; }
    public bool External { get; set; }
    public bool IsDefault { get; set; }
    public required int Mtu { get; set; }
    public bool PortSecurityEnabled { get; set; } = true;
    /// <summary>vxlan or flat.</summary>
    public required string NetworkType { get; set; }
    /// <summary>Empty for vxlan: a null would not count in the unique index.</summary>
    public string PhysicalNetwork { get; set; } = "";
    /// <summary>The VNI; zero for flat.</summary>
    public int SegmentationId { get; set; }
    public string DnsDomain { get; set; } = "";
    /// <summary>JSON list of text.</summary>
    public string ZoneHints { get; set; } = "[]";

    public IReadOnlyList<string> AvailabilityZoneHints => JsonSerializer.Deserialize<List<string>>(ZoneHints)!;

    public static void Map(ModelBuilder model) => model.Entity<Network>(network =>
    {
        Map(network, "networks");
        network.Ignore(n => n.AvailabilityZoneHints);
        network.HasIndex(n => new { n.NetworkType, n.PhysicalNetwork, n.SegmentationId }).IsUnique().HasDatabaseName("networks_by_segment");
        network.HasIndex(n => n.Shared).HasDatabaseName("networks_shared");
        network.HasIndex(n => n.External).HasDatabaseName("networks_external");
    });
}
