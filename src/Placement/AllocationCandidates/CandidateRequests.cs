using System.Text.RegularExpressions;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>One group of resources with its conditions.</summary>
/// <param name="Suffix">Empty: the group whose resources may come from all of a tree; else all come from one provider.</param>
internal sealed record RequestGroup(string Suffix)
{
    public IReadOnlyDictionary<string, long> Resources { get; init; } = new Dictionary<string, long>();
    public TraitFilter Traits { get; init; } = TraitFilter.None;
    public AggregateFilter Aggregates { get; init; } = AggregateFilter.None;
    public string? InTree { get; init; }
}

/// <summary>The whole question of <c>GET /allocation_candidates</c>.</summary>
internal sealed record CandidatesQuery(IReadOnlyList<RequestGroup> Groups, int Limit, bool Isolate, TraitFilter RootTraits, IReadOnlyList<IReadOnlySet<string>> SameSubtrees);

/// <summary>Reads that question (placement/lib.py). Groups are numbered from 1.25, named from 1.33.</summary>
internal static partial class CandidatesQueryReader
{
    [GeneratedRegex("^(resources|required|member_of|in_tree)([1-9][0-9]*)?$")]
    private static partial Regex Numbered();

    [GeneratedRegex("^(resources|required|member_of|in_tree)([a-zA-Z0-9_-]{1,64})?$")]
    private static partial Regex Named();

    [GeneratedRegex("^[1-9][0-9]*$")]
    private static partial Regex LimitText();

    public static CandidatesQuery Read(Call call)
    {
        var query = call.Query;
        Query.CheckNames(query, name => Known(call, name), call.Is(25) ? Patterns(call) : null);
        if (!call.Is(25) && !query.Has("resources")) { throw PlacementErrors.QueryString("'resources' is a required property", "required"); }
        var limit = int.MaxValue;
        if (query.All("limit").FirstOrDefault(l => !LimitText().IsMatch(l)) is { } bad) { throw PlacementErrors.QueryString($"'{bad}' does not match '^[1-9][0-9]*$'", "pattern", "limit"); }
        // Of several limits the first counts. One beyond all numbers is none.
        if (query.All("limit") is [var text, ..] && !int.TryParse(text, out limit)) { limit = int.MaxValue; }
        // Of several policies the first counts, too.
        var policy = query.All("group_policy") is [var first, ..] ? first : null;
        if (policy is not (null or "none" or "isolate")) { throw PlacementErrors.QueryString($"'{policy}' is not one of ['none', 'isolate']", "enum", "group_policy"); }
        var subtrees = query.All("same_subtree").Select(Subtree).ToList();
        var groups = Groups(call);
        CheckGroups(call, groups, subtrees);
        if (policy is null && groups.Count(g => g.Suffix.Length > 0) > 1)
        {
            throw new BadRequestError("The \"group_policy\" parameter is required when specifying more than one \"resources{N}\" parameter.");
        }
        if (query.All("root_required").Count > 1) { throw new BadRequestError("Query parameter 'root_required' may be specified only once.", PlacementErrors.DuplicateKey); }
        var root = Query.Traits(query.All("root_required"), new Kernel.Versions.ApiVersion(1, 22));
        if (root.Required.SelectMany(r => r).Where(root.Forbidden.Contains).Order(StringComparer.Ordinal).ToList() is { Count: > 0 } both)
        {
            throw new BadRequestError($"Conflicting required and forbidden traits found in root_required: {string.Join(", ", both)}", PlacementErrors.BadValue);
        }
        return new CandidatesQuery(groups, limit, policy == "isolate", root, subtrees);
    }

    private static bool Known(Call call, string name) => name switch
    {
        "limit" => call.Is(16),
        "group_policy" => call.Is(25),
        "root_required" => call.Is(35),
        "same_subtree" => call.Is(36),
        _ => Match(call, name) is { } match && match.Groups[1].Value switch { "required" => call.Is(17), "member_of" => call.Is(21), "in_tree" => call.Is(31), _ => true }
            && (match.Groups[2].Length == 0 || call.Is(25)),
    };

    private static string Patterns(Call call)
    {
        var suffix = call.Is(33) ? "[a-zA-Z0-9_-]{1,64}" : "[1-9][0-9]*";
        string[] names = call.Is(31) ? ["in_tree", "member_of", "required", "resources"] : ["member_of", "required", "resources"];
        return string.Join(", ", names.Select(n => $"'^{n}({suffix})?$'"));
    }

    private static Match? Match(Call call, string name) => (call.Is(33) ? Named() : Numbered()).Match(name) is { Success: true } match ? match : null;

    private static IReadOnlySet<string> Subtree(string text)
    {
        var suffixes = text.Split(',').Select(s => s.Trim()).ToHashSet(StringComparer.Ordinal);
        return suffixes.Contains("") ? throw new BadRequestError("Empty string (unsuffixed group) can not be specified in `same_subtree` ", PlacementErrors.BadValue) : suffixes;
    }

    private static List<RequestGroup> Groups(Call call)
    {
        var groups = new SortedDictionary<string, RequestGroup>(StringComparer.Ordinal);
        foreach (var name in call.Query.Names)
        {
            if (Match(call, name) is not { } match) { continue; }
            var suffix = match.Groups[2].Value;
            var group = groups.GetValueOrDefault(suffix) ?? new RequestGroup(suffix);
            groups[suffix] = match.Groups[1].Value switch
            {
                "resources" => group with { Resources = Query.Resources(call.Query[name]!) },
                "required" => group with { Traits = Query.Traits(call.Query.All(name), call.Version) },
                "member_of" => group with { Aggregates = Query.Aggregates(call.Query.All(name), call.Version, suffix) },
                _ => group with { InTree = Query.InTree(call.Query[name]!) },
            };
        }
        return [.. groups.Values];
    }

    private static void CheckGroups(Call call, List<RequestGroup> groups, List<IReadOnlySet<string>> subtrees)
    {
        var empty = groups.Where(g => g.Resources.Count == 0).ToList();
        if (call.Is(36)) { CheckSubtrees(groups, empty, subtrees); }
        else
        {
            Orphans("All traits parameters must be associated with resources.  Found the following orphaned traits keys: ", "required", empty.Where(g => g.Traits.Required.Count > 0));
            Orphans("All member_of parameters must be associated with resources. Found the following orphaned member_of keys: ", "member_of", empty.Where(g => !g.Aggregates.IsEmpty));
            if (empty.Count > 0) { throw new BadRequestError("All request groups must specify resources."); }
            if (groups.Count == 0) { throw new BadRequestError("At least one request group (`resources` or `resources{$S}`) is required."); }
        }
        var conflicts = groups.SelectMany(g => g.Traits.Required.Where(any => any.All(g.Traits.Forbidden.Contains)).Select(any => $"required{g.Suffix}: ({string.Join(", ", any.Order(StringComparer.Ordinal))})")).Order(StringComparer.Ordinal).ToList();
        if (conflicts.Count > 0) { throw new BadRequestError("Conflicting required and forbidden traits found in the following traits keys: " + string.Join(", ", conflicts)); }
    }

    private static void Orphans(string message, string prefix, IEnumerable<RequestGroup> groups)
    {
        var keys = groups.Select(g => prefix + g.Suffix).ToList();
        if (keys.Count > 0) { throw new BadRequestError(message + string.Join(", ", keys)); }
    }

    private static void CheckSubtrees(List<RequestGroup> groups, List<RequestGroup> empty, List<IReadOnlySet<string>> subtrees)
    {
        if (empty.Count == groups.Count) { throw new BadRequestError("There must be at least one resources or resources[$S] parameter.", PlacementErrors.MissingValue); }
        var named = subtrees.SelectMany(s => s).Distinct(StringComparer.Ordinal).ToList();
        var lone = empty.Where(g => !named.Contains(g.Suffix)).Select(g => g.Suffix).ToList();
        if (lone.Count > 0) { throw new BadRequestError($"Resourceless suffixed group request should be specified in `same_subtree` query param: bad group(s) - {List(lone)}.", PlacementErrors.BadValue); }
        var unreal = named.Where(s => groups.TrueForAll(g => g.Suffix != s)).ToList();
        if (unreal.Count > 0) { throw new BadRequestError($"Real suffixes should be specified in `same_subtree`: {List(unreal)} not found in {List(groups.Select(g => g.Suffix))}.", PlacementErrors.BadValue); }
    }

    private static string List(IEnumerable<string> suffixes) => "[" + string.Join(", ", suffixes.Select(s => $"'{s}'")) + "]";
}
