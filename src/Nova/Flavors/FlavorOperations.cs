using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Keystone;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Store;

namespace Nephos.Nova.Flavors;

/// <param name="IsPublic">Null: both kinds.</param>
internal sealed record FlavorFilter(bool? IsPublic, int MinRam, int MinDisk, string? Name);

/// <summary>What can be done with flavors.</summary>
internal sealed class FlavorOperations(Store<NovaDb> store, IEnumerable<IProjects> projects)
{
    private static readonly SortKey<Flavor> ById = SortKey<Flavor>.Of("flavorid", f => f.Id);
    private static readonly SortKey<Flavor>[] Keys =
    [
        ById, SortKey<Flavor>.Of("id", f => f.Id), SortKey<Flavor>.Of("name", f => f.Name), SortKey<Flavor>.Of("memory_mb", f => f.RamMib), SortKey<Flavor>.Of("vcpus", f => f.Vcpus),
        SortKey<Flavor>.Of("root_gb", f => f.RootGib), SortKey<Flavor>.Of("ephemeral_gb", f => f.EphemeralGib), SortKey<Flavor>.Of("swap", f => f.SwapMib),
        SortKey<Flavor>.Of("is_public", f => f.IsPublic), SortKey<Flavor>.Of("rxtx_factor", f => f.RxtxFactor), SortKey<Flavor>.Of("description", f => f.Description),
        SortKey<Flavor>.Of("created_at", f => f.CreatedAt), SortKey<Flavor>.Of("updated_at", f => f.UpdatedAt),
        // Columns that are the same in every row: the order is the id's.
        SortKey<Flavor>.Of("disabled", f => f.Id), SortKey<Flavor>.Of("vcpu_weight", f => f.Id),
    ];

    public Task<List<Flavor>> ListAsync(RequestContext context, FlavorFilter filter, PageRequest page) => store.ReadAsync(async db =>
    {
        var sorts = page.Resolve(Keys, [new Sort<Flavor>(ById, false)], ById, name => new BadRequestError($"Invalid input for query parameters sort_key. Value: {name}. '{name}' is not one of [{string.Join(", ", Keys.Select(k => $"'{k.Name}'"))}]"));
        var query = Visible(db, context);
        if (filter.IsPublic is { } wanted) { query = context.IsAdmin ? query.Where(f => f.IsPublic == wanted) : query; }
        if (filter.MinRam > 0) { query = query.Where(f => f.RamMib >= filter.MinRam); }
        if (filter.MinDisk > 0) { query = query.Where(f => f.RootGib >= filter.MinDisk); }
        if (filter.Name is { } name) { query = query.Where(f => f.Name == name); }
        if (page.Marker is { } marker)
        {
            var row = await db.Flavors.FirstOrDefaultAsync(f => f.Id == marker) ?? throw new BadRequestError($"marker [{marker}] not found");
            query = query.After(sorts, row);
        }
        return await query.OrderByKeys(sorts).Take(page.Limit ?? NovaLimits.MaxPage).ToListAsync();
    });

    /// <summary>The flavor when the caller may use it.</summary>
    public Task<Flavor?> FindAsync(RequestContext context, string id) => store.ReadAsync(db => Visible(db, context).FirstOrDefaultAsync(f => f.Id == id));

    public Task<Flavor> CreateAsync(RequestContext context, CreateFlavor request)
    {
        var flavor = new Flavor
        {
            Id = string.IsNullOrEmpty(request.Id) ? NewId.Uuid() : request.Id,
            Name = request.Name.Trim(),
            Vcpus = request.Vcpus,
            RamMib = request.Ram,
            RootGib = request.Disk,
            EphemeralGib = request.Ephemeral,
            SwapMib = request.Swap,
            RxtxFactor = request.Rxtx(),
            IsPublic = request.IsPublic ?? true,
            Description = request.Description,
            CreatedAt = context.Now,
        };
        return store.WriteAsync(async db =>
        {
            if (await db.Flavors.AnyAsync(f => f.Id == flavor.Id)) { throw FlavorErrors.IdExists(flavor.Id); }
            if (await db.Flavors.AnyAsync(f => f.Name == flavor.Name)) { throw FlavorErrors.NameExists(flavor.Name); }
            db.Flavors.Add(flavor);
            db.Record(context, "create", "flavor", flavor.Id);
            return flavor;
        });
    }

    public Task<Flavor> DescribeAsync(RequestContext context, string id, string? description) => ChangeAsync(context, id, "update", flavor => flavor.Description = description);

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.Flavors.Where(f => f.Id == id).ExecuteDeleteAsync() == 0) { throw FlavorErrors.NotFound(id); }
        db.Record(context, "delete", "flavor", id);
    });

    public Task SetExtraSpecsAsync(RequestContext context, string id, Dictionary<string, string> specs) => ChangeAsync(context, id, "set_extra_specs", flavor =>
    {
        var merged = new Dictionary<string, string>(flavor.ExtraSpecs, StringComparer.Ordinal);
        foreach (var (key, value) in specs) { merged[key] = value; }
        flavor.ExtraSpecs = merged;
    });

    public Task RemoveExtraSpecAsync(RequestContext context, string id, string key) => ChangeAsync(context, id, "unset_extra_spec", flavor =>
    {
        var left = new Dictionary<string, string>(flavor.ExtraSpecs, StringComparer.Ordinal);
        if (!left.Remove(key)) { throw FlavorErrors.NoExtraSpec(id, key); }
        flavor.ExtraSpecs = left;
    });

    public Task<List<string>> ProjectsAsync(string id) => store.ReadAsync(db => ProjectsOf(db, id));

    /// <summary>Upstream asks Keystone and refuses a project that is none.</summary>
    public async Task KnownProjectAsync(string projectId, CancellationToken cancel)
    {
        if (projects.FirstOrDefault() is { } keystone && !await keystone.ExistsAsync(projectId, cancel))
        {
            throw new BadRequestError($"Project ID {projectId} is not a valid project.");
        }
    }

    public Task<List<string>> AddProjectAsync(RequestContext context, string id, string projectId) => store.WriteAsync(async db =>
    {
        if (!await db.Flavors.AnyAsync(f => f.Id == id)) { throw FlavorErrors.NotFound(id); }
        if (await db.FlavorProjects.AnyAsync(a => a.FlavorId == id && a.ProjectId == projectId)) { throw FlavorErrors.AccessExists(id, projectId); }
        db.FlavorProjects.Add(new FlavorProject { FlavorId = id, ProjectId = projectId });
        db.Record(context, "add_tenant_access", "flavor", id);
        await db.SaveChangesAsync();
        return await ProjectsOf(db, id);
    });

    public Task<List<string>> RemoveProjectAsync(RequestContext context, string id, string projectId) => store.WriteAsync(async db =>
    {
        if (await db.FlavorProjects.Where(a => a.FlavorId == id && a.ProjectId == projectId).ExecuteDeleteAsync() == 0) { throw FlavorErrors.AccessNotFound(id, projectId); }
        db.Record(context, "remove_tenant_access", "flavor", id);
        return await ProjectsOf(db, id);
    });

    private static Task<List<string>> ProjectsOf(NovaDb db, string id) => db.FlavorProjects.Where(a => a.FlavorId == id).OrderBy(a => a.ProjectId).Select(a => a.ProjectId).ToListAsync();

    private static IQueryable<Flavor> Visible(NovaDb db, RequestContext context)
    {
        if (context.IsAdmin) { return db.Flavors; }
        var project = context.Who.ProjectId ?? "";
        return db.Flavors.Where(f => f.IsPublic || db.FlavorProjects.Any(a => a.FlavorId == f.Id && a.ProjectId == project));
    }

    private Task<Flavor> ChangeAsync(RequestContext context, string id, string what, Action<Flavor> change) => store.WriteAsync(async db =>
    {
        var flavor = await db.Flavors.AsTracking().FirstOrDefaultAsync(f => f.Id == id) ?? throw FlavorErrors.NotFound(id);
        change(flavor);
        flavor.UpdatedAt = context.Now;
        flavor.Generation++;
        db.Record(context, what, "flavor", id);
        return flavor;
    });
}
