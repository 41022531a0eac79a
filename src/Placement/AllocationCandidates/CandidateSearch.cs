using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Store;
using Nephos.Placement.Inventories;
using Nephos.Placement.Traits;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>
/// Which single providers can take a request, and why the others cannot: the scheduler's question. Two queries whatever the number of providers:
/// the inventories of the asked classes, and the named traits.
/// </summary>
internal sealed class CandidateSearch(Store<PlacementDb> store)
{
    private sealed record Row(string Id, string Name, Inventory? Inventory);

    public async Task<CandidateAnswer> FindAsync(CandidateRequest request, CancellationToken cancel)
    {
        var classes = request.Resources.Keys.ToArray();
        var traits = request.RequiredTraits.Concat(request.ForbiddenTraits).ToArray();
        var (rows, having) = await store.ReadAsync(async db =>
        {
            var providers = db.Providers.AsQueryable();
            if (request.InProviders is { } only) { providers = providers.Where(p => only.Contains(p.Id)); }
            var found = await (from provider in providers
                               from inventory in db.Inventories.Where(i => i.ProviderId == provider.Id && classes.Contains(i.ResourceClass)).DefaultIfEmpty()
                               orderby provider.Id
                               select new Row(provider.Id, provider.Name, inventory)).ToListAsync(cancel).ConfigureAwait(false);
            List<ProviderTrait> has = traits.Length == 0 ? [] : await db.ProviderTraits.Where(t => traits.Contains(t.Trait)).ToListAsync(cancel).ConfigureAwait(false);
            return (found, has.ToLookup(t => t.ProviderId, t => t.Trait, StringComparer.Ordinal));
        }, cancel).ConfigureAwait(false);

        var candidates = new List<Candidate>();
        var refusals = new List<Refusal>();
        foreach (var provider in rows.GroupBy(r => (r.Id, r.Name)))
        {
            var inventories = provider.Where(r => r.Inventory is not null).ToDictionary(r => r.Inventory!.ResourceClass, r => r.Inventory!, StringComparer.Ordinal);
            var reasons = Reasons(request, inventories, having[provider.Key.Id].ToHashSet(StringComparer.Ordinal));
            if (reasons.Count > 0) { refusals.Add(new Refusal(provider.Key.Id, provider.Key.Name, reasons)); }
            else if (candidates.Count < request.Limit)
            {
                candidates.Add(new Candidate(provider.Key.Id, provider.Key.Name,
                    inventories.ToDictionary(i => i.Key, i => i.Value.Used, StringComparer.Ordinal), inventories.ToDictionary(i => i.Key, i => i.Value.Capacity, StringComparer.Ordinal)));
            }
        }
        return new CandidateAnswer(candidates, refusals);
    }

    private static List<string> Reasons(CandidateRequest request, Dictionary<string, Inventory> inventories, HashSet<string> traits)
    {
        var reasons = new List<string>();
        foreach (var (resourceClass, amount) in request.Resources)
        {
            if (!inventories.TryGetValue(resourceClass, out var inventory)) { reasons.Add($"{resourceClass}: {amount} asked, none here"); }
            else if (inventory.Used + amount > inventory.Capacity) { reasons.Add($"{resourceClass}: {amount} asked, {Math.Max(0, inventory.Capacity - inventory.Used)} of {inventory.Capacity} free"); }
            else if (inventory.Violation(amount) is { } violation) { reasons.Add($"{resourceClass}: {violation}"); }
        }
        reasons.AddRange(request.RequiredTraits.Where(t => !traits.Contains(t)).Select(t => $"trait {t} is missing"));
        reasons.AddRange(request.ForbiddenTraits.Where(traits.Contains).Select(t => $"trait {t} is forbidden"));
        return reasons;
    }
}
