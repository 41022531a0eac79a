using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;

namespace Nephos.Placement.AllocationCandidates;

/// <summary>
/// Keeps the providers in memory between searches. Truth stays in the tables: every write raises the revision of each provider it touches in its own
/// transaction, and each search first compares the number of providers and the sum of their revisions with what it has. When they differ, the revisions
/// are read one by one and the providers that changed are read anew, whoever wrote them, in this process or another. Revisions begin at random, so that
/// a provider deleted and made again is another one.
/// <para>Reading everything for each search took 200 ms for 10,000 providers; comparing takes under one, and re-reading what a claim changed a few.</para>
/// </summary>
internal sealed class ProviderCache(Store<PlacementDb> store) : IDisposable
{
    /// <summary>More changes than this are read as everything: one scan is cheaper than a long list of ids.</summary>
    private const int ReadAllAbove = 500;

    private readonly SemaphoreSlim _refreshing = new(1, 1);
    private volatile ProviderSnapshot _snapshot = ProviderSnapshot.Empty;

    public async Task<ProviderSnapshot> GetAsync(CancellationToken cancel)
    {
        var has = _snapshot;
        if (await IsCurrentAsync(has, cancel).ConfigureAwait(false)) { return has; }
        await _refreshing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            // Also when another search has just refreshed it: that read may have begun before the commit this one must see.
            return _snapshot = await store.ReadAsync(db => RefreshAsync(db, _snapshot, cancel), cancel).ConfigureAwait(false);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    public void Dispose() => _refreshing.Dispose();

    private Task<bool> IsCurrentAsync(ProviderSnapshot has, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var now = await db.Providers.GroupBy(p => 1).Select(g => new { Count = g.Count(), Sum = g.Sum(p => p.Revision) }).FirstOrDefaultAsync(cancel).ConfigureAwait(false);
        return (now?.Count ?? 0) == has.Providers.Count && (now?.Sum ?? 0) == has.RevisionSum;
    }, cancel);

    /// <summary>Revisions are read first: what changes between the reads is read again by the next search, since its revision is higher then.</summary>
    private static async Task<ProviderSnapshot> RefreshAsync(PlacementDb db, ProviderSnapshot has, CancellationToken cancel)
    {
        var (changed, known) = (new List<string>(), 0);
        var revisions = await RevisionsAsync(db, cancel).ConfigureAwait(false);
        foreach (var (id, revision) in revisions)
        {
            if (has.Providers.TryGetValue(id, out var provider)) { known++; }
            if (provider?.Revision != revision) { changed.Add(id); }
        }
        IReadOnlyCollection<string> gone = known == has.Providers.Count ? [] : [.. has.Providers.Keys.Except(revisions.Select(r => r.Id), StringComparer.Ordinal)];
        return has.With(changed.Count > 0 ? await ReadAsync(db, changed.Count > ReadAllAbove ? null : changed, cancel).ConfigureAwait(false) : [], gone);
    }

    /// <summary>Without EF's materializer, which takes three times as long for 10,000 rows.</summary>
    private static async Task<List<(string Id, long Revision)>> RevisionsAsync(PlacementDb db, CancellationToken cancel)
    {
        var connection = db.Database.GetDbConnection();
        await db.Database.OpenConnectionAsync(cancel).ConfigureAwait(false);
        try
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT id, revision FROM resource_providers";
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            var rows = new List<(string, long)>();
            while (await reader.ReadAsync(cancel).ConfigureAwait(false)) { rows.Add((reader.GetString(0), reader.GetInt64(1))); }
            return rows;
        }
        finally
        {
            await db.Database.CloseConnectionAsync().ConfigureAwait(false);
        }
    }

    private static async Task<List<ProviderState>> ReadAsync(PlacementDb db, List<string>? only, CancellationToken cancel)
    {
        var rows = await db.Providers.Where(p => only == null || only.Contains(p.Id)).ToListAsync(cancel).ConfigureAwait(false);
        var inventories = (await db.Inventories.Where(i => only == null || only.Contains(i.ProviderId)).OrderBy(i => i.ResourceClass).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(i => i.ProviderId, StringComparer.Ordinal);
        var traits = (await db.ProviderTraits.Where(t => only == null || only.Contains(t.ProviderId)).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(t => t.ProviderId, t => string.Intern(t.Trait), StringComparer.Ordinal);
        var aggregates = (await db.ProviderAggregates.Where(a => only == null || only.Contains(a.ProviderId)).ToListAsync(cancel).ConfigureAwait(false)).ToLookup(a => a.ProviderId, a => string.Intern(a.AggregateId), StringComparer.Ordinal);
        return rows.ConvertAll(p => new ProviderState(p.Id, p.Name, p.ParentId, p.RootId, p.Revision, [.. inventories[p.Id]],
            traits[p.Id].ToHashSet(StringComparer.Ordinal), aggregates[p.Id].ToHashSet(StringComparer.Ordinal)));
    }
}
