using Nephos.Contracts.Neutron;

namespace Nephos.Nova.SecurityGroups;

/// <summary>A group as Nova shows it.</summary>
internal sealed record SecurityGroupView(string Id, string Description, string Name, string TenantId, IReadOnlyList<RuleView> Rules)
{
    public static SecurityGroupView Of(SecurityGroupWithRules found) => new(found.Group.Id, found.Group.Description, found.Group.Name, found.Group.ProjectId,
        // A rule for a group that the user may not see is left out.
        [.. found.Rules.Where(r => r.Direction == "ingress" && (r.RemoteGroupId is null || r.RemoteGroup is not null)).Select(RuleView.Of)]);

    /// <summary>By project and name, as upstream sorts what it got.</summary>
    public static List<SecurityGroupView> Of(IReadOnlyList<SecurityGroupWithRules> found) =>
        [.. found.Select(Of).OrderBy(g => g.TenantId, StringComparer.Ordinal).ThenBy(g => g.Name, StringComparer.Ordinal)];
}

/// <summary>A rule: either <see cref="Group"/> or <see cref="IpRange"/> has members.</summary>
internal sealed record RuleView(string Id, string ParentGroupId, string? IpProtocol, int? FromPort, int? ToPort, IReadOnlyDictionary<string, string> Group, IReadOnlyDictionary<string, string> IpRange)
{
    /// <summary>What upstream shows for a rule without addresses, IPv6 ones too.</summary>
    public const string AnyAddress = "0.0.0.0/0";

    public static RuleView Of(SecurityGroupRuleFacts rule)
    {
        var (from, to) = Ports(rule);
        return new RuleView(rule.Id, rule.SecurityGroupId, rule.Protocol, from, to,
            rule.RemoteGroup is { } group ? new Dictionary<string, string> { ["name"] = group.Name, ["tenant_id"] = group.ProjectId } : [],
            rule.RemoteGroup is null ? new Dictionary<string, string> { ["cidr"] = rule.RemoteIpPrefix ?? AnyAddress } : []);
    }

    /// <summary>Neutron leaves out the ports of a rule for all of a protocol; Nova names them, and says -1 where there are none.</summary>
    public static (int? From, int? To) Ports(SecurityGroupRuleFacts rule) => rule switch
    {
        { Protocol: null } or { PortRangeMin: not null } or { PortRangeMax: not null } => (rule.PortRangeMin, rule.PortRangeMax),
        { Protocol: "tcp" or "udp" } => (RulePorts.Lowest, RulePorts.Highest),
        _ => (RulePorts.None, RulePorts.None),
    };
}

/// <summary>Ports of TCP and UDP rules as Nova counts them.</summary>
internal static class RulePorts
{
    public const int Lowest = 1;
    public const int Highest = 65535;
    /// <summary>Any ICMP type or code.</summary>
    public const int None = -1;
    /// <summary>Highest ICMP type and code.</summary>
    public const int HighestIcmp = 255;
}
