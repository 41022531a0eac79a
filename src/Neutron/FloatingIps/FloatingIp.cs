using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Routers;

namespace Nephos.Neutron.FloatingIps;

/// <summary>
/// An address of an external network that a router translates to a port's fixed IPv4 address. Upstream: networking api-ref, "Floating IPs (floatingips)".
/// <list type="bullet">
/// <item>The address is held by a port of device owner <c>network:floatingip</c> without project, which goes with the floating IP.</item>
/// <item>A fixed address has at most one floating IP of an external network.</item>
/// <item><see cref="RouterId"/> is set exactly while <see cref="FixedPortId"/> is: the router that joins the port's subnet and the external network.</item>
/// </list>
/// </summary>
internal sealed class FloatingIp : StandardRow
{
    public const string Active = "ACTIVE";
    public const string Down = "DOWN";

    public required string FloatingNetworkId { get; set; }
    public required string FloatingIpAddress { get; set; }
    public required string FloatingPortId { get; set; }
    public string? FixedPortId { get; set; }
    public string? FixedIpAddress { get; set; }
    public string? RouterId { get; set; }
    /// <summary>ACTIVE once the node translates it; DOWN before, and without a port.</summary>
    public string Status { get; set; } = Down;

    public static void Map(ModelBuilder model) => model.Entity<FloatingIp>(ip =>
    {
        Map(ip, "floatingips");
        ip.HasIndex(f => new { f.FloatingNetworkId, f.FloatingIpAddress }).IsUnique().HasDatabaseName("floatingips_by_address");
        ip.HasIndex(f => new { f.FixedPortId, f.FixedIpAddress, f.FloatingNetworkId }).IsUnique().HasDatabaseName("floatingips_by_fixed_address");
        ip.HasIndex(f => f.FloatingPortId).IsUnique().HasDatabaseName("floatingips_by_floating_port");
        ip.HasIndex(f => f.RouterId).HasDatabaseName("floatingips_by_router");
        ip.HasOne<Port>().WithMany().HasForeignKey(f => f.FloatingPortId).OnDelete(DeleteBehavior.Restrict);
        ip.HasOne<Port>().WithMany().HasForeignKey(f => f.FixedPortId).OnDelete(DeleteBehavior.Restrict);
        ip.HasOne<Router>().WithMany().HasForeignKey(f => f.RouterId).OnDelete(DeleteBehavior.Restrict);
    });
}
