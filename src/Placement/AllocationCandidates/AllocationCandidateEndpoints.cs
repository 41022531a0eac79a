using Nephos.Kernel.Api;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>Where a request for resources can be met (placement api-ref, "Allocation candidates").</summary>
internal static class AllocationCandidateEndpoints
{
    public static void Map(ResourceGroup candidates) =>
        candidates.Get("", PlacementReplies.Json(List)).Policy("placement:allocation_candidates:list", PlacementReplies.AdminOrService).Since("1.10").NotPaged("limited by limit");

    private static async Task<Reply> List(Call call)
    {
        var query = CandidatesQueryReader.Read(call);
        var (candidates, providers) = await call.Get<AllocationCandidateSearch>().FindAsync(query, call.Is(29), call.Cancel).ConfigureAwait(false);
        return Reply.Custom((_, response) => new CandidateWriter(call, response, query).WriteAsync(candidates, providers)).Dated(call, null);
    }
}
