using System.Globalization;
using System.Net;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>Security group rules as nftables statements.</summary>
internal static class SecurityRules
{
    /// <summary>Names that a rule may use, to IANA's numbers (networking api-ref, "Security group rules", <c>protocol</c>).</summary>
    private static readonly Dictionary<string, int> Protocols = new(StringComparer.OrdinalIgnoreCase)
    {
        ["ah"] = 51, ["dccp"] = 33, ["egp"] = 8, ["esp"] = 50, ["gre"] = 47, ["hopopt"] = 0, ["icmp"] = 1, ["icmpv6"] = 58, ["igmp"] = 2,
        ["ip"] = 0, ["ipip"] = 4, ["ipv6-encap"] = 41, ["ipv6-frag"] = 44, ["ipv6-icmp"] = 58, ["ipv6-nonxt"] = 59, ["ipv6-opts"] = 60,
        ["ipv6-route"] = 43, ["ospf"] = 89, ["pgm"] = 113, ["rsvp"] = 46, ["sctp"] = 132, ["tcp"] = 6, ["udp"] = 17, ["udplite"] = 136, ["vrrp"] = 112,
    };

    /// <summary>Protocols whose header begins with source and destination port.</summary>
    private static readonly HashSet<int> WithPorts = [6, 17, 33, 132, 136];

    public static string MembersSet(string groupId, int version) => $"m{version}-{groupId}";

    public static string Chain(string groupId, bool ingress) => ingress ? $"sg-in-{groupId}" : $"sg-out-{groupId}";

    /// <summary>The IANA number; null for any protocol. A name that nobody knows is a fault of the API, which checks it.</summary>
    public static int? ProtocolNumber(string? protocol, int version)
    {
        if (protocol is null || protocol.Equals("any", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }
        if (!Protocols.TryGetValue(protocol, out var number)
            && !(int.TryParse(protocol, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= 255))
        {
            throw new FormatException($"unknown protocol '{protocol}' in a security group rule");
        }
        // Upstream takes icmp in an IPv6 rule for ICMPv6, and 0 (ip, hopopt) for any protocol, as iptables does.
        return number == 1 && version == 6 ? 58 : number == 0 ? null : number;
    }

    /// <summary>One rule as the statements of one nftables rule.</summary>
    public static string Compile(SecurityRule rule)
    {
        var parts = new List<string> { rule.IpVersion == 6 ? "meta nfproto ipv6" : "meta nfproto ipv4" };
        var remote = (rule.IpVersion == 6 ? "ip6 " : "ip ") + (rule.Ingress ? "saddr" : "daddr");
        if (rule.RemoteGroupId is { } group)
        {
            parts.Add($"{remote} @{MembersSet(group, rule.IpVersion)}");
        }
        else if (rule.RemotePrefix is { } prefix && !prefix.EndsWith("/0", StringComparison.Ordinal))
        {
            parts.Add($"{remote} {IpText.Prefix(prefix)}");
        }
        if (ProtocolNumber(rule.Protocol, rule.IpVersion) is { } protocol)
        {
            parts.Add($"meta l4proto {protocol}");
            AddPorts(parts, rule, protocol);
        }
        parts.Add("accept");
        return string.Join(' ', parts);
    }

    private static void AddPorts(List<string> parts, SecurityRule rule, int protocol)
    {
        if (protocol is 1 or 58)
        {
            var icmp = protocol == 1 ? "icmp" : "icmpv6";
            if (rule.PortMin is { } type)
            {
                parts.Add($"{icmp} type {type}");
                if (rule.PortMax is { } code)
                {
                    parts.Add($"{icmp} code {code}");
                }
            }
        }
        else if (WithPorts.Contains(protocol) && (rule.PortMin ?? rule.PortMax) is not null)
        {
            var low = rule.PortMin ?? 1;
            var high = rule.PortMax ?? 65535;
            parts.Add(low == high ? $"th dport {low}" : $"th dport {low}-{high}");
        }
    }

    /// <summary>Members of one IP version as elements of an interval set: single addresses and prefixes, none inside another.</summary>
    public static IReadOnlyList<string> Members(SecurityGroupSpec group, int version)
    {
        var prefixes = group.Members.Select(IpText.Parse).Where(p => IpText.Version(p.BaseAddress) == version).Distinct().OrderBy(p => p.PrefixLength).ToList();
        var kept = new List<IPNetwork>();
        // A prefix can only lie inside a shorter one, so comparing each with the shorter ones finds all of it. Only address pairs are shorter than a host.
        var wide = new List<IPNetwork>();
        foreach (var prefix in prefixes)
        {
            if (!wide.Any(w => w.Contains(prefix.BaseAddress)))
            {
                kept.Add(prefix);
                if (prefix.PrefixLength < (version == 6 ? 128 : 32))
                {
                    wide.Add(prefix);
                }
            }
        }
        return kept.Select(IpText.Format).Order(StringComparer.Ordinal).ToList();
    }
}
