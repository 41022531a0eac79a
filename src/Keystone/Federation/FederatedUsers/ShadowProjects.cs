using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.FederatedUsers;

/// <summary>
/// Projects that a mapping wants to be there, with the user's roles on them. Upstream: <c>handle_projects_from_mapping</c> in <c>keystone/auth/plugins/mapped.py</c>. Roles must exist already, so that
/// no identity provider invents one. From schema version 3.0 on, what the mapping no longer gives is taken away.
/// </summary>
internal sealed class ShadowProjects(Store<KeystoneDb> store, TokenInvalidation tokens)
{
    private sealed record Wanted(string Name, string DomainId, IReadOnlyList<string> RoleIds);

    public async Task ProvideAsync(RequestContext context, string userId, string userDomainId, FederatedSource source, IReadOnlyList<MappedProject> projects)
    {
        var exact = source.SchemaVersion == MappingSchema.V3;
        if (projects.Count == 0 && !exact) { return; }
        await store.WriteUniqueAsync(async db =>
        {
            var wanted = await ResolveAsync(db, userDomainId, source, projects);
            var mine = await db.RoleAssignments.Where(a => a.ActorId == userId && a.ActorType == RoleAssignment.User && a.TargetType == RoleAssignment.Project && !a.Inherited).ToListAsync();
            var keep = new HashSet<(string, string)>();
            var changed = false;
            foreach (var project in wanted)
            {
                var id = await db.Projects.Where(p => p.DomainId == project.DomainId && p.Name == project.Name).Select(p => p.Id).FirstOrDefaultAsync() ?? await CreateAsync(context, db, project);
                foreach (var role in project.RoleIds.Where(role => keep.Add((id, role)) && !mine.Exists(a => a.TargetId == id && a.RoleId == role)))
                {
                    db.RoleAssignments.Add(new RoleAssignment { ActorType = RoleAssignment.User, ActorId = userId, TargetType = RoleAssignment.Project, TargetId = id, RoleId = role });
                    db.Record(context, "grant", "role", role, id);
                    changed = true;
                }
            }
            foreach (var old in exact ? mine.Where(a => !keep.Contains((a.TargetId, a.RoleId))) : [])
            {
                db.RoleAssignments.Remove(old);
                db.Record(context, "revoke", "role", old.RoleId, old.TargetId);
                changed = true;
            }
            if (changed) { await tokens.RecheckAsync(db, userId); }
            return changed;
        }, () => Faults.Conflict("project", "it was made by another login at the same time"));
    }

    /// <summary>All is looked at before anything is made.</summary>
    private static async Task<List<Wanted>> ResolveAsync(KeystoneDb db, string userDomainId, FederatedSource source, IReadOnlyList<MappedProject> projects)
    {
        var names = projects.SelectMany(p => p.Roles).Distinct().ToList();
        var roles = (await db.Roles.Where(r => names.Contains(r.Name)).ToListAsync()).ToLookup(r => r.Name);
        string RoleId(string name)
        {
            if (!roles[name].Any()) { throw Faults.NotFound("role", name); }
            return roles[name].FirstOrDefault(r => r.DomainId == Role.NoDomain || r.DomainId == userDomainId)?.Id
                ?? throw new ForbiddenError($"role: {name} must be within the same domain as the identity provider: {source.Provider.Id}.");
        }
        var wanted = new List<Wanted>();
        foreach (var project in projects)
        {
            wanted.Add(new(project.Name, await MappedDomains.FindAsync(db, project.Domain) ?? source.Provider.DomainId, [.. project.Roles.Select(RoleId)]));
        }
        return wanted;
    }

    private static async Task<string> CreateAsync(RequestContext context, KeystoneDb db, Wanted project)
    {
        if (project.Name.Length is 0 or > 64) { throw new BadRequestError($"Invalid input for field 'name': '{project.Name}' is too {(project.Name.Length == 0 ? "short" : "long")}"); }
        var row = new Project { Id = NewId.Hex(), Name = project.Name, DomainId = project.DomainId, ParentId = project.DomainId };
        db.Projects.Add(row);
        db.Record(context, "create", "project", row.Id, row.Id);
        await db.SaveChangesAsync(); // found by name, when the mapping names it twice
        return row.Id;
    }
}

/// <summary>Domains that mappings name.</summary>
internal static class MappedDomains
{
    /// <summary>Its id; null when none is named, 404 when it is not there.</summary>
    public static async Task<string?> FindAsync(KeystoneDb db, MappedDomain? domain)
    {
        if (domain is null) { return null; }
        var (id, name) = (domain.Id, domain.Id is null ? domain.Name : null);
        return await db.Projects.Where(p => p.IsDomain && (id != null ? p.Id == id : p.Name == name)).Select(p => p.Id).FirstOrDefaultAsync() ?? throw Faults.NotFound("domain", id ?? name!);
    }
}
