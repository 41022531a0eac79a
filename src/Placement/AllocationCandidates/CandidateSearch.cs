using Nephos.Contracts.Placement;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>Which single providers can take a request, and why the others cannot: the scheduler's question, answered from the providers in memory.</summary>
internal sealed class CandidateSearch(ProviderCache cache)
{
    public async Task<CandidateAnswer> FindAsync(CandidateRequest request, CancellationToken cancel)
    {
        var snapshot = await cache.GetAsync(cancel).ConfigureAwait(false);
        var only = request.InProviders?.ToHashSet(StringComparer.Ordinal);
        var candidates = new List<Candidate>();
        var refusals = new List<Refusal>();
        foreach (var provider in snapshot.Trees.SelectMany(t => t.Members))
        {
            if (only?.Contains(provider.Id) == false) { continue; }
            var reasons = Reasons(request, provider);
            if (reasons.Count > 0) { refusals.Add(new Refusal(provider.Id, provider.Name, reasons)); }
            else if (candidates.Count < request.Limit)
            {
                var inventories = request.Resources.Keys.Select(c => provider.Inventory(c)!).ToList();
                candidates.Add(new Candidate(provider.Id, provider.Name,
                    inventories.ToDictionary(i => i.ResourceClass, i => i.Used, StringComparer.Ordinal), inventories.ToDictionary(i => i.ResourceClass, i => i.Capacity, StringComparer.Ordinal)));
            }
        }
        return new CandidateAnswer(candidates, refusals);
    }

    private static List<string> Reasons(CandidateRequest request, ProviderState provider)
    {
        var reasons = new List<string>();
        foreach (var (resourceClass, amount) in request.Resources)
        {
            var inventory = provider.Inventory(resourceClass);
            if (inventory is null) { reasons.Add($"{resourceClass}: {amount} asked, none here"); }
            else if (inventory.Used + amount > inventory.Capacity) { reasons.Add($"{resourceClass}: {amount} asked, {Math.Max(0, inventory.Capacity - inventory.Used)} of {inventory.Capacity} free"); }
            else if (inventory.Violation(amount) is { } violation) { reasons.Add($"{resourceClass}: {violation}"); }
        }
        reasons.AddRange(request.RequiredTraits.Where(t => !provider.Traits.Contains(t)).Select(t => $"trait {t} is missing"));
        reasons.AddRange(request.ForbiddenTraits.Where(provider.Traits.Contains).Select(t => $"trait {t} is forbidden"));
        return reasons;
    }
}
