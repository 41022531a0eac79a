using System.Collections.Concurrent;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.Fake;

/// <summary>How the fake misbehaves when told to.</summary>
public sealed class FakeNetworkKnobs
{
    /// <summary>Every change takes this long.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Asked before each change with the method's name and the id; what it returns is thrown.</summary>
    public Func<string, string, Exception?>? Fail { get; set; }

    /// <summary>As <see cref="Fail"/>, but after the change was made: the reply is lost.</summary>
    public Func<string, string, Exception?>? LoseReply { get; set; }
}

/// <summary>
/// Networks that are entries in memory, and plugged ports that are empty files in <c>networks/NETWORK/PORT</c>: fake guests "run" on while the program is stopped, and so do their ports.
/// No root, any operating system.
/// </summary>
public sealed class FakeNetworkDriver(NodeOptions options, TimeProvider time, FakeNetworkKnobs knobs) : INetworkDriver
{
    private readonly ConcurrentDictionary<string, NetworkState> _networks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, RouterState> _routers = new(StringComparer.Ordinal);
    private readonly string _folder = Path.Combine(options.StateDirectory, "networks");

    /// <summary>The networks as last applied, for tests.</summary>
    public IReadOnlyDictionary<string, NetworkState> Networks => _networks;

    /// <summary>The routers as last applied, for tests.</summary>
    public IReadOnlyDictionary<string, RouterState> Routers => _routers;

    public Task PrepareAsync(CancellationToken cancel) => ChangeAsync("Prepare", "", () => Directory.CreateDirectory(_folder), cancel);

    public Task<ObservedNetworks> ObserveAsync(CancellationToken cancel)
    {
        var networks = _networks.Keys.ToHashSet(StringComparer.Ordinal);
        if (Directory.Exists(_folder))
        {
            networks.UnionWith(Directory.EnumerateDirectories(_folder).Select(static d => Path.GetFileName(d)));
        }
        return Task.FromResult(new ObservedNetworks(networks, _routers.Keys.ToHashSet(StringComparer.Ordinal)));
    }

    public Task ApplyNetworkAsync(NetworkState state, CancellationToken cancel) => ChangeAsync("ApplyNetwork", state.Network.Id, () =>
    {
        _networks.TryGetValue(state.Network.Id, out var before);
        _networks[state.Network.Id] = state;
        var folder = Path.Combine(_folder, state.Network.Id);
        var local = state.Ports.Where(static p => p.Local).Select(static p => p.Id).ToHashSet(StringComparer.Ordinal);
        // What an earlier process left is looked up once; from then on it is known.
        var plugged = before?.Ports.Where(static p => p.Local).Select(static p => p.Id) ?? Directory.CreateDirectory(folder).EnumerateFiles().Select(static f => f.Name);
        foreach (var gone in plugged.Where(p => !local.Contains(p)))
        {
            File.Delete(Path.Combine(folder, gone));
        }
    }, cancel);

    public Task RemoveNetworkAsync(string networkId, CancellationToken cancel) => ChangeAsync("RemoveNetwork", networkId, () =>
    {
        _networks.TryRemove(networkId, out _);
        if (Path.Combine(_folder, networkId) is var folder && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }, cancel);

    public Task ApplyRouterAsync(RouterState state, CancellationToken cancel) => ChangeAsync("ApplyRouter", state.Router.Id, () =>
    {
        if (state.Router.AdminStateUp)
        {
            _routers[state.Router.Id] = state;
        }
        else
        {
            _routers.TryRemove(state.Router.Id, out _);
        }
    }, cancel);

    public Task RemoveRouterAsync(string routerId, CancellationToken cancel) => ChangeAsync("RemoveRouter", routerId, () => _routers.TryRemove(routerId, out _), cancel);

    /// <summary>Any tap will do: the fake has no devices to miss.</summary>
    public Task PlugAsync(NetworkSpec network, PortSpec port, string tap, CancellationToken cancel) => ChangeAsync("Plug", port.Id, () =>
    {
        if (!_networks.TryGetValue(network.Id, out var state) || !state.Ports.Any(p => p.Id == port.Id))
        {
            throw new PlugException($"network {network.Id} with port {port.Id} is not there yet");
        }
        File.WriteAllBytes(Path.Combine(_folder, network.Id, port.Id), []);
    }, cancel);

    /// <summary>The guest is gone, and its device with it.</summary>
    public void Unplug(PortSpec port) => File.Delete(Path.Combine(_folder, port.NetworkId, port.Id));

    public Task<IReadOnlySet<string>> PluggedAsync(IReadOnlyCollection<PortSpec> ports, CancellationToken cancel) =>
        Task.FromResult<IReadOnlySet<string>>(ports.Where(p => File.Exists(Path.Combine(_folder, p.NetworkId, p.Id))).Select(static p => p.Id).ToHashSet(StringComparer.Ordinal));

    public Task RemoveAllAsync(CancellationToken cancel) => ChangeAsync("RemoveAll", "", () =>
    {
        _networks.Clear();
        _routers.Clear();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }, cancel);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ChangeAsync(string method, string id, Action change, CancellationToken cancel)
    {
        if (knobs.Delay > TimeSpan.Zero)
        {
            await Task.Delay(knobs.Delay, time, cancel);
        }
        if (knobs.Fail?.Invoke(method, id) is { } failure)
        {
            throw failure;
        }
        change();
        if (knobs.LoseReply?.Invoke(method, id) is { } loss)
        {
            throw loss;
        }
    }
}
