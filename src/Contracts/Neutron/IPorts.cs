using Nephos.Kernel.Auth;

namespace Nephos.Contracts.Neutron;

/// <summary>A port as other services see it.</summary>
public sealed record PortFacts
{
    public required string Id { get; init; }
    public required string NetworkId { get; init; }
    public required string NetworkName { get; init; }
    public required string ProjectId { get; init; }
    public required string Mac { get; init; }
    public required IReadOnlyList<FixedIpFacts> FixedIps { get; init; }
    public string DeviceId { get; init; } = "";
    public string DeviceOwner { get; init; } = "";
    public string HostId { get; init; } = "";
    /// <summary>ACTIVE, DOWN, BUILD, ERROR.</summary>
    public required string Status { get; init; }
    /// <summary>unbound, bridge, ovs, binding_failed.</summary>
    public string VifType { get; init; } = "unbound";
    public int Mtu { get; init; }
    public IReadOnlyList<string> SecurityGroupIds { get; init; } = [];
    public bool PortSecurity { get; init; } = true;
    /// <summary>Name given by the port's <c>dns_name</c>, else empty.</summary>
    public string DnsName { get; init; } = "";
}

/// <summary>An address of a port, its floating addresses, and the subnet's facts that metadata shows.</summary>
public sealed record FixedIpFacts
{
    public required string SubnetId { get; init; }
    public required string Ip { get; init; }
    public required int IpVersion { get; init; }
    public required string Cidr { get; init; }
    public string? GatewayIp { get; init; }
    public bool Dhcp { get; init; }
    public string? Ipv6AddressMode { get; init; }
    public IReadOnlyList<string> DnsServers { get; init; } = [];
    public IReadOnlyList<(string Destination, string NextHop)> HostRoutes { get; init; } = [];
    public IReadOnlyList<string> FloatingIps { get; init; } = [];
}

/// <summary>A port to make for a server.</summary>
/// <param name="Id">Made by the caller, so that a repeated call finds the port it made before.</param>
/// <param name="SecurityGroupIds">Null: the project's default group.</param>
public sealed record NewPort(string Id, string ProjectId, string NetworkId, string? FixedIp, IReadOnlyList<string>? SecurityGroupIds, string DeviceId, string DeviceOwner, string HostId, string DnsName);

/// <summary>What other services ask Neutron about ports. The same operations, rules and quota as the public API.</summary>
public interface IPorts
{
    /// <summary>Makes a port unless there is one with that id, and answers the host that it is bound to. Throws the API's errors (no more addresses, quota, network gone).</summary>
    Task<string> CreateAsync(RequestContext context, NewPort port, CancellationToken cancel);

    /// <summary>The port when the caller may see it, else null.</summary>
    Task<PortFacts?> FindAsync(RequestContext context, string portId, CancellationToken cancel);

    /// <summary>Ports of devices (servers), one query for all of them.</summary>
    Task<IReadOnlyList<PortFacts>> OfDevicesAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel);

    /// <summary>The port that has the address on the network, or null.</summary>
    Task<PortFacts?> AtAddressAsync(string networkId, string ip, CancellationToken cancel);

    /// <summary>Gives a port to a device on a host. Throws 409 when another device has it. Repeated calls change nothing.</summary>
    Task BindAsync(RequestContext context, string portId, string deviceId, string deviceOwner, string hostId, CancellationToken cancel);

    /// <summary>Takes a port from its device and host and keeps it. Gone is fine.</summary>
    Task UnbindAsync(RequestContext context, string portId, string deviceId, CancellationToken cancel);

    /// <summary>Deletes a port; gone is fine.</summary>
    Task DeleteAsync(RequestContext context, string portId, CancellationToken cancel);

    /// <summary>Gives a port one more address, of the subnet. Throws the API's errors (no more addresses, too many on the port).</summary>
    Task AddFixedIpAsync(RequestContext context, string portId, string subnetId, CancellationToken cancel);

    /// <summary>Takes an address from a port and leaves the others. False when the port does not have it.</summary>
    Task<bool> RemoveFixedIpAsync(RequestContext context, string portId, string ip, CancellationToken cancel);

    /// <summary>Replaces the security groups of a port.</summary>
    Task SetSecurityGroupsAsync(RequestContext context, string portId, IReadOnlyList<string> securityGroupIds, CancellationToken cancel);
}

/// <summary>A network as other services see it.</summary>
public sealed record NetworkFacts(string Id, string Name, string ProjectId, bool Shared, bool External, bool AdminStateUp, int Mtu, IReadOnlyList<string> SubnetIds);

/// <summary>What other services ask Neutron about networks.</summary>
public interface INetworks
{
    /// <summary>The network when the caller may see it, else null.</summary>
    Task<NetworkFacts?> FindAsync(RequestContext context, string networkId, CancellationToken cancel);

    /// <summary>Networks a server of the project can be plugged into when it asks for none: the project's own and shared ones, no external ones that are not shared.</summary>
    Task<IReadOnlyList<NetworkFacts>> AvailableAsync(RequestContext context, string projectId, CancellationToken cancel);
}

public sealed record SecurityGroupFacts(string Id, string Name, string ProjectId, string Description);

/// <summary>What other services ask Neutron about security groups.</summary>
public interface ISecurityGroups
{
    /// <summary>A project's groups; makes its default group when it has none yet.</summary>
    Task<IReadOnlyList<SecurityGroupFacts>> OfProjectAsync(RequestContext context, string projectId, CancellationToken cancel);

    /// <summary>Names of groups by id.</summary>
    Task<IReadOnlyDictionary<string, string>> NamesAsync(IReadOnlyCollection<string> ids, CancellationToken cancel);

    /// <summary>Those of the groups that the caller may see, with their rules.</summary>
    Task<IReadOnlyList<SecurityGroupWithRules>> WithRulesAsync(RequestContext context, IReadOnlyCollection<string> ids, CancellationToken cancel);
}

/// <summary>A rule of a security group.</summary>
/// <param name="Direction">ingress or egress.</param>
/// <param name="Protocol">Name or number; null for any.</param>
/// <param name="PortRangeMin">Lowest port, or the ICMP type; null for any.</param>
/// <param name="PortRangeMax">Highest port, or the ICMP code; null for any.</param>
/// <param name="RemoteGroup">The group of <paramref name="RemoteGroupId"/> when the caller may see it.</param>
public sealed record SecurityGroupRuleFacts(
    string Id, string SecurityGroupId, string Direction, string? Protocol, int? PortRangeMin, int? PortRangeMax, string? RemoteIpPrefix, string? RemoteGroupId, SecurityGroupFacts? RemoteGroup);

/// <summary>A security group and all its rules, oldest first.</summary>
public sealed record SecurityGroupWithRules(SecurityGroupFacts Group, IReadOnlyList<SecurityGroupRuleFacts> Rules);

/// <summary>An ingress rule to make.</summary>
/// <param name="Ethertype">IPv4 or IPv6.</param>
public sealed record NewIngressRule(string SecurityGroupId, string Ethertype, string? Protocol, int? PortRangeMin, int? PortRangeMax, string? RemoteIpPrefix, string? RemoteGroupId);

/// <summary>Security groups as users of the public API have them, for the calls of another service that stand for it. Throws that API's errors.</summary>
public interface ISecurityGroupCalls
{
    /// <summary>Groups by id: a project's, whose default group is made when it has none yet, or all that the caller may see.</summary>
    /// <param name="projectId">Null: of all projects.</param>
    Task<IReadOnlyList<SecurityGroupWithRules>> ListAsync(RequestContext context, string? projectId, int offset, int limit, CancellationToken cancel);

    /// <summary>404 when the caller may not see it.</summary>
    Task<SecurityGroupWithRules> GetAsync(RequestContext context, string id, CancellationToken cancel);

    /// <summary>Makes a group in the caller's project.</summary>
    Task<SecurityGroupWithRules> CreateAsync(RequestContext context, string name, string description, CancellationToken cancel);

    /// <summary>404 when the caller may not see it.</summary>
    Task<SecurityGroupWithRules> UpdateAsync(RequestContext context, string id, string name, string description, CancellationToken cancel);

    /// <summary>404 when the caller may not see it, 409 while a port uses it.</summary>
    Task DeleteAsync(RequestContext context, string id, CancellationToken cancel);

    /// <summary>Makes a rule, which is the caller's project's.</summary>
    Task<SecurityGroupRuleFacts> CreateRuleAsync(RequestContext context, NewIngressRule rule, CancellationToken cancel);

    /// <summary>404 when the caller may not see it.</summary>
    Task DeleteRuleAsync(RequestContext context, string id, CancellationToken cancel);
}
