using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>What a list of assignments is asked for; null does not filter.</summary>
internal sealed record AssignmentFilter(string? UserId, string? GroupId, string? RoleId, string? ProjectId, string? DomainId, bool System, bool? Inherited, bool Effective, bool Subtree);

/// <summary>An assignment in a list, and where it comes from when it is not written down itself.</summary>
/// <param name="FromGroup">The group whose member the user is.</param>
/// <param name="FromTarget">The project or domain from which it is inherited: type and id.</param>
/// <param name="FromRole">The role that implies this one.</param>
internal sealed record FoundAssignment(string ActorType, string ActorId, string TargetType, string TargetId, string RoleId, bool Inherited, string? FromGroup = null, (string Type, string Id)? FromTarget = null, string? FromRole = null);

/// <summary>Reads across assignments. Effective lists take a handful of queries whatever their length, and are put together in memory.</summary>
internal sealed class RoleAssignmentQueries(Store<KeystoneDb> store)
{
    public Task<List<Project>> ProjectsOfAsync(string userId, IReadOnlyList<string>? groups = null) => store.ReadAsync(db => EffectiveRoles.ProjectsOfAsync(db, userId, groups));
    public Task<List<Project>> DomainsOfAsync(string userId, IReadOnlyList<string>? groups = null) => store.ReadAsync(db => EffectiveRoles.DomainsOfAsync(db, userId, groups));
    public Task<bool> HasSystemAsync(string userId, IReadOnlyList<string>? groups = null) => store.ReadAsync(async db => (await EffectiveRoles.OnSystemAsync(db, userId, groups)).Count > 0);
    public Task<List<ProjectView>> ViewsAsync(List<Project> rows, string v3) => store.ReadAsync(async db => (await ProjectQueries.WithTagsAsync(db, rows)).ConvertAll(row => ProjectView.Of(row, v3)));
    public Task<List<DomainView>> DomainViewsAsync(List<Project> rows, string v3) => store.ReadAsync(async db => (await ProjectQueries.WithTagsAsync(db, rows)).ConvertAll(row => DomainView.Of(row, v3)));

    public Task<List<FoundAssignment>> ListAsync(AssignmentFilter filter) => store.ReadAsync(async db =>
    {
        var targets = await TargetsAsync(db, filter);
        return filter.Effective ? await EffectiveAsync(db, filter, targets) : await DirectAsync(db, filter, targets);
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
        var rows = db.RoleAssignments.AsQueryable();
        if (filter.UserId is { } user) { rows = rows.Where(a => a.ActorId == user && a.ActorType == RoleAssignment.User); }
        if (filter.GroupId is { } group) { rows = rows.Where(a => a.ActorId == group && a.ActorType == RoleAssignment.Group); }
        if (filter.RoleId is { } role) { rows = rows.Where(a => a.RoleId == role); }
        if (targets is not null) { rows = rows.Where(a => targets.Contains(a.TargetId) && a.TargetType == RoleAssignment.Project); }
        if (filter.DomainId is { } domain) { rows = rows.Where(a => a.TargetId == domain && a.TargetType == RoleAssignment.Domain); }
        if (filter.System) { rows = rows.Where(a => a.TargetType == RoleAssignment.System); }
        if (filter.Inherited is { } inherited) { rows = rows.Where(a => a.Inherited == inherited); }
        return (await rows.OrderBy(a => a.ActorId).ThenBy(a => a.TargetId).ThenBy(a => a.RoleId).ToListAsync()).ConvertAll(a => new FoundAssignment(a.ActorType, a.ActorId, a.TargetType, a.TargetId, a.RoleId, a.Inherited));
    }

    /// <summary>Groups become their members, inherited assignments the projects below, and each role also those that it implies.</summary>
    private static async Task<List<FoundAssignment>> EffectiveAsync(KeystoneDb db, AssignmentFilter filter, HashSet<string>? targets)
    {
        var rows = db.RoleAssignments.AsQueryable();
        if (filter.UserId is { } user) { rows = rows.Where(a => a.ActorId == user || db.Memberships.Any(m => m.UserId == user && m.GroupId == a.ActorId)); }
        if (filter.System) { rows = rows.Where(a => a.TargetType == RoleAssignment.System); }
        if (filter.DomainId is { } domain) { rows = rows.Where(a => a.TargetId == domain && a.TargetType == RoleAssignment.Domain && !a.Inherited); }
        var all = await rows.ToListAsync();
        var groups = all.Where(a => a.ActorType == RoleAssignment.Group).Select(a => a.ActorId).Distinct().ToList();
        var members = (await db.Memberships.Where(m => groups.Contains(m.GroupId)).ToListAsync()).ToLookup(m => m.GroupId, m => m.UserId);
        var below = new Dictionary<string, List<Project>>(StringComparer.Ordinal);
        foreach (var target in all.Where(a => a.Inherited).Select(a => a.TargetId).Distinct()) { below[target] = await ProjectQueries.SubtreeAsync(db, target); }
        var rules = await db.ImpliedRoles.ToListAsync();
        var domainRoles = (await db.Roles.Where(r => r.DomainId != Role.NoDomain).Select(r => r.Id).ToListAsync()).ToHashSet(StringComparer.Ordinal);

        var found = all.SelectMany(a => OnTargets(a, below)).SelectMany(a => OfUsers(a, members)).Where(a => filter.UserId is null || a.ActorId == filter.UserId)
            .Where(a => targets is null || (a.TargetType == RoleAssignment.Project && targets.Contains(a.TargetId)))
            .Where(a => filter.Inherited is null || filter.Inherited == a.FromTarget.HasValue)
            .SelectMany(a => EffectiveRoles.Close([a.RoleId], rules).Select(id => id == a.RoleId ? a : a with { RoleId = id, FromRole = a.RoleId }))
            .Where(a => !domainRoles.Contains(a.RoleId) && (filter.RoleId is null || a.RoleId == filter.RoleId));
        return [.. found.DistinctBy(a => (a.ActorId, a.TargetType, a.TargetId, a.RoleId, a.FromGroup, a.FromTarget, a.FromRole)).OrderBy(a => a.ActorId, StringComparer.Ordinal).ThenBy(a => a.TargetId, StringComparer.Ordinal).ThenBy(a => a.RoleId, StringComparer.Ordinal)];
    }

    private static IEnumerable<FoundAssignment> OnTargets(RoleAssignment row, Dictionary<string, List<Project>> below)
    {
        if (!row.Inherited) { return [new(row.ActorType, row.ActorId, row.TargetType, row.TargetId, row.RoleId, false)]; }
        return below[row.TargetId].Where(p => !p.IsDomain).Select(p => new FoundAssignment(row.ActorType, row.ActorId, RoleAssignment.Project, p.Id, row.RoleId, false, FromTarget: (row.TargetType, row.TargetId)));
    }

    private static IEnumerable<FoundAssignment> OfUsers(FoundAssignment found, ILookup<string, string> members) => found.ActorType == RoleAssignment.User ? [found]
        : members[found.ActorId].Select(user => found with { ActorType = RoleAssignment.User, ActorId = user, FromGroup = found.ActorId });

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

    /// <summary>The domain of each project, by the project's id.</summary>
    public Task<Dictionary<string, string>> DomainsOfProjectsAsync(IReadOnlyCollection<string> ids) =>
        store.ReadAsync(db => db.Projects.Where(p => ids.Contains(p.Id)).ToDictionaryAsync(p => p.Id, p => p.DomainId));
}

/// <summary>Something with a name in a domain.</summary>
internal sealed record NamedThing(string Id, string Name, string? DomainId);
