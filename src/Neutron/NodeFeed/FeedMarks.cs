using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;

namespace Nephos.Neutron.NodeFeed;

/// <summary>Writes down, in the transaction of the change, what nodes must look at again, and wakes them after the commit.</summary>
internal sealed class FeedMarks(SignalHub signals, TimeProvider clock)
{
    /// <summary>Hosts that pulled from this process: only their waiters can be here.</summary>
    private readonly ConcurrentDictionary<string, bool> _hosts = new(StringComparer.Ordinal);

    public void Listens(string host) => _hosts.TryAdd(host, true);

    /// <summary>To be called inside a write: the record was made, changed or deleted.</summary>
    public async Task MarkAsync(NeutronDb db, NetworkRecordKind kind, params IReadOnlyCollection<string> ids)
    {
        if (ids.Count == 0) { return; }
        var fresh = ids.Distinct(StringComparer.Ordinal)
            .Where(id => !db.ChangeTracker.Entries<FeedChange>().Any(e => e.State == EntityState.Added && e.Entity.Kind == kind && e.Entity.RecordId == id)).ToList();
        if (fresh.Count == 0) { return; }
        // Sequences must appear in the order of commits, or a pull between two commits would miss the earlier number.
        await db.LockAsync("feed").ConfigureAwait(false);
        await db.FeedChanges.Where(c => c.Kind == kind && fresh.Contains(c.RecordId)).ExecuteDeleteAsync().ConfigureAwait(false);
        var now = clock.GetUtcNow().UtcDateTime;
        foreach (var id in fresh) { db.FeedChanges.Add(new FeedChange { Kind = kind, RecordId = id, At = now }); }
        db.AfterCommit(Wake);
    }

    /// <summary>As <see cref="MarkAsync"/> for a record that did not exist before: there is no older change to replace.</summary>
    public async Task MarkNewAsync(NeutronDb db, NetworkRecordKind kind, string id)
    {
        await db.LockAsync("feed").ConfigureAwait(false);
        db.FeedChanges.Add(new FeedChange { Kind = kind, RecordId = id, At = clock.GetUtcNow().UtcDateTime });
        db.AfterCommit(Wake);
    }

    private void Wake()
    {
        foreach (var host in _hosts.Keys) { signals.Poke(NodeTopics.Networks(host)); }
    }
}
