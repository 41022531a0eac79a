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
        var views = await NetworkView.LoadAsync(db, await which.OrderBy(n => n.CreatedAt).ThenBy(n => n.Id).ToListAsync().ConfigureAwait(false)).ConfigureAwait(false);
        return [.. views.Select(v => new NetworkFacts(v.Row.Id, v.Row.Name, v.Row.ProjectId, v.Row.Shared, v.Row.External, v.Row.AdminStateUp, v.Row.Mtu, v.SubnetIds))];
    }
}
