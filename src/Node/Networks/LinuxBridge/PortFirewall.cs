using System.Globalization;
using System.Net;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>
/// The two tables that stand between the guests of one namespace: a <c>bridge</c> table that checks sources and puts the port's number into the packet's mark,
/// and an <c>inet</c> table that knows connections and holds the security groups.
/// </summary>
/// <remarks>
/// The bridge family of a common kernel has no connection tracking, and the inet hooks that br_netfilter calls see the bridge and not its port; the mark is
/// what carries the port from one to the other. It is set at priority -310 of prerouting and -10 of forward, each just before br_netfilter calls the inet
/// hooks (at 0 of the bridge family). A packet between two ports of this host meets the sender's chain in prerouting and the receiver's in forward.
/// What is always allowed and always forbidden is upstream's list (neutron/agent/linux/iptables_firewall.py, neutron/agent/firewall.py).
/// Deviation: an advertised neighbour's target is not compared with the port's addresses; and a protected port sends nothing but IPv4, IPv6 and ARP.
/// </remarks>
internal static class PortFirewall
{
    /// <summary>What <see cref="Compile"/> answers: both belong into one transaction.</summary>
    internal sealed record Tables(NftTable Bridge, NftTable Inet);

    /// <param name="name">Name of the tables.</param>
    /// <param name="ports">Ports of this host that may have a device in the namespace.</param>
    /// <param name="ownsTaps">True where every tap device is ours: one that no port stands behind is cut off.</param>
    public static Tables Compile(string name, IEnumerable<PortSpec> ports, IReadOnlyDictionary<string, SecurityGroupSpec> groups, bool ownsTaps)
    {
        var up = ports.Where(p => p.Local && p.AdminStateUp).OrderBy(p => p.Id, StringComparer.Ordinal).ToList();
        var guarded = up.Where(p => p.PortSecurity).ToList();
        var marks = Marks(guarded);
        var bridge = new NftTable("bridge", name);
        var inet = new NftTable("inet", name);

        bridge.Map("marks", "ifname : mark", guarded.ConvertAll(p => $"\"{TapNames.Of(p.Id)}\" : {marks[p.Id]}"));
        bridge.Map("sources", "ifname : verdict", guarded.ConvertAll(p => $"\"{TapNames.Of(p.Id)}\" : jump {SourceChain(p)}"));
        bridge.Set("taps", "ifname", false, up.ConvertAll(p => $"\"{TapNames.Of(p.Id)}\""));
        string[] strangersIn = ownsTaps ? ["iifname \"tap*\" iifname != @taps drop"] : [];
        string[] strangersOut = ownsTaps ? ["oifname \"tap*\" oifname != @taps drop"] : [];
        bridge.Chain("prerouting", "type filter hook prerouting priority -310; policy accept;",
            [.. strangersIn, "meta mark set 0", "iifname vmap @sources", "meta mark set iifname map @marks"]);
        bridge.Chain("forward", "type filter hook forward priority -10; policy accept;",
            [.. strangersOut, "meta mark set 0", "meta mark set oifname map @marks"]);
        bridge.Chain("output", "type filter hook output priority -10; policy accept;", strangersOut);
        foreach (var port in guarded)
        {
            bridge.Chain(SourceChain(port), null, SourceRules(port));
        }

        inet.Map("egress", "mark : verdict", guarded.ConvertAll(p => $"{marks[p.Id]} : jump {EgressChain(p)}"));
        inet.Map("ingress", "mark : verdict", guarded.ConvertAll(p => $"{marks[p.Id]} : jump {IngressChain(p)}"));
        inet.Chain("prerouting", "type filter hook prerouting priority -150; policy accept;", "meta mark 0 accept", "meta mark vmap @egress", "drop");
        inet.Chain("forward", "type filter hook forward priority 0; policy accept;", "meta mark 0 accept", "meta mark vmap @ingress", "drop");
        var used = guarded.SelectMany(p => p.SecurityGroupIds).Distinct(StringComparer.Ordinal).ToList();
        foreach (var port in guarded)
        {
            inet.Chain(EgressChain(port), null, [.. EgressRules, .. port.SecurityGroupIds.Distinct(StringComparer.Ordinal).Select(g => "jump " + SecurityRules.Chain(g, false)), "drop"]);
            inet.Chain(IngressChain(port), null, [.. IngressRules, .. port.SecurityGroupIds.Distinct(StringComparer.Ordinal).Select(g => "jump " + SecurityRules.Chain(g, true)), "drop"]);
        }
        AddGroups(inet, used, groups);
        return new Tables(bridge, inet);
    }

    private static void AddGroups(NftTable inet, List<string> used, IReadOnlyDictionary<string, SecurityGroupSpec> groups)
    {
        var named = new SortedSet<(string Id, int Version)>();
        foreach (var id in used)
        {
            // A group that has not arrived yet allows nothing; its record follows and changes only its chains.
            var rules = groups.TryGetValue(id, out var group) ? group.Rules : [];
            inet.Chain(SecurityRules.Chain(id, true), null, rules.Where(r => r.Ingress).Select(SecurityRules.Compile).Distinct().ToList());
            inet.Chain(SecurityRules.Chain(id, false), null, rules.Where(r => !r.Ingress).Select(SecurityRules.Compile).Distinct().ToList());
            named.UnionWith(rules.Where(r => r.RemoteGroupId is not null).Select(r => (r.RemoteGroupId!, r.IpVersion)));
        }
        foreach (var (id, version) in named)
        {
            var members = groups.TryGetValue(id, out var group) ? SecurityRules.Members(group, version) : [];
            inet.Set(SecurityRules.MembersSet(id, version), version == 6 ? "ipv6_addr" : "ipv4_addr", true, members);
        }
    }

    /// <summary>Numbers for the ports: from the id, so that they are the same after a restart; the next free one when two ids begin alike. Zero means unguarded.</summary>
    private static Dictionary<string, string> Marks(List<PortSpec> ports)
    {
        var taken = new HashSet<uint> { 0 };
        var marks = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var port in ports)
        {
            var number = uint.Parse(port.Id.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            while (!taken.Add(number))
            {
                number++;
            }
            marks.Add(port.Id, "0x" + number.ToString("x8", CultureInfo.InvariantCulture));
        }
        return marks;
    }

    private static string SourceChain(PortSpec port) => "source-" + port.Id;
    private static string EgressChain(PortSpec port) => "out-" + port.Id;
    private static string IngressChain(PortSpec port) => "in-" + port.Id;

    /// <summary>What a guest may claim to be. Fixed addresses and allowed address pairs; without any address, any, but from its MAC (as upstream).</summary>
    private static List<string> SourceRules(PortSpec port)
    {
        var pairs = port.Addresses.Select(a => (port.Mac, IpText.Prefix(a.Ip)))
            .Concat(port.AllowedAddressPairs.Select(p => (p.Mac, IpText.Prefix(p.IpAddress)))).Distinct().ToList();
        var macs = pairs.Select(p => p.Mac).Append(port.Mac).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var rules = new List<string>();
        foreach (var (mac, ip) in pairs)
        {
            if (IpText.Version(ip) == 4)
            {
                rules.Add($"ether saddr {mac} ip saddr {ip} return");
                rules.Add($"ether saddr {mac} arp saddr ether {mac} arp saddr ip {ip} return");
            }
            else
            {
                rules.Add($"ether saddr {mac} ip6 saddr {ip} return");
            }
        }
        foreach (var mac in macs)
        {
            // A DHCP client without an address (RFC 2131, 4.1) and the probe for a duplicate before an address is used (RFC 5227, 2.1.1).
            rules.Add($"ether saddr {mac} ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp sport 68 udp dport 67 return");
            rules.Add($"ether saddr {mac} arp saddr ether {mac} arp saddr ip 0.0.0.0 return");
            // Duplicate address detection and listener reports from the unspecified address: types 131, 135, 143.
            rules.Add($"ether saddr {mac} ip6 saddr :: ip6 daddr ff02::/16 icmpv6 type {{ 131, 135, 143 }} return");
            rules.Add($"ether saddr {mac} ip6 saddr {IpText.LinkLocal(mac)} return");
        }
        if (pairs.Count == 0)
        {
            rules.Add($"ether saddr {port.Mac} ether type {{ ip, ip6, arp }} return");
        }
        rules.Add("drop");
        return rules;
    }

    /// <summary>Before the groups, from the guest. Serving DHCP and advertising routers is forbidden even within an established flow.</summary>
    private static readonly string[] EgressRules =
    [
        "udp sport 67 udp dport 68 drop",
        "udp sport 547 udp dport 546 drop",
        "icmpv6 type nd-router-advert drop",
        "ct state established,related accept",
        "meta nfproto ipv4 udp sport 68 udp dport 67 accept",
        "meta nfproto ipv6 udp sport 546 udp dport 547 accept",
        "icmpv6 type { 130, 131, 132, 133, 135, 136, 143 } accept",
        "ct state invalid drop",
    ];

    /// <summary>Before the groups, to the guest. Answers of DHCP servers and router advertisements can only come from the network's own, see <see cref="EgressRules"/>.</summary>
    private static readonly string[] IngressRules =
    [
        "ct state established,related accept",
        "meta nfproto ipv4 udp sport 67 udp dport 68 accept",
        "meta nfproto ipv6 udp sport 547 udp dport 546 accept",
        "icmpv6 type { 130, 134, 135, 136 } accept",
        "ct state invalid drop",
    ];

    /// <summary>Addresses whose connections belong to the port.</summary>
    public static IEnumerable<IPNetwork> AddressesOf(PortSpec port) =>
        port.Addresses.Select(a => IpText.Parse(a.Ip)).Concat(port.AllowedAddressPairs.Select(p => IpText.Parse(p.IpAddress)));
}
