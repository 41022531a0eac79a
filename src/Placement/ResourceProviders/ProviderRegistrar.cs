using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Placement.Inventories;
using Nephos.Placement.Traits;

namespace Nephos.Placement.ResourceProviders;

/// <summary>
/// Makes a provider, its inventories and traits as its owner describes them, in one transaction that writes nothing when all is so already: nodes
/// report at every start and every minute.
/// </summary>
internal sealed class ProviderRegistrar(Store<PlacementDb> store, TimeProvider clock)
{
    public async Task EnsureAsync(ProviderFacts facts, CancellationToken cancel)
    {
        if (facts.Traits.FirstOrDefault(t => !StandardTraits.All.Contains(t) && !StandardTraits.IsCustomName(t)) is { } bad)
        {
            throw new ArgumentException($"{bad} is no trait", nameof(facts));
        }
        if (await store.ReadAsync(db => IsSoAsync(db, facts, cancel), cancel).ConfigureAwait(false)) { return; }
        await store.WriteAsync(db => MakeSoAsync(db, facts, clock.Now(), cancel), cancel).ConfigureAwait(false);
    }

    private static async Task<bool> IsSoAsync(PlacementDb db, ProviderFacts facts, CancellationToken cancel)
    {
        if (!await db.Providers.AnyAsync(p => p.Id == facts.Id && p.Name == facts.Name, cancel).ConfigureAwait(false)) { return false; }
        var inventories = await db.Inventories.Where(i => i.ProviderId == facts.Id).ToListAsync(cancel).ConfigureAwait(false);
        var traits = await db.ProviderTraits.Where(t => t.ProviderId == facts.Id).Select(t => t.Trait).ToListAsync(cancel).ConfigureAwait(false);
        return traits.ToHashSet(StringComparer.Ordinal).SetEquals(facts.Traits) && Changes(inventories, facts).Count == 0;
    }

    private static async Task MakeSoAsync(PlacementDb db, ProviderFacts facts, DateTime now, CancellationToken cancel)
    {
        var provider = await db.Providers.AsTracking().FirstOrDefaultAsync(p => p.Id == facts.Id, cancel).ConfigureAwait(false);
        if (provider is null)
        {
            provider = new ResourceProvider { Id = facts.Id, Name = facts.Name, RootId = facts.Id, CreatedAt = now, UpdatedAt = now };
            db.Providers.Add(provider);
        }
        provider.Name = facts.Name;
        provider.UpdatedAt = now;
        provider.Generation++;
        provider.Revision++;
        var inventories = await db.Inventories.Where(i => i.ProviderId == facts.Id).ToListAsync(cancel).ConfigureAwait(false);
        foreach (var (wanted, exists) in Changes(inventories, facts))
        {
            wanted.UpdatedAt = now;
            if (!exists) { db.Inventories.Add(wanted); continue; }
            var row = db.Inventories.Where(i => i.ProviderId == wanted.ProviderId && i.ResourceClass == wanted.ResourceClass);
            if (wanted.Total == 0)
            {
                await row.Where(i => i.Used == 0).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
                continue;
            }
            // Not a tracked entity: what is used may have changed since it was read.
            await row.ExecuteUpdateAsync(u => u.SetProperty(i => i.Total, wanted.Total).SetProperty(i => i.Reserved, wanted.Reserved).SetProperty(i => i.MinUnit, wanted.MinUnit)
                .SetProperty(i => i.MaxUnit, wanted.MaxUnit).SetProperty(i => i.StepSize, wanted.StepSize).SetProperty(i => i.AllocationRatio, wanted.AllocationRatio)
                .SetProperty(i => i.UpdatedAt, now), cancel).ConfigureAwait(false);
        }
        await db.ProviderTraits.Where(t => t.ProviderId == facts.Id && !facts.Traits.Contains(t.Trait)).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        var has = await db.ProviderTraits.Where(t => t.ProviderId == facts.Id).Select(t => t.Trait).ToListAsync(cancel).ConfigureAwait(false);
        var missing = facts.Traits.Except(has, StringComparer.Ordinal).ToList();
        db.ProviderTraits.AddRange(missing.Select(t => new ProviderTrait { ProviderId = facts.Id, Trait = t }));
        var known = await db.CustomTraits.Where(t => missing.Contains(t.Name)).Select(t => t.Name).ToListAsync(cancel).ConfigureAwait(false);
        db.CustomTraits.AddRange(missing.Where(t => !StandardTraits.All.Contains(t)).Except(known, StringComparer.Ordinal).Select(t => new CustomTrait { Name = t, CreatedAt = now }));
        db.Record(RequestContext.ForService("placement", now), "update", "resource_provider", facts.Id);
    }

    /// <summary>Inventories to write: new ones, changed ones, and with total 0 those that are no longer there and unused.</summary>
    private static List<(Inventory Wanted, bool Exists)> Changes(List<Inventory> inventories, ProviderFacts facts)
    {
        var changes = new List<(Inventory, bool)>();
        foreach (var fact in facts.Inventories)
        {
            var wanted = new Inventory
            {
                ProviderId = facts.Id,
                ResourceClass = fact.ResourceClass,
                Total = fact.Total,
                Reserved = fact.Reserved,
                MinUnit = fact.MinUnit,
                MaxUnit = fact.MaxUnit ?? fact.Total,
                StepSize = fact.StepSize,
                AllocationRatio = fact.AllocationRatio,
                UpdatedAt = default,
            };
            var existing = inventories.Find(i => i.ResourceClass == fact.ResourceClass);
            if (existing is null || !existing.SameAs(wanted)) { changes.Add((wanted, existing is not null)); }
        }
        foreach (var gone in inventories.Where(i => i.Used == 0 && facts.Inventories.All(f => f.ResourceClass != i.ResourceClass)))
        {
            gone.Total = 0;
            changes.Add((gone, true));
        }
        return changes;
    }
}
