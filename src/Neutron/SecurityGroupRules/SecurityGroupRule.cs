using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// One thing that a group allows. Upstream: networking api-ref, "Security group rules (security-group-rules)".
/// <list type="bullet">
/// <item>A rule never changes; clients delete and create.</item>
/// <item>A group holds no two rules that mean the same (<see cref="Meaning"/>), kept so by a unique index.</item>
/// </list>
/// </summary>
internal sealed class SecurityGroupRule : StandardRow
{
    public SecurityGroupRule() => Revision = 0; // upstream counts rules from 0, what can be changed from 1

    public required string SecurityGroupId { get; set; }
    /// <summary>ingress or egress.</summary>
    public required string Direction { get; set; }
    /// <summary>IPv4 or IPv6.</summary>
    public required string Ethertype { get; set; }
    /// <summary>Name or number as the client gave it; null for any.</summary>
    public string? Protocol { get; set; }
    /// <summary>Lowest port, or the ICMP type.</summary>
    public int? PortRangeMin { get; set; }
    /// <summary>Highest port, or the ICMP code.</summary>
    public int? PortRangeMax { get; set; }
    public string? RemoteIpPrefix { get; set; }
    public string? RemoteGroupId { get; set; }
    public string? RemoteAddressGroupId { get; set; }
    /// <summary>The rule's meaning as text, equal for rules that allow the same; made by <see cref="MeaningOf"/>.</summary>
    public required string Meaning { get; set; }

    /// <summary>Any address of the family equals no prefix; a protocol's name equals its number (upstream's <c>_rule_to_key</c>).</summary>
    public static string MeaningOf(string direction, string ethertype, string? protocol, int? min, int? max, string? prefix, string? groupId, string? addressGroupId)
    {
        var number = protocol is null ? "+" : RuleProtocols.Number(protocol).ToString(CultureInfo.InvariantCulture);
        var remote = prefix is null or "0.0.0.0/0" or "::/0" ? "+" : prefix;
        return $"{direction} {ethertype} {number} {Show(min)} {Show(max)} {remote} {groupId ?? "+"} {addressGroupId ?? "+"}";
    }

    private static string Show(int? port) => port?.ToString(CultureInfo.InvariantCulture) ?? "+";

    public static void Map(ModelBuilder model) => model.Entity<SecurityGroupRule>(rule =>
    {
        Map(rule, "security_group_rules");
        rule.HasOne<SecurityGroup>().WithMany().HasForeignKey(r => r.SecurityGroupId).OnDelete(DeleteBehavior.Cascade);
        rule.HasOne<SecurityGroup>().WithMany().HasForeignKey(r => r.RemoteGroupId).OnDelete(DeleteBehavior.Cascade);
        rule.HasIndex(r => new { r.SecurityGroupId, r.Meaning }).IsUnique().HasDatabaseName("security_group_rules_by_meaning");
        rule.HasIndex(r => r.RemoteGroupId).HasDatabaseName("security_group_rules_by_remote_group");
    });
}

/// <summary>A rule and the group it is in.</summary>
internal sealed record SecurityGroupRuleView(SecurityGroupRule Row, IReadOnlyList<string> Tags, SecurityGroup Group) : IView<SecurityGroupRule>
{
    public IReadOnlyDictionary<string, object?> Target => field ??= TargetOf(Row.ProjectId, Group);

    /// <summary>The rule's own project counts for nothing, the group's does.</summary>
    public static IReadOnlyDictionary<string, object?> TargetOf(string projectId, SecurityGroup group) => new Dictionary<string, object?>(PolicyTarget.Project(projectId), StringComparer.Ordinal)
    {
        ["security_group_id"] = group.Id,
        ["security_group:project_id"] = group.ProjectId,
        ["belongs_to_default_sg"] = group.IsDefault,
    };

    /// <summary>Rules that the caller may see: all for admins, else those of the project's groups, whoever made them.</summary>
    public static IQueryable<SecurityGroupRule> Scope(NeutronDb db, RequestContext context)
    {
        if (context.IsAdmin) { return db.SecurityGroupRules; }
        var project = context.Who.ProjectId ?? "";
        return db.SecurityGroupRules.Where(r => db.SecurityGroups.Any(g => g.Id == r.SecurityGroupId && g.ProjectId == project));
    }

    public static async Task<IReadOnlyList<SecurityGroupRuleView>> LoadAsync(NeutronDb db, IReadOnlyList<SecurityGroupRule> rules)
    {
        var groupIds = rules.Select(r => r.SecurityGroupId).Distinct().ToList();
        var groups = await db.SecurityGroups.Where(g => groupIds.Contains(g.Id)).ToDictionaryAsync(g => g.Id).ConfigureAwait(false);
        var tags = await Tag.OfAsync(db, [.. rules.Select(r => r.Id)]).ConfigureAwait(false);
        return [.. rules.Select(r => new SecurityGroupRuleView(r, [.. tags[r.Id]], groups[r.SecurityGroupId]))];
    }
}
