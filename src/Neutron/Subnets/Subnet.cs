using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;

namespace Nephos.Neutron.Subnets;

/// <summary>
/// A range of addresses of a network (api-ref network v2, "Subnets").
/// <list type="bullet">
/// <item>Subnets of one network do not overlap.</item>
/// <item>Allocation pools lie inside the range, do not overlap, and hold neither the gateway nor network and broadcast address.</item>
/// <item><see cref="Cursor"/> is where the next search for a free address begins: see <see cref="AddressAllocator"/>.</item>
/// </list>
/// </summary>
internal sealed class Subnet : StandardRow
{
    public required string Name { get; set; }
    public required string NetworkId { get; set; }
    public required string Cidr { get; set; }
    /// <summary>4 or 6.</summary>
    public required int IpVersion { get; set; }
    public string? GatewayIp { get; set; }
    public bool EnableDhcp { get; set; } = true;
    /// <summary>slaac, dhcpv6-stateful, dhcpv6-stateless or null.</summary>
    public string? Ipv6RaMode { get; set; }
    public string? Ipv6AddressMode { get; set; }
    /// <summary>JSON lists.</summary>
    public string PoolsJson { get; set; } = "[]";
    public string DnsJson { get; set; } = "[]";
    public string RoutesJson { get; set; } = "[]";
    public string ServiceTypesJson { get; set; } = "[]";
    /// <summary>Key of the address after the last one given out (<see cref="IpAddress.Key"/>); empty: begin at the first pool.</summary>
    public string Cursor { get; set; } = "";

    public IReadOnlyList<AddressPool> Pools => JsonSerializer.Deserialize<List<AddressPool>>(PoolsJson)!;
    public IReadOnlyList<string> DnsNameservers => JsonSerializer.Deserialize<List<string>>(DnsJson)!;
    public IReadOnlyList<SubnetRoute> HostRoutes => JsonSerializer.Deserialize<List<SubnetRoute>>(RoutesJson)!;
    public IReadOnlyList<string> ServiceTypes => JsonSerializer.Deserialize<List<string>>(ServiceTypesJson)!;

    /// <summary>True when hosts make their own address from the prefix and their MAC: RFC 4862, both with and without DHCPv6 beside it.</summary>
    public bool IsSlaac => Ipv6AddressMode is "slaac" or "dhcpv6-stateless";

    public static void Map(ModelBuilder model) => model.Entity<Subnet>(subnet =>
    {
        Map(subnet, "subnets");
        subnet.Ignore(s => s.Pools).Ignore(s => s.DnsNameservers).Ignore(s => s.HostRoutes).Ignore(s => s.ServiceTypes);
        subnet.HasIndex(s => new { s.NetworkId, s.Id }).HasDatabaseName("subnets_by_network");
        subnet.HasOne<Network>().WithMany().HasForeignKey(s => s.NetworkId).OnDelete(DeleteBehavior.Restrict);
    });
}

/// <summary>A range to allocate from, both ends included.</summary>
internal sealed record AddressPool(string Start, string End);

/// <summary>A route that DHCP hands out.</summary>
internal sealed record SubnetRoute(string Destination, string NextHop);
