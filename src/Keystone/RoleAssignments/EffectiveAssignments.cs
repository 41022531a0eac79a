using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>
/// Effective lists: who has which role where in the end. Groups become their members, inherited assignments the projects below, and each role also those that it implies.
/// <para>Only what can have a part in the answer is read: rows of the user and their groups, rows on the projects asked for and inherited ones above them, rows of the role and of those that imply
/// it. A handful of queries, whatever the length of the list. A list without any filter is the whole cloud's, as upstream.</para>
/// </summary>
internal static class EffectiveAssignments
{
    public static async Task<List<FoundAssignment>> ListAsync(KeystoneDb db, AssignmentFilter filter)
    {
        var rules = await db.ImpliedRoles.ToListAsync();
        var tree = filter.ProjectId is { } project ? await TargetTree.LoadAsync(db, project, filter.Subtree) : null;
        if (filter.ProjectId is not null && tree is null) { return []; }
        var actors = filter.UserId is { } user ? await EffectiveRoles.ActorsAsync(db, user, null) : null;
        var rows = await Rows(db, filter, actors, tree, rules).ToListAsync();
        var members = await MembersAsync(db, filter, rows);
        var below = tree is null ? await BelowAsync(db, rows) : null;
        var domainRoles = (await db.Roles.Where(r => r.DomainId != Role.NoDomain).Select(r => r.Id).ToListAsync()).ToHashSet(StringComparer.Ordinal);
        var implied = rules.ToLookup(r => r.PriorRoleId, r => r.ImpliedRoleId, StringComparer.Ordinal);

        var found = rows.SelectMany(row => OnTargets(row, tree, below)).SelectMany(a => OfUsers(a, filter.UserId, members)).SelectMany(a => WithImplied(a, implied))
            .Where(a => !domainRoles.Contains(a.RoleId) && (filter.RoleId is null || a.RoleId == filter.RoleId));
        return [.. found.DistinctBy(a => (a.ActorId, a.TargetType, a.TargetId, a.RoleId, a.FromGroup, a.FromTarget, a.FromRole))
            .OrderBy(a => a.ActorId, StringComparer.Ordinal).ThenBy(a => a.TargetId, StringComparer.Ordinal).ThenBy(a => a.RoleId, StringComparer.Ordinal)];
    }

    private static IQueryable<RoleAssignment> Rows(KeystoneDb db, AssignmentFilter filter, List<string>? actors, TargetTree? tree, List<ImpliedRole> rules)
    {
        var rows = filter.Within(db, db.RoleAssignments);
        if (actors is not null) { rows = rows.Where(a => actors.Contains(a.ActorId)); }
        if (filter.RoleId is { } role)
        {
            // The role itself, and all from which it follows.
            var priors = EffectiveRoles.Close([role], rules.ConvertAll(r => new ImpliedRole { PriorRoleId = r.ImpliedRoleId, ImpliedRoleId = r.PriorRoleId }));
            rows = rows.Where(a => priors.Contains(a.RoleId));
        }
        // System assignments are listed on demand only, as upstream.
        rows = filter.System ? rows.Where(a => a.TargetType == RoleAssignment.System) : rows.Where(a => a.TargetType != RoleAssignment.System);
        if (filter.DomainId is { } domain) { rows = rows.Where(a => a.TargetId == domain && !a.Inherited); }
        if (filter.Inherited is { } inherited) { rows = rows.Where(a => a.Inherited == inherited); }
        if (tree is not null)
        {
            var targets = tree.Ids;
            List<string> sources = [.. targets, .. tree.Above];
            rows = rows.Where(a => sources.Contains(a.TargetId) && (a.Inherited || targets.Contains(a.TargetId)));
        }
        return rows;
    }

    /// <summary>Needed only when no user is asked for: with one, the rows of groups are those of the user's groups.</summary>
    private static async Task<ILookup<string, string>> MembersAsync(KeystoneDb db, AssignmentFilter filter, List<RoleAssignment> rows)
    {
        var groups = filter.UserId is null ? rows.Where(a => a.ActorType == RoleAssignment.Group).Select(a => a.ActorId).Distinct().ToList() : [];
        return (groups.Count == 0 ? [] : await db.Memberships.Where(m => groups.Contains(m.GroupId)).ToListAsync()).ToLookup(m => m.GroupId, m => m.UserId);
    }

    private static async Task<Dictionary<string, List<string>>> BelowAsync(KeystoneDb db, List<RoleAssignment> rows)
    {
        var below = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var (type, target) in rows.Where(a => a.Inherited).Select(a => (a.TargetType, a.TargetId)).Distinct())
        {
            below[target] = type == RoleAssignment.Domain
                ? await db.Projects.Where(p => p.DomainId == target && !p.IsDomain).Select(p => p.Id).ToListAsync()
                : (await ProjectQueries.SubtreeAsync(db, target)).ConvertAll(p => p.Id);
        }
        return below;
    }

    private static IEnumerable<FoundAssignment> OnTargets(RoleAssignment row, TargetTree? tree, Dictionary<string, List<string>>? below)
    {
        if (!row.Inherited) { return [new(row.ActorType, row.ActorId, row.TargetType, row.TargetId, row.RoleId, false)]; }
        return (tree?.Under(row.TargetId) ?? below![row.TargetId]).Select(id => new FoundAssignment(row.ActorType, row.ActorId, RoleAssignment.Project, id, row.RoleId, false, FromTarget: (row.TargetType, row.TargetId)));
    }

    private static IEnumerable<FoundAssignment> OfUsers(FoundAssignment found, string? userId, ILookup<string, string> members) => found.ActorType == RoleAssignment.User ? [found]
        : (userId is null ? members[found.ActorId] : [userId]).Select(user => found with { ActorType = RoleAssignment.User, ActorId = user, FromGroup = found.ActorId });

    /// <summary>Each implied role names the one that implies it directly, which may be implied itself.</summary>
    private static List<FoundAssignment> WithImplied(FoundAssignment found, ILookup<string, string> implied)
    {
        var all = new List<FoundAssignment> { found };
        for (var i = 0; i < all.Count; i++)
        {
            foreach (var next in implied[all[i].RoleId])
            {
                var one = found with { RoleId = next, FromRole = all[i].RoleId };
                if (!all.Contains(one)) { all.Add(one); }
            }
        }
        return all;
    }

    /// <summary>The project that is asked for, with those below when the subtree is, and what lies above.</summary>
    private sealed class TargetTree
    {
        private readonly Dictionary<string, string?> _parents = new(StringComparer.Ordinal);
        private readonly string _root;

        private TargetTree(string root) => _root = root;

        public required List<string> Above { get; init; }
        public List<string> Ids => [.. _parents.Keys];

        public static async Task<TargetTree?> LoadAsync(KeystoneDb db, string id, bool subtree)
        {
            if (await db.Projects.FirstOrDefaultAsync(p => p.Id == id) is not { } project) { return null; }
            var tree = new TargetTree(id) { Above = await EffectiveRoles.AncestorsAsync(db, project) };
            tree._parents[id] = null;
            if (subtree)
            {
                foreach (var below in await ProjectQueries.SubtreeAsync(db, id)) { tree._parents[below.Id] = below.ParentId; }
            }
            return tree;
        }

        /// <summary>Those of the tree that inherit from the source: all from one above, those below from one inside.</summary>
        public IEnumerable<string> Under(string source)
        {
            if (Above.Contains(source)) { return _parents.Keys; }
            return _parents.Keys.Where(id =>
            {
                for (var at = id; at is not null && at != _root; at = _parents[at]) { if (_parents[at] == source) { return true; } }
                return false;
            });
        }
    }
}
