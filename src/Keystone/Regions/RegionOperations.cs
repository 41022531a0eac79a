using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;

namespace Nephos.Keystone.Regions;

/// <summary>Reads and writes of regions.</summary>
internal sealed class RegionOperations(Store<KeystoneDb> store)
{
    public Task<Region?> FindAsync(string id) => store.ReadAsync(db => db.Regions.FirstOrDefaultAsync(r => r.Id == id));

    public Task<List<Region>> ListAsync() => store.ReadAsync(db => db.Regions.OrderBy(r => r.Id).ToListAsync());

    public Task<Region> CreateAsync(RequestContext context, CreateRegion request, string id) => store.WriteUniqueAsync(async db =>
    {
        await EnsureParentAsync(db, request.ParentRegionId);
        var region = new Region { Id = id, Description = request.Description ?? "", ParentRegionId = request.ParentRegionId, Extra = Extra.Write(WithoutLinks(request.Extra)) };
        db.Regions.Add(region);
        db.Record(context, "create", "region", id);
        return region;
    }, () => Faults.Conflict("region", $"Duplicate ID, {id}."));

    public Task<Region> UpdateAsync(RequestContext context, string id, UpdateRegion request) => store.WriteAsync(async db =>
    {
        if (request.Id is { } other && other != id) { throw new BadRequestError("Cannot change ID"); }
        var region = await db.Regions.AsTracking().FirstOrDefaultAsync(r => r.Id == id) ?? throw Faults.NotFound("region", id);
        if (request.ParentRegionId.IsSet)
        {
            await EnsureParentAsync(db, request.ParentRegionId.Value);
            for (var above = request.ParentRegionId.Value; above is not null;)
            {
                if (above == id) { throw new BadRequestError($"The specified parent region {request.ParentRegionId.Value} would create a circular region hierarchy."); }
                var at = above;
                above = await db.Regions.Where(r => r.Id == at).Select(r => r.ParentRegionId).FirstOrDefaultAsync();
            }
            region.ParentRegionId = request.ParentRegionId.Value;
        }
        if (request.Description.IsSet) { region.Description = request.Description.Value ?? ""; }
        region.Extra = Extra.Merge(region.Extra, WithoutLinks(request.Extra));
        db.Record(context, "update", "region", id);
        return region;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (!await db.Regions.AnyAsync(r => r.Id == id)) { throw Faults.NotFound("region", id); }
        var all = new List<string>();
        for (var level = new List<string> { id }; level.Count > 0;)
        {
            all.AddRange(level);
            level = await db.Regions.Where(r => r.ParentRegionId != null && level.Contains(r.ParentRegionId)).Select(r => r.Id).ToListAsync();
        }
        if (await db.ServiceEndpoints.AnyAsync(e => e.RegionId != null && all.Contains(e.RegionId))) { throw new ForbiddenError($"Unable to delete region {id} because it or its child regions have associated endpoints."); }
        if (await db.RegisteredLimits.AnyAsync(l => l.RegionId != null && all.Contains(l.RegionId))) { throw Faults.Conflict("region", $"region {id} or one below it has registered limits"); }
        await db.EndpointPolicies.Where(a => all.Contains(a.RegionId)).ExecuteDeleteAsync();
        await db.Regions.Where(r => all.Contains(r.Id)).ExecuteDeleteAsync();
        db.Record(context, "delete", "region", id);
    });

    private static async Task EnsureParentAsync(KeystoneDb db, string? parent)
    {
        if (parent is not null && !await db.Regions.AnyAsync(r => r.Id == parent)) { throw Faults.NotFound("region", parent); }
    }

    private static Dictionary<string, System.Text.Json.JsonElement>? WithoutLinks(Dictionary<string, System.Text.Json.JsonElement>? extra) => extra?.Where(e => e.Key != "links").ToDictionary(e => e.Key, e => e.Value);
}
