using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Lists;
using Nephos.Keystone.RegisteredLimits;

namespace Nephos.Keystone.Limits;

/// <summary>Reads and writes of limits.</summary>
internal sealed class LimitOperations(Store<KeystoneDb> store, EnforcementModel model, KeystoneSettings settings)
{
    public Task<LimitRow?> FindAsync(string id) => store.ReadAsync(db => Rows(db, db.Limits.Where(l => l.Id == id)).FirstOrDefaultAsync());

    public Task<ILookup<string, Projects.ProjectLimitView>> OfProjectsAsync(List<string> projects) => store.ReadAsync(async db =>
        (await Rows(db, db.Limits.Where(l => l.ProjectId != null && projects.Contains(l.ProjectId))).ToListAsync())
            .ToLookup(l => l.ProjectId!, l => new Projects.ProjectLimitView(l.Id, l.ProjectId, l.DomainId, l.ServiceId, l.RegionId, l.ResourceName, l.ResourceLimit, l.Description)));

    /// <param name="only">Whose scope bounds the list; null for all.</param>
    public async Task<ListPage<LimitRow>> ListAsync(CallQuery query, Identity? only)
    {
        if (only is { DomainId: null, ProjectId: null }) { return new([], false); }
        return await store.ReadAsync(db =>
        {
            var limits = db.Limits.AsQueryable();
            if (only?.DomainId is { } domain) { limits = limits.Where(l => l.DomainId == domain || db.Projects.Any(p => p.Id == l.ProjectId && p.DomainId == domain)); }
            else if (only?.ProjectId is { } project) { limits = limits.Where(l => l.ProjectId == project); }
            limits = limits.Text(query, "project_id", l => l.ProjectId).Text(query, "domain_id", l => l.DomainId);
            return Rows(db, limits).Text(query, "service_id", l => l.ServiceId).Text(query, "region_id", l => l.RegionId).Text(query, "resource_name", l => l.ResourceName)
                .PageAsync(query, settings, l => l.Id, l => l.ResourceName);
        });
    }

    public Task<List<LimitRow>> CreateAsync(RequestContext context, IReadOnlyList<CreateLimit> requests) => store.WriteUniqueAsync(async db =>
    {
        var made = new List<(Limit Limit, RegisteredLimit Registered)>();
        foreach (var request in requests)
        {
            var (projectId, domainId) = await OwnerAsync(db, request);
            var registered = await db.RegisteredLimits.FirstOrDefaultAsync(r => r.ServiceId == request.ServiceId && r.RegionId == request.RegionId && r.ResourceName == request.ResourceName)
                ?? throw new ForbiddenError("Unable to create a limit that has no corresponding registered limit.");
            var limit = new Limit { Id = NewId.Hex(), RegisteredLimitId = registered.Id, ProjectId = projectId, DomainId = domainId, ResourceLimit = request.ResourceLimit, Description = request.Description };
            made.Add((limit, registered));
        }
        await model.CheckAsync(db, made);
        foreach (var (limit, _) in made)
        {
            db.Limits.Add(limit);
            db.Record(context, "create", "limit", limit.Id, limit.ProjectId);
        }
        await db.SaveChangesAsync();
        return made.ConvertAll(m => Row(m.Limit, m.Registered));
    }, () => Faults.Conflict("limit", "Duplicate entry"));

    public Task<LimitRow> UpdateAsync(RequestContext context, string id, UpdateLimit request) => store.WriteAsync(async db =>
    {
        var limit = await db.Limits.AsTracking().FirstOrDefaultAsync(l => l.Id == id) ?? throw NotFound(id);
        var registered = await db.RegisteredLimits.FirstAsync(r => r.Id == limit.RegisteredLimitId);
        limit.ResourceLimit = request.ResourceLimit ?? limit.ResourceLimit;
        if (request.Description.IsSet) { limit.Description = request.Description.Value; }
        await model.CheckAsync(db, [(limit, registered)]);
        db.Record(context, "update", "limit", id, limit.ProjectId);
        return Row(limit, registered);
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.Limits.Where(l => l.Id == id).ExecuteDeleteAsync() == 0) { throw NotFound(id); }
        db.Record(context, "delete", "limit", id);
    });

    public static NotFoundError NotFound(string id) => new($"Could not find limit for {id}.");

    /// <summary>A project that acts as a domain is taken as the domain.</summary>
    private static async Task<(string? ProjectId, string? DomainId)> OwnerAsync(KeystoneDb db, CreateLimit request)
    {
        if (!await db.Services.AnyAsync(s => s.Id == request.ServiceId)) { throw Faults.Expecting("service_id", "limit"); }
        if (request.RegionId is { } region && !await db.Regions.AnyAsync(r => r.Id == region)) { throw Faults.Expecting("region_id", "limit"); }
        if (request.ProjectId.Value is { } project)
        {
            var found = await db.Projects.FirstOrDefaultAsync(p => p.Id == project) ?? throw Faults.Expecting("project_id", "limit");
            return found.IsDomain ? (null, project) : (project, null);
        }
        if (request.DomainId.Value is not { } domain || !await db.Projects.AnyAsync(p => p.Id == domain && p.IsDomain)) { throw Faults.Expecting(request.DomainId.IsSet ? "domain_id" : "project_id", "limit"); }
        return (null, domain);
    }

    private static LimitRow Row(Limit limit, RegisteredLimit registered) => new()
    {
        Id = limit.Id,
        ProjectId = limit.ProjectId,
        DomainId = limit.DomainId,
        ServiceId = registered.ServiceId,
        RegionId = registered.RegionId,
        ResourceName = registered.ResourceName,
        ResourceLimit = limit.ResourceLimit,
        Description = limit.Description,
    };

    private static IQueryable<LimitRow> Rows(KeystoneDb db, IQueryable<Limit> limits) => limits.Join(db.RegisteredLimits, l => l.RegisteredLimitId, r => r.Id, (l, r) => new LimitRow
    {
        Id = l.Id,
        ProjectId = l.ProjectId,
        DomainId = l.DomainId,
        ServiceId = r.ServiceId,
        RegionId = r.RegionId,
        ResourceName = r.ResourceName,
        ResourceLimit = l.ResourceLimit,
        Description = l.Description,
    });
}
