namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>What listens inside the namespaces: DHCP, names and metadata in a network's, router advertisements in a router's. A seam, so that rules can be tested without sockets.</summary>
internal interface INamespaceServers : IAsyncDisposable
{
    /// <summary>Serves the network as in the record: starts, changes or stops what listens. <paramref name="device"/> carries the addresses.</summary>
    Task ServeNetworkAsync(NetworkState state, Netns at, string device, CancellationToken cancel);

    /// <summary>Advertises on the router's legs as the subnets say.</summary>
    Task ServeRouterAsync(RouterState state, Netns at, CancellationToken cancel);

    /// <summary>Closes everything that was opened for a network or router. An open socket would keep its namespace alive.</summary>
    Task StopAsync(string networkOrRouterId);
}

/// <summary>Nothing listens: for a driver that only removes.</summary>
internal sealed class NoServers : INamespaceServers
{
    public Task ServeNetworkAsync(NetworkState state, Netns at, string device, CancellationToken cancel) => Task.CompletedTask;
    public Task ServeRouterAsync(RouterState state, Netns at, CancellationToken cancel) => Task.CompletedTask;
    public Task StopAsync(string networkOrRouterId) => Task.CompletedTask;
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
