using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Placement.AllocationCandidates;
using Nephos.Placement.Allocations;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement;

/// <summary>What other services ask, answered by the operations that also answer the public API.</summary>
internal sealed class PlacementForServices(Store<PlacementDb> store, ProviderRegistrar registrar, CandidateSearch search, AllocationOperations allocations, TimeProvider clock) : IPlacement
{
    public Task EnsureProviderAsync(ProviderFacts provider, CancellationToken cancel) => registrar.EnsureAsync(provider, cancel);

    public Task<CandidateAnswer> FindCandidatesAsync(CandidateRequest request, CancellationToken cancel) => search.FindAsync(request, cancel);

    public async Task<bool> ClaimAsync(
        string consumerId, string projectId, string userId, string consumerType, string providerId, IReadOnlyDictionary<string, long> resources, CancellationToken cancel)
    {
        var wanted = new ConsumerAllocations(consumerId, projectId, userId, consumerType, new Dictionary<string, IReadOnlyDictionary<string, long>>(StringComparer.Ordinal) { [providerId] = resources });
        try
        {
            await store.WriteAsync(async db =>
            {
                var has = await db.Allocations.Where(a => a.ConsumerId == consumerId).ToListAsync(cancel).ConfigureAwait(false);
                if (has.Count == resources.Count(r => r.Value > 0) && has.TrueForAll(a => a.ProviderId == providerId && resources.GetValueOrDefault(a.ResourceClass) == a.Used)) { return; }
                await AllocationOperations.ReplaceAsync(db, Context, [wanted], cancel, had: has).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
            return true;
        }
        catch (ConflictError)
        {
            // No longer fits, or the inventory is gone: the caller tries the next candidate.
            return false;
        }
    }

    public Task ReleaseAsync(string consumerId, CancellationToken cancel) => allocations.RemoveAsync(Context, consumerId, cancel);

    public async Task<IReadOnlyList<string>> ConsumersAsync(string providerId, CancellationToken cancel) => await store.ReadAsync(
        db => db.Allocations.Where(a => a.ProviderId == providerId).Select(a => a.ConsumerId).Distinct().OrderBy(id => id).ToListAsync(cancel), cancel).ConfigureAwait(false);

    private RequestContext Context => RequestContext.ForService("placement", clock.Now());
}
