using System.Text;
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

    /// <summary>Its id as JSON.</summary>
    public byte[] IdJson { get; } = Encoding.ASCII.GetBytes($"\"{id}\"");

    /// <summary>It alone, for the candidates that it is by itself.</summary>
    public IReadOnlyList<ProviderState> Alone => field ??= [this];

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
    private readonly ProviderTree[] _trees;
    private readonly Dictionary<string, ProviderTree> _byRoot;

    public ProviderSnapshot(Dictionary<string, ProviderState> providers)
    {
        _providers = providers;
        RevisionSum = providers.Values.Sum(p => p.Revision);
        var members = providers.Values.GroupBy(p => p.RootId, StringComparer.Ordinal).ToDictionary(t => t.Key, t => t.OrderBy(p => p.Id, StringComparer.Ordinal).ToArray(), StringComparer.Ordinal);
        var sharers = Sharers(providers);
        HasSharing = sharers.Count > 0;
        _trees = [.. members.Where(t => providers.ContainsKey(t.Key)).OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => new ProviderTree(providers[t.Key], t.Value, sharers.GetValueOrDefault(t.Key) is { } found ? [.. found.OrderBy(p => p.Id, StringComparer.Ordinal)] : []))];
        _byRoot = _trees.ToDictionary(t => t.Root.Id, StringComparer.Ordinal);
    }

    private ProviderSnapshot(Dictionary<string, ProviderState> providers, ProviderTree[] trees, Dictionary<string, ProviderTree> byRoot, bool hasSharing, long revisionSum) =>
        (_providers, _trees, _byRoot, HasSharing, RevisionSum) = (providers, trees, byRoot, hasSharing, revisionSum);

    public IReadOnlyDictionary<string, ProviderState> Providers => _providers;
    public IReadOnlyList<ProviderTree> Trees => _trees;
    public IReadOnlyDictionary<string, ProviderTree> ByRoot => _byRoot;
    public bool HasSharing { get; }
    /// <summary>Tells with the number of providers whether a snapshot is still what the tables hold.</summary>
    public long RevisionSum { get; }

    /// <summary>The next snapshot. Where only amounts changed, as after a claim, the trees are kept but for those concerned.</summary>
    /// <param name="changed">The newer states, and the states of new providers.</param>
    /// <param name="gone">Ids of providers that are no more.</param>
    public ProviderSnapshot With(IReadOnlyList<ProviderState> changed, IReadOnlyCollection<string> gone)
    {
        if (changed.Count == 0 && gone.Count == 0) { return this; }
        var providers = new Dictionary<string, ProviderState>(_providers, StringComparer.Ordinal);
        foreach (var id in gone) { providers.Remove(id); }
        foreach (var provider in changed) { providers[provider.Id] = provider; }
        if (gone.Count > 0 || !changed.All(IsAtItsPlace)) { return new ProviderSnapshot(providers); }
        var (trees, byRoot, sum) = ((ProviderTree[])_trees.Clone(), new Dictionary<string, ProviderTree>(_byRoot, StringComparer.Ordinal), RevisionSum);
        foreach (var provider in changed) { sum += provider.Revision - _providers[provider.Id].Revision; }
        foreach (var rootId in changed.Select(p => p.RootId).Distinct(StringComparer.Ordinal))
        {
            var old = _byRoot[rootId];
            var tree = old with { Root = providers[rootId], Members = [.. old.Members.Select(m => providers[m.Id])] };
            trees[Array.BinarySearch(trees, old, ByRootId)] = byRoot[rootId] = tree;
        }
        return new ProviderSnapshot(providers, trees, byRoot, HasSharing, sum);
    }

    private static readonly Comparer<ProviderTree> ByRootId = Comparer<ProviderTree>.Create((a, b) => string.CompareOrdinal(a.Root.Id, b.Root.Id));

    /// <summary>In the same tree as before, and of no matter to others.</summary>
    private bool IsAtItsPlace(ProviderState provider) => _providers.TryGetValue(provider.Id, out var before) && before.RootId == provider.RootId && before.ParentId == provider.ParentId
        && _byRoot.ContainsKey(provider.RootId) && !before.Shares && !provider.Shares && before.Aggregates.SetEquals(provider.Aggregates);

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
