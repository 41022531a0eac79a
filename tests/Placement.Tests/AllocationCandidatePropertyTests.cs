using FsCheck;
using FsCheck.Fluent;
using Nephos.Placement.AllocationCandidates;
using Nephos.Placement.Inventories;
using Shouldly;
using Xunit;

namespace Nephos.Placement.Tests;

/// <summary>
/// The search against a solver so plain that it can be believed: it tries every provider of the cloud for every class of every group, under every root, and keeps
/// what meets the conditions as the reference has them.
/// </summary>
public sealed class AllocationCandidatePropertyTests
{
    private static readonly string[] Classes = ["VCPU", "MEMORY_MB", "DISK_GB"];
    private static readonly string[] Traits = ["CUSTOM_A", "CUSTOM_B", "CUSTOM_C", "MISC_SHARES_VIA_AGGREGATE"];
    private static readonly string[] Aggregates = ["agg1", "agg2", "agg3"];

    [Fact]
    public void Find_RandomTreesAndQuestions_FindsWhatTheNaiveSolverFinds()
    {
        var answers = 0;
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(1500), Prop.ForAll((int seed) =>
        {
            var random = new Random(seed);
            var world = World(random);
            var query = Question(random, world);
            var nested = random.Next(5) > 0;
            var found = AllocationCandidateSearch.Find(query, nested, world).ConvertAll(AllocationCandidateSearch.Fingerprint);
            found.Count.ShouldBe(found.Distinct().Count(), "a candidate came twice");
            found.ToHashSet().SetEquals(Naive(query, nested, world)).ShouldBeTrue($"seed {seed}: found\n{string.Join('\n', found.Order())}\nwanted\n{string.Join('\n', Naive(query, nested, world).Order())}");
            answers += found.Count;
        }));
        answers.ShouldBeGreaterThan(500, "the questions were so hard that they tested nothing");
    }

    [Fact]
    public void Find_Limit_IsPartOfTheWhole()
    {
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll((int seed) =>
        {
            var random = new Random(seed);
            var world = World(random);
            var query = Question(random, world);
            var all = AllocationCandidateSearch.Find(query, true, world).ConvertAll(AllocationCandidateSearch.Fingerprint);
            var some = AllocationCandidateSearch.Find(query with { Limit = 2 }, true, world).ConvertAll(AllocationCandidateSearch.Fingerprint);
            some.Count.ShouldBe(Math.Min(2, all.Count));
            some.ShouldBeSubsetOf(all);
        }));
    }

    /// <summary>A snapshot that goes on from the one before is what a new one of the same providers is.</summary>
    [Fact]
    public void Snapshot_WithRandomChanges_IsThatOfTheirResult()
    {
        var kept = 0;
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(1000), Prop.ForAll((int seed) =>
        {
            var random = new Random(seed);
            var snapshot = World(random);
            var truth = snapshot.Providers.ToDictionary(StringComparer.Ordinal);
            for (var round = 0; round < 6; round++)
            {
                var (changed, gone) = Changes(random, truth, round);
                var before = snapshot;
                snapshot = snapshot.With(changed, gone);
                Tell(snapshot).ShouldBe(Tell(new ProviderSnapshot(new(truth, StringComparer.Ordinal))), $"seed {seed}, round {round}");
                if (changed.Count > 0 && before.Trees.Any(t => snapshot.Trees.Any(now => ReferenceEquals(now, t)))) { kept++; }
            }
        }));
        kept.ShouldBeGreaterThan(500, "no tree was kept");
    }

    private static (List<ProviderState> Changed, List<string> Gone) Changes(Random random, Dictionary<string, ProviderState> truth, int round)
    {
        var (changed, gone) = (new Dictionary<string, ProviderState>(), new List<string>());
        for (var i = 0; i < random.Next(3); i++)
        {
            var old = truth.Values.ElementAt(random.Next(truth.Count));
            if (gone.Contains(old.Id)) { continue; }
            switch (random.Next(8))
            {
                case 0 when truth.Count > 2 && truth.Values.All(p => p.ParentId != old.Id) && !changed.ContainsKey(old.Id):
                    truth.Remove(old.Id);
                    gone.Add(old.Id);
                    continue;
                case 1:
                    var id = $"p{round}{i}new";
                    changed[id] = truth[id] = new ProviderState(id, id, null, id, random.Next(1000), [], new HashSet<string>(), Aggregates.Take(random.Next(2)).ToHashSet());
                    continue;
                case 2:
                    changed[old.Id] = truth[old.Id] = new ProviderState(old.Id, old.Name, old.ParentId, old.RootId, old.Revision + 1, old.Inventories, Traits.Where(_ => random.Next(2) == 0).ToHashSet(), Aggregates.Where(_ => random.Next(2) == 0).ToHashSet());
                    continue;
                default:
                    changed[old.Id] = truth[old.Id] = new ProviderState(old.Id, old.Name, old.ParentId, old.RootId, old.Revision + 1, [], old.Traits, old.Aggregates.ToHashSet());
                    continue;
            }
        }
        return ([.. changed.Values], gone);
    }

    private static string Tell(ProviderSnapshot snapshot)
    {
        static string Of(IEnumerable<ProviderState> providers) => string.Join(',', providers.Select(p => $"{p.Id}@{p.Revision}/{p.Inventories.Count}"));
        return $"{snapshot.RevisionSum} {snapshot.HasSharing} {Of(snapshot.Providers.Values.OrderBy(p => p.Id, StringComparer.Ordinal))}\n"
            + string.Join('\n', snapshot.Trees.Select(t => $"{Of([t.Root])}: {Of(t.Members)}; {Of(t.Sharers)}; {ReferenceEquals(snapshot.ByRoot[t.Root.Id], t)}"));
    }

    private static ProviderSnapshot World(Random random)
    {
        var providers = new Dictionary<string, ProviderState>(StringComparer.Ordinal);
        for (var i = 0; i < random.Next(2, 8); i++)
        {
            var parent = i > 0 && random.Next(3) > 0 ? providers.Values.ElementAt(random.Next(providers.Count)) : null;
            var inventories = Classes.Where(_ => random.Next(3) > 0).Select(c => new Inventory
            {
                ProviderId = "p" + i, ResourceClass = c, Total = random.Next(1, 9), Reserved = 0, Used = random.Next(3), MaxUnit = random.Next(1, 9), StepSize = random.Next(5) == 0 ? 2 : 1, UpdatedAt = default,
            }).OrderBy(x => x.ResourceClass, StringComparer.Ordinal).ToList();
            providers["p" + i] = new ProviderState("p" + i, "n" + i, parent?.Id, parent?.RootId ?? "p" + i, i, inventories,
                Traits.Where(_ => random.Next(3) == 0).ToHashSet(), Aggregates.Where(_ => random.Next(3) == 0).ToHashSet());
        }
        return new ProviderSnapshot(providers);
    }

    private static CandidatesQuery Question(Random random, ProviderSnapshot world)
    {
        HashSet<string> Some(string[] of, int rarity) => [.. of.Where(_ => random.Next(rarity) == 0)];
        TraitFilter Filter() => new([.. Enumerable.Range(0, random.Next(3) == 0 ? 1 : 0).Select(_ => (IReadOnlySet<string>)Some(Traits, 2)).Where(s => s.Count > 0)], Some(Traits[..3], 8));
        AggregateFilter Members() => new([.. Enumerable.Range(0, random.Next(4) == 0 ? 1 : 0).Select(_ => (IReadOnlySet<string>)Some(Aggregates, 2)).Where(s => s.Count > 0)], Some(Aggregates, 10));
        var groups = new List<RequestGroup>();
        foreach (var suffix in new[] { "", "1", "_two" }.Where((_, i) => i == 0 || random.Next(2) == 0))
        {
            var empty = suffix.Length > 0 && random.Next(4) == 0;
            var resources = Classes.Where(_ => !empty && random.Next(2) == 0).Take(2).ToDictionary(c => c, _ => (long)random.Next(1, 4));
            if (suffix.Length == 0 && resources.Count == 0) { resources["VCPU"] = 1; }
            groups.Add(new RequestGroup(suffix)
            {
                Resources = resources, Traits = Filter(), Aggregates = Members(), InTree = random.Next(8) == 0 ? world.Providers.Keys.ElementAt(random.Next(world.Providers.Count)) : null,
            });
        }
        var named = groups.Where(g => g.Suffix.Length > 0).Select(g => g.Suffix).ToHashSet();
        return new CandidatesQuery(groups, int.MaxValue, random.Next(2) == 0, random.Next(4) == 0 ? Filter() : TraitFilter.None, named.Count > 1 && random.Next(2) == 0 ? [named] : []);
    }

    private static HashSet<string> Naive(CandidatesQuery query, bool nested, ProviderSnapshot world)
    {
        var all = world.Providers.Values.ToList();
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var root in all.Where(p => p.ParentId is null && query.RootTraits.Fits(p.Traits)))
        {
            var aggregates = all.Where(p => p.RootId == root.Id).SelectMany(p => p.Aggregates).ToHashSet();
            var reach = all.Where(p => p.RootId == root.Id || (p.Traits.Contains("MISC_SHARES_VIA_AGGREGATE") && p.Aggregates.Overlaps(aggregates))).ToList();
            var slots = query.Groups.SelectMany(g => g.Suffix.Length > 0 ? [(Group: g, Class: (string?)null)] : g.Resources.Keys.Select(c => (Group: g, Class: (string?)c))).ToList();
            foreach (var choice in Choices(reach, slots.Count))
            {
                var placed = slots.Zip(choice, (s, p) => (s.Group, s.Class, Provider: p)).ToList();
                if (Allowed(query, nested, world, root, placed) is { } candidate) { found.Add(AllocationCandidateSearch.Fingerprint(candidate)); }
            }
        }
        return found;
    }

    private static IEnumerable<List<ProviderState>> Choices(List<ProviderState> from, int slots) =>
        slots == 0 ? [[]] : Choices(from, slots - 1).SelectMany(start => from.Select(p => new List<ProviderState>(start) { p }));

    private static AllocationCandidate? Allowed(CandidatesQuery query, bool nested, ProviderSnapshot world, ProviderState root, List<(RequestGroup Group, string? Class, ProviderState Provider)> placed)
    {
        var sums = new Dictionary<(ProviderState Provider, string Class), long>();
        foreach (var group in query.Groups)
        {
            var mine = placed.Where(p => p.Group == group).ToList();
            foreach (var (_, only, provider) in mine)
            {
                if (group.InTree is { } tree && (provider.RootId != world.Providers[tree].RootId || (group.Suffix.Length == 0 && provider.RootId != root.Id))) { return null; }
                if (provider.Traits.Overlaps(group.Traits.Forbidden) || provider.Aggregates.Overlaps(group.Aggregates.Forbidden)) { return null; }
                var throughRoot = group.Suffix.Length == 0 && provider.RootId == root.Id;
                if (group.Suffix.Length == 0 && root.Aggregates.Overlaps(group.Aggregates.Forbidden)) { return null; }
                var member = group.Aggregates.Required.All(any => any.Overlaps(provider.Aggregates)) || (throughRoot && group.Aggregates.Required.All(any => any.Overlaps(root.Aggregates)));
                if (!member) { return null; }
                foreach (var (resourceClass, amount) in group.Resources.Where(r => only is null || r.Key == only))
                {
                    var inventory = provider.Inventories.FirstOrDefault(i => i.ResourceClass == resourceClass);
                    if (inventory is null || amount < inventory.MinUnit || amount > inventory.MaxUnit || amount % inventory.StepSize != 0) { return null; }
                    sums[(provider, resourceClass)] = sums.GetValueOrDefault((provider, resourceClass)) + amount;
                }
            }
            if (!group.Traits.Required.All(any => any.Overlaps(mine.SelectMany(m => m.Provider.Traits)))) { return null; }
        }
        foreach (var ((provider, resourceClass), sum) in sums)
        {
            var inventory = provider.Inventories.First(i => i.ResourceClass == resourceClass);
            if (inventory.Used + sum > inventory.Total || sum > inventory.MaxUnit) { return null; }
        }
        var named = placed.Where(p => p.Group.Suffix.Length > 0).ToList();
        if (query.Isolate && named.DistinctBy(n => n.Provider.Id).Count() != named.Count) { return null; }
        foreach (var subtree in query.SameSubtrees)
        {
            var of = placed.Where(p => subtree.Contains(p.Group.Suffix)).Select(p => p.Provider).ToList();
            if (!of.Any(top => of.All(p => Above(p, world).Contains(top.Id)))) { return null; }
        }
        var used = sums.Keys.Select(k => k.Provider).Distinct().ToList();
        if (!nested && used.DistinctBy(p => p.RootId).Count() != used.Count) { return null; }
        return new AllocationCandidate(
            used.ConvertAll(p => new Share(p, [.. sums.Where(s => s.Key.Provider == p).Select(s => new KeyValuePair<string, long>(s.Key.Class, s.Value))])),
            [.. query.Groups.Select(g => new KeyValuePair<string, IReadOnlyList<ProviderState>>(g.Suffix, [.. placed.Where(p => p.Group == g).Select(p => p.Provider).Distinct()]))]);
    }

    private static IEnumerable<string> Above(ProviderState provider, ProviderSnapshot world)
    {
        for (var at = provider; at is not null; at = at.ParentId is { } parent ? world.Providers[parent] : null) { yield return at.Id; }
    }
}
