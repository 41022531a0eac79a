using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Placement.Inventories;

namespace Nephos.Placement.Allocations;

/// <summary>What a consumer shall have from now on; no allocations: nothing, and the consumer is forgotten.</summary>
/// <param name="Type">Null: as it was (clients before microversion 1.38 cannot say it).</param>
/// <param name="Resources">Provider to resource class to amount.</param>
public sealed record ConsumerAllocations(string ConsumerId, string ProjectId, string UserId, string? Type, IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> Resources)
{
    /// <summary>Compare <see cref="Generation"/> with the consumer's before writing.</summary>
    public bool ChecksGeneration { get; init; }
    /// <summary>The generation the client saw; null: it expects that the consumer has nothing yet.</summary>
    public long? Generation { get; init; }
}

/// <summary>
/// Replaces and removes allocations. Capacity is never checked and then used in two steps: the statement that takes from an inventory carries the
/// condition that it fits, so that of any number of parallel claims none oversells, also with several processes on one PostgreSQL.
/// Inventories are taken in one order everywhere, so that two claims cannot wait for each other.
/// </summary>
public sealed class AllocationOperations(Store<PlacementDb> store)
{
    /// <summary>Makes the allocations of all the consumers so, or throws and changes nothing.</summary>
    public Task ReplaceAsync(RequestContext context, IReadOnlyList<ConsumerAllocations> wanted, CancellationToken cancel) =>
        store.WriteAsync(async db => { await ReplaceAsync(db, context, wanted, cancel).ConfigureAwait(false); }, cancel);

    /// <summary>Removes all that the consumer has; false when that is nothing.</summary>
    public Task<bool> RemoveAsync(RequestContext context, string consumerId, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        if (!await db.Allocations.AnyAsync(a => a.ConsumerId == consumerId, cancel).ConfigureAwait(false)) { return false; }
        await ReplaceAsync(db, context, [new ConsumerAllocations(consumerId, "", "", null, NoResources)], cancel, isDelete: true).ConfigureAwait(false);
        return true;
    }, cancel);

    public static readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, long>> NoResources = new Dictionary<string, IReadOnlyDictionary<string, long>>();

    /// <summary>Returns the providers whose generation grew: those given from now on, and those of consumers that get nothing more. Upstream leaves a provider's generation when a
    /// consumer moves away from it, and when allocations are deleted as such.</summary>
    /// <param name="had">What the consumers have, where the caller has read it in this transaction.</param>
    internal static async Task<IReadOnlyCollection<string>> ReplaceAsync(
        PlacementDb db, RequestContext context, IReadOnlyList<ConsumerAllocations> wanted, CancellationToken cancel, bool isDelete = false, List<Allocation>? had = null)
    {
        var ids = wanted.Select(w => w.ConsumerId).ToArray();
        had ??= await db.Allocations.Where(a => ids.Contains(a.ConsumerId)).ToListAsync(cancel).ConfigureAwait(false);
        var consumers = await db.Consumers.AsTracking().Where(c => ids.Contains(c.Id)).ToDictionaryAsync(c => c.Id, StringComparer.Ordinal, cancel).ConfigureAwait(false);
        foreach (var one in wanted.Where(w => w.ChecksGeneration)) { CheckGeneration(one, consumers.GetValueOrDefault(one.ConsumerId)); }

        var now = context.Now;
        var rows = (from one in wanted
                    from provider in one.Resources
                    from resource in provider.Value
                    where resource.Value > 0
                    select new Allocation { ConsumerId = one.ConsumerId, ProviderId = provider.Key, ResourceClass = resource.Key, Used = resource.Value, CreatedAt = now }).ToList();
        await CheckShapeAsync(db, rows, cancel).ConfigureAwait(false);
        await TakeAsync(db, had, rows, cancel).ConfigureAwait(false);

        if (had.Count > 0) { await db.Allocations.Where(a => ids.Contains(a.ConsumerId)).ExecuteDeleteAsync(cancel).ConfigureAwait(false); }
        db.Allocations.AddRange(rows);
        foreach (var one in wanted) { Keep(db, one, consumers.GetValueOrDefault(one.ConsumerId), rows.Exists(r => r.ConsumerId == one.ConsumerId), now); }
        var cleared = wanted.Where(w => w.Resources.Count == 0).Select(w => w.ConsumerId).ToHashSet(StringComparer.Ordinal);
        var touched = had.Concat(rows).Select(a => a.ProviderId).Distinct(StringComparer.Ordinal).ToArray();
        string[] stepped = isDelete ? [] : [.. rows.Concat(had.Where(a => cleared.Contains(a.ConsumerId))).Select(a => a.ProviderId).Distinct(StringComparer.Ordinal)];
        await db.Providers.Where(p => touched.Contains(p.Id)).ExecuteUpdateAsync(u => u
            .SetProperty(p => p.Generation, p => p.Generation + (stepped.Contains(p.Id) ? 1 : 0)).SetProperty(p => p.Revision, p => p.Revision + 1), cancel).ConfigureAwait(false);
        foreach (var one in wanted) { db.Record(context, one.Resources.Count > 0 ? "update" : "delete", "allocation", one.ConsumerId, one.ProjectId.Length > 0 ? one.ProjectId : null); }
        return stepped;
    }

    /// <summary>Each consumer is in the generation that its client saw.</summary>
    internal static async Task CheckConsumersAsync(PlacementDb db, IReadOnlyList<ConsumerAllocations> wanted, CancellationToken cancel)
    {
        var ids = wanted.Where(w => w.ChecksGeneration).Select(w => w.ConsumerId).ToArray();
        if (ids.Length == 0) { return; }
        var consumers = await db.Consumers.Where(c => ids.Contains(c.Id)).ToDictionaryAsync(c => c.Id, StringComparer.Ordinal, cancel).ConfigureAwait(false);
        foreach (var one in wanted.Where(w => w.ChecksGeneration)) { CheckGeneration(one, consumers.GetValueOrDefault(one.ConsumerId)); }
    }

    internal static async Task CheckProvidersAsync(PlacementDb db, IReadOnlyList<ConsumerAllocations> wanted, CancellationToken cancel)
    {
        var providers = wanted.SelectMany(w => w.Resources.Keys).Distinct(StringComparer.Ordinal).ToArray();
        var known = await db.Providers.Where(p => providers.Contains(p.Id)).Select(p => p.Id).ToListAsync(cancel).ConfigureAwait(false);
        if (providers.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } missing) { throw new BadRequestError($"Allocation for resource provider '{missing}' that does not exist."); }
    }

    private static void CheckGeneration(ConsumerAllocations one, Consumer? consumer)
    {
        if (consumer?.Generation != one.Generation) { throw PlacementErrors.ConsumerGeneration(consumer?.Generation, one.Generation); }
    }

    /// <summary>Every amount has an inventory and fits its units.</summary>
    private static async Task CheckShapeAsync(PlacementDb db, List<Allocation> rows, CancellationToken cancel)
    {
        if (rows.Count == 0) { return; }
        var providers = rows.Select(r => r.ProviderId).Distinct(StringComparer.Ordinal).ToArray();
        var inventories = await db.Inventories.Where(i => providers.Contains(i.ProviderId)).ToDictionaryAsync(i => (i.ProviderId, i.ResourceClass), cancel).ConfigureAwait(false);
        foreach (var row in rows)
        {
            if (!inventories.TryGetValue((row.ProviderId, row.ResourceClass), out var inventory)) { throw PlacementErrors.NoInventory(row.ResourceClass, row.ProviderId); }
            if (inventory.Violation(row.Used) is not null) { throw PlacementErrors.ConstraintsViolated(row.ResourceClass, row.ProviderId); }
        }
    }

    /// <summary>Moves the usage from what was to what shall be. What does not grow is taken even from an overcommitted inventory, as upstream allows.</summary>
    private static async Task TakeAsync(PlacementDb db, List<Allocation> had, List<Allocation> rows, CancellationToken cancel)
    {
        var deltas = new SortedDictionary<(string Provider, string Class), long>();
        foreach (var row in had) { deltas[(row.ProviderId, row.ResourceClass)] = deltas.GetValueOrDefault((row.ProviderId, row.ResourceClass)) - row.Used; }
        foreach (var row in rows) { deltas[(row.ProviderId, row.ResourceClass)] = deltas.GetValueOrDefault((row.ProviderId, row.ResourceClass)) + row.Used; }
        foreach (var ((provider, resourceClass), delta) in deltas)
        {
            if (delta == 0) { continue; }
            var inventory = db.Inventories.Where(i => i.ProviderId == provider && i.ResourceClass == resourceClass);
            if (delta > 0) { inventory = inventory.Where(i => i.Used + delta <= (i.Total - i.Reserved) * i.AllocationRatio); }
            var taken = await inventory.ExecuteUpdateAsync(u => u.SetProperty(i => i.Used, i => i.Used + delta), cancel).ConfigureAwait(false);
            if (taken == 0) { throw PlacementErrors.CapacityExceeded(resourceClass, provider); }
        }
    }

    private static void Keep(PlacementDb db, ConsumerAllocations one, Consumer? consumer, bool has, DateTime now)
    {
        if (!has)
        {
            if (consumer is not null) { db.Consumers.Remove(consumer); }
            return;
        }
        if (consumer is null)
        {
            db.Consumers.Add(new Consumer { Id = one.ConsumerId, ProjectId = one.ProjectId, UserId = one.UserId, ConsumerType = one.Type ?? Consumer.UnknownType, Generation = 1, CreatedAt = now });
            return;
        }
        consumer.ProjectId = one.ProjectId;
        consumer.UserId = one.UserId;
        consumer.ConsumerType = one.Type ?? consumer.ConsumerType;
        consumer.Generation++;
    }
}
