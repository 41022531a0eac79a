using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Placement.Allocations;
using Nephos.Placement.Inventories;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Reshaper;

/// <summary>All the inventories a provider shall have, with the generation its owner saw.</summary>
internal sealed record ProviderInventories(string ProviderId, long Generation, IReadOnlyList<Inventory> Inventories);

/// <summary>
/// The reshaper's one transaction, in three steps, because an inventory in use cannot go and an allocation needs its inventory: first each provider has what it had
/// and what it shall have, then the allocations move, then what is no longer wanted goes. A provider's generation grows with each step, as upstream's does.
/// </summary>
internal sealed class ReshapeOperations(Store<PlacementDb> store)
{
    public Task ReshapeAsync(RequestContext context, IReadOnlyList<ProviderInventories> inventories, IReadOnlyList<ConsumerAllocations> allocations, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var generations = await CheckAsync(db, inventories, allocations, cancel).ConfigureAwait(false);
        foreach (var provider in inventories.Where(p => p.Inventories.Count > 0))
        {
            await StepAsync(provider).ConfigureAwait(false);
            await InventoryOperations.MergeAsync(db, provider.ProviderId, provider.Inventories, cancel).ConfigureAwait(false);
        }
        await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        if (allocations.Count > 0)
        {
            foreach (var provider in await AllocationOperations.ReplaceAsync(db, context, allocations, cancel).ConfigureAwait(false))
            {
                if (generations.TryGetValue(provider, out var had)) { generations[provider] = had + 1; }
            }
            await db.SaveChangesAsync(cancel).ConfigureAwait(false);
        }
        foreach (var provider in inventories)
        {
            await StepAsync(provider).ConfigureAwait(false);
            await InventoryOperations.SetAsync(db, provider.ProviderId, provider.Inventories, "update conflict: ", cancel).ConfigureAwait(false);
            db.Record(context, "update", "inventory", provider.ProviderId);
        }

        async Task StepAsync(ProviderInventories provider) =>
            generations[provider.ProviderId] = await ResourceProviderOperations.StepAsync(db, provider.ProviderId, generations[provider.ProviderId], context.Now, InventoryOperations.UpdateConflict, cancel).ConfigureAwait(false);
    }, cancel);

    /// <summary>Everything named exists and is as the caller saw it; the generations of the providers.</summary>
    private static async Task<Dictionary<string, long>> CheckAsync(PlacementDb db, IReadOnlyList<ProviderInventories> inventories, IReadOnlyList<ConsumerAllocations> allocations, CancellationToken cancel)
    {
        var ids = inventories.Select(p => p.ProviderId).ToArray();
        var generations = await db.Providers.Where(p => ids.Contains(p.Id)).ToDictionaryAsync(p => p.Id, p => p.Generation, StringComparer.Ordinal, cancel).ConfigureAwait(false);
        foreach (var provider in inventories)
        {
            if (!generations.TryGetValue(provider.ProviderId, out var generation))
            {
                throw new BadRequestError($"Resource provider {provider.ProviderId} in inventories not found: No resource provider with uuid {provider.ProviderId} found", PlacementErrors.ProviderNotFoundCode);
            }
            if (generation != provider.Generation)
            {
                throw new ConflictError($"resource provider generation conflict for provider {provider.ProviderId}: actual: {generation}, given: {provider.Generation}", PlacementErrors.ConcurrentUpdate);
            }
        }
        await AllocationOperations.CheckConsumersAsync(db, allocations, cancel).ConfigureAwait(false);
        await AllocationOperations.CheckProvidersAsync(db, allocations, cancel).ConfigureAwait(false);
        var classes = inventories.SelectMany(p => p.Inventories).Select(i => i.ResourceClass).Concat(allocations.SelectMany(a => a.Resources.Values).SelectMany(r => r.Keys));
        if (await Names.UnknownClassAsync(db, classes, cancel).ConfigureAwait(false) is { } unknown) { throw new BadRequestError($"malformed reshaper data: No such resource class {unknown}."); }
        return generations;
    }
}
