using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Nova;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Hosts;

/// <inheritdoc cref="IComputeHosts"/>
internal sealed class ComputeHosts(Store<NovaDb> store, TimeProvider clock) : IComputeHosts
{
    /// <summary>In plain SQL: a start waits for the answer, and is not to wait for EF's model too.</summary>
    public async Task<IReadOnlyList<ComputeHostFacts>> ListAsync(CancellationToken cancel)
    {
        var now = clock.Now();
        var hosts = new List<ComputeHostFacts>();
        await using var connection = await store.OpenAsync(cancel);
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT name, forced_down, seen_at FROM compute_hosts ORDER BY name";
        await using var rows = await command.ExecuteReaderAsync(cancel);
        while (await rows.ReadAsync(cancel))
        {
            var seen = DateTime.SpecifyKind(rows.GetDateTime(2), DateTimeKind.Utc);
            hosts.Add(new ComputeHostFacts(rows.GetString(0), HostOperations.Binary, ComputeHost.IsUp(rows.GetBoolean(1), seen, now), seen));
        }
        return hosts;
    }

    public async Task<IReadOnlyList<HaltedGuest>> HaltedAsync(CancellationToken cancel) => await store.ReadAsync(
        db => db.Guests.Where(g => g.Halted != null).OrderBy(g => g.ReportedAt).Take(1000).Select(g => new HaltedGuest(g.ServerId, g.Host, g.ReportedAt ?? default, g.Halted!)).ToListAsync(cancel), cancel);
}
