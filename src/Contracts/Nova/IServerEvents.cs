namespace Nephos.Contracts.Nova;

/// <summary>What Neutron tells Nova, after its commit: as upstream's <c>POST /os-server-external-events</c>.</summary>
public interface IServerEvents
{
    /// <summary>Ports, addresses or floating addresses of these devices changed: what the server shows of them is read anew. Unknown ids are fine.</summary>
    Task NetworkChangedAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel);

    /// <summary>A port was deleted under its server.</summary>
    Task PortDeletedAsync(string deviceId, string portId, CancellationToken cancel);
}
