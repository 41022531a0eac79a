using System.Collections.Concurrent;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;

namespace Nephos.Node.Tests.Guests;

/// <summary>The cloud as a node sees it: records with revisions, and what the node said of them.</summary>
internal sealed class InMemoryFeed(SignalHub signals) : IGuestFeed
{
    public const string Host = "node1";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long Revision, GuestSpec Spec)> _guests = new(StringComparer.Ordinal);
    private readonly List<GuestReport> _reports = [];
    private TaskCompletionSource _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision;

    /// <summary>Every report, in order of arrival.</summary>
    public IReadOnlyList<GuestReport> Reports
    {
        get
        {
            lock (_lock)
            {
                return [.. _reports];
            }
        }
    }

    public ConcurrentDictionary<string, Func<Stream>> Images { get; } = new(StringComparer.Ordinal);

    public ConcurrentDictionary<string, InstanceTree> Trees { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<NodeFacts> Heartbeats { get; } = new();

    /// <summary>Reports fail as they do when the cloud is away.</summary>
    public bool Away { get; set; }

    public int ImageOpens;

    public void Put(GuestSpec spec)
    {
        lock (_lock)
        {
            _guests[spec.Id] = (++_revision, spec);
        }
        signals.Poke(NodeTopics.Guests(Host));
    }

    /// <summary>The cloud no longer knows the guest.</summary>
    public void Forget(string id)
    {
        lock (_lock)
        {
            _guests.Remove(id);
        }
    }

    public Task<GuestDelta> PullAsync(string host, long since, CancellationToken cancel)
    {
        lock (_lock)
        {
            return Task.FromResult(new GuestDelta(_revision, since == 0, [.. _guests.Values.Where(guest => guest.Revision > since).Select(guest => guest.Spec)]));
        }
    }

    public Task ReportAsync(string host, GuestReport report, CancellationToken cancel)
    {
        if (Away)
        {
            throw new HttpRequestException("The cloud is away");
        }
        TaskCompletionSource reported;
        lock (_lock)
        {
            _reports.Add(report);
            (reported, _reported) = (_reported, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        reported.TrySetResult();
        return Task.CompletedTask;
    }

    public Task ReportNodeAsync(NodeFacts facts, CancellationToken cancel)
    {
        Heartbeats.Enqueue(facts);
        return Task.CompletedTask;
    }

    public Task<Stream?> OpenImageAsync(string host, string imageId, CancellationToken cancel)
    {
        Interlocked.Increment(ref ImageOpens);
        return Task.FromResult(Images.TryGetValue(imageId, out var open) ? open() : null);
    }

    public Task<InstanceTree?> GetTreeAsync(string host, string serverId, CancellationToken cancel) => Task.FromResult(Trees.GetValueOrDefault(serverId));

    /// <summary>Waits for a report of the guest.</summary>
    public async Task<GuestReport> WaitAsync(string id, Func<GuestReport, bool> wanted, string what, TimeSpan? limit = null)
    {
        using var stop = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(60));
        while (true)
        {
            Task next;
            lock (_lock)
            {
                if (_reports.FirstOrDefault(report => report.Id == id && wanted(report)) is { } found)
                {
                    return found;
                }
                next = _reported.Task;
            }
            try
            {
                await next.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"No report said: {what}. There were: {string.Join("; ", Reports)}");
            }
        }
    }
}
