using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Nova;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Hosts;

/// <inheritdoc cref="IComputeHosts"/>
internal sealed class ComputeHosts(Store<NovaDb> store, TimeProvider clock) : IComputeHosts
{
    public async Task<IReadOnlyList<ComputeHostFacts>> ListAsync(CancellationToken cancel)
    {
        var now = clock.Now();
        var hosts = await store.ReadAsync(db => db.Hosts.OrderBy(h => h.Name).ToListAsync(cancel), cancel);
        return hosts.ConvertAll(h => new ComputeHostFacts(h.Name, HostOperations.Binary, h.IsUp(now), h.SeenAt));
    }

    public async Task<IReadOnlyList<HaltedGuest>> HaltedAsync(CancellationToken cancel) => await store.ReadAsync(
        db => db.Guests.Where(g => g.Halted != null).OrderBy(g => g.ReportedAt).Take(1000).Select(g => new HaltedGuest(g.ServerId, g.Host, g.ReportedAt ?? default, g.Halted!)).ToListAsync(cancel), cancel);
}
