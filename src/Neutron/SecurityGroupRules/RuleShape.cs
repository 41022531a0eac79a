using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroups;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// What a rule allows: the converted values of a request, made canonical and checked against each other in upstream's order
/// (<c>_validate_base_security_group_rule_attributes</c> of neutron/db/securitygroups_db.py).
/// </summary>
internal sealed record RuleShape
{
    /// <summary>The whole range of ports; a rule that names it is kept without ports.</summary>
    private const int LowestPort = 1, HighestPort = 65535;

    public required string SecurityGroupId { get; init; }
    public required string Direction { get; init; }
    public required string Ethertype { get; init; }
    public string? Protocol { get; init; }
    public int? PortRangeMin { get; init; }
    public int? PortRangeMax { get; init; }
    public string? RemoteIpPrefix { get; init; }
    public string? RemoteGroupId { get; init; }
    public string? RemoteAddressGroupId { get; init; }

    public string Meaning => SecurityGroupRule.MeaningOf(Direction, Ethertype, Protocol, PortRangeMin, PortRangeMax, RemoteIpPrefix, RemoteGroupId, RemoteAddressGroupId);

    public static RuleShape Of(Values values)
    {
        var protocol = values.Get(SecurityGroupRuleTable.Protocol);
        var (min, max) = (values.Get(SecurityGroupRuleTable.PortRangeMin), values.Get(SecurityGroupRuleTable.PortRangeMax));
        var ethertype = values.Get(SecurityGroupRuleTable.Ethertype);
        var prefix = values.Get(SecurityGroupRuleTable.RemoteIpPrefix);
        var group = values.Get(SecurityGroupRuleTable.RemoteGroupId);
        var addressGroup = values.Get(SecurityGroupRuleTable.RemoteAddressGroupId);
        if (ethertype == "IPv6")
        {
            // The old names and number of ICMP mean ICMPv6 in an IPv6 rule.
            protocol = protocol switch { "icmp" or "icmpv6" => "ipv6-icmp", "1" => "58", _ => protocol };
        }
        if (min == LowestPort && max == HighestPort) { (min, max) = (null, null); }
        CheckPorts(protocol, min, max);
        if (prefix is not null && prefix.IpVersion != (ethertype == "IPv6" ? 6 : 4)) { throw SecurityGroupErrors.EthertypeConflictsWithPrefix(ethertype, prefix.ToString()); }
        if (ethertype == "IPv4" && protocol is not null && RuleProtocols.IsIpv6Only(protocol)) { throw SecurityGroupErrors.EthertypeConflictsWithProtocol(ethertype, protocol); }
        if ((prefix is not null ? 1 : 0) + (group is not null ? 1 : 0) + (addressGroup is not null ? 1 : 0) > 1) { throw SecurityGroupErrors.MultipleRemotes(); }
        return new RuleShape
        {
            SecurityGroupId = values.Get(SecurityGroupRuleTable.SecurityGroupId),
            Direction = values.Get(SecurityGroupRuleTable.Direction),
            Ethertype = ethertype,
            Protocol = protocol,
            PortRangeMin = min,
            PortRangeMax = max,
            RemoteIpPrefix = prefix?.ToString(),
            RemoteGroupId = group,
            RemoteAddressGroupId = addressGroup,
        };
    }

    private static void CheckPorts(string? protocol, int? min, int? max)
    {
        if (min is null && max is null) { return; }
        if (protocol is null) { throw SecurityGroupErrors.ProtocolRequired(); }
        var number = RuleProtocols.Number(protocol);
        if (RuleProtocols.HasPorts(number))
        {
            if (min == 0 || max == 0) { throw SecurityGroupErrors.InvalidPort("0"); }
            if (min is null || max is null || min > max) { throw SecurityGroupErrors.InvalidPortRange(); }
        }
        else if (number is RuleProtocols.Icmp or RuleProtocols.Icmpv6)
        {
            if (min > 255) { throw SecurityGroupErrors.InvalidIcmp("type", "port_range_min", min.Value); }
            if (max > 255) { throw SecurityGroupErrors.InvalidIcmp("code", "port_range_max", max.Value); }
            if (min is null) { throw SecurityGroupErrors.MissingIcmpType(max!.Value); }
        }
        else
        {
            throw SecurityGroupErrors.PortsWithoutPorts(number);
        }
    }
}
