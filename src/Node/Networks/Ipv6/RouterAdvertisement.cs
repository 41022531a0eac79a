using System.Buffers.Binary;
using System.Net;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Ipv6;

/// <summary>Router advertisements (RFC 4861, 4.2 and 4.6; resolvers: RFC 8106) with the values that upstream gives to radvd (neutron/agent/linux/ra.py).</summary>
internal static class RouterAdvertisement
{
    public const byte Solicitation = 133;
    private const byte Advertisement = 134;
    private const byte Managed = 0x80;
    private const byte OtherConfiguration = 0x40;
    private const byte OnLink = 0x80;
    private const byte Autonomous = 0x40;

    /// <summary>Seconds a guest believes in the router: three times upstream's longest interval of 100 s.</summary>
    private const ushort RouterLifetime = 300;
    private const uint ValidLifetime = 86400;
    private const uint PreferredLifetime = 14400;

    /// <summary>The advertisement of a leg; null when none of its subnets is to be advertised. The kernel fills in the checksum.</summary>
    public static byte[]? Write(RouterLeg leg, NetworkSpec network)
    {
        var subnets = Subnets(leg, network);
        if (subnets.Count == 0)
        {
            return null;
        }
        var bytes = new List<byte> { Advertisement, 0, 0, 0, 64, Flags(subnets) };
        Add16(bytes, RouterLifetime);
        // Reachable time and retransmission timer: unspecified.
        Add32(bytes, 0);
        Add32(bytes, 0);
        bytes.AddRange([1, 1, .. IpText.Mac(leg.Mac)]);
        bytes.AddRange([5, 1, 0, 0]);
        Add32(bytes, (uint)network.Mtu);
        foreach (var subnet in subnets)
        {
            var prefix = IpText.Parse(subnet.Cidr);
            bytes.AddRange([3, 4, (byte)prefix.PrefixLength, (byte)(OnLink | (subnet.Ipv6RaMode == "dhcpv6-stateful" ? 0 : Autonomous))]);
            Add32(bytes, ValidLifetime);
            Add32(bytes, PreferredLifetime);
            Add32(bytes, 0);
            bytes.AddRange(prefix.BaseAddress.GetAddressBytes());
        }
        var resolvers = subnets.Where(static s => s.Ipv6RaMode != "dhcpv6-stateful").SelectMany(static s => s.DnsServers).Select(IPAddress.Parse)
            .Where(static a => IpText.Version(a) == 6).Distinct().ToList();
        if (resolvers.Count > 0)
        {
            bytes.AddRange([25, (byte)(1 + (2 * resolvers.Count)), 0, 0]);
            Add32(bytes, RouterLifetime);
            resolvers.ForEach(r => bytes.AddRange(r.GetAddressBytes()));
        }
        return [.. bytes];
    }

    private static List<SubnetSpec> Subnets(RouterLeg leg, NetworkSpec network) =>
        network.Subnets.Where(s => s is { IpVersion: 6, Ipv6RaMode: not null } && leg.Addresses.Any(a => a.SubnetId == s.Id)).ToList();

    private static byte Flags(List<SubnetSpec> subnets) => (byte)(
        (subnets.Any(static s => s.Ipv6RaMode == "dhcpv6-stateful") ? Managed | OtherConfiguration : 0)
        | (subnets.Any(static s => s.Ipv6RaMode == "dhcpv6-stateless") ? OtherConfiguration : 0));

    private static void Add16(List<byte> bytes, ushort value)
    {
        Span<byte> two = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(two, value);
        bytes.AddRange(two);
    }

    private static void Add32(List<byte> bytes, uint value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(four, value);
        bytes.AddRange(four);
    }
}
