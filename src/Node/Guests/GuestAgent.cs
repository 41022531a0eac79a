using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;
using Nephos.Node.Compute;

namespace Nephos.Node.Guests;

/// <summary>
/// The hypervisor's agent of a node: fetches what guests shall be, has a <see cref="GuestWorker"/> per guest make it so, and keeps the host registered.
/// <para>
/// It holds no truth. Desired state is the cloud's, actual state is the machine's, and the only files of its own (<see cref="AppliedGuest"/>) say which record
/// was applied last. So it may be killed at any time; guests run on, and the next agent observes and continues. Rejected: a queue of commands, which needs an
/// answer to what happens to a command that was half done.
/// </para>
/// </summary>
public sealed class GuestAgent : BackgroundService
{
    /// <summary>How often the host is registered anew; upstream's services report at this interval, too (nova.conf, report_interval).</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long a lost signal may go unnoticed, and how long a failed turn waits for the next.</summary>
    public static readonly TimeSpan PullInterval = TimeSpan.FromSeconds(5);

    /// <summary>Guests that start, suspend or change at once. More makes each slower, as starting is the processor's work.</summary>
    private const int Parallel = 8;

    /// <summary>Workers of removed guests are remembered up to this number.</summary>
    private const int RememberedWorkers = 1000;

    private readonly ConcurrentDictionary<string, GuestWorker> _workers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly SignalHub _signals;
    private readonly MachineFacts _machine;

    // Of the pull loop only.
    private long _revision;
    private bool _adopted;

    public GuestAgent(NodeOptions options, GuestFolders folders, IComputeDriver driver, IGuestFeed feed, SignalHub signals, TimeProvider time, ILogger<GuestAgent> log)
    {
        Host = options.Host;
        Folders = folders;
        Driver = driver;
        Feed = feed;
        Log = log;
        _signals = signals;
        Time = time;
        _machine = new MachineFacts(options, folders);
        driver.Changed += OnChanged;
    }

    internal string Host { get; }

    internal GuestFolders Folders { get; }

    internal IComputeDriver Driver { get; }

    internal IGuestFeed Feed { get; }

    internal ILogger Log { get; }

    internal TimeProvider Time { get; }

    /// <summary>Ends everything under way when the node stops. Guests go on.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    internal SemaphoreSlim Slots { get; } = new(Parallel);

    /// <summary>One pull: fetches what changed and hands it to the workers, which go on after this returns. True when it was taken.</summary>
    public async Task<bool> PullOnceAsync(CancellationToken cancel)
    {
        try
        {
            if (!_adopted)
            {
                Log.Adopted((await Driver.AdoptAsync(cancel).ConfigureAwait(false)).Count);
                _adopted = true;
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.AdoptFailed(e);
            return false;
        }
        try
        {
            var delta = await Feed.PullAsync(Host, _revision, cancel).ConfigureAwait(false);
            if (delta.Full)
            {
                var known = delta.Guests.Select(guest => guest.Id).ToHashSet(StringComparer.Ordinal);
                foreach (var id in (await Driver.AdoptAsync(cancel).ConfigureAwait(false)).Concat(_workers.Keys).Where(id => !known.Contains(id)).Distinct(StringComparer.Ordinal))
                {
                    WorkerOf(id).PostLeftover();
                }
            }
            foreach (var guest in delta.Guests)
            {
                WorkerOf(guest.Id).Post(guest);
            }
            _revision = delta.Revision;
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.PullFailed(e);
            return false;
        }
    }

    /// <summary>Wakes every worker: those with something left over go on with it.</summary>
    public void WakeAll()
    {
        foreach (var worker in _workers.Values)
        {
            worker.PostObserve();
        }
    }

    /// <summary>Waits until no worker has anything to do.</summary>
    public async Task IdleAsync()
    {
        Task[] busy;
        do
        {
            busy = [.. _workers.Values.Select(worker => worker.Run).Where(run => !run.IsCompleted)];
            await Task.WhenAll(busy).ConfigureAwait(false);
        }
        while (busy.Length > 0);
    }

    /// <summary>Ends everything under way as a kill does, so that tests can die at a chosen point: nothing is waited for, reported or written any more.</summary>
    internal void Abandon() => _stopping.Cancel();

    /// <summary>One heartbeat. True when the facts are final and were taken.</summary>
    public async Task<bool> HeartbeatOnceAsync(CancellationToken cancel)
    {
        try
        {
            var hypervisor = await Driver.DescribeAsync(cancel).ConfigureAwait(false);
            await Feed.ReportNodeAsync(_machine.Read(hypervisor), cancel).ConfigureAwait(false);
            return hypervisor.Settled;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.HeartbeatFailed(e);
            return false;
        }
    }

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(_workers.Values.Select(worker => worker.Run)).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        Driver.Changed -= OnChanged;
        base.Dispose();
        _stopping.Dispose();
        Slots.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A start of the host must not wait for what follows.
        await Task.Yield();
        GuestFolders.MakePrivate(Folders.State);
        await Task.WhenAll(HeartbeatAsync(stoppingToken), PullAsync(stoppingToken)).ConfigureAwait(false);
    }

    private async Task PullAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var poked = _signals.Listen(NodeTopics.Guests(Host));
            await PullOnceAsync(cancel).ConfigureAwait(false);
            if (!await SignalHub.WaitAsync(poked, PullInterval, Time, cancel).ConfigureAwait(false))
            {
                WakeAll();
            }
        }
    }

    private async Task HeartbeatAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            var settled = await HeartbeatOnceAsync(cancel).ConfigureAwait(false);
            Forget();
            await SweepAsync(cancel).ConfigureAwait(false);
            await Task.Delay(settled ? HeartbeatInterval : TimeSpan.FromSeconds(1), Time, cancel).ConfigureAwait(false);
        }
    }

    private async Task SweepAsync(CancellationToken cancel)
    {
        try
        {
            await Driver.SweepAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Log.SweepFailed(e);
        }
    }

    private void Forget()
    {
        if (_workers.Count <= RememberedWorkers)
        {
            return;
        }
        foreach (var (id, worker) in _workers)
        {
            if (worker.Finished)
            {
                _workers.TryRemove(id, out _);
            }
        }
    }

    private void OnChanged(string id)
    {
        if (_workers.TryGetValue(id, out var worker))
        {
            worker.PostObserve();
        }
    }

    private GuestWorker WorkerOf(string id) => _workers.GetOrAdd(id, static (id, agent) => new GuestWorker(id, agent), this);
}
