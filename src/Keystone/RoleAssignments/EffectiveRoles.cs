using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>A role as tokens name it.</summary>
public sealed record RoleName(string Id, string Name);

/// <summary>
/// Which roles a user has in a scope: assigned to the user or to a group of theirs, on the target itself or inherited from above it, and all roles that these imply. Roles of a domain
/// count for what they imply, and are then left out. Groups beside those whose member the user is are those that a federated token carries.
/// </summary>
internal static class EffectiveRoles
{
    public static async Task<List<RoleName>> OnProjectAsync(KeystoneDb db, string userId, Project project, IReadOnlyList<string>? groups = null)
    {
        var direct = await DirectOnProjectAsync(db, userId, project, groups);
        return await ExpandAsync(db, direct);
    }

    /// <summary>Ids, roles of domains among them.</summary>
    public static async Task<List<string>> IdsOnProjectAsync(KeystoneDb db, string userId, Project project) =>
        await DirectOnProjectAsync(db, userId, project, null) is { Count: > 0 } direct ? Close(direct, await db.ImpliedRoles.ToListAsync()) : [];

    private static async Task<List<string>> DirectOnProjectAsync(KeystoneDb db, string userId, Project project, IReadOnlyList<string>? groups)
    {
        var above = await AncestorsAsync(db, project);
        var actors = await ActorsAsync(db, userId, groups);
        return await db.RoleAssignments
            .Where(a => actors.Contains(a.ActorId) && ((a.TargetId == project.Id && a.TargetType == RoleAssignment.Project && !a.Inherited) || (a.Inherited && above.Contains(a.TargetId))))
            .Select(a => a.RoleId).Distinct().ToListAsync();
    }

    public static async Task<List<RoleName>> OnDomainAsync(KeystoneDb db, string userId, string domainId, IReadOnlyList<string>? groups = null)
    {
        var actors = await ActorsAsync(db, userId, groups);
        var direct = await db.RoleAssignments.Where(a => actors.Contains(a.ActorId) && a.TargetId == domainId && a.TargetType == RoleAssignment.Domain && !a.Inherited)
            .Select(a => a.RoleId).Distinct().ToListAsync();
        return await ExpandAsync(db, direct);
    }

    public static async Task<List<RoleName>> OnSystemAsync(KeystoneDb db, string userId, IReadOnlyList<string>? groups = null)
    {
        var actors = await ActorsAsync(db, userId, groups);
        var direct = await db.RoleAssignments.Where(a => actors.Contains(a.ActorId) && a.TargetType == RoleAssignment.System).Select(a => a.RoleId).Distinct().ToListAsync();
        return await ExpandAsync(db, direct);
    }

    /// <summary>Projects on which the user has any role; enabled ones only.</summary>
    public static async Task<List<Project>> ProjectsOfAsync(KeystoneDb db, string userId, IReadOnlyList<string>? groups = null)
    {
        var actors = await ActorsAsync(db, userId, groups);
        var ids = await db.RoleAssignments.Where(a => actors.Contains(a.ActorId) && a.TargetType == RoleAssignment.Project && !a.Inherited).Select(a => a.TargetId).Distinct().ToListAsync();
        var from = await db.RoleAssignments.Where(a => actors.Contains(a.ActorId) && a.Inherited).Select(a => a.TargetId).Distinct().ToListAsync();
        var all = ids.ToHashSet(StringComparer.Ordinal);
        // Level by level down the tree; as many queries as it is deep.
        for (var level = from; level.Count > 0;)
        {
            level = await db.Projects.Where(p => p.ParentId != null && level.Contains(p.ParentId) && !p.IsDomain).Select(p => p.Id).ToListAsync();
            level.RemoveAll(id => !all.Add(id));
        }
        var wanted = all.ToList();
        return await db.Projects.Where(p => wanted.Contains(p.Id)).OrderBy(p => p.Id).ToListAsync();
    }

    public static async Task<List<Project>> DomainsOfAsync(KeystoneDb db, string userId, IReadOnlyList<string>? groups = null)
    {
        var actors = await ActorsAsync(db, userId, groups);
        var ids = await db.RoleAssignments.Where(a => actors.Contains(a.ActorId) && a.TargetType == RoleAssignment.Domain && !a.Inherited).Select(a => a.TargetId).Distinct().ToListAsync();
        return await db.Projects.Where(p => ids.Contains(p.Id) && p.IsDomain).OrderBy(p => p.Id).ToListAsync();
    }

    /// <summary>The ids above a project, nearest first, its domain last.</summary>
    public static async Task<List<string>> AncestorsAsync(KeystoneDb db, Project project)
    {
        var above = new List<string>();
        for (var parent = project.ParentId; parent is not null && above.Count <= 101;)
        {
            above.Add(parent);
            if (parent == project.DomainId) { break; }
            var id = parent;
            parent = await db.Projects.Where(p => p.Id == id).Select(p => p.ParentId).FirstOrDefaultAsync();
        }
        return above;
    }

    /// <summary>The names of roles and of all that they imply.</summary>
    public static async Task<List<RoleName>> ExpandAsync(KeystoneDb db, IReadOnlyCollection<string> direct)
    {
        if (direct.Count == 0) { return []; }
        var all = Close(direct, await db.ImpliedRoles.ToListAsync());
        return await NamesAsync(db, all);
    }

    /// <summary>As tokens name them: by name, those of domains left out.</summary>
    public static Task<List<RoleName>> NamesAsync(KeystoneDb db, IReadOnlyCollection<string> ids) =>
        db.Roles.Where(r => ids.Contains(r.Id) && r.DomainId == Role.NoDomain).OrderBy(r => r.Name).Select(r => new RoleName(r.Id, r.Name)).ToListAsync();

    /// <summary>The roles and all that they imply, directly or through others.</summary>
    public static List<string> Close(IReadOnlyCollection<string> direct, IReadOnlyList<ImpliedRole> rules)
    {
        var implied = rules.ToLookup(r => r.PriorRoleId, r => r.ImpliedRoleId, StringComparer.Ordinal);
        var all = new HashSet<string>(direct, StringComparer.Ordinal);
        var next = new Queue<string>(direct);
        while (next.TryDequeue(out var role))
        {
            foreach (var id in implied[role].Where(all.Add)) { next.Enqueue(id); }
        }
        return [.. all];
    }

    /// <summary>The user and the groups of theirs: whose assignments are the user's.</summary>
    public static async Task<List<string>> ActorsAsync(KeystoneDb db, string userId, IReadOnlyList<string>? groups)
    {
        var actors = await db.Memberships.Where(m => m.UserId == userId).Select(m => m.GroupId)
            .Union(db.ExpiringMemberships.Where(m => m.UserId == userId && m.Active).Select(m => m.GroupId)).ToListAsync();
        if (groups is not null) { actors.AddRange(groups); }
        actors.Add(userId);
        return actors;
    }
}
