using Nephos.Kernel.Api;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>Where a request for resources can be met (placement api-ref, "Allocation candidates").</summary>
internal static class AllocationCandidateEndpoints
{
    public static void Map(ResourceGroup candidates) =>
        candidates.Get("", List).Policy("placement:allocation_candidates:list", PlacementReplies.AdminOrService).Since("1.10").NotPaged("limited by limit");

    private static async Task<Reply> List(Call call)
    {
        var query = CandidatesQueryReader.Read(call);
        var (candidates, providers) = await call.Get<AllocationCandidateSearch>().FindAsync(query, call.Is(29), call.Cancel).ConfigureAwait(false);
        var asked = query.Groups.SelectMany(g => g.Resources.Keys).ToHashSet(StringComparer.Ordinal);
        // From 1.29 on, whole trees are summed up.
        var used = candidates.SelectMany(c => c.Amounts.Keys).ToHashSet(StringComparer.Ordinal);
        var roots = used.Select(id => providers[id].Provider.RootId).ToHashSet(StringComparer.Ordinal);
        var summed = providers.Values.Where(p => used.Contains(p.Id) || (call.Is(29) && roots.Contains(p.Provider.RootId)));
        return Reply.Members(
        [
            ("allocation_requests", candidates.ConvertAll(c => Request(call, c))),
            ("provider_summaries", summed.ToDictionary(p => p.Id, p => Summary(call, p, asked), StringComparer.Ordinal)),
        ]).Dated(call, null);
    }

    private static Dictionary<string, object> Request(Call call, AllocationCandidate candidate)
    {
        var request = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["allocations"] = call.Is(12)
                ? candidate.Amounts.ToDictionary(a => a.Key, a => new { Resources = a.Value }, StringComparer.Ordinal)
                : candidate.Amounts.Select(a => new { ResourceProvider = new { Uuid = a.Key }, Resources = a.Value }).ToList(),
        };
        if (call.Is(34)) { request["mappings"] = candidate.Mappings; }
        return request;
    }

    private static Dictionary<string, object?> Summary(Call call, ProviderState provider, HashSet<string> asked)
    {
        var summary = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["resources"] = provider.Inventories.Where(i => call.Is(27) || asked.Contains(i.Key)).ToDictionary(i => i.Key, i => new { i.Value.Capacity, i.Value.Used }, StringComparer.Ordinal),
        };
        if (call.Is(17)) { summary["traits"] = provider.Traits.Order(StringComparer.Ordinal).ToList(); }
        if (call.Is(29))
        {
            summary["parent_provider_uuid"] = provider.Provider.ParentId;
            summary["root_provider_uuid"] = provider.Provider.RootId;
        }
        return summary;
    }
}
