using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Kernel.Signals;

namespace Nephos.Node.Networks;

/// <summary>
/// The network agent of a node: fetches what networks, ports, routers and groups shall be, has the driver make it so, and reports what is.
/// <para>
/// It holds no truth: records are the cloud's, what exists is the kernel's, and memory is rebuilt from both at start. A change makes the networks and routers it
/// concerns <em>pending</em>; a turn takes all pending ones and what fails stays pending for the next. So many changes in short time cost one turn, and order
/// between changes does not matter, only the newest record does. Removal of routers comes before that of networks, making in the opposite order.
/// </para>
/// </summary>
public sealed partial class NetworkAgent : BackgroundService, INetworkPlug
{
    /// <summary>How long a lost signal may go unnoticed, how long a failure waits for the next try, and how often devices are looked at.</summary>
    public static readonly TimeSpan PullInterval = TimeSpan.FromSeconds(2);

    /// <summary>How often the agents report; upstream's do at 30 seconds and are down after 75 (neutron.conf, report_interval, agent_down_time).</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long a plug waits for its port's record.</summary>
    public static readonly TimeSpan PlugPatience = TimeSpan.FromSeconds(30);

    private readonly NodeOptions _options;
    private readonly INetworkDriver _driver;
    private readonly INetworkFeed _feed;
    private readonly SignalHub _signals;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    /// <summary>Held by a turn; turns never overlap.</summary>
    private readonly SemaphoreSlim _turn = new(1);

    // Guarded by _gate: written by turns, read by plugs and heartbeats.
    private readonly Lock _gate = new();
    private readonly DesiredNetworks _desired = new();
    private readonly HashSet<string> _pendingNetworks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pendingRouters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _networkErrors = new(StringComparer.Ordinal);
    private TaskCompletionSource _turned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Pulls are numbered: the last one that began, and the last one that succeeded.
    private long _pullBegun;
    private long _pulled;

    // Of the turn only.
    private readonly HashSet<string> _goneNetworks = new(StringComparer.Ordinal);
    private readonly HashSet<string> _goneRouters = new(StringComparer.Ordinal);
    private long _revision;
    private long _lookedAt;
    private bool _prepared;
    private bool _full;

    public NetworkAgent(NodeOptions options, INetworkDriver driver, INetworkFeed feed, SignalHub signals, TimeProvider time, ILogger<NetworkAgent> log)
    {
        _options = options;
        _driver = driver;
        _feed = feed;
        _signals = signals;
        _time = time;
        _log = log;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var heartbeat = HeartbeatAsync(stoppingToken);
        while (!stoppingToken.IsCancellationRequested)
        {
            // Listen before looking, so that a poke in between is not lost.
            var signal = _signals.Listen(NodeTopics.Networks(_options.Host));
            try
            {
                // Looking costs a little for each of this host's ports, so a turn for a change of one does not: devices go without a word anyway.
                await RunOnceAsync(_time.GetElapsedTime(_lookedAt) >= PullInterval, stoppingToken);
                await SignalHub.WaitAsync(signal, PullInterval, _time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
        }
        await heartbeat;
    }

    /// <summary>One turn: fetch, make so, look, report. True when everything is as it shall be.</summary>
    public Task<bool> RunOnceAsync(CancellationToken cancel) => RunOnceAsync(look: true, cancel);

    private async Task<bool> RunOnceAsync(bool look, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            if (!await PrepareAsync(cancel))
            {
                return false;
            }
            await PullAsync(cancel);
            await RemoveGoneAsync(cancel);
            foreach (var id in Pending(_pendingNetworks))
            {
                await ApplyNetworkAsync(id, cancel);
            }
            foreach (var id in Pending(_pendingRouters))
            {
                await ApplyRouterAsync(id, cancel);
            }
            if (look) { await LookAsync(cancel); }
            await ReportAsync(cancel);
            lock (_gate)
            {
                return _pendingNetworks.Count + _pendingRouters.Count + _goneNetworks.Count + _goneRouters.Count == 0;
            }
        }
        finally
        {
            _turn.Release();
            Turned();
        }
    }

    /// <inheritdoc />
    public async Task PlugAsync(string portId, string tap, CancellationToken cancel)
    {
        var deadline = _time.GetUtcNow() + PlugPatience;
        long asked;
        lock (_gate)
        {
            asked = _pullBegun;
        }
        var poked = false;
        while (true)
        {
            Task turned;
            PortSpec? port;
            NetworkSpec? network;
            bool ready, gone, fresh;
            string? error;
            lock (_gate)
            {
                turned = _turned.Task;
                port = _desired.Port(portId);
                network = port is null ? null : _desired.Network(port.NetworkId);
                ready = network is not null && port is { Local: true } && !_pendingNetworks.Contains(network.Id);
                error = port is null ? null : _networkErrors.GetValueOrDefault(port.NetworkId);
                gone = port is null && _desired.IsGone(portId);
                fresh = _pulled > asked;
            }
            if (ready)
            {
                await _driver.PlugAsync(network!, port!, tap, cancel);
                MarkPlugged(portId);
                // The turn that follows reports; the API should not wait for the next interval to hear of it.
                _signals.Poke(NodeTopics.Networks(_options.Host));
                return;
            }
            if (gone)
            {
                // A port that left and came back was there before its plug was asked for, so a pull that began since would have brought it.
                if (fresh) { throw new PlugException($"port {portId} was deleted, or taken from this host"); }
                if (!poked) { _signals.Poke(NodeTopics.Networks(_options.Host)); }
                poked = true;
            }
            var left = deadline - _time.GetUtcNow();
            if (left <= TimeSpan.Zero)
            {
                throw new PlugException(error ?? (port is null ? $"port {portId} is not known on this host" : network is null ? $"network {port.NetworkId} of port {portId} is not known on this host"
                    : port.Local ? $"network {network.Id} is not ready" : $"port {portId} is not bound to this host"));
            }
            await SignalHub.WaitAsync(turned, left, _time, cancel);
        }
    }

    private async Task<bool> PrepareAsync(CancellationToken cancel)
    {
        if (_prepared)
        {
            return true;
        }
        try
        {
            await _driver.PrepareAsync(cancel);
            _prepared = true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.PrepareFailed(e);
        }
        return _prepared;
    }

    private async Task PullAsync(CancellationToken cancel)
    {
        long number;
        lock (_gate)
        {
            number = ++_pullBegun;
        }
        try
        {
            var delta = await _feed.PullAsync(_options.Host, _revision, cancel);
            _revision = delta.Revision;
            AffectedNetworks affected;
            lock (_gate)
            {
                affected = _desired.Apply(delta);
                _pulled = number;
                _pendingNetworks.UnionWith(affected.Networks);
                _pendingRouters.UnionWith(affected.Routers);
                _pendingNetworks.ExceptWith(affected.GoneNetworks);
                _pendingRouters.ExceptWith(affected.GoneRouters);
            }
            // Something that comes back after it went is made so in this turn, after its removal.
            _goneNetworks.UnionWith(affected.GoneNetworks);
            _goneRouters.UnionWith(affected.GoneRouters);
            _full |= delta.Full;
            if (delta.Full)
            {
                RepeatReports();
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.PullFailed(e);
        }
        if (_full)
        {
            await FindLeftoversAsync(cancel);
        }
    }

    private async Task FindLeftoversAsync(CancellationToken cancel)
    {
        try
        {
            var observed = await _driver.ObserveAsync(cancel);
            lock (_gate)
            {
                _goneNetworks.UnionWith(observed.NetworkIds.Where(id => _desired.Network(id) is null));
                _goneRouters.UnionWith(observed.RouterIds.Where(id => _desired.Router(id) is null));
            }
            foreach (var id in _goneNetworks.Concat(_goneRouters))
            {
                _log.RemovingLeftover(id);
            }
            _full = false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.LookFailed(e);
        }
    }

    private async Task RemoveGoneAsync(CancellationToken cancel)
    {
        lock (_gate)
        {
            // What came back while its removal was still to be repeated is made so from what is left of it.
            _goneNetworks.RemoveWhere(id => _desired.Network(id) is not null);
            _goneRouters.RemoveWhere(id => _desired.Router(id) is not null);
        }
        foreach (var id in _goneRouters.ToList())
        {
            await RemoveAsync(_goneRouters, id, _driver.RemoveRouterAsync, cancel);
        }
        foreach (var id in _goneNetworks.ToList())
        {
            await RemoveAsync(_goneNetworks, id, _driver.RemoveNetworkAsync, cancel);
        }
    }

    private async Task RemoveAsync(HashSet<string> gone, string id, Func<string, CancellationToken, Task> remove, CancellationToken cancel)
    {
        try
        {
            await remove(id, cancel);
            gone.Remove(id);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.RemoveFailed(id, e);
        }
    }

    private async Task ApplyNetworkAsync(string id, CancellationToken cancel)
    {
        NetworkState? state;
        lock (_gate)
        {
            state = _desired.NetworkState(id);
        }
        if (state is null)
        {
            return;
        }
        try
        {
            await _driver.ApplyNetworkAsync(state, cancel);
            NoteNetwork(state, null);
            lock (_gate)
            {
                _pendingNetworks.Remove(id);
                _networkErrors.Remove(id);
            }
            Turned();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.NetworkFailed(id, e);
            NoteNetwork(state, e.Message);
            lock (_gate)
            {
                _networkErrors[id] = e.Message;
            }
        }
    }

    private async Task ApplyRouterAsync(string id, CancellationToken cancel)
    {
        RouterState? state;
        RouterSpec? router;
        string? missing;
        lock (_gate)
        {
            router = _desired.Router(id);
            (state, missing) = _desired.RouterState(id);
        }
        if (router is null)
        {
            return;
        }
        try
        {
            await _driver.ApplyRouterAsync(state ?? throw new InvalidOperationException($"network {missing} of router {id} is not known on this host"), cancel);
            NoteRouter(router, null);
            lock (_gate)
            {
                _pendingRouters.Remove(id);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _log.RouterFailed(id, e);
            NoteRouter(router, e.Message);
        }
    }

    private List<string> Pending(HashSet<string> pending)
    {
        lock (_gate)
        {
            return [.. pending];
        }
    }

    /// <summary>Wakes the plugs that wait for a record.</summary>
    private void Turned()
    {
        TaskCompletionSource turned;
        lock (_gate)
        {
            turned = _turned;
            _turned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        turned.TrySetResult();
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }
}
