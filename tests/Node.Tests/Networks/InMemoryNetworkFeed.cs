using Nephos.Contracts.Node;

namespace Nephos.Node.Tests.Networks;

/// <summary>The cloud's side in memory: records with revisions, and what was reported.</summary>
internal sealed class InMemoryNetworkFeed : INetworkFeed
{
    private readonly Lock _gate = new();
    private readonly List<(long Revision, NetworkDelta Change)> _changes = [];
    private readonly Dictionary<(NetworkRecordKind, string), NetworkReport> _reports = [];
    private long _revision = 1;
    private NetworkDelta? _full;

    public List<AgentFacts> Agents { get; } = [];
    public bool Refuse { get; set; }
    public int ReportCalls { get; private set; }

    public void Change(IEnumerable<NetworkSpec>? networks = null, IEnumerable<PortSpec>? ports = null, IEnumerable<RouterSpec>? routers = null,
        IEnumerable<SecurityGroupSpec>? groups = null, IEnumerable<GoneRecord>? gone = null)
    {
        lock (_gate)
        {
            _revision++;
            _changes.Add((_revision, new NetworkDelta(_revision, false, [.. networks ?? []], [.. ports ?? []], [.. routers ?? []], [.. groups ?? []], [.. gone ?? []])));
        }
    }

    /// <summary>The next pull is answered with this complete state.</summary>
    public void StartOver(NetworkDelta full)
    {
        lock (_gate)
        {
            _full = full;
        }
    }

    public NetworkReport? Report(NetworkRecordKind kind, string id)
    {
        lock (_gate)
        {
            return _reports.GetValueOrDefault((kind, id));
        }
    }

    public Task<NetworkDelta> PullAsync(string host, long since, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (Refuse)
            {
                throw new IOException("the cloud does not answer");
            }
            if (_full is { } full)
            {
                _full = null;
                return Task.FromResult(full with { Revision = ++_revision, Full = true });
            }
            var fresh = _changes.Where(c => c.Revision > since).Select(c => c.Change).ToList();
            return Task.FromResult(new NetworkDelta(_revision, since == 0, [.. fresh.SelectMany(c => c.Networks)], [.. fresh.SelectMany(c => c.Ports)],
                [.. fresh.SelectMany(c => c.Routers)], [.. fresh.SelectMany(c => c.SecurityGroups)], [.. fresh.SelectMany(c => c.Gone)]));
        }
    }

    public Task ReportAsync(string host, IReadOnlyList<NetworkReport> reports, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (Refuse)
            {
                throw new IOException("the cloud does not answer");
            }
            ReportCalls++;
            foreach (var report in reports)
            {
                _reports[(report.Kind, report.Id)] = report;
            }
        }
        return Task.CompletedTask;
    }

    public Task ReportAgentsAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel)
    {
        lock (_gate)
        {
            Agents.Clear();
            Agents.AddRange(agents);
        }
        return Task.CompletedTask;
    }
}
