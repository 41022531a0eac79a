using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Nova;

namespace Nephos.Neutron.NodeFeed;

/// <summary>Tells Nova, after a commit, that what it shows of servers changed. Nova may be absent, and is found late because it asks for our ports itself.</summary>
internal sealed class DeviceNotices(IServiceProvider services)
{
    /// <summary>Addresses, groups or floating addresses of these devices' ports changed.</summary>
    public async Task ChangedAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel)
    {
        var devices = deviceIds.Where(d => d.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        if (devices.Count > 0 && services.GetService<IServerEvents>() is { } nova) { await nova.NetworkChangedAsync(devices, cancel).ConfigureAwait(false); }
    }

    /// <summary>A port was deleted under its device.</summary>
    public async Task DeletedAsync(string deviceId, string portId, CancellationToken cancel)
    {
        if (deviceId.Length > 0 && services.GetService<IServerEvents>() is { } nova) { await nova.PortDeletedAsync(deviceId, portId, cancel).ConfigureAwait(false); }
    }
}
