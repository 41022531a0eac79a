using Nephos.Kernel.Wire;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Store;
using Nephos.Kernel.Telemetry;

namespace Nephos.Kernel.Sagas;

/// <summary>Where a test can stop a saga, as a crash would: the engine asks before and after each step and each undo.</summary>
public interface ISagaProbe
{
    /// <param name="point"><c>before</c>, <c>after</c> (done, not yet written down), <c>undo-before</c>, <c>undo-after</c>.</param>
    /// <returns>True: stop here without writing anything more, as if the process had been killed.</returns>
    bool Crash(string saga, string step, string point);

    /// <summary>May throw, as if the step had failed after doing half of its work.</summary>
    void Fail(string saga, string step);
}

/// <summary>
/// Runs a service's sagas: one task each, bounded; a lease tells other processes to keep off; a starting process adopts what has no live owner
/// (at once when the database is this process's alone).
/// </summary>
public sealed partial class SagaEngine<TDb> : BackgroundService, ISagaOverview where TDb : ServiceDb
{
    /// <summary>Tries of an undo before the saga is stuck; the pauses between them are 1, 2, 4, 8 s.</summary>
    public const int UndoAttempts = 5;
    /// <summary>Enough to keep two cores and a disk busy, few enough not to crowd out requests.</summary>
    private const int MaxRunning = 64;
    private static readonly string AnyUnfinished = string.Create(CultureInfo.InvariantCulture,
        $"SELECT 1 FROM sagas WHERE state IN ({(int)SagaState.Waiting}, {(int)SagaState.Running}, {(int)SagaState.Unwinding}) LIMIT 1");
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    private readonly Store<TDb> _store;
    private readonly Dictionary<string, Saga<TDb>> _definitions;
    private readonly TimeProvider _clock;
    private readonly SignalHub _signals;
    private readonly ILogger<SagaEngine<TDb>> _log;
    private readonly ISagaProbe? _probe;
    private readonly SemaphoreSlim _slots = new(MaxRunning);
    private readonly ConcurrentDictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly string _owner = Environment.MachineName + ":" + Environment.ProcessId + ":" + Ids.NewId.Hex()[..8];
    private CancellationToken _stopping;

    public SagaEngine(Store<TDb> store, IEnumerable<Saga<TDb>> definitions, TimeProvider clock, SignalHub signals, ILogger<SagaEngine<TDb>> log, ISagaProbe? probe = null)
    {
        _store = store;
        _definitions = definitions.ToDictionary(d => $"{d.Name}/{d.Version}", StringComparer.Ordinal);
        _clock = clock;
        _signals = signals;
        _log = log;
        _probe = probe;
    }

    private sealed record Running(CancellationTokenSource Abort, Task Task);

    /// <summary>Topic poked whenever a saga of the resource ends.</summary>
    public string Topic(string resource) => _store.Service + "-saga:" + resource;

    /// <summary>
    /// Starts a saga in the caller's transaction; it begins to run after the commit. When another saga works on the resource: waits for it if
    /// <paramref name="queue"/>, else throws <see cref="ResourceBusyException"/>.
    /// </summary>
    /// <param name="isNew">The resource is made in this transaction, so that no other saga can be at work on it.</param>
    public async Task<string> StartAsync<TParameters>(TDb db, Saga<TDb, TParameters> saga, TParameters parameters, string resource, RequestContext context, bool queue = false, bool isNew = false)
        where TParameters : class
    {
        var busy = !isNew && await db.Sagas.AnyAsync(s => s.ActiveResource == resource).ConfigureAwait(false);
        if (busy && !queue) { throw new ResourceBusyException(resource); }
        var now = _clock.Now();
        var row = new SagaRow
        {
            Id = Ids.NewId.Uuid(),
            Name = saga.Name,
            Version = saga.Version,
            Resource = resource,
            ActiveResource = busy ? null : resource,
            State = busy ? SagaState.Waiting : SagaState.Running,
            Parameters = JsonSerializer.Serialize(parameters),
            RequestId = context.RequestId,
            ProjectId = context.Identity?.ProjectId,
            UserId = context.Identity?.UserId,
            Owner = _owner,
            LeaseUntil = now + Lease,
            CreatedAt = context.Now,
            UpdatedAt = now,
        };
        db.Sagas.Add(row);
        if (!busy) { db.AfterCommit(() => Launch(row, fresh: true)); }
        return row.Id;
    }

    /// <summary>Asks the saga that works on the resource, if any, to unwind. In the caller's transaction.</summary>
    public async Task AbortAsync(TDb db, string resource)
    {
        var ids = await db.Sagas.Where(s => s.ActiveResource == resource && s.State == SagaState.Running).Select(s => s.Id).ToListAsync().ConfigureAwait(false);
        if (ids.Count == 0) { return; }
        await db.Sagas.Where(s => ids.Contains(s.Id)).ExecuteUpdateAsync(u => u.SetProperty(s => s.AbortRequested, true)).ConfigureAwait(false);
        db.AfterCommit(() => ids.ForEach(id => { if (_running.TryGetValue(id, out var run)) { run.Abort.Cancel(); } }));
    }

    /// <summary>Tries a stuck saga's undo again.</summary>
    public async Task<bool> ResumeAsync(string id, CancellationToken cancel)
    {
        var row = await _store.ReadAsync(db => db.Sagas.FirstOrDefaultAsync(s => s.Id == id && s.State == SagaState.Stuck, cancel), cancel).ConfigureAwait(false);
        if (row is null) { return false; }
        await UpdateAsync(row, SagaState.Unwinding, row.Error).ConfigureAwait(false);
        Launch(row);
        return true;
    }

    /// <summary>Waits until nothing runs; for tests.</summary>
    public async Task DrainAsync()
    {
        while (!_running.IsEmpty)
        {
            await Task.WhenAll(_running.Values.Select(r => r.Task)).ConfigureAwait(false);
        }
    }

    /// <inheritdoc />
    public string Service => _store.Service;

    /// <inheritdoc />
    public Task<List<SagaRow>> ActiveAsync(CancellationToken cancel) => _store.ReadAsync(db => db.Sagas
        .Where(s => s.State == SagaState.Running || s.State == SagaState.Unwinding || s.State == SagaState.Stuck || s.State == SagaState.Waiting)
        .OrderBy(s => s.CreatedAt).Take(1000).ToListAsync(cancel), cancel);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        await AdoptAsync(_store.Exclusive).ConfigureAwait(false);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(10), _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                if (!_running.IsEmpty)
                {
                    var until = _clock.Now() + Lease;
                    await _store.WriteAsync(db => db.Sagas.Where(s => s.Owner == _owner && s.ActiveResource != null)
                        .ExecuteUpdateAsync(u => u.SetProperty(s => s.LeaseUntil, until), stoppingToken), stoppingToken).ConfigureAwait(false);
                }
                await AdoptAsync(all: false).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) 
        {
            if (!_running.IsEmpty) { LogStopping(_running.Count); }
        }
        await Task.WhenAll(_running.Values.Select(r => r.Task)).ConfigureAwait(false);
    }

    /// <summary>Takes over sagas whose owner is gone, and starts waiting ones whose resource has become free.</summary>
    public async Task AdoptAsync(bool all)
    {
        // Mostly there are none, and a start is not to wait for EF to find that out.
        if (!await _store.AnyAsync(AnyUnfinished).ConfigureAwait(false)) { return; }
        var now = _clock.Now();
        var owned = _running.Keys.ToHashSet(StringComparer.Ordinal);
        var orphans = await _store.ReadAsync(db => db.Sagas
            .Where(s => (s.State == SagaState.Running || s.State == SagaState.Unwinding) && (all || s.LeaseUntil < now)).OrderBy(s => s.CreatedAt).ToListAsync()).ConfigureAwait(false);
        foreach (var row in orphans.Where(r => !owned.Contains(r.Id)))
        {
            var (previous, lease) = (row.Owner, now + Lease);
            var taken = await _store.WriteAsync(db => db.Sagas.Where(s => s.Id == row.Id && s.Owner == previous)
                .ExecuteUpdateAsync(u => u.SetProperty(s => s.Owner, _owner).SetProperty(s => s.LeaseUntil, lease))).ConfigureAwait(false);
            if (taken == 1)
            {
                LogAdopted(row.Name, row.Id, row.Resource);
                Launch(row);
            }
        }
        var waiting = await _store.ReadAsync(db => db.Sagas
            .Where(s => s.State == SagaState.Waiting && !db.Sagas.Any(o => o.ActiveResource == s.Resource)).Select(s => s.Resource).Distinct().ToListAsync()).ConfigureAwait(false);
        foreach (var resource in waiting) { await StartNextAsync(resource).ConfigureAwait(false); }
    }

    private Task StartNextAsync(string resource) => _store.WriteAsync(async db =>
    {
        if (!await db.Sagas.AnyAsync(s => s.ActiveResource == resource).ConfigureAwait(false)) { await TakeNextAsync(db, resource).ConfigureAwait(false); }
    });

    /// <summary>Has the oldest saga that waits for the resource, which is free now, run after the commit.</summary>
    private async Task TakeNextAsync(TDb db, string resource)
    {
        if (await db.Sagas.AsTracking().Where(s => s.Resource == resource && s.State == SagaState.Waiting).OrderBy(s => s.CreatedAt).FirstOrDefaultAsync().ConfigureAwait(false) is not { } next) { return; }
        (next.State, next.ActiveResource, next.Owner, next.LeaseUntil) = (SagaState.Running, resource, _owner, _clock.Now() + Lease);
        db.AfterCommit(() => Launch(next, fresh: true));
    }

    /// <param name="fresh">It has never run, so there is no log to read.</param>
    private void Launch(SagaRow row, bool fresh = false)
    {
        if (_stopping.IsCancellationRequested) { return; }
        var abort = new CancellationTokenSource();
        if (row.AbortRequested) { abort.Cancel(); }
        var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = RunAsync(row, fresh, begin.Task, abort.Token);
        if (_running.TryAdd(row.Id, new Running(abort, task))) { begin.SetResult(); } else { begin.SetCanceled(CancellationToken.None); }
    }

    private async Task RunAsync(SagaRow row, bool fresh, Task begin, CancellationToken abort)
    {
        try { await begin.ConfigureAwait(false); }
        catch (OperationCanceledException) { return; }
        var crashed = false;
        try
        {
            await _slots.WaitAsync(_stopping).ConfigureAwait(false);
            try
            {
                if (!_definitions.TryGetValue($"{row.Name}/{row.Version}", out var definition))
                {
                    LogUnknown(row.Name, row.Version, row.Id);
                    crashed = true;
                    return;
                }
                crashed = !await ExecuteAsync(row, fresh, definition, abort).ConfigureAwait(false);
            }
            finally { _slots.Release(); }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested) { crashed = true; }
        catch (Exception error)
        {
            // The log could not be written: the database is the trouble, and the lease will bring the saga back.
            LogBroken(error, row.Name, row.Id);
            crashed = true;
        }
        finally { _running.TryRemove(row.Id, out _); }
        if (!crashed) { _signals.Poke(Topic(row.Resource)); }
    }

    /// <summary>False when stopped by a probe.</summary>
    private async Task<bool> ExecuteAsync(SagaRow row, bool fresh, Saga<TDb> definition, CancellationToken abort)
    {
        var context = RequestContext.ForService(row.UserId ?? "nephos", row.CreatedAt, row.RequestId);
        context = context with { Identity = context.Who with { ProjectId = row.ProjectId } };
        var run = definition.Open(row, context);
        var names = definition.StepNames;
        List<SagaStepRow> log = fresh ? [] : await _store.ReadAsync(db => db.SagaSteps.Where(s => s.SagaId == row.Id).OrderBy(s => s.Position).ToListAsync(CancellationToken.None), CancellationToken.None).ConfigureAwait(false);
        foreach (var step in log.Where(s => s.Output is not null)) { run.Outputs[step.Name] = step.Output!; }
        var position = log.Count(s => s.State == SagaStepState.Done);
        var pending = new List<SagaStepRow>();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping, abort);

        if (row.State == SagaState.Running)
        {
            run.Cancel = cancel.Token;
            string? failure = null;
            for (; position < names.Count && failure is null; position++)
            {
                if (_probe?.Crash(row.Name, names[position], "before") == true) { return false; }
                var step = new SagaStepRow { SagaId = row.Id, Position = position, Name = names[position], State = SagaStepState.Done, StartedAt = _clock.Now(), FinishedAt = default };
                try
                {
                    cancel.Token.ThrowIfCancellationRequested();
                    run.PendingOutput = null;
                    using var activity = Instruments.Activities.StartActivity(row.Name + " " + names[position]);
                    LogStep(row.Name, row.Id, row.Resource, names[position]);
                    await run.DoAsync(position).ConfigureAwait(false);
                    _probe?.Fail(row.Name, names[position]);
                }
                catch (Exception) when (_stopping.IsCancellationRequested && !abort.IsCancellationRequested) { throw new OperationCanceledException(_stopping); }
                catch (Exception error)
                {
                    failure = abort.IsCancellationRequested ? "Aborted." : error is ApiError known ? known.Message : error.Message;
                    LogStepFailed(abort.IsCancellationRequested ? null : error, row.Name, row.Id, row.Resource, names[position], failure);
                    (step.State, step.Error) = (SagaStepState.Failed, failure);
                }
                if (_probe?.Crash(row.Name, names[position], "after") == true) { return false; }
                step.FinishedAt = _clock.Now();
                Instruments.SagaStep(row.Name, names[position], failure is null ? "done" : "failed", step.FinishedAt - step.StartedAt);
                if (run.PendingOutput is { } output) { step.Output = output; run.Outputs[step.Name] = output; }
                pending.Add(step);
                if (failure is not null) { row.State = SagaState.Unwinding; row.Error = failure; break; }
                if (run.IsLogged(position) && position + 1 < names.Count) { await LogAsync(row, pending, SagaState.Running, null).ConfigureAwait(false); }
            }
            if (failure is null)
            {
                await LogAsync(row, pending, SagaState.Done, null).ConfigureAwait(false);
                return true;
            }
            await LogAsync(row, pending, SagaState.Unwinding, failure).ConfigureAwait(false);
        }
        else
        {
            position = log.Count == 0 ? -1 : log.Where(s => s.State != SagaStepState.Undone).Select(s => s.Position).DefaultIfEmpty(-1).Max();
        }
        return await UnwindAsync(row, run, names, position).ConfigureAwait(false);
    }

    private async Task<bool> UnwindAsync(SagaRow row, ISagaRun run, IReadOnlyList<string> names, int position)
    {
        run.Cancel = _stopping;
        for (; position >= -1; position--)
        {
            var name = position < 0 ? "(undone)" : names[position];
            if (_probe?.Crash(row.Name, name, "undo-before") == true) { return false; }
            if (position < 0 || run.HasUndo(position))
            {
                if (!await TryUndoAsync(row, run, position, name).ConfigureAwait(false)) { return true; }
            }
            if (_probe?.Crash(row.Name, name, "undo-after") == true) { return false; }
            if (position >= 0)
            {
                var at = position;
                await _store.WriteAsync(db => db.SagaSteps.Where(s => s.SagaId == row.Id && s.Position == at)
                    .ExecuteUpdateAsync(u => u.SetProperty(s => s.State, SagaStepState.Undone))).ConfigureAwait(false);
            }
        }
        await UpdateAsync(row, SagaState.Undone, row.Error).ConfigureAwait(false);
        return true;
    }

    private async Task<bool> TryUndoAsync(SagaRow row, ISagaRun run, int position, string name)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await (position < 0 ? run.UndoneAsync(row.Error ?? "") : run.UndoAsync(position)).ConfigureAwait(false);
                return true;
            }
            catch (Exception) when (_stopping.IsCancellationRequested) { throw new OperationCanceledException(_stopping); }
            catch (Exception error)
            {
                LogUndoFailed(error, row.Name, row.Id, row.Resource, name, attempt);
                if (attempt == UndoAttempts)
                {
                    await UpdateAsync(row, SagaState.Stuck, $"{row.Error} (undo of {name} failed: {error.Message})").ConfigureAwait(false);
                    return false;
                }
                await Task.Delay(TimeSpan.FromSeconds(1 << (attempt - 1)), _clock, _stopping).ConfigureAwait(false);
            }
        }
    }

    private Task LogAsync(SagaRow row, List<SagaStepRow> steps, SagaState state, string? error) => _store.WriteAsync(async db =>
    {
        var ended = state is SagaState.Done;
        var changed = steps.Count == 0 || ended || state != SagaState.Running
            ? await db.Sagas.Where(s => s.Id == row.Id && s.Owner == _owner).ExecuteUpdateAsync(u => u
                .SetProperty(s => s.State, state).SetProperty(s => s.Error, error).SetProperty(s => s.UpdatedAt, _clock.Now())
                .SetProperty(s => s.ActiveResource, ended ? null : row.Resource)).ConfigureAwait(false)
            : 1;
        if (changed != 1) { throw new SagaLostException(row.Id); }
        db.SagaSteps.AddRange(steps);
        if (ended) { await TakeNextAsync(db, row.Resource).ConfigureAwait(false); }
        await db.SaveChangesAsync().ConfigureAwait(false);
        steps.Clear();
    });

    private Task UpdateAsync(SagaRow row, SagaState state, string? error)
    {
        row.State = state;
        return _store.WriteAsync(async db =>
        {
            var active = state is SagaState.Undone or SagaState.Done ? null : row.Resource;
            var changed = await db.Sagas.Where(s => s.Id == row.Id && (s.Owner == _owner || s.State == SagaState.Stuck)).ExecuteUpdateAsync(u => u
                .SetProperty(s => s.State, state).SetProperty(s => s.Error, error).SetProperty(s => s.UpdatedAt, _clock.Now())
                .SetProperty(s => s.ActiveResource, active).SetProperty(s => s.Owner, _owner)).ConfigureAwait(false);
            if (changed != 1) { throw new SagaLostException(row.Id); }
            if (active is null) { await TakeNextAsync(db, row.Resource).ConfigureAwait(false); }
        });
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "saga {Name} {Id} on {Resource}: step {Step}")]
    private partial void LogStep(string name, string id, string resource, string step);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopping with {Count} sagas; they resume at the next start")]
    private partial void LogStopping(int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "resuming saga {Name} {Id} on {Resource}")]
    private partial void LogAdopted(string name, string id, string resource);

    [LoggerMessage(Level = LogLevel.Error, Message = "no definition of saga {Name} version {Version}; {Id} waits for a program that has it")]
    private partial void LogUnknown(string name, int version, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "saga {Name} {Id} could not write its log")]
    private partial void LogBroken(Exception error, string name, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "saga {Name} {Id} on {Resource}: step {Step} failed: {Reason}")]
    private partial void LogStepFailed(Exception? error, string name, string id, string resource, string step, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "saga {Name} {Id} on {Resource}: undo of {Step} failed, attempt {Attempt}")]
    private partial void LogUndoFailed(Exception error, string name, string id, string resource, string step, int attempt);
}
