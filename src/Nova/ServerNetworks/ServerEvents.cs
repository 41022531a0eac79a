using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Nova;

namespace Nephos.Nova.ServerNetworks;

/// <summary>What Neutron tells Nova. Finds its cache at the first call, since the cache asks Neutron and neither can be made before the other.</summary>
internal sealed class ServerEvents(IServiceProvider services) : IServerEvents
{
    private NetworkCache Cache => field ??= services.GetRequiredService<NetworkCache>();

    public Task NetworkChangedAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel) => Cache.NetworkChangedAsync(deviceIds, cancel);

    public Task PortDeletedAsync(string deviceId, string portId, CancellationToken cancel) => Cache.PortDeletedAsync(deviceId, portId, cancel);
}
