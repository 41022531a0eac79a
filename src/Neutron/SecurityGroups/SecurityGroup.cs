using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroupRules;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>
/// A set of rules that ports use: what is allowed to and from them. Upstream: networking api-ref, "Security groups (security-groups)".
/// <list type="bullet">
/// <item>Each project has one group <c>default</c>, made when the project first touches Neutron (<see cref="DefaultGroups"/>). Nobody renames it; only an admin deletes it.</item>
/// <item>A group that a port uses stays.</item>
/// <item><c>stateful</c> can only change while no port uses the group. Nodes treat every group as stateful.</item>
/// </list>
/// </summary>
internal sealed class SecurityGroup : StandardRow
{
    public const string DefaultName = "default";
    public const string DefaultDescription = "Default security group";

    public required string Name { get; set; }
    public bool Stateful { get; set; } = true;
    /// <summary>The project's default group: at most one a project, kept so by a unique index.</summary>
    public bool IsDefault { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<SecurityGroup>(group =>
    {
        Map(group, "security_groups");
        group.HasIndex(g => g.ProjectId).IsUnique().HasFilter("is_default").HasDatabaseName("security_groups_default");
        group.HasIndex(g => g.Name).HasDatabaseName("security_groups_by_name");
    });
}

/// <summary>A group with its rules.</summary>
internal sealed record SecurityGroupView(SecurityGroup Row, IReadOnlyList<string> Tags, IReadOnlyList<SecurityGroupRuleView> Rules) : IView<SecurityGroup>
{
    public IReadOnlyDictionary<string, object?> Target => field ??= new Dictionary<string, object?>(PolicyTarget.Project(Row.ProjectId), StringComparer.Ordinal) { ["shared"] = false };

    /// <summary>Groups that the caller may see: all for admins, else the project's own.</summary>
    public static IQueryable<SecurityGroup> Scope(NeutronDb db, RequestContext context)
    {
        if (context.IsAdmin) { return db.SecurityGroups; }
        var project = context.Who.ProjectId ?? "";
        return db.SecurityGroups.Where(g => g.ProjectId == project);
    }

    /// <summary>Groups with rules and tags: one query for each table.</summary>
    public static async Task<IReadOnlyList<SecurityGroupView>> LoadAsync(NeutronDb db, IReadOnlyList<SecurityGroup> groups)
    {
        var ids = groups.Select(g => g.Id).ToList();
        var rules = await db.SecurityGroupRules.Where(r => ids.Contains(r.SecurityGroupId)).OrderBy(r => r.CreatedAt).ThenBy(r => r.Id).ToListAsync().ConfigureAwait(false);
        var tags = await Tag.OfAsync(db, [.. ids, .. rules.Select(r => r.Id)]).ConfigureAwait(false);
        var byGroup = rules.ToLookup(r => r.SecurityGroupId);
        return [.. groups.Select(g => new SecurityGroupView(g, [.. tags[g.Id]], [.. byGroup[g.Id].Select(r => new SecurityGroupRuleView(r, [.. tags[r.Id]], g))]))];
    }
}
