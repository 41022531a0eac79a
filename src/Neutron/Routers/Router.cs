using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.Routers;

/// <summary>
/// Connects subnets with each other and, by its gateway, with an external network. Upstream: networking api-ref, "Routers (routers)".
/// <list type="bullet">
/// <item>Interfaces and the gateway are ports (<see cref="RouterPort"/>), which the API of ports does not delete.</item>
/// <item>No two subnets on a router overlap, the external network's included.</item>
/// <item>A router with interfaces stays; a gateway stays while a floating IP uses it.</item>
/// </list>
/// Deviations: <c>distributed</c> and <c>ha</c> are always false; a router has one gateway.
/// </summary>
internal sealed class Router : StandardRow
{
    public required string Name { get; set; }
    public bool AdminStateUp { get; set; } = true;
    /// <summary>ACTIVE from its creation, as upstream: it says nothing of the data plane.</summary>
    public string Status { get; set; } = "ACTIVE";
    /// <summary>Translate sources of what leaves by the gateway.</summary>
    public bool EnableSnat { get; set; } = true;
    public string? GatewayPortId { get; set; }
    /// <summary>The host whose L3 agent has it; empty: none yet (<see cref="RouterHosts"/>).</summary>
    public string HostId { get; set; } = "";

    public static void Map(ModelBuilder model)
    {
        model.Entity<Router>(router =>
        {
            Map(router, "routers");
            router.HasIndex(r => r.Name).HasDatabaseName("routers_by_name");
            router.HasIndex(r => r.HostId).HasDatabaseName("routers_by_host");
            router.HasIndex(r => r.GatewayPortId).IsUnique().HasDatabaseName("routers_by_gateway_port");
        });
        model.Entity<RouterPort>(port =>
        {
            port.ToTable("router_ports");
            port.HasKey(p => p.PortId);
            port.HasOne<Router>().WithMany().HasForeignKey(p => p.RouterId).OnDelete(DeleteBehavior.Cascade);
            port.HasOne<Port>().WithMany().HasForeignKey(p => p.PortId).OnDelete(DeleteBehavior.Cascade);
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

/// <summary>A port that is a leg of a router. Its own table, because <c>device_id</c> and <c>device_owner</c> of a port are the client's to write.</summary>
internal sealed class RouterPort
{
    public required string PortId { get; set; }
    public required string RouterId { get; set; }
    public bool IsGateway { get; set; }
}

/// <summary>A static route of a router (upstream's extension extraroute).</summary>
internal sealed class RouterRoute
{
    public required string RouterId { get; set; }
    /// <summary>A CIDR, as the client wrote it.</summary>
    public required string Destination { get; set; }
    public required string NextHop { get; set; }
}
