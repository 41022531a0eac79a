using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.Networks;

namespace Nephos.Neutron.Ports;

/// <summary>
/// A connection point of a network (api-ref network v2, "Ports").
/// <list type="bullet">
/// <item>A MAC is unique in its network; an address too (<see cref="FixedIps.FixedIp"/>): both by unique index, so that parallel creates cannot double them.</item>
/// <item><see cref="DeviceOwner"/> says what the port is for: <c>compute:ZONE</c>, <c>network:dhcp</c>, <c>network:router_interface</c>,
/// <c>network:router_gateway</c>, <c>network:floatingip</c>, or empty. Ports of routers and floating IPs change and go through those only.</item>
/// <item><see cref="Status"/> is written by the node's reports (ACTIVE, DOWN) once the port is bound; an unbound port is DOWN.</item>
/// </list>
/// </summary>
internal sealed class Port : StandardRow
{
    public required string Name { get; set; }
    public required string NetworkId { get; set; }
    public bool AdminStateUp { get; set; } = true;
    /// <summary>ACTIVE, DOWN, BUILD, ERROR; N/A for floating IPs' ports.</summary>
    public string Status { get; set; } = "DOWN";
    /// <summary>Lower case with colons.</summary>
    public required string Mac { get; set; }
    public string DeviceId { get; set; } = "";
    public string DeviceOwner { get; set; } = "";
    /// <summary><c>binding:host_id</c>; empty: unbound.</summary>
    public string HostId { get; set; } = "";
    public string VnicType { get; set; } = "normal";
    /// <summary>unbound, bridge, binding_failed.</summary>
    public string VifType { get; set; } = "unbound";
    public bool PortSecurityEnabled { get; set; } = true;
    /// <summary>JSON object, <c>binding:profile</c>.</summary>
    public string ProfileJson { get; set; } = "{}";
    /// <summary>JSON list of <c>{"ip_address", "mac_address"}</c>, as shown.</summary>
    public string AddressPairsJson { get; set; } = "[]";
    /// <summary>JSON list of <c>{"opt_name", "opt_value", "ip_version"}</c>, as shown.</summary>
    public string DhcpOptionsJson { get; set; } = "[]";
    public string DnsName { get; set; } = "";
    /// <summary>Made with an empty list of addresses: <c>ip_allocation</c> none.</summary>
    public bool NoAddresses { get; set; }

    public static void Map(ModelBuilder model)
    {
        model.Entity<Port>(port =>
        {
            Map(port, "ports");
            port.HasIndex(p => new { p.NetworkId, p.Mac }).IsUnique().HasDatabaseName("ports_by_mac");
            port.HasIndex(p => p.DeviceId).HasDatabaseName("ports_by_device");
            port.HasIndex(p => new { p.HostId, p.NetworkId }).HasDatabaseName("ports_by_host");
            port.HasIndex(p => new { p.NetworkId, p.DeviceOwner }).HasDatabaseName("ports_by_owner");
            port.HasOne<Network>().WithMany().HasForeignKey(p => p.NetworkId).OnDelete(DeleteBehavior.Restrict);
        });
        model.Entity<PortSecurityGroup>(binding =>
        {
            binding.ToTable("port_security_groups");
            binding.HasKey(b => new { b.PortId, b.SecurityGroupId });
            binding.HasIndex(b => b.SecurityGroupId).HasDatabaseName("port_security_groups_by_group");
            binding.HasOne<Port>().WithMany().HasForeignKey(b => b.PortId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A port is in a security group.</summary>
internal sealed class PortSecurityGroup
{
    public required string PortId { get; set; }
    public required string SecurityGroupId { get; set; }
}

/// <summary>Upstream's device owners (neutron-lib constants).</summary>
internal static class DeviceOwners
{
    public const string Dhcp = "network:dhcp";
    public const string RouterInterface = "network:router_interface";
    public const string RouterGateway = "network:router_gateway";
    public const string FloatingIp = "network:floatingip";
    public const string ComputePrefix = "compute:";

    /// <summary>True for ports that only their router or floating IP may change or delete.</summary>
    public static bool IsRouting(string owner) => owner is RouterInterface or RouterGateway or FloatingIp;
}
