namespace Nephos.Contracts.Node;

/// <summary>One subnet of a network as the node needs it. Addresses are text in canonical form.</summary>
public sealed record SubnetSpec
{
    public required string Id { get; init; }
    public required string Cidr { get; init; }
    public required int IpVersion { get; init; }
    public string? GatewayIp { get; init; }
    public bool DhcpEnabled { get; init; }
    public IReadOnlyList<string> DnsServers { get; init; } = [];
    public IReadOnlyList<HostRoute> HostRoutes { get; init; } = [];
    /// <summary>slaac, dhcpv6-stateful, dhcpv6-stateless, or null: nobody of ours advertises.</summary>
    public string? Ipv6RaMode { get; init; }
    public string? Ipv6AddressMode { get; init; }
}

public sealed record HostRoute(string Destination, string NextHop);

/// <summary>An address on a port; <paramref name="PrefixLength"/> is its subnet's.</summary>
public sealed record PortAddress(string SubnetId, string Ip, int PrefixLength);

/// <summary>A network of which this host has a port, a router leg, or which is external and attached here.</summary>
public sealed record NetworkSpec
{
    public required string Id { get; init; }
    public required string ProjectId { get; init; }
    public required int Mtu { get; init; }
    /// <summary>Segmentation id: the vxlan's VNI. Zero for flat networks.</summary>
    public required int Vni { get; init; }
    /// <summary>True for a network on a physical network of this host (<see cref="PhysicalNetwork"/>), which lives in the host's own namespace.</summary>
    public bool External { get; init; }
    /// <summary>Key into the node's configured bridges (<c>public</c> → <c>br-public</c>).</summary>
    public string? PhysicalNetwork { get; init; }
    public bool AdminStateUp { get; init; } = true;
    public IReadOnlyList<SubnetSpec> Subnets { get; init; } = [];
    /// <summary>The <c>network:dhcp</c> port of this host: addresses DHCP and metadata answer from. Null: no DHCP here.</summary>
    public ServicePort? Dhcp { get; init; }
    public string DnsDomain { get; init; } = "";
    /// <summary>Tunnel addresses of the other hosts that have this network.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];
}

/// <summary>A port that the node itself plugs (DHCP, router legs).</summary>
public sealed record ServicePort(string PortId, string Mac, IReadOnlyList<PortAddress> Addresses);

/// <summary>A port of a network that this host has: guests' ports here, and every other port of the network as far as DHCP needs it.</summary>
public sealed record PortSpec
{
    public required string Id { get; init; }
    public required string NetworkId { get; init; }
    public required string Mac { get; init; }
    public required IReadOnlyList<PortAddress> Addresses { get; init; }
    /// <summary>True when the tap device is, or will be, on this host.</summary>
    public required bool Local { get; init; }
    public bool AdminStateUp { get; init; } = true;
    /// <summary>False: no anti-spoofing, no security groups.</summary>
    public bool PortSecurity { get; init; } = true;
    public IReadOnlyList<string> SecurityGroupIds { get; init; } = [];
    public IReadOnlyList<AddressPair> AllowedAddressPairs { get; init; } = [];
    /// <summary>Host name handed out by DHCP.</summary>
    public string HostName { get; init; } = "";
    /// <summary>Extra DHCP options by name or number, as the port's <c>extra_dhcp_opts</c>.</summary>
    public IReadOnlyDictionary<string, string> DhcpOptions { get; init; } = new Dictionary<string, string>();
}

/// <summary>An address or prefix that a port may also use, with its own MAC.</summary>
public sealed record AddressPair(string IpAddress, string Mac);

/// <summary>A security group that a local port uses.</summary>
public sealed record SecurityGroupSpec
{
    public required string Id { get; init; }
    public required IReadOnlyList<SecurityRule> Rules { get; init; }
    /// <summary>Addresses of all ports in the group, for rules of other groups that name it as remote group. Groups that are only named are sent too, without rules.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];
}

/// <summary>One allowing rule. Everything not allowed is dropped.</summary>
/// <param name="Protocol">tcp, udp, icmp, icmpv6 or ipv6-icmp, another protocol's name or number; null for any.</param>
/// <param name="PortMin">Lowest port, or the ICMP type; null for any.</param>
/// <param name="PortMax">Highest port, or the ICMP code; null for any.</param>
public sealed record SecurityRule(
    string Id, bool Ingress, int IpVersion, string? Protocol, int? PortMin, int? PortMax, string? RemotePrefix, string? RemoteGroupId);

/// <summary>A router of this host.</summary>
public sealed record RouterSpec
{
    public required string Id { get; init; }
    public required string ProjectId { get; init; }
    public bool AdminStateUp { get; init; } = true;
    public RouterGateway? Gateway { get; init; }
    public IReadOnlyList<RouterLeg> Legs { get; init; } = [];
    public IReadOnlyList<HostRoute> Routes { get; init; } = [];
    public IReadOnlyList<FloatingIpSpec> FloatingIps { get; init; } = [];
}

/// <summary>The outside leg.</summary>
/// <param name="Snat">Translate the source of everything that has no floating IP to the gateway's first IPv4 address.</param>
/// <param name="NextHops">The external subnets' gateways, IPv4 and IPv6.</param>
public sealed record RouterGateway(
    string PortId, string NetworkId, string Mac, IReadOnlyList<PortAddress> Addresses, bool Snat, IReadOnlyList<string> NextHops);

/// <summary>An inside leg; its addresses are usually the subnets' gateways. IPv6 subnets with a router-advertisement mode are advertised on it.</summary>
public sealed record RouterLeg(string PortId, string NetworkId, string Mac, IReadOnlyList<PortAddress> Addresses);

public sealed record FloatingIpSpec(string Id, string FloatingAddress, string FixedAddress);

/// <summary>Kinds of records in a <see cref="NetworkDelta"/>.</summary>
public enum NetworkRecordKind
{
    Network = 1,
    Port = 2,
    Router = 3,
    SecurityGroup = 4,
    /// <summary>In reports only: floating IPs travel with their router.</summary>
    FloatingIp = 5,
}

/// <summary>A record that this host no longer has.</summary>
public sealed record GoneRecord(NetworkRecordKind Kind, string Id);

/// <summary>Everything that changed for a host since a revision.</summary>
/// <param name="Full">True: the lists are complete, anything else on the host is a leftover to remove.</param>
public sealed record NetworkDelta(
    long Revision, bool Full, IReadOnlyList<NetworkSpec> Networks, IReadOnlyList<PortSpec> Ports, IReadOnlyList<RouterSpec> Routers,
    IReadOnlyList<SecurityGroupSpec> SecurityGroups, IReadOnlyList<GoneRecord> Gone);

/// <summary>What the node made of a port, router or floating IP.</summary>
/// <param name="Up">The device is plugged and passes traffic.</param>
/// <param name="Error">Why it is not, in words for the user.</param>
public sealed record NetworkReport(NetworkRecordKind Kind, string Id, bool Up, string? Error);

/// <summary>A network agent of a node, for <c>GET /v2.0/agents</c>.</summary>
/// <param name="Type">Upstream's agent type: <c>Linux bridge agent</c>, <c>DHCP agent</c>, <c>L3 agent</c>, <c>Metadata agent</c>.</param>
public sealed record AgentFacts(string Host, string Type, string Binary, IReadOnlyDictionary<string, object?> Configurations);

/// <summary>Implemented by Neutron, asked by the node.</summary>
public interface INetworkFeed
{
    /// <summary>Records of the host that changed after <paramref name="since"/>; all of them when it is zero. Answers at once; wait on <see cref="NodeTopics.Networks"/>.</summary>
    Task<NetworkDelta> PullAsync(string host, long since, CancellationToken cancel);

    /// <summary>Records what was made so. May be repeated.</summary>
    Task ReportAsync(string host, IReadOnlyList<NetworkReport> reports, CancellationToken cancel);

    /// <summary>Heartbeat of the host's network agents. Repeated every 10 seconds.</summary>
    Task ReportAgentsAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel);
}
