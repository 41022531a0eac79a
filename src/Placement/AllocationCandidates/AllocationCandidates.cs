using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Placement.Inventories;
using Nephos.Placement.ResourceProviders;
using Nephos.Placement.Traits;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>A provider with all that a search looks at.</summary>
internal sealed record ProviderState(ResourceProvider Provider, IReadOnlyDictionary<string, Inventory> Inventories, IReadOnlySet<string> Traits, IReadOnlySet<string> Aggregates)
{
    public string Id => Provider.Id;

    public bool Holds(string resourceClass, long amount) =>
        Inventories.TryGetValue(resourceClass, out var inventory) && inventory.Used + amount <= (inventory.Total - inventory.Reserved) * inventory.AllocationRatio && inventory.Violation(amount) is null;
}

/// <summary>One way to satisfy the whole question: amounts by provider and class, and which group is on which providers.</summary>
internal sealed record AllocationCandidate(IReadOnlyDictionary<string, Dictionary<string, long>> Amounts, IReadOnlyDictionary<string, List<string>> Mappings);

/// <summary>
/// Finds allocation candidates over trees of providers and those that share their resources through an aggregate (<c>GET /allocation_candidates</c>). The rows come
/// in four queries; the rest is a search in memory, tree by tree: for each group the ways to place it, then their combinations that fit together, as many as
/// were asked for.
/// </summary>
internal sealed class AllocationCandidateSearch(Store<PlacementDb> store)
{
    /// <summary>Combinations looked at in one tree, so that a question over wide trees ends; upstream's max_allocation_candidates has the same purpose.</summary>
    private const int MaxTries = 100_000;

    /// <param name="nested">From 1.29 on, providers below a root count.</param>
    public async Task<(List<AllocationCandidate> Candidates, Dictionary<string, ProviderState> Providers)> FindAsync(CandidatesQuery query, bool nested, CancellationToken cancel)
    {
        var providers = await LoadAsync(query, cancel).ConfigureAwait(false);
        var sharing = providers.Values.Where(p => p.Traits.Contains(StandardTraits.SharesViaAggregate) && p.Aggregates.Count > 0).ToList();
        var found = new List<AllocationCandidate>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tree in providers.Values.GroupBy(p => p.Provider.RootId).OrderBy(t => t.Key, StringComparer.Ordinal))
        {
            var root = providers[tree.Key];
            if (!query.RootTraits.Fits(root.Traits)) { continue; }
            var own = tree.Where(p => nested || p.Provider.ParentId is null).OrderBy(p => p.Id, StringComparer.Ordinal).ToList();
            var around = own.SelectMany(p => p.Aggregates).ToHashSet(StringComparer.Ordinal);
            List<ProviderState> reach = [.. own, .. sharing.Where(s => s.Provider.RootId != tree.Key && s.Aggregates.Overlaps(around))];
            foreach (var candidate in Combine(query, root, reach, providers))
            {
                // What only other trees give is their candidate, found there.
                if (candidate.Amounts.Keys.All(id => providers[id].Provider.RootId != tree.Key)) { continue; }
                if (!seen.Add(Fingerprint(candidate))) { continue; }
                found.Add(candidate);
                if (found.Count >= query.Limit) { return (found, providers); }
            }
        }
        return (found, providers);
    }

    private Task<Dictionary<string, ProviderState>> LoadAsync(CandidatesQuery query, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var classes = query.Groups.SelectMany(g => g.Resources.Keys).Distinct(StringComparer.Ordinal).ToArray();
        await Names.CheckClassesAsync(db, classes, cancel).ConfigureAwait(false);
        await Names.CheckTraitsAsync(db, query.Groups.SelectMany(g => g.Traits.Names).Concat(query.RootTraits.Names), "", cancel).ConfigureAwait(false);
        // All of a tree counts as soon as one of it has one of the classes.
        var roots = db.Providers.Where(p => db.Inventories.Any(i => i.ProviderId == p.Id && classes.Contains(i.ResourceClass))).Select(p => p.RootId);
        var providers = await db.Providers.Where(p => roots.Contains(p.RootId)).ToListAsync(cancel).ConfigureAwait(false);
        var ids = db.Providers.Where(p => roots.Contains(p.RootId)).Select(p => p.Id);
        var inventories = (await db.Inventories.Where(i => ids.Contains(i.ProviderId)).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(i => i.ProviderId, StringComparer.Ordinal);
        var traits = (await db.ProviderTraits.Where(t => ids.Contains(t.ProviderId)).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(t => t.ProviderId, t => t.Trait, StringComparer.Ordinal);
        var aggregates = (await db.ProviderAggregates.Where(a => ids.Contains(a.ProviderId)).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(a => a.ProviderId, a => a.AggregateId, StringComparer.Ordinal);
        return providers.ToDictionary(p => p.Id, p => new ProviderState(p, inventories[p.Id].ToDictionary(i => i.ResourceClass, StringComparer.Ordinal),
            traits[p.Id].ToHashSet(StringComparer.Ordinal), aggregates[p.Id].ToHashSet(StringComparer.Ordinal)), StringComparer.Ordinal);
    }, cancel);

    private static IEnumerable<AllocationCandidate> Combine(CandidatesQuery query, ProviderState root, List<ProviderState> reach, Dictionary<string, ProviderState> providers)
    {
        var options = query.Groups.Select(g => g.Suffix.Length > 0 ? OnOne(g, root, reach, providers) : OverTree(g, root, reach, providers)).ToList();
        if (options.Exists(o => o.Count == 0)) { yield break; }
        var tries = 0;
        foreach (var choice in Product(options))
        {
            if (++tries > MaxTries) { yield break; }
            if (query.Isolate && query.Groups.Select((g, i) => (g, choice[i])).Where(c => c.g.Suffix.Length > 0).Select(c => c.Item2.Values.First()).GroupBy(p => p.Id).Any(g => g.Count() > 1)) { continue; }
            var mappings = query.Groups.Select((g, i) => (g.Suffix, Ids: choice[i].Values.Select(p => p.Id).Distinct(StringComparer.Ordinal).ToList())).ToDictionary(m => m.Suffix, m => m.Ids, StringComparer.Ordinal);
            if (!query.SameSubtrees.All(s => InOneSubtree(s.SelectMany(suffix => mappings[suffix]).ToHashSet(StringComparer.Ordinal), providers))) { continue; }
            if (Amounts(query, choice) is { } amounts) { yield return new AllocationCandidate(amounts, mappings); }
        }
    }

    /// <summary>The amounts of all groups together, or null when a provider cannot take its sum.</summary>
    private static Dictionary<string, Dictionary<string, long>>? Amounts(CandidatesQuery query, IReadOnlyList<Dictionary<string, ProviderState>> choice)
    {
        var amounts = new Dictionary<string, Dictionary<string, long>>(StringComparer.Ordinal);
        for (var i = 0; i < query.Groups.Count; i++)
        {
            foreach (var (resourceClass, amount) in query.Groups[i].Resources)
            {
                var provider = choice[i][resourceClass];
                if (!amounts.TryGetValue(provider.Id, out var ofProvider)) { amounts[provider.Id] = ofProvider = new Dictionary<string, long>(StringComparer.Ordinal); }
                var sum = ofProvider[resourceClass] = ofProvider.GetValueOrDefault(resourceClass) + amount;
                if (sum != amount && !provider.Holds(resourceClass, sum)) { return null; }
            }
        }
        return amounts;
    }

    /// <summary>Ways to put a group on one provider, each as a map of its classes (and, without classes, of an empty name) to it.</summary>
    private static List<Dictionary<string, ProviderState>> OnOne(RequestGroup group, ProviderState root, List<ProviderState> reach, Dictionary<string, ProviderState> providers) =>
        [.. reach.Where(p => InTree(group, p, providers) && group.Traits.Fits(p.Traits) && IsMember(group, p, root) && group.Resources.All(r => p.Holds(r.Key, r.Value)))
            .Select(p => group.Resources.Keys.DefaultIfEmpty("").ToDictionary(c => c, _ => p, StringComparer.Ordinal))];

    /// <summary>Ways to take a group's resources from a tree and what is shared with it; together its providers have the wanted traits.</summary>
    private static List<Dictionary<string, ProviderState>> OverTree(RequestGroup group, ProviderState root, List<ProviderState> reach, Dictionary<string, ProviderState> providers)
    {
        var usable = reach.Where(p => InTree(group, p, providers) && IsMember(group, p, root) && !p.Traits.Overlaps(group.Traits.Forbidden)).ToList();
        var options = group.Resources.Select(r => usable.Where(p => p.Holds(r.Key, r.Value)).Select(p => new Dictionary<string, ProviderState>(StringComparer.Ordinal) { [r.Key] = p }).ToList()).ToList();
        if (options.Exists(o => o.Count == 0)) { return []; }
        return [.. Product(options).Take(MaxTries).Select(choice => choice.SelectMany(c => c).ToDictionary(c => c.Key, c => c.Value, StringComparer.Ordinal))
            .Where(choice => group.Traits.Required.All(any => choice.Values.Any(p => any.Overlaps(p.Traits))))];
    }

    private static bool InTree(RequestGroup group, ProviderState provider, Dictionary<string, ProviderState> providers) =>
        group.InTree is not { } tree || (providers.TryGetValue(tree, out var named) && named.Provider.RootId == provider.Provider.RootId);

    /// <summary>The unnamed group looks at the tree's root too: a host aggregate holds the host, not its parts.</summary>
    private static bool IsMember(RequestGroup group, ProviderState provider, ProviderState root) =>
        group.Aggregates.Fits(provider.Aggregates) || (group.Suffix.Length == 0 && provider.Provider.RootId == root.Id && group.Aggregates.Fits(root.Aggregates));

    /// <summary>One of them is above all others, or it is the only one.</summary>
    private static bool InOneSubtree(HashSet<string> ids, Dictionary<string, ProviderState> providers) =>
        ids.Any(top => ids.All(id => Ancestors(id, providers).Contains(top)));

    private static IEnumerable<string> Ancestors(string id, Dictionary<string, ProviderState> providers)
    {
        for (var at = id; at is not null && providers.TryGetValue(at, out var state); at = state.Provider.ParentId) { yield return at; }
    }

    private static IEnumerable<IReadOnlyList<T>> Product<T>(IReadOnlyList<List<T>> options)
    {
        var at = new int[options.Count];
        while (true)
        {
            yield return [.. options.Select((o, i) => o[at[i]])];
            var digit = options.Count - 1;
            while (digit >= 0 && ++at[digit] == options[digit].Count) { at[digit--] = 0; }
            if (digit < 0) { yield break; }
        }
    }

    private static string Fingerprint(AllocationCandidate candidate) =>
        string.Join(';', candidate.Mappings.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={string.Join(',', m.Value.Order(StringComparer.Ordinal))}"))
        + "|" + string.Join(';', candidate.Amounts.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key}={string.Join(',', a.Value.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => $"{v.Key}:{v.Value}"))}"));
}
