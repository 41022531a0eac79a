using Nephos.Placement.Inventories;
using Nephos.Placement.Traits;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>A provider with all that a search looks at. Never changed once it is made: a newer state is another object.</summary>
internal sealed class ProviderState(string id, string name, string? parentId, string rootId, long revision, IReadOnlyList<Inventory> inventories, IReadOnlySet<string> traits, IReadOnlySet<string> aggregates)
{
    public string Id => id;
    public string Name => name;
    public string? ParentId => parentId;
    public string RootId => rootId;
    public long Revision => revision;
    /// <summary>In the order of their classes.</summary>
    public IReadOnlyList<Inventory> Inventories => inventories;
    public IReadOnlySet<string> Traits => traits;
    public IReadOnlySet<string> Aggregates => aggregates;
    /// <summary>Gives its resources to the trees that are in one of its aggregates.</summary>
    public bool Shares { get; } = aggregates.Count > 0 && traits.Contains(StandardTraits.SharesViaAggregate);

    /// <summary>Its part of an answer in today's form, made by the first who needs it. Two may make it at the same time, and make the same.</summary>
    public byte[]? SummaryJson { get; set; }

    public Inventory? Inventory(string resourceClass)
    {
        foreach (var inventory in inventories)
        {
            if (inventory.ResourceClass == resourceClass) { return inventory; }
        }
        return null;
    }

    public bool Holds(string resourceClass, long amount) =>
        Inventory(resourceClass) is { } inventory && inventory.Used + amount <= (inventory.Total - inventory.Reserved) * inventory.AllocationRatio && inventory.Violation(amount) is null;

    /// <summary>Whether the sum of several groups' amounts fits; each of them held to the units already (upstream's exceeds_capacity).</summary>
    public bool HoldsSum(string resourceClass, long amount) =>
        Inventory(resourceClass) is { } inventory && inventory.Used + amount <= inventory.Capacity && amount <= inventory.MaxUnit;

    public bool HoldsAll(IReadOnlyList<KeyValuePair<string, long>> resources)
    {
        foreach (var (resourceClass, amount) in resources)
        {
            if (!Holds(resourceClass, amount)) { return false; }
        }
        return true;
    }
}

/// <summary>A root with all below it, and the providers of other trees that share with it.</summary>
internal sealed record ProviderTree(ProviderState Root, IReadOnlyList<ProviderState> Members, IReadOnlyList<ProviderState> Sharers);

/// <summary>All providers at one moment, as trees in the order of their roots' ids.</summary>
internal sealed class ProviderSnapshot
{
    public static readonly ProviderSnapshot Empty = new(new Dictionary<string, ProviderState>(StringComparer.Ordinal));

    private readonly Dictionary<string, ProviderState> _providers;

    public ProviderSnapshot(Dictionary<string, ProviderState> providers)
    {
        _providers = providers;
        RevisionSum = providers.Values.Sum(p => p.Revision);
        var members = providers.Values.GroupBy(p => p.RootId, StringComparer.Ordinal).ToDictionary(t => t.Key, t => t.OrderBy(p => p.Id, StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
        var sharers = Sharers(providers);
        HasSharing = sharers.Count > 0;
        Trees = [.. members.Where(t => providers.ContainsKey(t.Key)).OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => new ProviderTree(providers[t.Key], t.Value, sharers.GetValueOrDefault(t.Key) is { } found ? [.. found.OrderBy(p => p.Id, StringComparer.Ordinal)] : []))];
        ByRoot = Trees.ToDictionary(t => t.Root.Id, StringComparer.Ordinal);
    }

    public IReadOnlyDictionary<string, ProviderState> Providers => _providers;
    public IReadOnlyList<ProviderTree> Trees { get; }
    public IReadOnlyDictionary<string, ProviderTree> ByRoot { get; }
    public bool HasSharing { get; }
    /// <summary>Tells with the number of providers whether a snapshot is still what the tables hold.</summary>
    public long RevisionSum { get; }

    /// <summary>By root: the providers elsewhere that share an aggregate with any provider of its tree.</summary>
    private static Dictionary<string, HashSet<ProviderState>> Sharers(Dictionary<string, ProviderState> providers)
    {
        var found = new Dictionary<string, HashSet<ProviderState>>(StringComparer.Ordinal);
        var sharing = providers.Values.Where(p => p.Shares).ToList();
        if (sharing.Count == 0) { return found; }
        var byAggregate = sharing.SelectMany(s => s.Aggregates.Select(a => (Aggregate: a, Sharer: s))).ToLookup(x => x.Aggregate, x => x.Sharer, StringComparer.Ordinal);
        foreach (var provider in providers.Values)
        {
            foreach (var sharer in provider.Aggregates.SelectMany(a => byAggregate[a]))
            {
                if (sharer.RootId == provider.RootId) { continue; }
                if (!found.TryGetValue(provider.RootId, out var reaching)) { found[provider.RootId] = reaching = []; }
                reaching.Add(sharer);
            }
        }
        return found;
    }
}
