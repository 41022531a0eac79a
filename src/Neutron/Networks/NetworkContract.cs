using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;

namespace Nephos.Neutron.Networks;

/// <summary>Networks for other services.</summary>
internal sealed class NetworkContract(Store<NeutronDb> store) : INetworks
{
    public Task<NetworkFacts?> FindAsync(RequestContext context, string networkId, CancellationToken cancel) =>
        store.ReadAsync(async db => (await FactsAsync(db, NetworkView.Scope(db, context).Where(n => n.Id == networkId)).ConfigureAwait(false)) is [var network] ? network : null, cancel);

    public Task<IReadOnlyList<NetworkFacts>> AvailableAsync(RequestContext context, string projectId, CancellationToken cancel) =>
        store.ReadAsync<IReadOnlyList<NetworkFacts>>(async db => await FactsAsync(db, db.Networks.Where(n => n.Shared || (n.ProjectId == projectId && !n.External))).ConfigureAwait(false), cancel);

    private static async Task<List<NetworkFacts>> FactsAsync(NeutronDb db, IQueryable<Network> which)
    {
        var rows = await which.OrderBy(n => n.CreatedAt).ThenBy(n => n.Id).ToListAsync().ConfigureAwait(false);
        var ids = rows.Select(r => r.Id).ToList();
        var subnets = (await db.Subnets.Where(s => ids.Contains(s.NetworkId)).OrderBy(s => s.Id).Select(s => new { s.NetworkId, s.Id }).ToListAsync().ConfigureAwait(false)).ToLookup(s => s.NetworkId, s => s.Id);
        return [.. rows.Select(r => new NetworkFacts(r.Id, r.Name, r.ProjectId, r.Shared, r.External, r.AdminStateUp, r.Mtu, [.. subnets[r.Id]]))];
    }
}
