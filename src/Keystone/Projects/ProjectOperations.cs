using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Limits;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Projects;

/// <summary>Writes on projects, and on domains as far as they are the same.</summary>
internal sealed class ProjectOperations(Store<KeystoneDb> store, TokenInvalidation tokens, EnforcementModel model, KeystoneSettings settings)
{
    public async Task<ProjectWithTags> CreateAsync(RequestContext context, CreateProject request, string id)
    {
        var isDomain = request.IsDomain ?? false;
        EnsureName(request.Name, isDomain);
        // Without a domain, upstream takes the token's and then the default one.
        var domainId = isDomain ? Project.RootDomain : request.DomainId ?? context.Who.DomainId ?? Bootstrap.FirstStart.DefaultDomain;
        var project = new Project
        {
            Id = id,
            Name = request.Name.Trim(),
            DomainId = domainId,
            Description = request.Description ?? "",
            Enabled = request.Enabled ?? true,
            IsDomain = isDomain,
            ParentId = isDomain ? request.ParentId : request.ParentId ?? domainId,
            Options = Options.Merge(Keystone.Extra.None, request.Options?.Given()),
            Extra = Keystone.Extra.Write(WithoutOurs(request.Extra)),
        };
        var tags = request.Tags ?? [];
        await store.WriteUniqueAsync(async db =>
        {
            if (isDomain && project.ParentId is not null) { throw new BadRequestError("only root projects are allowed to act as domains."); }
            if (!isDomain) { await EnsurePlaceAsync(db, project); }
            db.Projects.Add(project);
            db.ProjectTags.AddRange(tags.Select(t => new ProjectTag { ProjectId = id, Name = t }));
            db.Record(context, "create", isDomain ? "domain" : "project", id, id);
            return true;
        }, () => NameConflict(project));
        return new(project, [.. tags.Order(StringComparer.Ordinal)]);
    }

    public async Task<ProjectWithTags> UpdateAsync(RequestContext context, Project seen, UpdateProject request)
    {
        var type = seen.IsDomain ? "domain" : "project";
        Options.EnsureMutable(seen.Options, request.Options?.Given(), request.ChangesMore, type, seen.Id);
        EnsureSame(seen, request);
        return await store.WriteUniqueAsync(async db =>
        {
            var project = await db.Projects.AsTracking().FirstOrDefaultAsync(p => p.Id == seen.Id) ?? throw Faults.NotFound(type, seen.Id);
            if (request.Enabled is { } enabled && enabled != project.Enabled) { await EnableAsync(context, db, project, enabled); }
            if (request.Name is { } name && name != project.Name)
            {
                EnsureName(name, seen.IsDomain);
                project.Name = name.Trim();
                await tokens.RecheckAsync(db, project.Id); // tokens show the name
            }
            if (request.Description.IsSet) { project.Description = request.Description.Value ?? ""; }
            project.Options = Options.Merge(project.Options, request.Options?.Given());
            project.Extra = Keystone.Extra.Merge(project.Extra, WithoutOurs(request.Extra));
            if (request.Tags is { } tags) { await SetTagsAsync(db, project.Id, tags); }
            db.Record(context, "update", type, project.Id, project.Id);
            await db.SaveChangesAsync();
            return (await ProjectQueries.WithTagsAsync(db, [project]))[0];
        }, () => NameConflict(new Project { Id = seen.Id, DomainId = seen.DomainId, IsDomain = seen.IsDomain, Name = request.Name ?? seen.Name }));
    }

    public Task DeleteAsync(RequestContext context, Project seen) => store.WriteAsync(async db =>
    {
        Options.EnsureDeletable(seen.Options, "project", seen.Id);
        if (await db.Projects.AnyAsync(p => p.ParentId == seen.Id))
        {
            throw new ForbiddenError($"Cannot delete the project {seen.Id} since it is not a leaf in the hierarchy. Use the cascade option if you want to delete a whole subtree.");
        }
        await DropAsync(context, db, [seen.Id]);
        db.Record(context, "delete", "project", seen.Id, seen.Id);
    });

    public Task<List<string>> SetTagsAsync(RequestContext context, string id, IReadOnlyList<string> tags) => store.WriteAsync(async db =>
    {
        await SetTagsAsync(db, id, tags);
        db.Record(context, "update", "project", id, id);
        return tags.Order(StringComparer.Ordinal).ToList();
    });

    public Task AddTagAsync(RequestContext context, string id, string tag) => store.WriteAsync(async db =>
    {
        var tags = await db.ProjectTags.Where(t => t.ProjectId == id).Select(t => t.Name).ToListAsync();
        if (tags.Contains(tag)) { return; }
        if (tags.Count >= 80) { throw new BadRequestError($"Invalid input for field 'tags': the project has 80 tags already, which is the most."); }
        db.ProjectTags.Add(new ProjectTag { ProjectId = id, Name = tag });
        db.Record(context, "update", "project", id, id);
    });

    public Task RemoveTagAsync(RequestContext context, string id, string tag) => store.WriteAsync(async db =>
    {
        if (await db.ProjectTags.Where(t => t.ProjectId == id && t.Name == tag).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("project tag", tag); }
        db.Record(context, "update", "project", id, id);
    });

    /// <summary>Projects with all that hangs on them.</summary>
    public async Task DropAsync(RequestContext context, KeystoneDb db, IReadOnlyCollection<string> ids)
    {
        await db.RoleAssignments.Where(a => ids.Contains(a.TargetId)).ExecuteDeleteAsync();
        await Dependents.OfProjectsAsync(db, ids);
        await db.Limits.Where(l => ids.Contains(l.ProjectId!) || ids.Contains(l.DomainId!)).ExecuteDeleteAsync();
        await db.Users.Where(u => u.DefaultProjectId != null && ids.Contains(u.DefaultProjectId)).ExecuteUpdateAsync(u => u.SetProperty(x => x.DefaultProjectId, (string?)null));
        await db.Projects.Where(p => ids.Contains(p.Id)).ExecuteDeleteAsync();
        foreach (var id in ids) { await tokens.RevokeAsync(db, Revocation.Project, id, context.Now); }
    }

    private static async Task SetTagsAsync(KeystoneDb db, string id, IReadOnlyList<string> tags)
    {
        await db.ProjectTags.Where(t => t.ProjectId == id).ExecuteDeleteAsync();
        db.ProjectTags.AddRange(tags.Select(t => new ProjectTag { ProjectId = id, Name = t }));
    }

    private async Task EnableAsync(RequestContext context, KeystoneDb db, Project project, bool enabled)
    {
        if (enabled)
        {
            var above = await EffectiveRoles.AncestorsAsync(db, project);
            if (await db.Projects.AnyAsync(p => above.Contains(p.Id) && !p.Enabled && !p.IsDomain)) { throw new ForbiddenError($"Cannot enable project {project.Id} since it has disabled parents"); }
            await tokens.RecheckAsync(db, project.Id);
        }
        else
        {
            if (!project.IsDomain && (await ProjectQueries.SubtreeAsync(db, project.Id)).Exists(p => p.Enabled))
            {
                throw new ForbiddenError($"Cannot disable project {project.Id} since its subtree contains enabled projects.");
            }
            await tokens.RevokeAsync(db, project.IsDomain ? Revocation.Domain : Revocation.Project, project.Id, context.Now);
        }
        project.Enabled = enabled;
    }

    private async Task EnsurePlaceAsync(KeystoneDb db, Project project)
    {
        if (!await db.Projects.AnyAsync(p => p.Id == project.DomainId && p.IsDomain)) { throw new BadRequestError($"Could not find domain: {project.DomainId}."); }
        var parent = await db.Projects.FirstOrDefaultAsync(p => p.Id == project.ParentId) ?? throw new BadRequestError($"Could not find project: {project.ParentId}.");
        if (parent.IsDomain && parent.Id != project.DomainId)
        {
            throw new BadRequestError($"Cannot create project, the parent ({parent.Id}) is acting as a domain, but this project's domain id ({project.DomainId}) does not match the parent's id.");
        }
        if (!parent.IsDomain && parent.DomainId != project.DomainId)
        {
            throw new BadRequestError($"Cannot create project, since it specifies its domain_id {project.DomainId}, but specifies a parent in a different domain ({parent.DomainId}).");
        }
        var above = await EffectiveRoles.AncestorsAsync(db, project);
        if (await db.Projects.Where(p => above.Contains(p.Id) && !p.Enabled).Select(p => p.Id).FirstOrDefaultAsync() is { } disabled)
        {
            throw new BadRequestError($"cannot create a project in a branch containing a disabled project: {disabled}");
        }
        if (above.Count > model.MaxAbove) { throw new ForbiddenError($"Max hierarchy depth reached for {project.ParentId} branch."); }
    }

    /// <summary>Upstream's <c>[resource] project_name_url_safe</c> and <c>domain_name_url_safe</c>, and the name of the domain that once stood for federated users.</summary>
    private void EnsureName(string name, bool isDomain)
    {
        const string reserved = ":/?#[]@!$&'()*+,;=";
        if ((isDomain ? settings.DomainNameUrlSafe : settings.ProjectNameUrlSafe) != "off" && name.Any(reserved.Contains))
        {
            throw new BadRequestError($"{(isDomain ? "Domain" : "Project")} name cannot contain the following reserved characters: {string.Concat(name.Where(reserved.Contains))}");
        }
        if (isDomain && name.Equals("Federated", StringComparison.OrdinalIgnoreCase)) { throw new BadRequestError($"Domain cannot be named {name}"); }
    }

    private static void EnsureSame(Project seen, UpdateProject request)
    {
        bool Differs(string name, string? value) => request.Extra is { } extra && extra.TryGetValue(name, out var given)
            && (given.ValueKind == System.Text.Json.JsonValueKind.String ? given.GetString() != value : given.ValueKind != System.Text.Json.JsonValueKind.Null || value is not null);
        if (Differs("id", seen.Id) && request.Extra!.ContainsKey("id")) { throw new BadRequestError("Cannot change ID"); }
        if (Differs("domain_id", seen.IsDomain ? null : seen.DomainId)) { throw new BadRequestError("Cannot change Domain ID"); }
        if (Differs("parent_id", seen.ParentId)) { throw new ForbiddenError("Update of `parent_id` is not allowed."); }
        if (request.Extra is { } more && more.TryGetValue("is_domain", out var isDomain) && (isDomain.ValueKind == System.Text.Json.JsonValueKind.True) != seen.IsDomain) { throw new BadRequestError("Update of `is_domain` is not allowed."); }
    }

    /// <summary>What is ours and only repeated by the client is no extra attribute.</summary>
    private static Dictionary<string, System.Text.Json.JsonElement>? WithoutOurs(Dictionary<string, System.Text.Json.JsonElement>? extra) =>
        extra?.Where(e => e.Key is not ("id" or "links" or "domain_id" or "parent_id" or "is_domain" or "explicit_domain_id")).ToDictionary(e => e.Key, e => e.Value);

    private static ConflictError NameConflict(Project project) => Faults.Conflict("project", project.IsDomain
        ? $"it is not permitted to have two projects acting as domains with the same name: {project.Name}"
        : $"it is not permitted to have two projects with either the same name or same id in the same domain: name is {project.Name}, project id {project.Id}");
}
