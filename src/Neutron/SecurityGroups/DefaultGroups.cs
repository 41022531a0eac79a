using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Ids;
using Nephos.Neutron.SecurityGroupRules;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>
/// The group <c>default</c> of each project, made when the project first lists groups or rules, makes a group, a network or a port. All may leave;
/// in come only members of the same group.
/// </summary>
internal static class DefaultGroups
{
    /// <summary>Id of the project's default group, which is added to the transaction when there is none. Call it inside a write; calling it again is fine.</summary>
    public static async Task<string> EnsureAsync(NeutronDb db, string projectId, DateTime now)
    {
        var id = db.SecurityGroups.Local.FirstOrDefault(g => g.IsDefault && g.ProjectId == projectId)?.Id
            ?? await FindAsync(db, projectId).ConfigureAwait(false);
        if (id is not null) { return id; }
        await db.LockAsync("default-group/" + projectId).ConfigureAwait(false);
        if (await FindAsync(db, projectId).ConfigureAwait(false) is { } other) { return other; }
        var group = new SecurityGroup
        {
            Id = NewId.Uuid(),
            ProjectId = projectId,
            Name = SecurityGroup.DefaultName,
            Description = SecurityGroup.DefaultDescription,
            IsDefault = true,
            CreatedAt = now,
            UpdatedAt = now,
        };
        db.SecurityGroups.Add(group);
        AddEgress(db, group, now);
        foreach (var ethertype in Ethertypes) { db.SecurityGroupRules.Add(Rule(group, "ingress", ethertype, group.Id, now)); }
        return group.Id;
    }

    /// <summary>Id of the project's default group, or null when it has none yet.</summary>
    public static Task<string?> FindAsync(NeutronDb db, string projectId) =>
        db.SecurityGroups.Where(g => g.ProjectId == projectId && g.IsDefault).Select(g => (string?)g.Id).FirstOrDefaultAsync();

    /// <summary>The two rules that every new group has: everything may leave.</summary>
    public static IReadOnlyList<SecurityGroupRule> AddEgress(NeutronDb db, SecurityGroup group, DateTime now)
    {
        SecurityGroupRule[] rules = [.. Ethertypes.Select(e => Rule(group, "egress", e, null, now))];
        db.SecurityGroupRules.AddRange(rules);
        return rules;
    }

    private static readonly string[] Ethertypes = ["IPv4", "IPv6"];

    private static SecurityGroupRule Rule(SecurityGroup group, string direction, string ethertype, string? remoteGroupId, DateTime now) => new()
    {
        Id = NewId.Uuid(),
        ProjectId = group.ProjectId,
        SecurityGroupId = group.Id,
        Direction = direction,
        Ethertype = ethertype,
        RemoteGroupId = remoteGroupId,
        Meaning = SecurityGroupRule.MeaningOf(direction, ethertype, null, null, null, null, remoteGroupId, null),
        CreatedAt = now,
        UpdatedAt = now,
    };
}
