using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>What one provider gives in a candidate.</summary>
internal readonly record struct Share(ProviderState Provider, IReadOnlyList<KeyValuePair<string, long>> Resources);

/// <summary>One way to satisfy the whole question: what each provider gives, and which group is on which providers.</summary>
internal sealed record AllocationCandidate(IReadOnlyList<Share> Shares, IReadOnlyList<KeyValuePair<string, IReadOnlyList<ProviderState>>> Mappings);

/// <summary>
/// Finds allocation candidates over trees of providers and those that share their resources through an aggregate (<c>GET /allocation_candidates</c>).
/// It goes tree by tree: for each group the ways to place it, then, depth first, their combinations that fit together. A branch is left as soon as an amount
/// or the group policy is broken, and the search ends as soon as it has as many as were asked for. Upstream makes all combinations and cuts the list then;
/// the candidates are the same, in another order (upstream promises none).
/// </summary>
internal sealed class AllocationCandidateSearch(Store<PlacementDb> store, ProviderCache cache)
{
    /// <summary>Steps of one search, so that a question over wide trees ends; upstream has max_allocation_candidates for it, unlimited by default.</summary>
    internal const int MaxSteps = 2_000_000;

    /// <summary>Candidates in one answer.</summary>
    internal const int MaxCandidates = 100_000;

    public async Task<(List<AllocationCandidate> Candidates, ProviderSnapshot Providers)> FindAsync(CandidatesQuery query, bool nested, CancellationToken cancel)
    {
        await store.ReadAsync(async db =>
        {
            await Names.CheckClassesAsync(db, query.Groups.SelectMany(g => g.Resources.Keys), cancel).ConfigureAwait(false);
            await Names.CheckTraitsAsync(db, query.Groups.SelectMany(g => g.Traits.Names).Concat(query.RootTraits.Names), "", cancel).ConfigureAwait(false);
            return true;
        }, cancel).ConfigureAwait(false);
        var providers = await cache.GetAsync(cancel).ConfigureAwait(false);
        return (new Run(query, nested, providers).Find(), providers);
    }

    /// <summary>The search alone, for tests.</summary>
    internal static List<AllocationCandidate> Find(CandidatesQuery query, bool nested, ProviderSnapshot providers) => new Run(query, nested, providers).Find();

    /// <summary>A group placed: the provider of each of its classes; a group without resources has one provider and no class.</summary>
    private sealed record Placing(IReadOnlyList<KeyValuePair<string, long>> Resources, IReadOnlyList<ProviderState> Providers);

    private sealed class Run(CandidatesQuery query, bool nested, ProviderSnapshot providers)
    {
        private readonly List<AllocationCandidate> _found = [];
        private readonly HashSet<string>? _seen = providers.HasSharing ? new(StringComparer.Ordinal) : null;
        private readonly List<KeyValuePair<string, long>[]> _resources = [.. query.Groups.Select(g => g.Resources.ToArray())];
        private readonly int _limit = Math.Min(query.Limit, MaxCandidates);
        private readonly int _isolated = query.Groups.Count(g => g.Suffix.Length > 0);
        private int _steps;

        public List<AllocationCandidate> Find()
        {
            foreach (var tree in providers.Trees)
            {
                if (!query.RootTraits.Fits(tree.Root.Traits)) { continue; }
                if (query.Groups is [{ Suffix.Length: 0 } only] && tree is { Members.Count: 1, Sharers.Count: 0 }) { Alone(only, tree); }
                else { Tree(tree); }
                if (_found.Count >= _limit || _steps > MaxSteps) { break; }
            }
            return _found;
        }

        /// <summary>The common case, a provider that is a tree of its own, without anything made for it but the candidate.</summary>
        private void Alone(RequestGroup group, ProviderTree tree)
        {
            var provider = tree.Root;
            if (!provider.HoldsAll(_resources[0]) || !group.Traits.Fits(provider.Traits) || !group.Aggregates.Fits(provider.Aggregates) || !InTree(group, provider)) { return; }
            Add(new AllocationCandidate([new Share(provider, _resources[0])], [new(group.Suffix, provider.Alone)]));
        }

        private void Tree(ProviderTree tree)
        {
            var options = new List<List<Placing>>(query.Groups.Count);
            for (var i = 0; i < query.Groups.Count; i++)
            {
                var ways = query.Groups[i].Suffix.Length > 0 ? OnOne(query.Groups[i], _resources[i], tree) : OverTree(query.Groups[i], _resources[i], tree);
                if (ways.Count == 0) { return; }
                options.Add(ways);
            }
            Combine(options, new Placing[options.Count], 0, new Dictionary<(string, string), long>());
        }

        /// <summary>Goes through the groups; <paramref name="taken"/> holds what those before have taken of each provider and class.</summary>
        private void Combine(List<List<Placing>> options, Placing[] choice, int at, Dictionary<(string Provider, string Class), long> taken)
        {
            if (at == options.Count)
            {
                if (query.SameSubtrees.All(s => InOneSubtree(query.Groups.Index().Where(g => s.Contains(g.Item.Suffix)).SelectMany(g => choice[g.Index].Providers))) && MayBeNested(choice)) { Add(Candidate(choice, taken)); }
                return;
            }
            foreach (var way in options[at])
            {
                if (++_steps > MaxSteps || _found.Count >= _limit) { return; }
                choice[at] = way;
                if (query.Isolate && !IsIsolated(choice, at)) { continue; }
                var fits = true;
                for (var i = 0; i < way.Resources.Count; i++)
                {
                    var (resourceClass, amount) = way.Resources[i];
                    var sum = taken[(way.Providers[i].Id, resourceClass)] = taken.GetValueOrDefault((way.Providers[i].Id, resourceClass)) + amount;
                    fits &= way.Providers[i].HoldsSum(resourceClass, sum);
                }
                if (fits) { Combine(options, choice, at + 1, taken); }
                for (var i = 0; i < way.Resources.Count; i++)
                {
                    var (resourceClass, amount) = way.Resources[i];
                    if ((taken[(way.Providers[i].Id, resourceClass)] -= amount) == 0) { taken.Remove((way.Providers[i].Id, resourceClass)); }
                }
            }
        }

        /// <summary>group_policy=isolate: no two named groups on one provider.</summary>
        private bool IsIsolated(Placing[] choice, int at)
        {
            if (query.Groups[at].Suffix.Length == 0 || _isolated < 2) { return true; }
            for (var i = 0; i < at; i++)
            {
                if (query.Groups[i].Suffix.Length > 0 && choice[i].Providers[0].Id == choice[at].Providers[0].Id) { return false; }
            }
            return true;
        }

        /// <summary>Clients before 1.29 do not know trees: a candidate of two providers of one tree is none for them.</summary>
        private bool MayBeNested(Placing[] choice)
        {
            if (nested) { return true; }
            var used = choice.SelectMany(c => c.Resources.Count > 0 ? c.Providers : []).DistinctBy(p => p.Id).ToList();
            return used.DistinctBy(p => p.RootId).Count() == used.Count;
        }

        private AllocationCandidate Candidate(Placing[] choice, Dictionary<(string Provider, string Class), long> taken)
        {
            var shares = choice.SelectMany(c => c.Resources.Count > 0 ? c.Providers : []).DistinctBy(p => p.Id)
                .Select(p => new Share(p, [.. taken.Where(t => t.Key.Provider == p.Id).Select(t => new KeyValuePair<string, long>(t.Key.Class, t.Value))])).ToList();
            return new AllocationCandidate(shares, [.. query.Groups.Select((g, i) => new KeyValuePair<string, IReadOnlyList<ProviderState>>(g.Suffix, [.. choice[i].Providers.DistinctBy(p => p.Id)]))]);
        }

        /// <summary>Ways to put a named group on one provider of the tree or on one that shares with it. All its conditions are the provider's own.</summary>
        private List<Placing> OnOne(RequestGroup group, KeyValuePair<string, long>[] resources, ProviderTree tree)
        {
            var ways = new List<Placing>();
            foreach (var provider in tree.Members.Concat(tree.Sharers))
            {
                if (InTree(group, provider) && group.Traits.Fits(provider.Traits) && group.Aggregates.Fits(provider.Aggregates) && provider.HoldsAll(resources))
                {
                    ways.Add(new Placing(resources, [.. Enumerable.Repeat(provider, Math.Max(1, resources.Length))]));
                }
            }
            return ways;
        }

        /// <summary>Ways to take a group's resources from a tree and what is shared with it; together its providers have the wanted traits, none has a forbidden one.</summary>
        private List<Placing> OverTree(RequestGroup group, KeyValuePair<string, long>[] resources, ProviderTree tree)
        {
            var usable = tree.Members.Where(p => InTree(group, p) && IsMember(group, p, tree.Root, sharer: false))
                .Concat(group.InTree is null ? tree.Sharers.Where(p => IsMember(group, p, tree.Root, sharer: true)) : [])
                .Where(p => !p.Traits.Overlaps(group.Traits.Forbidden)).ToList();
            var options = Array.ConvertAll(resources, r => usable.Where(p => p.Holds(r.Key, r.Value)).ToList());
            var ways = new List<Placing>();
            if (Array.Exists(options, o => o.Count == 0)) { return ways; }
            var at = new int[options.Length];
            while (++_steps <= MaxSteps)
            {
                var chosen = new ProviderState[options.Length];
                for (var i = 0; i < chosen.Length; i++) { chosen[i] = options[i][at[i]]; }
                if (group.Traits.Required.All(any => chosen.Any(p => any.Overlaps(p.Traits)))) { ways.Add(new Placing(resources, chosen)); }
                var digit = options.Length - 1;
                while (digit >= 0 && ++at[digit] == options[digit].Count) { at[digit--] = 0; }
                if (digit < 0) { break; }
            }
            return ways;
        }

        /// <summary>The unnamed group: an aggregate of the root holds the whole tree. Who shares into it must be a member itself.</summary>
        private static bool IsMember(RequestGroup group, ProviderState provider, ProviderState root, bool sharer) =>
            !provider.Aggregates.Overlaps(group.Aggregates.Forbidden) && !root.Aggregates.Overlaps(group.Aggregates.Forbidden)
            && (group.Aggregates.HasRequired(provider.Aggregates) || (!sharer && group.Aggregates.HasRequired(root.Aggregates)));

        private bool InTree(RequestGroup group, ProviderState provider) =>
            group.InTree is not { } tree || (providers.Providers.TryGetValue(tree, out var named) && named.RootId == provider.RootId);

        /// <summary>One of them is above all others, or it is the only one.</summary>
        private bool InOneSubtree(IEnumerable<ProviderState> of)
        {
            var all = of.DistinctBy(p => p.Id).ToList();
            return all.Count == 1 || all.Exists(top => all.TrueForAll(p => IsBelow(p, top.Id)));
        }

        private bool IsBelow(ProviderState provider, string top)
        {
            for (var at = provider; at is not null; at = at.ParentId is { } parent ? providers.Providers.GetValueOrDefault(parent) : null)
            {
                if (at.Id == top) { return true; }
            }
            return false;
        }

        /// <summary>The same candidate comes up under several trees when all of it is shared.</summary>
        private void Add(AllocationCandidate candidate)
        {
            if (_found.Count < _limit && _seen?.Add(Fingerprint(candidate)) != false) { _found.Add(candidate); }
        }
    }

    internal static string Fingerprint(AllocationCandidate candidate) =>
        string.Join(';', candidate.Mappings.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}={string.Join(',', m.Value.Select(p => p.Id).Order(StringComparer.Ordinal))}"))
        + "|" + string.Join(';', candidate.Shares.OrderBy(s => s.Provider.Id, StringComparer.Ordinal).Select(s => $"{s.Provider.Id}={string.Join(',', s.Resources.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key}:{r.Value}"))}"));
}
