using Nephos.Contracts.Node;

namespace Nephos.Node.Networks;

/// <summary>What the agent tells the cloud: changes of what is, and heartbeats.</summary>
public sealed partial class NetworkAgent
{
    // Guarded by _gate. What shall be told, what was told last, and when a port was plugged (the provider's timestamp).
    private readonly Dictionary<(NetworkRecordKind Kind, string Id), NetworkReport> _outbox = [];
    private readonly Dictionary<(NetworkRecordKind Kind, string Id), NetworkReport> _told = [];
    // What belonged to a router when it was noted last: the rest of a report's life hangs on it.
    private readonly Dictionary<string, HashSet<(NetworkRecordKind Kind, string Id)>> _partsOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _pluggedAt = new(StringComparer.Ordinal);

    private void Note(NetworkReport report)
    {
        var key = (report.Kind, report.Id);
        lock (_gate)
        {
            if (_told.TryGetValue(key, out var told) && told == report)
            {
                _outbox.Remove(key);
            }
            else
            {
                _outbox[key] = report;
            }
        }
    }

    /// <summary>After a full pull the cloud may have forgotten what it was told.</summary>
    private void RepeatReports()
    {
        lock (_gate)
        {
            _told.Clear();
        }
    }

    private void NoteNetwork(NetworkState state, string? error)
    {
        Note(new NetworkReport(NetworkRecordKind.Network, state.Network.Id, error is null, error));
        if (state.Network.Dhcp is { } dhcp)
        {
            Note(new NetworkReport(NetworkRecordKind.Port, dhcp.PortId, error is null && state.Network.AdminStateUp, error));
        }
    }

    private void NoteRouter(RouterSpec router, string? error)
    {
        var up = error is null && router.AdminStateUp;
        Note(new NetworkReport(NetworkRecordKind.Router, router.Id, up, error));
        HashSet<(NetworkRecordKind Kind, string Id)> parts =
        [
            .. router.Legs.Select(static l => (NetworkRecordKind.Port, l.PortId)),
            .. router.FloatingIps.Select(static f => (NetworkRecordKind.FloatingIp, f.Id)),
        ];
        if (router.Gateway is { } gateway) { parts.Add((NetworkRecordKind.Port, gateway.PortId)); }
        ForgetNewParts(router.Id, parts);
        foreach (var (kind, id) in parts) { Note(new NetworkReport(kind, id, up, error)); }
    }

    /// <summary>What comes to a router is told anew even when the same was told before: the cloud has set it DOWN when it left this router or another.</summary>
    private void ForgetNewParts(string routerId, HashSet<(NetworkRecordKind Kind, string Id)> parts)
    {
        lock (_gate)
        {
            var before = _partsOf.GetValueOrDefault(routerId);
            foreach (var part in parts.Where(p => before?.Contains(p) != true)) { _told.Remove(part); }
            _partsOf[routerId] = parts;
        }
    }

    private void MarkPlugged(string portId)
    {
        lock (_gate)
        {
            _pluggedAt[portId] = _time.GetTimestamp();
        }
        Note(new NetworkReport(NetworkRecordKind.Port, portId, true, null));
    }

    /// <summary>Which guests' devices are there: they go away with their guest, without a word.</summary>
    private async Task LookAsync(CancellationToken cancel)
    {
        var start = _lookedAt = _time.GetTimestamp();
        List<PortSpec> local;
        Dictionary<string, string> errors;
        lock (_gate)
        {
            local = _desired.Ports.Where(static p => p.Local).ToList();
            errors = new Dictionary<string, string>(_networkErrors, StringComparer.Ordinal);
            foreach (var key in _told.Keys.Where(k => IsGone(k.Kind, k.Id)).ToList())
            {
                _told.Remove(key);
            }
            foreach (var router in _partsOf.Keys.Where(r => _desired.Router(r) is null).ToList())
            {
                _partsOf.Remove(router);
            }
        }
        try
        {
            var plugged = await _driver.PluggedAsync(local, cancel);
            foreach (var port in local)
            {
                var up = plugged.Contains(port.Id);
                if (up || !PluggedSince(port.Id, start))
                {
                    errors.TryGetValue(port.NetworkId, out var error);
                    Note(new NetworkReport(NetworkRecordKind.Port, port.Id, up && port.AdminStateUp && error is null, error));
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.LookFailed(e);
        }
    }

    /// <summary>Service ports and floating IPs are few and stay until the next full pull.</summary>
    private bool IsGone(NetworkRecordKind kind, string id) =>
        kind == NetworkRecordKind.Network ? _desired.Network(id) is null : kind == NetworkRecordKind.Router && _desired.Router(id) is null;

    private bool PluggedSince(string portId, long timestamp)
    {
        lock (_gate)
        {
            return _pluggedAt.Remove(portId, out var at) && at >= timestamp;
        }
    }

    private async Task ReportAsync(CancellationToken cancel)
    {
        List<NetworkReport> reports;
        lock (_gate)
        {
            reports = [.. _outbox.Values];
        }
        if (reports.Count == 0)
        {
            return;
        }
        try
        {
            await _feed.ReportAsync(_options.Host, reports, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.ReportFailed(e);
            return;
        }
        lock (_gate)
        {
            foreach (var report in reports)
            {
                var key = (report.Kind, report.Id);
                _told[key] = report;
                // A newer one may have come in between.
                if (_outbox.TryGetValue(key, out var queued) && queued == report)
                {
                    _outbox.Remove(key);
                }
            }
        }
    }

    private async Task HeartbeatAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(HeartbeatInterval, _time);
        try
        {
            do
            {
                await BeatOnceAsync(cancel);
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The node stops.
        }
    }

    /// <summary>One heartbeat of all agents of this host.</summary>
    public async Task BeatOnceAsync(CancellationToken cancel)
    {
        List<AgentFacts> agents;
        lock (_gate)
        {
            agents = AgentReports.Of(_options, _desired);
        }
        try
        {
            await _feed.ReportAgentsAsync(_options.Host, agents, cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.HeartbeatFailed(e);
        }
    }
}
