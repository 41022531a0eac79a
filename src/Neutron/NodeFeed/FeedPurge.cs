using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron.NodeFeed;

/// <summary>Forgets the changes of records that are long deleted. A node that was away longer than they are kept pulls everything anew.</summary>
internal sealed class FeedPurge(Store<NeutronDb> store, TimeProvider clock) : IReconciler
{
    /// <summary>How long a deletion is told.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>Rows forgotten in one write, so that it stays short.</summary>
    private const int Batch = 500;

    public string Name => "neutron.feed-purge";
    public TimeSpan Interval => TimeSpan.FromHours(1);
    public TimeSpan Delay => TimeSpan.FromMinutes(1);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var forgotten = 0;
        while (true)
        {
            var count = await store.WriteAsync(PurgeAsync, cancel).ConfigureAwait(false);
            forgotten += count;
            if (count < Batch) { return $"{forgotten} deleted records forgotten"; }
        }
    }

    private async Task<int> PurgeAsync(NeutronDb db)
    {
        var now = clock.Now();
        var before = now - Kept;
        await db.LockAsync("feed").ConfigureAwait(false);
        var old = await db.FeedChanges.Where(c => c.At < before && c.Kind != FeedChange.FloorKind
                && !(c.Kind == NetworkRecordKind.Network && db.Networks.Any(n => n.Id == c.RecordId))
                && !(c.Kind == NetworkRecordKind.Port && db.Ports.Any(p => p.Id == c.RecordId))
                && !(c.Kind == NetworkRecordKind.Router && db.Routers.Any(r => r.Id == c.RecordId))
                && !(c.Kind == NetworkRecordKind.SecurityGroup && db.SecurityGroups.Any(g => g.Id == c.RecordId)))
            .OrderBy(c => c.Sequence).Select(c => c.Sequence).Take(Batch).ToListAsync().ConfigureAwait(false);
        if (old.Count == 0) { return 0; }
        var floor = old[^1];
        await db.FeedChanges.Where(c => old.Contains(c.Sequence) || (c.Kind == FeedChange.FloorKind && c.Sequence < floor)).ExecuteDeleteAsync().ConfigureAwait(false);
        // The floor takes the place of the newest row that it stands for.
        if (!await db.FeedChanges.AnyAsync(c => c.Kind == FeedChange.FloorKind).ConfigureAwait(false)) { db.FeedChanges.Add(new FeedChange { Sequence = floor, Kind = FeedChange.FloorKind, RecordId = "", At = now }); }
        return old.Count;
    }
}
