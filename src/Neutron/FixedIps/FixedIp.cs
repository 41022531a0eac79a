using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.FixedIps;

/// <summary>An address of a port. The key (network, address) is what makes a double allocation impossible.</summary>
internal sealed class FixedIp
{
    public required string NetworkId { get; set; }
    /// <summary>Canonical text.</summary>
    public required string Ip { get; set; }
    public required string SubnetId { get; set; }
    public required string PortId { get; set; }
    /// <summary>The address as hexadecimal digits that sort as the number (<see cref="IpAddress.Key"/>).</summary>
    public required string IpKey { get; set; }
    /// <summary>Place in the port's list.</summary>
    public int Position { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<FixedIp>(ip =>
    {
        ip.ToTable("fixed_ips");
        ip.HasKey(i => new { i.NetworkId, i.Ip });
        ip.HasIndex(i => new { i.SubnetId, i.IpKey }).IsUnique().HasDatabaseName("fixed_ips_by_subnet");
        ip.HasIndex(i => i.PortId).HasDatabaseName("fixed_ips_by_port");
        ip.HasOne<Port>().WithMany().HasForeignKey(i => i.PortId).OnDelete(DeleteBehavior.Cascade);
        ip.HasOne<Subnet>().WithMany().HasForeignKey(i => i.SubnetId).OnDelete(DeleteBehavior.Restrict);
    });
}
