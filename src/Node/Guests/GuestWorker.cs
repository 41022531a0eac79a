using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>
/// One guest's worker: takes the newest record, makes it so, reports. It runs while it has something to do, one thing at a time, and is woken by posting.
/// <para>
/// Rules. A record newer than the applied one is applied once; its failure is reported and stands until a newer record comes (only removal is tried again
/// at every turn, as nobody can want it to fail). Otherwise the guest is observed, and a
/// difference to what the cloud knows is reported. A guest that shall run and that its hypervisor stopped for want of room goes on as soon as there is some. A record that asks to
/// remove, to restart hard, or to stop at once ends an apply that is under way (it may be waiting a minute for a guest to power off). A report that could not
/// be delivered is delivered at a later turn; what is on disk changes only in an order that loses no report when the process dies between.
/// </para>
/// </summary>
internal sealed class GuestWorker(string id, GuestAgent agent)
{
    private readonly Lock _lock = new();

    // Under _lock.
    private GuestSpec? _wanted;
    private bool _leftover;
    private bool _observe;
    private CancellationTokenSource? _applying;
    private long _applyingGeneration;
    private Task _run = Task.CompletedTask;
    private bool _running;

    // Of the run that is under way only; read without it by Finished.
    private AppliedGuest? _applied;
    private long _wentOn;
    private volatile bool _told;

    /// <summary>The run that is under way, or the last one.</summary>
    public Task Run
    {
        get
        {
            lock (_lock)
            {
                return _run;
            }
        }
    }

    /// <summary>True when the guest is removed and nothing is left to do, so that the worker can be forgotten.</summary>
    public bool Finished
    {
        get
        {
            lock (_lock)
            {
                return !_running && !_observe && (_leftover || _wanted is null || (_told && _wanted.Power == GuestPower.Absent)) && _applied is null or { Power: GuestPower.Absent, Error: null };
            }
        }
    }

    /// <summary>A record arrived. An older one than the newest seen is only a reason to observe.</summary>
    public void Post(GuestSpec spec)
    {
        lock (_lock)
        {
            if (_wanted is null || _leftover || spec.Generation > _wanted.Generation)
            {
                if (_applying is not null && Overrides(spec, _wanted, _applyingGeneration))
                {
                    _applying.Cancel();
                }
                _wanted = spec;
                _leftover = false;
            }
            Wake();
        }
    }

    /// <summary>The guest is not in the complete list of this host's guests.</summary>
    public void PostLeftover()
    {
        lock (_lock)
        {
            _leftover = true;
            _applying?.Cancel();
            Wake();
        }
    }

    /// <summary>The guest may have changed, or something is left from an earlier turn.</summary>
    public void PostObserve()
    {
        lock (_lock)
        {
            Wake();
        }
    }

    private static bool Overrides(GuestSpec newer, GuestSpec? current, long applying) =>
        newer.Generation > applying
        && (newer.Power == GuestPower.Absent
            || (newer.Power == GuestPower.Stopped && newer.GracefulStop <= TimeSpan.Zero)
            || (newer.Boots > (current?.Boots ?? 0) && newer.LastReboot == RebootKind.Hard));

    private void Wake()
    {
        _observe = true;
        if (!_running && !agent.Stopping.IsCancellationRequested)
        {
            _running = true;
            _run = Task.Run(RunAsync, CancellationToken.None);
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            GuestSpec? wanted;
            bool leftover;
            lock (_lock)
            {
                if (!_observe || agent.Stopping.IsCancellationRequested)
                {
                    _running = false;
                    return;
                }
                _observe = false;
                (wanted, leftover) = (_wanted, _leftover);
            }
            try
            {
                await TurnAsync(wanted, leftover).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (agent.Stopping.IsCancellationRequested)
            {
                // The next process goes on from what it observes.
            }
            catch (Exception e)
            {
                // Not lost: the agent wakes every worker at each turn, and the turn starts from what is.
                agent.Log.TurnFailed(id, e);
            }
        }
    }

    private async Task TurnAsync(GuestSpec? wanted, bool leftover)
    {
        _applied ??= AppliedGuest.Load(agent.Folders, id);
        if (leftover)
        {
            if (_applied.Power != GuestPower.Absent || Directory.Exists(agent.Folders.Of(id)))
            {
                agent.Log.RemovingLeftover(id);
                await agent.Driver.RemoveAsync(id, agent.Stopping).ConfigureAwait(false);
            }
            _applied = AppliedGuest.Nothing;
        }
        else if (wanted is null)
        {
            return;
        }
        else if (wanted.Generation > _applied.Generation || (wanted.Power == GuestPower.Absent && _applied is not { Power: GuestPower.Absent, Error: null }))
        {
            await ApplyAsync(wanted).ConfigureAwait(false);
        }
        else
        {
            await ObserveAsync(wanted).ConfigureAwait(false);
        }
    }

    private async Task ApplyAsync(GuestSpec spec)
    {
        string? error = null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(agent.Stopping);
        lock (_lock)
        {
            (_applying, _applyingGeneration) = (stop, spec.Generation);
        }
        try
        {
            await MakeSoAsync(spec, stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return; // A newer record took over, or the node stops; either way nothing was applied.
        }
        catch (Exception e)
        {
            agent.Log.ApplyFailed(id, spec.Generation, spec.Power, e);
            error = GuestErrors.Words(e);
        }
        finally
        {
            lock (_lock)
            {
                _applying = null;
            }
        }
        var after = await agent.Driver.ObserveAsync(id, agent.Stopping).ConfigureAwait(false);
        // To run was asked, and its hypervisor did not let it.
        if (spec.Power == GuestPower.Running) { error ??= GuestErrors.Words(after.Halt); }
        // What was asked is stored and what is gets reported: a process that dies between finds the difference and reports it.
        _applied = new AppliedGuest(spec.Generation, spec.Boots, error is null ? spec.Power : after.Power, error, after.Halt);
        if (spec.Power != GuestPower.Absent)
        {
            _applied.Save(agent.Folders, id);
        }
        await ReportAsync(after).ConfigureAwait(false);
    }

    /// <summary>Observes, plans, does. A time-out is an unknown outcome: look again and do what is still missing, twice at most.</summary>
    private async Task MakeSoAsync(GuestSpec spec, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var actual = await ObserveOrAssumeAsync(attempt, cancel).ConfigureAwait(false);
                foreach (var step in GuestPlan.Steps(spec, actual))
                {
                    await DoAsync(step, spec, cancel).ConfigureAwait(false);
                }
                return;
            }
            catch (TimeoutException e) when (attempt < 3)
            {
                agent.Log.OutcomeUnknown(id, spec.Generation, e.Message);
            }
        }
    }

    /// <summary>
    /// A guest that lives and does not answer counts, the second time, as one whose CPUs are held: that leads to its end where its end is wanted (stop, restart,
    /// removal), and to a failure where it is not.
    /// </summary>
    private async Task<GuestState> ObserveOrAssumeAsync(int attempt, CancellationToken cancel)
    {
        try
        {
            return await agent.Driver.ObserveAsync(id, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException) when (attempt > 1)
        {
            return new GuestState(GuestPower.Paused, _applied!.Boots);
        }
    }

    private async Task DoAsync(GuestStep step, GuestSpec spec, CancellationToken cancel)
    {
        var driver = agent.Driver;
        switch (step)
        {
            // Waiting for a guest to go down costs nothing and may take a minute: no slot.
            case GuestStep.StopGracefully: await driver.StopAsync(id, spec.GracefulStop, cancel).ConfigureAwait(false); return;
            case GuestStep.StopHard: await driver.StopAsync(id, TimeSpan.Zero, cancel).ConfigureAwait(false); return;
            case GuestStep.Remove: await driver.RemoveAsync(id, cancel).ConfigureAwait(false); return;
            case GuestStep.Create: await driver.CreateAsync(spec, cancel).ConfigureAwait(false); return;
        }
        await agent.Slots.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            switch (step)
            {
                case GuestStep.Start: await driver.StartAsync(spec, cancel).ConfigureAwait(false); break;
                case GuestStep.Reshape: await driver.ReshapeAsync(spec, cancel).ConfigureAwait(false); break;
                case GuestStep.Pause: await driver.PauseAsync(id, cancel).ConfigureAwait(false); break;
                case GuestStep.Suspend: await driver.SuspendAsync(id, cancel).ConfigureAwait(false); break;
                default: throw new InvalidOperationException($"No call for step {step}");
            }
        }
        finally
        {
            agent.Slots.Release();
        }
    }

    private async Task ObserveAsync(GuestSpec wanted)
    {
        var seen = await agent.Driver.ObserveAsync(id, agent.Stopping).ConfigureAwait(false);
        // Once in a while: one that is stopped again at once would keep this going.
        if (seen.Halt == GuestHalt.DiskFull && wanted.Power == GuestPower.Running && (_wentOn == 0 || agent.Time.GetElapsedTime(_wentOn) >= GuestAgent.PullInterval) && agent.Driver.HasRoom())
        {
            _wentOn = agent.Time.GetTimestamp();
            agent.Log.GoesOn(id);
            await agent.Driver.StartAsync(wanted, agent.Stopping).ConfigureAwait(false);
            seen = await agent.Driver.ObserveAsync(id, agent.Stopping).ConfigureAwait(false);
            // What was asked in vain, to run, has come true.
            if (seen.Halt == GuestHalt.None) { _applied = _applied! with { Error = null }; }
        }
        if ((seen.Power, seen.Halt) != (_applied!.Power, _applied.Halt) || !_told)
        {
            await ReportAsync(seen).ConfigureAwait(false);
        }
    }

    /// <summary>Says what is. When the cloud does not answer, a later turn finds the same difference and says it again.</summary>
    private async Task ReportAsync(GuestState seen)
    {
        var (power, applied) = (seen.Power, _applied!);
        var down = power == GuestPower.Stopped && applied.Power is GuestPower.Running or GuestPower.Paused;
        if (down)
        {
            agent.Log.WentDown(id);
        }
        if (seen.Halt != GuestHalt.None && (seen.Halt != applied.Halt || !_told))
        {
            agent.Log.Halted(id, GuestErrors.Words(seen.Halt)!);
        }
        _told = false;
        var report = new GuestReport { Id = id, Generation = applied.Generation, Boots = applied.Boots, Power = power, Error = applied.Error, Halted = GuestErrors.Words(seen.Halt), Unsolicited = down };
        try
        {
            await agent.Feed.ReportAsync(agent.Host, report, agent.Stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            agent.Log.ReportFailed(id, e);
            return;
        }
        _told = true;
        if ((power, seen.Halt) != (applied.Power, applied.Halt))
        {
            _applied = applied with { Power = power, Halt = seen.Halt };
            _applied.Save(agent.Folders, id);
        }
    }
}
