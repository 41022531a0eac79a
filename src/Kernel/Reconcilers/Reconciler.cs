using Nephos.Kernel.Telemetry;
using Nephos.Kernel.Wire;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Nephos.Kernel.Reconcilers;

/// <summary>
/// Keeps the world as the rows say. Takes no input, is idempotent, runs at an interval and when poked, one at a time in a process. It does not retry:
/// the next run is the retry.
/// </summary>
public interface IReconciler
{
    /// <summary>For status and metrics: <c>nova.dead-services</c>.</summary>
    string Name { get; }
    TimeSpan Interval { get; }
    /// <summary>From the start to the first pass, unless it is poked before. What nobody waits for keeps out of the way of the start and of the first requests.</summary>
    TimeSpan Delay => TimeSpan.Zero;
    /// <summary>One pass; returns what it did in a few words for <c>nephos status</c>.</summary>
    Task<string> ReconcileAsync(CancellationToken cancel);
}

/// <summary>What a reconciler last did.</summary>
public sealed record ReconcilerStatus(string Name, DateTime? LastRun, TimeSpan? Took, string Report, bool Failed);

/// <summary>Runs one reconciler.</summary>
public sealed partial class ReconcilerLoop(IReconciler reconciler, TimeProvider clock, ILogger<ReconcilerLoop> log) : BackgroundService
{
    private readonly SemaphoreSlim _poked = new(0, 1);

    public ReconcilerStatus Status { get; private set; } = new(reconciler.Name, null, null, "not run yet", false);

    /// <summary>Runs it soon; several pokes during a run cause one more.</summary>
    public void Poke()
    {
        try { _poked.Release(); }
        catch (SemaphoreFullException) { return; } // one poke is waiting already
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await _poked.WaitAsync(reconciler.Delay, stoppingToken).ConfigureAwait(false);
            while (!stoppingToken.IsCancellationRequested)
            {
                var start = clock.GetTimestamp();
                try
                {
                    var report = await reconciler.ReconcileAsync(stoppingToken).ConfigureAwait(false);
                    Status = new(reconciler.Name, clock.Now(), clock.GetElapsedTime(start), report, false);
                    Instruments.ReconcilerRun(reconciler.Name, "ok", clock.GetElapsedTime(start));
                }
                catch (Exception error) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(error, reconciler.Name);
                    Status = new(reconciler.Name, clock.Now(), clock.GetElapsedTime(start), error.Message, true);
                    Instruments.ReconcilerRun(reconciler.Name, "failed", clock.GetElapsedTime(start));
                }
                await _poked.WaitAsync(reconciler.Interval, stoppingToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "reconciler {Name} failed; it runs again at its interval")]
    private partial void LogFailed(Exception error, string name);
}
