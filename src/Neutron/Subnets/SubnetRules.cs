using System.Globalization;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Subnets;

/// <summary>What must fit together in a subnet: upstream's <c>_validate_subnet</c> and its rules of allocation pools. No database.</summary>
internal static class SubnetRules
{
    /// <summary>Checks a new or changed subnet whose pools are set by <see cref="Pools"/>.</summary>
    /// <param name="dhcpBefore">It had DHCP already: what DHCP cannot serve is not asked again.</param>
    public static void Check(Subnet subnet, IReadOnlyList<string> dns, IReadOnlyList<SubnetRoute> routes, bool dhcpBefore, string named)
    {
        var version = subnet.IpVersion;
        var network = IpNetwork.Parse(subnet.Cidr);
        if (network.PrefixLength == 0) { throw NeutronErrors.InvalidInput("0 is not allowed as CIDR prefix length"); }
        CheckVersion(version, subnet.Cidr, network.Version, "cidr");
        if (version == 6 && network.First.Value == 0) { throw NeutronErrors.InvalidInput("IPv6 subnet '::' is not supported"); }
        if (subnet.EnableDhcp && !dhcpBefore) { CheckDhcp(network); }
        if (subnet.GatewayIp is { } gateway)
        {
            var address = IpAddress.Parse(gateway);
            CheckVersion(version, gateway, address.Version, "gateway_ip");
            if (version == 4 && network.PrefixLength < 31 && (address == network.First || address == network.Last)) { throw NeutronErrors.InvalidInput("Gateway is not valid on subnet"); }
        }
        if (dns.Count > Limits.DnsNameservers) { throw SubnetErrors.TooManyDns(named); }
        foreach (var server in dns) { CheckVersion(version, server, IpAddress.Parse(server).Version, "dns_nameserver"); }
        if (routes.Count > Limits.HostRoutes) { throw SubnetErrors.TooManyRoutes(named); }
        foreach (var route in routes)
        {
            CheckVersion(version, route.NextHop, IpAddress.Parse(route.NextHop).Version, "nexthop");
            CheckVersion(version, route.Destination, IpNetwork.Parse(route.Destination).Version, "destination");
        }
        CheckModes(subnet, network);
    }

    private static void CheckDhcp(IpNetwork network)
    {
        if (network.PrefixLength > (network.Version == 4 ? 30 : 126)) { throw NeutronErrors.InvalidInput("Subnet has a prefix length that is incompatible with DHCP service enabled"); }
        if (network.First.IsMulticast) { throw NeutronErrors.InvalidInput("Multicast IP subnet is not supported if enable_dhcp is True"); }
        if (network.First.IsLoopback) { throw NeutronErrors.InvalidInput("Loopback IP subnet is not supported if enable_dhcp is True"); }
        if (network.Version == 4 && network.First.Value == 0) { throw NeutronErrors.InvalidInput("First IP '0.0.0.0' of network is not supported if enable_dhcp is True."); }
    }

    private static void CheckModes(Subnet subnet, IpNetwork network)
    {
        var (ra, address) = (subnet.Ipv6RaMode, subnet.Ipv6AddressMode);
        if (subnet.IpVersion == 4)
        {
            if (ra is not null) { throw NeutronErrors.InvalidInput("ipv6_ra_mode is not valid when ip_version is 4"); }
            if (address is not null) { throw NeutronErrors.InvalidInput("ipv6_address_mode is not valid when ip_version is 4"); }
            return;
        }
        if ((ra ?? address) is not null && !subnet.EnableDhcp) { throw NeutronErrors.InvalidInput("ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is set to False"); }
        if (ra is not null && address is not null && ra != address)
        {
            throw NeutronErrors.InvalidInput($"ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{address}' is not valid. If both attributes are set, they must be the same value");
        }
        // RFC 4862 5.5.3: prefix and EUI-64 interface identifier together are 128 bits.
        if (subnet.IsSlaac && network.PrefixLength != 64)
        {
            throw NeutronErrors.InvalidInput($"Invalid CIDR {subnet.Cidr} for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64");
        }
    }

    private static void CheckVersion(int wanted, string address, int version, string name)
    {
        if (version != wanted)
        {
            throw NeutronErrors.InvalidInput(string.Create(CultureInfo.InvariantCulture, $"{name} '{address}' does not match the ip_version '{wanted}'"));
        }
    }

    /// <summary>The gateway when none was named: the first address after the network's.</summary>
    public static string DefaultGateway(IpNetwork network) => network.First.Next.ToString();

    /// <summary>The asked pools, checked, or everything but the gateway.</summary>
    public static IReadOnlyList<AddressPool> Pools(IpNetwork network, string? gateway, IReadOnlyList<AddressPool>? asked)
    {
        if (asked is null) { return [.. Around(network, gateway is null ? null : IpAddress.Parse(gateway)).Select(r => new AddressPool(r.First.ToString(), r.Last.ToString()))]; }
        var usable = Usable(network);
        var ranges = new List<AddressRange>();
        foreach (var pool in asked)
        {
            var range = new AddressRange(IpAddress.Parse(pool.Start), IpAddress.Parse(pool.End));
            if (range.First.Version != network.Version || range.Last.Version != network.Version || range.First > range.Last) { throw SubnetErrors.InvalidPool(range.ToString()); }
            if (range.First < usable.First || range.Last > usable.Last) { throw SubnetErrors.PoolOutside(range, network.ToString()); }
            if (ranges.Where(r => r.Overlaps(range)).Select(r => (AddressRange?)r).FirstOrDefault() is { } other) { throw SubnetErrors.PoolsOverlap(other, range, network.ToString()); }
            ranges.Add(range);
        }
        if (gateway is not null) { CheckGateway(gateway, asked); }
        return [.. ranges.Select(r => new AddressPool(r.First.ToString(), r.Last.ToString()))];
    }

    /// <summary>409 when the gateway lies in a pool.</summary>
    public static void CheckGateway(string gateway, IReadOnlyList<AddressPool> pools)
    {
        var address = IpAddress.Parse(gateway);
        foreach (var pool in pools)
        {
            var range = new AddressRange(IpAddress.Parse(pool.Start), IpAddress.Parse(pool.End));
            if (range.First.Version == address.Version && range.Contains(address)) { throw SubnetErrors.GatewayInPool(gateway, range); }
        }
    }

    /// <summary>Addresses that hosts may have: without network and broadcast address (RFC 3021: a /31 has both), in IPv6 without the subnet-router anycast address.</summary>
    private static AddressRange Usable(IpNetwork network) => network switch
    {
        _ when network.First == network.Last => new(network.First, network.Last),
        { Version: 4, PrefixLength: 31 } => new(network.First, network.Last),
        { Version: 4 } => new(network.First.Next, network.Last with { Value = network.Last.Value - 1 }),
        _ => new(network.First.Next, network.Last),
    };

    private static IEnumerable<AddressRange> Around(IpNetwork network, IpAddress? gateway)
    {
        var usable = Usable(network);
        if (gateway is not { } hole || hole.Version != network.Version || !usable.Contains(hole) || usable.First == usable.Last) { return [usable]; }
        var parts = new List<AddressRange>();
        if (hole > usable.First) { parts.Add(new(usable.First, hole with { Value = hole.Value - 1 })); }
        if (hole < usable.Last) { parts.Add(new(hole.Next, usable.Last)); }
        return parts;
    }
}
