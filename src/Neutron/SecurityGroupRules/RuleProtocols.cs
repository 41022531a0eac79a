using System.Globalization;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>IP protocols of rules by name and number (neutron_lib.constants IP_PROTOCOL_MAP, in its order, which error messages show).</summary>
internal static class RuleProtocols
{
    public const int Icmp = 1;
    public const int Icmpv6 = 58;

    private static readonly (string Name, int Number)[] Known =
    [
        ("ah", 51), ("dccp", 33), ("egp", 8), ("esp", 50), ("gre", 47), ("hopopt", 0), ("icmp", Icmp), ("igmp", 2), ("ip", 0), ("ipip", 4),
        ("ipv6-encap", 41), ("ipv6-frag", 44), ("ipv6-icmp", Icmpv6), ("icmpv6", Icmpv6), ("ipv6-nonxt", 59), ("ipv6-opts", 60),
        ("ipv6-route", 43), ("ospf", 89), ("pgm", 113), ("rsvp", 46), ("sctp", 132), ("tcp", 6), ("udp", 17), ("udplite", 136), ("vrrp", 112),
    ];

    private static readonly Dictionary<string, int> Numbers = Known.ToDictionary(p => p.Name, p => p.Number, StringComparer.Ordinal);

    /// <summary>Protocols that exist in IPv6 only: 41, 43, 44, 58, 59, 60 by name or number.</summary>
    private static readonly HashSet<int> Ipv6Only = [41, 43, 44, Icmpv6, 59, 60];

    /// <summary>dccp, sctp, tcp, udp, udplite: their headers begin with two ports.</summary>
    private static readonly HashSet<int> WithPorts = [33, 132, 6, 17, 136];

    /// <summary>The names as upstream's message shows them, a Python tuple.</summary>
    public static string Supported { get; } = $"(None, 'any', {string.Join(", ", Known.Select(p => $"'{p.Name}'"))})";

    public static bool IsName(string protocol) => Numbers.ContainsKey(protocol);

    /// <summary>The number of a name or of a number's text that was checked before.</summary>
    public static int Number(string protocol) => Numbers.TryGetValue(protocol, out var number) ? number : int.Parse(protocol, NumberStyles.Integer, CultureInfo.InvariantCulture);

    public static bool IsIpv6Only(string protocol) => Ipv6Only.Contains(Number(protocol));

    public static bool HasPorts(int number) => WithPorts.Contains(number);
}
