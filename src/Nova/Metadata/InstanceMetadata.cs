using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Kernel.Store;

namespace Nephos.Nova.Metadata;

/// <summary>Who asks at 169.254.169.254: the network and the address say which port, the port says which server.</summary>
internal sealed class InstanceMetadata(Store<NovaDb> store, IPorts ports, InstanceTrees trees) : IInstanceMetadata
{
    /// <summary>Upstream's largest password in characters: four values of 255 in its table.</summary>
    private const int MaxPassword = 4 * 255;

    public async Task<InstanceTree?> FindAsync(string networkId, string ipAddress, CancellationToken cancel)
    {
        if (await ports.AtAddressAsync(networkId, ipAddress, cancel) is not { DeviceId.Length: > 0 } port) { return null; }
        var server = await store.ReadAsync(db => db.Servers.FirstOrDefaultAsync(s => s.Id == port.DeviceId && !s.Deleted, cancel), cancel);
        return server is null ? null : trees.ForService(server, ipAddress);
    }

    public async Task<PasswordOutcome> SetPasswordAsync(string networkId, string ipAddress, string password, CancellationToken cancel)
    {
        if (await ports.AtAddressAsync(networkId, ipAddress, cancel) is not { DeviceId.Length: > 0 } port) { return PasswordOutcome.Unknown; }
        if (password.Length > MaxPassword) { return PasswordOutcome.TooLarge; }
        return await store.WriteAsync(async db =>
        {
            var server = db.Servers.Where(s => s.Id == port.DeviceId && !s.Deleted);
            // The first one stays: whoever gets into the guest later cannot put his in its place.
            if (await server.Where(s => s.GuestPassword == null).ExecuteUpdateAsync(u => u.SetProperty(s => s.GuestPassword, password).SetProperty(s => s.Generation, s => s.Generation + 1), cancel) == 1) { return PasswordOutcome.Kept; }
            return await server.AnyAsync(cancel) ? PasswordOutcome.Exists : PasswordOutcome.Unknown;
        }, cancel);
    }
}
