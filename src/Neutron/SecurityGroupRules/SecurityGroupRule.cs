using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.SecurityGroups;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// One thing that a group allows. Upstream: networking api-ref, "Security group rules (security-group-rules)".
/// <list type="bullet">
/// <item>A rule never changes; clients delete and create.</item>
/// <item>A group holds no two rules that mean the same (<see cref="Meaning"/>), kept so by a unique index.</item>
/// </list>
/// </summary>
public sealed class SecurityGroupRule
{
    public required string Id { get; set; }
    public required string ProjectId { get; set; }
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
    public string? Description { get; set; }
    /// <summary>The rule's meaning as text, equal for rules that allow the same; written by <see cref="MeaningOf"/>.</summary>
    public required string Meaning { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    public long Generation { get; set; }

    public int IpVersion => Ethertype == "IPv6" ? 6 : 4;

    /// <summary>Any address of the family equals no prefix; a protocol's name equals its number (upstream's <c>_rule_to_key</c>).</summary>
    public static string MeaningOf(string direction, string ethertype, string? protocol, int? min, int? max, string? prefix, string? groupId, string? addressGroupId)
    {
        var number = protocol is null ? "+" : RuleProtocols.Number(protocol).ToString(CultureInfo.InvariantCulture);
        var remote = prefix is null or "0.0.0.0/0" or "::/0" ? "+" : prefix;
        return string.Create(CultureInfo.InvariantCulture, $"{direction} {ethertype} {number} {Show(min)} {Show(max)} {remote} {groupId ?? "+"} {addressGroupId ?? "+"}");
    }

    private static string Show(int? port) => port?.ToString(CultureInfo.InvariantCulture) ?? "+";

    internal static void Map(ModelBuilder model)
    {
        model.Entity<SecurityGroupRule>(rule =>
        {
            rule.ToTable("security_group_rules");
            rule.HasKey(r => r.Id);
            rule.Property(r => r.Generation).HasColumnName("revision_number");
            rule.HasOne<SecurityGroup>().WithMany().HasForeignKey(r => r.SecurityGroupId).OnDelete(DeleteBehavior.Cascade);
            rule.HasOne<SecurityGroup>().WithMany().HasForeignKey(r => r.RemoteGroupId).OnDelete(DeleteBehavior.Cascade);
            rule.HasIndex(r => new { r.SecurityGroupId, r.Meaning }).IsUnique().HasDatabaseName("security_group_rules_by_meaning");
            rule.HasIndex(r => r.RemoteGroupId).HasDatabaseName("security_group_rules_by_remote_group");
            rule.HasIndex(r => new { r.ProjectId, r.Id }).HasDatabaseName("security_group_rules_by_project");
        });
    }
}
