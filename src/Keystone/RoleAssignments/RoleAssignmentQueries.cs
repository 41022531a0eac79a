using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>What a list of assignments is asked for; null does not filter.</summary>
internal sealed record AssignmentFilter(string? UserId, string? GroupId, string? RoleId, string? ProjectId, string? DomainId, bool System, bool? Inherited, bool Effective, bool Subtree)
{
    /// <summary>The domain that the caller's token is bound to: nothing is listed but what is on it and its projects.</summary>
    public string? OnlyDomain { get; init; }

    public IQueryable<RoleAssignment> Within(KeystoneDb db, IQueryable<RoleAssignment> rows) => OnlyDomain is { } domain
        ? rows.Where(a => (a.TargetId == domain && a.TargetType == RoleAssignment.Domain) || (a.TargetType == RoleAssignment.Project && db.Projects.Any(p => p.Id == a.TargetId && p.DomainId == domain))) : rows;
}

/// <summary>An assignment in a list, and where it comes from when it is not written down itself.</summary>
/// <param name="FromGroup">The group whose member the user is.</param>
/// <param name="FromTarget">The project or domain from which it is inherited: type and id.</param>
/// <param name="FromRole">The role that implies this one.</param>
internal sealed record FoundAssignment(string ActorType, string ActorId, string TargetType, string TargetId, string RoleId, bool Inherited, string? FromGroup = null, (string Type, string Id)? FromTarget = null, string? FromRole = null);

/// <summary>Reads across assignments. Effective lists: <see cref="EffectiveAssignments"/>.</summary>
internal sealed class RoleAssignmentQueries(Store<KeystoneDb> store)
{
    public Task<List<Project>> ProjectsOfAsync(string userId, IReadOnlyList<string>? groups = null) => store.ReadAsync(db => EffectiveRoles.ProjectsOfAsync(db, userId, groups));
    public Task<List<Project>> DomainsOfAsync(string userId, IReadOnlyList<string>? groups = null) => store.ReadAsync(db => EffectiveRoles.DomainsOfAsync(db, userId, groups));
    public Task<bool> HasSystemAsync(string userId, IReadOnlyList<string>? groups = null) => store.ReadAsync(async db => (await EffectiveRoles.OnSystemAsync(db, userId, groups)).Count > 0);
    public Task<List<ProjectView>> ViewsAsync(List<Project> rows, string v3) => store.ReadAsync(async db => (await ProjectQueries.WithTagsAsync(db, rows)).ConvertAll(row => ProjectView.Of(row, v3)));
    public Task<List<DomainView>> DomainViewsAsync(List<Project> rows, string v3) => store.ReadAsync(async db => (await ProjectQueries.WithTagsAsync(db, rows)).ConvertAll(row => DomainView.Of(row, v3)));

    public Task<List<FoundAssignment>> ListAsync(AssignmentFilter filter) => store.ReadAsync(async db =>
    {
        if (filter.Effective) { return await EffectiveAssignments.ListAsync(db, filter); }
        return await DirectAsync(db, filter, await TargetsAsync(db, filter));
    });

    /// <summary>The project asked for, with all below it when the subtree is; null for no filter by project.</summary>
    private static async Task<HashSet<string>?> TargetsAsync(KeystoneDb db, AssignmentFilter filter)
    {
        if (filter.ProjectId is not { } id) { return null; }
        var targets = new HashSet<string>(StringComparer.Ordinal) { id };
        if (filter.Subtree) { targets.UnionWith((await ProjectQueries.SubtreeAsync(db, id)).Select(p => p.Id)); }
        return targets;
    }

    private static async Task<List<FoundAssignment>> DirectAsync(KeystoneDb db, AssignmentFilter filter, HashSet<string>? targets)
    {
        var rows = filter.Within(db, db.RoleAssignments);
        if (filter.UserId is { } user) { rows = rows.Where(a => a.ActorId == user && a.ActorType == RoleAssignment.User); }
        if (filter.GroupId is { } group) { rows = rows.Where(a => a.ActorId == group && a.ActorType == RoleAssignment.Group); }
        if (filter.RoleId is { } role) { rows = rows.Where(a => a.RoleId == role); }
        if (targets is not null) { rows = rows.Where(a => targets.Contains(a.TargetId) && a.TargetType == RoleAssignment.Project); }
        if (filter.DomainId is { } domain) { rows = rows.Where(a => a.TargetId == domain && a.TargetType == RoleAssignment.Domain); }
        if (filter.System) { rows = rows.Where(a => a.TargetType == RoleAssignment.System); }
        if (filter.Inherited is { } inherited) { rows = rows.Where(a => a.Inherited == inherited); }
        return (await rows.OrderBy(a => a.ActorId).ThenBy(a => a.TargetId).ThenBy(a => a.RoleId).ToListAsync()).ConvertAll(a => new FoundAssignment(a.ActorType, a.ActorId, a.TargetType, a.TargetId, a.RoleId, a.Inherited));
    }

    /// <summary>Names and domains of all that a list mentions, by id.</summary>
    public Task<IReadOnlyDictionary<string, NamedThing>> NamesAsync(List<FoundAssignment> found) => store.ReadAsync(async db =>
    {
        var ids = found.SelectMany(f => new[] { f.ActorId, f.TargetId, f.RoleId }).Distinct().ToList();
        var things = await db.Users.Where(u => ids.Contains(u.Id)).Select(u => new NamedThing(u.Id, u.Name, u.DomainId)).ToListAsync();
        things.AddRange(await db.Groups.Where(g => ids.Contains(g.Id)).Select(g => new NamedThing(g.Id, g.Name, g.DomainId)).ToListAsync());
        things.AddRange(await db.Projects.Where(p => ids.Contains(p.Id)).Select(p => new NamedThing(p.Id, p.Name, p.IsDomain ? p.Id : p.DomainId)).ToListAsync());
        things.AddRange(await db.Roles.Where(r => ids.Contains(r.Id)).Select(r => new NamedThing(r.Id, r.Name, r.DomainId == Role.NoDomain ? null : r.DomainId)).ToListAsync());
        var domains = things.Select(t => t.DomainId).OfType<string>().Except(things.Select(t => t.Id)).ToList();
        things.AddRange(await db.Projects.Where(p => domains.Contains(p.Id)).Select(p => new NamedThing(p.Id, p.Name, null)).ToListAsync());
        return (IReadOnlyDictionary<string, NamedThing>)things.DistinctBy(t => t.Id).ToDictionary(t => t.Id);
    });
}

/// <summary>Something with a name in a domain.</summary>
internal sealed record NamedThing(string Id, string Name, string? DomainId);
