using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.Metadata;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>DHCP, metadata and router advertisements, started and stopped as networks and routers come and go.</summary>
internal sealed class NamespaceServers(IInstanceMetadata metadata, ILoggerFactory logs) : INamespaceServers
{
    private readonly MetadataServer _metadata = new(metadata, logs);
    private readonly ILogger _log = logs.CreateLogger<NamespaceServers>();

    /// <summary>Written by the driver's calls, which come one at a time.</summary>
    private readonly ConcurrentDictionary<string, NetworkServers> _networks = new(StringComparer.Ordinal);

    /// <param name="Device">The device's index: another one means that the namespace or its bridge was made anew, and sockets must follow.</param>
    private sealed record NetworkServers(uint Device, string Mac, DhcpServer Dhcp, IDisposable Metadata) : IDisposable
    {
        public void Dispose()
        {
            Dhcp.Dispose();
            Metadata.Dispose();
        }
    }

    public async Task ServeNetworkAsync(NetworkState state, Netns at, string device, CancellationToken cancel)
    {
        var id = state.Network.Id;
        if (state.Network.Dhcp is not { } service)
        {
            await StopAsync(id);
            return;
        }
        var view = new DhcpView(state);
        var index = at.Run(() => Native.IndexOfInterface(device));
        if (_networks.TryGetValue(id, out var running) && (running.Device, running.Mac) == (index, service.Mac))
        {
            running.Dhcp.Update(view);
            return;
        }
        await StopAsync(id);
        var dhcp = new DhcpServer(at, device, view, _log);
        try
        {
            _networks[id] = new NetworkServers(index, service.Mac, dhcp, await _metadata.ListenAsync(id, at));
        }
        catch
        {
            dhcp.Dispose();
            throw;
        }
    }

    public Task ServeRouterAsync(RouterState state, Netns at, CancellationToken cancel) => Task.CompletedTask;

    public Task StopAsync(string networkOrRouterId)
    {
        if (_networks.TryRemove(networkOrRouterId, out var running))
        {
            running.Dispose();
        }
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var id in _networks.Keys)
        {
            await StopAsync(id);
        }
        await _metadata.DisposeAsync();
    }
}
