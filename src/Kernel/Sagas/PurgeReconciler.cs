using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Kernel.Sagas;

/// <summary>How long a service's past is kept. Zero keeps it for ever.</summary>
public sealed record RetentionOptions
{
    /// <summary>Sagas that ended, counted from their end.</summary>
    public TimeSpan Sagas { get; init; } = TimeSpan.FromDays(30);
    /// <summary>Lines of the log of changes.</summary>
    public TimeSpan Changes { get; init; } = TimeSpan.FromDays(90);
    /// <summary>Rows that are marked deleted and still listed to administrators.</summary>
    public TimeSpan DeletedRows { get; init; } = TimeSpan.FromDays(30);
}

/// <summary>Removes what a service's database has kept long enough: ended sagas with their steps, and changes. The newest change stays, however old: it tells that the database is not new, and where revisions go on. In slices, so that no request waits long for the write lock.</summary>
public sealed class PurgeReconciler<TDb>(Store<TDb> store, RetentionOptions retention, TimeProvider clock) : IReconciler where TDb : ServiceDb
{
    private const int Slice = 1000;

    /// <inheritdoc />
    public string Name => store.Service + ".purge";

    /// <inheritdoc />
    public TimeSpan Interval => TimeSpan.FromHours(1);

    /// <inheritdoc />
    public TimeSpan Delay => TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var (sagas, changes) = (0, 0);
        if (retention.Sagas > TimeSpan.Zero)
        {
            var before = clock.Now() - retention.Sagas;
            sagas = await SliceAsync(async db =>
            {
                var old = await db.Sagas.Where(s => (s.State == SagaState.Done || s.State == SagaState.Undone) && s.UpdatedAt < before).OrderBy(s => s.UpdatedAt)
                    .Select(s => s.Id).Take(Slice).ToListAsync(cancel).ConfigureAwait(false);
                await db.SagaSteps.Where(s => old.Contains(s.SagaId)).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
                return await db.Sagas.Where(s => old.Contains(s.Id)).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
        }
        if (retention.Changes > TimeSpan.Zero)
        {
            var before = clock.Now() - retention.Changes;
            changes = await SliceAsync(async db =>
            {
                var newest = await db.Changes.MaxAsync(c => (long?)c.Revision, cancel).ConfigureAwait(false);
                var old = await db.Changes.Where(c => c.At < before && c.Revision < newest).OrderBy(c => c.At).Select(c => c.Revision).Take(Slice).ToListAsync(cancel).ConfigureAwait(false);
                return await db.Changes.Where(c => old.Contains(c.Revision)).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
        }
        return $"{sagas} sagas and {changes} changes purged";
    }

    private async Task<int> SliceAsync(Func<TDb, Task<int>> delete, CancellationToken cancel)
    {
        var all = 0;
        while (true)
        {
            var some = await store.WriteAsync(delete, cancel).ConfigureAwait(false);
            all += some;
            if (some < Slice) { return all; }
        }
    }
}
