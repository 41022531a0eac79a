using Microsoft.EntityFrameworkCore;

namespace Nephos.Neutron.Routers;

/// <summary>
/// Connects subnets of its project with each other and, by its gateway, with an external network. Upstream: networking api-ref, "Routers (routers)".
/// <list type="bullet">
/// <item>Interfaces and the gateway are ports (<see cref="RouterPort"/>); the API of ports does not delete them.</item>
/// <item>No two subnets on a router overlap, the external network's included.</item>
/// <item>A router with interfaces stays; a gateway stays while a floating IP uses it.</item>
/// </list>
/// Deviations: <c>distributed</c> and <c>ha</c> are always false; one gateway a router.
/// </summary>
public sealed class Router
{
    public required string Id { get; set; }
    public required string ProjectId { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; } = "";
    public bool AdminStateUp { get; set; } = true;
    /// <summary>ACTIVE from its creation, as upstream: it says nothing of the data plane.</summary>
    public string Status { get; set; } = "ACTIVE";
    /// <summary>Translate sources of what leaves by the gateway.</summary>
    public bool EnableSnat { get; set; } = true;
    public string? GatewayPortId { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    /// <summary>Upstream's <c>revision_number</c>.</summary>
    public long Generation { get; set; } = 1;

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Router>(router =>
        {
            router.ToTable("routers");
            router.HasKey(r => r.Id);
            router.Property(r => r.Generation).HasColumnName("revision_number");
            router.HasIndex(r => new { r.ProjectId, r.Id }).HasDatabaseName("routers_by_project");
            router.HasIndex(r => r.Name).HasDatabaseName("routers_by_name");
            router.HasIndex(r => r.GatewayPortId).IsUnique().HasDatabaseName("routers_by_gateway_port");
        });
        model.Entity<RouterPort>(port =>
        {
            port.ToTable("router_ports");
            port.HasKey(p => p.PortId);
            port.HasOne<Router>().WithMany().HasForeignKey(p => p.RouterId).OnDelete(DeleteBehavior.Cascade);
            port.HasIndex(p => p.RouterId).HasDatabaseName("router_ports_by_router");
        });
        model.Entity<RouterRoute>(route =>
        {
            route.ToTable("router_routes");
            route.HasKey(r => new { r.RouterId, r.Destination, r.NextHop });
            route.Property(r => r.NextHop).HasColumnName("nexthop");
            route.HasOne<Router>().WithMany().HasForeignKey(r => r.RouterId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>
/// A port that is a leg of a router. Its own table, because <c>device_id</c> and <c>device_owner</c> of a port are the client's to write.
/// </summary>
public sealed class RouterPort
{
    public const string InterfaceOwner = "network:router_interface";
    public const string GatewayOwner = "network:router_gateway";

    public required string PortId { get; set; }
    public required string RouterId { get; set; }
    public bool IsGateway { get; set; }
}

/// <summary>A static route of a router (upstream's extension extraroute).</summary>
public sealed class RouterRoute
{
    public required string RouterId { get; set; }
    /// <summary>A CIDR in canonical form.</summary>
    public required string Destination { get; set; }
    public required string NextHop { get; set; }
}
