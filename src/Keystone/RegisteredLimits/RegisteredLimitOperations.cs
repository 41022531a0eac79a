using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Keystone;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.RegisteredLimits;

/// <summary>Reads and writes of registered limits.</summary>
internal sealed class RegisteredLimitOperations(Store<KeystoneDb> store, KeystoneSettings settings, TimeProvider clock)
{
    public async Task<RegisteredLimit> FindAsync(string id) => await store.ReadAsync(db => db.RegisteredLimits.FirstOrDefaultAsync(l => l.Id == id)) ?? throw NotFound(id);

    public Task<ListPage<RegisteredLimit>> ListAsync(CallQuery query) => store.ReadAsync(db =>
        db.RegisteredLimits.Text(query, "service_id", l => l.ServiceId).Text(query, "region_id", l => l.RegionId).Text(query, "resource_name", l => l.ResourceName)
            .PageAsync(query, settings, l => l.Id, l => l.ResourceName));

    public Task<List<RegisteredLimit>> CreateAsync(RequestContext context, IReadOnlyList<CreateRegisteredLimit> requests) => store.WriteUniqueAsync(async db =>
    {
        var rows = requests.Select(r => new RegisteredLimit
        {
            Id = NewId.Hex(),
            ServiceId = r.ServiceId,
            RegionId = r.RegionId,
            ResourceName = r.ResourceName,
            DefaultLimit = r.DefaultLimit,
            Description = r.Description,
        }).ToList();
        foreach (var row in rows)
        {
            await EnsureReferencesAsync(db, row.ServiceId, row.RegionId);
            db.RegisteredLimits.Add(row);
            db.Record(context, "create", "registered_limit", row.Id);
        }
        await db.SaveChangesAsync();
        return rows;
    }, Duplicate);

    public Task<RegisteredLimit> UpdateAsync(RequestContext context, string id, UpdateRegisteredLimit request) => store.WriteUniqueAsync(async db =>
    {
        await EnsureReferencesAsync(db, request.ServiceId, request.RegionId.Value);
        var row = await db.RegisteredLimits.AsTracking().FirstOrDefaultAsync(l => l.Id == id) ?? throw NotFound(id);
        await EnsureUnusedAsync(db, id);
        row.ServiceId = request.ServiceId ?? row.ServiceId;
        if (request.RegionId.IsSet) { row.RegionId = request.RegionId.Value; }
        row.ResourceName = request.ResourceName ?? row.ResourceName;
        row.DefaultLimit = request.DefaultLimit ?? row.DefaultLimit;
        if (request.Description.IsSet) { row.Description = request.Description.Value; }
        db.Record(context, "update", "registered_limit", id);
        await db.SaveChangesAsync();
        return row;
    }, Duplicate);

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (!await db.RegisteredLimits.AnyAsync(l => l.Id == id)) { throw NotFound(id); }
        await EnsureUnusedAsync(db, id);
        await db.RegisteredLimits.Where(l => l.Id == id).ExecuteDeleteAsync();
        db.Record(context, "delete", "registered_limit", id);
    });

    /// <summary>Those of a service that are missing. A service that is not in the catalog has nothing to register at.</summary>
    public async Task RegisterAsync(string serviceType, IReadOnlyCollection<LimitDefault> defaults, CancellationToken cancel)
    {
        Task<List<RegisteredLimit>> MissingAsync(KeystoneDb db) => MissingOfAsync(db, serviceType, defaults);
        if ((await store.ReadAsync(MissingAsync, cancel)).Count == 0) { return; }
        await store.WriteAsync(async db =>
        {
            foreach (var row in await MissingAsync(db))
            {
                db.RegisteredLimits.Add(row);
                db.Record(RequestContext.ForService(serviceType, clock.GetUtcNow().UtcDateTime), "create", "registered_limit", row.Id);
            }
        }, cancel);
    }

    private static async Task<List<RegisteredLimit>> MissingOfAsync(KeystoneDb db, string serviceType, IReadOnlyCollection<LimitDefault> defaults)
    {
        if (await db.Services.Where(s => s.Type == serviceType).OrderBy(s => s.Id).Select(s => s.Id).FirstOrDefaultAsync() is not { } service) { return []; }
        var known = (await db.RegisteredLimits.Where(l => l.ServiceId == service && l.RegionId == null).Select(l => l.ResourceName).ToListAsync()).ToHashSet(StringComparer.Ordinal);
        return [.. defaults.Where(d => !known.Contains(d.ResourceName)).Select(d => new RegisteredLimit { Id = NewId.Hex(), ServiceId = service, ResourceName = d.ResourceName, DefaultLimit = d.Limit, Description = d.Description })];
    }

    private static async Task EnsureUnusedAsync(KeystoneDb db, string id)
    {
        if (await db.Limits.AnyAsync(l => l.RegisteredLimitId == id)) { throw new ForbiddenError($"Unable to update or delete registered limit {id} because there are project limits associated with it."); }
    }

    private static async Task EnsureReferencesAsync(KeystoneDb db, string? serviceId, string? regionId)
    {
        if (serviceId is not null && !await db.Services.AnyAsync(s => s.Id == serviceId)) { throw Faults.Expecting("service_id", "registered_limit"); }
        if (regionId is not null && !await db.Regions.AnyAsync(r => r.Id == regionId)) { throw Faults.Expecting("region_id", "registered_limit"); }
    }

    private static NotFoundError NotFound(string id) => new($"Could not find registered limit for {id}.");
    private static ConflictError Duplicate() => Faults.Conflict("registered_limit", "Duplicate entry");
}
