using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.Projects;

/// <summary>Reads of projects and domains.</summary>
internal sealed class ProjectQueries(Store<KeystoneDb> store, KeystoneSettings settings)
{
    public Task<ProjectWithTags?> FindAsync(string id, bool? isDomain = null) => store.ReadAsync(async db =>
        await db.Projects.FirstOrDefaultAsync(p => p.Id == id && (isDomain == null || p.IsDomain == isDomain)) is { } project ? (await WithTagsAsync(db, [project]))[0] : null);

    /// <summary>The project or domain, which must be there.</summary>
    public async Task<Project> GetAsync(string id) => await store.ReadAsync(db => db.Projects.FirstOrDefaultAsync(p => p.Id == id)) ?? throw Faults.NotFound("project", id);

    /// <param name="onlyDomain">The domain that the caller's token is bound to.</param>
    public Task<ListPage<ProjectWithTags>> ListAsync(CallQuery query, string? onlyDomain) => store.ReadAsync(async db =>
    {
        var rows = Filter(db, db.Projects, query).Text(query, "domain_id", p => p.DomainId).Text(query, "parent_id", p => p.ParentId);
        rows = query.Has("is_domain") ? rows.Flag(query, "is_domain", p => p.IsDomain) : rows.Where(p => !p.IsDomain);
        if (onlyDomain is not null) { rows = rows.Where(p => p.DomainId == onlyDomain); }
        return await PageAsync(db, rows, query);
    });

    public Task<ListPage<ProjectWithTags>> ListDomainsAsync(CallQuery query, string? onlyDomain) => store.ReadAsync(async db =>
    {
        var rows = Filter(db, db.Projects.Where(p => p.IsDomain), query);
        if (onlyDomain is not null) { rows = rows.Where(p => p.Id == onlyDomain); }
        return await PageAsync(db, rows, query);
    });

    /// <summary>From the project's parent up to its domain's last project; the domain itself is none of them.</summary>
    public Task<List<Project>> ParentsAsync(Project project) => store.ReadAsync(async db =>
    {
        var above = await RoleAssignments.EffectiveRoles.AncestorsAsync(db, project);
        var rows = await db.Projects.Where(p => above.Contains(p.Id)).ToListAsync();
        return above.Select(id => rows.Find(p => p.Id == id)).OfType<Project>().ToList();
    });

    /// <summary>All below a project, level by level.</summary>
    public Task<List<Project>> SubtreeAsync(string id) => store.ReadAsync(db => SubtreeAsync(db, id));

    public static async Task<List<Project>> SubtreeAsync(KeystoneDb db, string id)
    {
        var all = new List<Project>();
        for (var level = new List<string> { id }; level.Count > 0;)
        {
            var next = await db.Projects.Where(p => p.ParentId != null && level.Contains(p.ParentId)).OrderBy(p => p.Id).ToListAsync();
            all.AddRange(next);
            level = next.ConvertAll(p => p.Id);
        }
        return all;
    }

    public Task<List<ProjectWithTags>> WithTagsAsync(List<Project> projects) => store.ReadAsync(db => WithTagsAsync(db, projects));

    public static async Task<List<ProjectWithTags>> WithTagsAsync(KeystoneDb db, List<Project> projects)
    {
        var ids = projects.ConvertAll(p => p.Id);
        var tags = (await db.ProjectTags.Where(t => ids.Contains(t.ProjectId)).OrderBy(t => t.Name).ToListAsync()).ToLookup(t => t.ProjectId, t => t.Name);
        return projects.ConvertAll(p => new ProjectWithTags(p, [.. tags[p.Id]]));
    }

    private async Task<ListPage<ProjectWithTags>> PageAsync(KeystoneDb db, IQueryable<Project> rows, CallQuery query)
    {
        var page = await rows.PageAsync(query, settings, p => p.Id, p => p.Name, capped: true);
        return new(await WithTagsAsync(db, page.Rows), page.IsFull);
    }

    private static IQueryable<Project> Filter(KeystoneDb db, IQueryable<Project> rows, CallQuery query)
    {
        rows = rows.Text(query, "name", p => p.Name).Flag(query, "enabled", p => p.Enabled);
        foreach (var tag in Words(query["tags"])) { rows = rows.Where(p => db.ProjectTags.Any(t => t.ProjectId == p.Id && t.Name == tag)); }
        if (Words(query["tags-any"]) is { Length: > 0 } any) { rows = rows.Where(p => db.ProjectTags.Any(t => t.ProjectId == p.Id && any.Contains(t.Name))); }
        if (Words(query["not-tags"]) is { Length: > 0 } not) { rows = rows.Where(p => db.ProjectTags.Count(t => t.ProjectId == p.Id && not.Contains(t.Name)) < not.Length); }
        if (Words(query["not-tags-any"]) is { Length: > 0 } none) { rows = rows.Where(p => !db.ProjectTags.Any(t => t.ProjectId == p.Id && none.Contains(t.Name))); }
        return rows;
    }

    private static string[] Words(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
