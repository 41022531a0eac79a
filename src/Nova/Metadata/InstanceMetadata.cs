using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Kernel.Store;

namespace Nephos.Nova.Metadata;

/// <summary>Who asks at 169.254.169.254: the network and the address say which port, the port says which server.</summary>
internal sealed class InstanceMetadata(Store<NovaDb> store, IPorts ports, InstanceTrees trees) : IInstanceMetadata
{
    public async Task<InstanceTree?> FindAsync(string networkId, string ipAddress, CancellationToken cancel)
    {
        if (await ports.AtAddressAsync(networkId, ipAddress, cancel) is not { DeviceId.Length: > 0 } port) { return null; }
        var server = await store.ReadAsync(db => db.Servers.FirstOrDefaultAsync(s => s.Id == port.DeviceId && !s.Deleted, cancel), cancel);
        return server is null ? null : trees.ForService(server, ipAddress);
    }
}
