using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Placement.ResourceClasses;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Inventories;

/// <summary>Inventories as their owner sets them. What is used stays with the row whatever else changes, and a row that is in use is never removed.</summary>
internal sealed class InventoryOperations(Store<PlacementDb> store)
{
    public Task<(ResourceProvider Provider, List<Inventory> Inventories)> ListAsync(string providerId, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var provider = await db.Providers.FirstOrDefaultAsync(p => p.Id == providerId, cancel).ConfigureAwait(false) ?? throw new NotFoundError($"No resource provider with uuid {providerId} found : No resource provider with uuid {providerId} found");
        return (provider, await db.Inventories.Where(i => i.ProviderId == providerId).OrderBy(i => i.ResourceClass).ToListAsync(cancel).ConfigureAwait(false));
    }, cancel);

    /// <summary>All of the provider's inventories from now on; returns the new generation.</summary>
    /// <param name="generation">The one the client saw; null: whatever it is (delete of all).</param>
    public Task<long> ReplaceAsync(RequestContext context, string providerId, long? generation, IReadOnlyList<Inventory> wanted, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var provider = await ResourceProviderOperations.FindAsync(db, providerId, cancel).ConfigureAwait(false);
        if (generation is { } seen && seen != provider.Generation) { throw PlacementErrors.GenerationConflict(); }
        if (await Names.UnknownClassAsync(db, wanted.Select(w => w.ResourceClass), cancel).ConfigureAwait(false) is { } unknown)
        {
            throw new BadRequestError($"Unknown resource class in inventory for resource provider {providerId}: No such resource class {unknown}.");
        }
        var next = await ResourceProviderOperations.StepAsync(db, providerId, provider.Generation, context.Now, UpdateConflict, cancel).ConfigureAwait(false);
        await SetAsync(db, providerId, wanted, generation is null ? "" : "update conflict: ", cancel).ConfigureAwait(false);
        db.Record(context, "update", "inventory", providerId);
        return next;
    }, cancel);

    /// <summary>Adds one (<paramref name="exists"/> false) or changes one.</summary>
    public Task<long> PutAsync(RequestContext context, string providerId, long? generation, Inventory wanted, bool exists, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var provider = await ResourceProviderOperations.FindAsync(db, providerId, cancel).ConfigureAwait(false);
        if (generation is { } seen && seen != provider.Generation) { throw PlacementErrors.GenerationConflict(); }
        var resourceClass = wanted.ResourceClass;
        var verb = exists ? "update" : "create";
        if (await Names.UnknownClassAsync(db, [resourceClass], cancel).ConfigureAwait(false) is { } unknown)
        {
            throw new BadRequestError($"Unable to {verb} inventory for resource provider {providerId}: No such resource class {unknown}.");
        }
        var has = await db.Inventories.AnyAsync(i => i.ProviderId == providerId && i.ResourceClass == resourceClass, cancel).ConfigureAwait(false);
        if (exists && !has) { throw new BadRequestError($"No inventory record with resource class for resource provider {providerId}: No inventory of class {resourceClass} found."); }
        if (!exists && has) { throw new ConflictError($"Update conflict: an inventory of class {resourceClass} is there already", PlacementErrors.ConcurrentUpdate); }
        var next = await ResourceProviderOperations.StepAsync(db, providerId, provider.Generation, context.Now, UpdateConflict, cancel).ConfigureAwait(false);
        if (has) { await ChangeAsync(db, wanted, cancel).ConfigureAwait(false); } else { db.Inventories.Add(wanted); }
        db.Record(context, verb, "inventory", providerId);
        return next;
    }, cancel);

    public Task DeleteAsync(RequestContext context, string providerId, string resourceClass, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var provider = await ResourceProviderOperations.FindAsync(db, providerId, cancel).ConfigureAwait(false);
        if (!await db.Inventories.AnyAsync(i => i.ProviderId == providerId && i.ResourceClass == resourceClass, cancel).ConfigureAwait(false))
        {
            throw new NotFoundError($"No inventory of class {resourceClass} found for delete: No inventory of class {resourceClass} found for delete");
        }
        await ResourceProviderOperations.StepAsync(db, providerId, provider.Generation, context.Now, UpdateConflict, cancel).ConfigureAwait(false);
        if (await db.Inventories.Where(i => i.ProviderId == providerId && i.ResourceClass == resourceClass && i.Used == 0).ExecuteDeleteAsync(cancel).ConfigureAwait(false) == 0)
        {
            throw new ConflictError($"Unable to delete inventory of class {resourceClass}: {InUse(resourceClass, providerId)}", PlacementErrors.ConcurrentUpdate);
        }
        db.Record(context, "delete", "inventory", providerId);
    }, cancel);

    /// <summary>Makes the provider's inventories these; also a step of the reshaper.</summary>
    internal static async Task SetAsync(PlacementDb db, string providerId, IReadOnlyList<Inventory> wanted, string conflict, CancellationToken cancel)
    {
        var keep = wanted.Select(w => w.ResourceClass).ToArray();
        await db.Inventories.Where(i => i.ProviderId == providerId && !keep.Contains(i.ResourceClass) && i.Used == 0).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        var has = await db.Inventories.Where(i => i.ProviderId == providerId).Select(i => i.ResourceClass).ToListAsync(cancel).ConfigureAwait(false);
        var used = has.Except(keep, StringComparer.Ordinal).OrderBy(StandardResourceClasses.Order).ThenBy(c => c, StringComparer.Ordinal).ToList();
        if (used.Count > 0) { throw new ConflictError(conflict + InUse(string.Join(", ", used), providerId), PlacementErrors.InventoryInUse); }
        await PutAllAsync(db, wanted, has, cancel).ConfigureAwait(false);
    }

    /// <summary>Adds and changes these and lets the provider's others be: the first step of the reshaper.</summary>
    internal static async Task MergeAsync(PlacementDb db, string providerId, IReadOnlyList<Inventory> wanted, CancellationToken cancel) =>
        await PutAllAsync(db, wanted, await db.Inventories.Where(i => i.ProviderId == providerId).Select(i => i.ResourceClass).ToListAsync(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);

    private static async Task PutAllAsync(PlacementDb db, IReadOnlyList<Inventory> wanted, List<string> has, CancellationToken cancel)
    {
        foreach (var inventory in wanted)
        {
            if (has.Contains(inventory.ResourceClass)) { await ChangeAsync(db, inventory, cancel).ConfigureAwait(false); } else { db.Inventories.Add(inventory); }
        }
    }

    private static Task ChangeAsync(PlacementDb db, Inventory wanted, CancellationToken cancel) =>
        db.Inventories.Where(i => i.ProviderId == wanted.ProviderId && i.ResourceClass == wanted.ResourceClass).ExecuteUpdateAsync(u => u
            .SetProperty(i => i.Total, wanted.Total).SetProperty(i => i.Reserved, wanted.Reserved).SetProperty(i => i.MinUnit, wanted.MinUnit).SetProperty(i => i.MaxUnit, wanted.MaxUnit)
            .SetProperty(i => i.StepSize, wanted.StepSize).SetProperty(i => i.AllocationRatio, wanted.AllocationRatio).SetProperty(i => i.UpdatedAt, wanted.UpdatedAt), cancel);

    private static string InUse(string classes, string providerId) => $"Inventory for '{classes}' on resource provider '{providerId}' in use.";

    internal static ApiError UpdateConflict() =>
        new ConflictError("update conflict: Another thread concurrently updated the resource provider data. Please retry your update", PlacementErrors.ConcurrentUpdate);
}
