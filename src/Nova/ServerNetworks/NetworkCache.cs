using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Store;
using Nephos.Nova.Guests;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerNetworks;

/// <summary>
/// Keeps what a server's row shows of its network equal to what Neutron has, so that showing servers asks nobody. Neutron tells of each change after its commit
/// (<see cref="ServerEvents"/>); reading and writing is one at a time per server in this process, so that the newest reading is written last.
/// </summary>
internal sealed class NetworkCache(Store<NovaDb> store, IPorts ports, GuestTable guests) : IDisposable
{
    /// <summary>A server's is told by its id; several servers share one.</summary>
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    public async Task NetworkChangedAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel)
    {
        // A server that is not on a host yet reads its network itself when it gets there, behind the same gate.
        var placed = await store.ReadAsync(db => db.Servers.Where(s => deviceIds.Contains(s.Id) && !s.Deleted && s.Host != null).Select(s => s.Id).ToListAsync(cancel), cancel);
        if (placed.Count > 0) { await RefreshAsync(placed, null, cancel); }
    }

    /// <summary>The port is gone: so are the card and its line in the guest's record.</summary>
    public async Task PortDeletedAsync(string deviceId, string portId, CancellationToken cancel)
    {
        await store.WriteAsync(async db =>
        {
            var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == deviceId && !s.Deleted, cancel);
            if (server is null || server.TaskState == TaskStates.Deleting || server.Nics.All(n => n.PortId != portId)) { return; }
            server.Nics = [.. server.Nics.Where(n => n.PortId != portId)];
            Show(server, [.. server.Network.Where(v => v.PortId != portId)]);
            await guests.ChangeAsync(db, deviceId, guest => guest.Spec = guest.Spec with { Nics = [.. guest.Spec.Nics.Where(n => n.PortId != portId)] });
        }, cancel);
    }

    /// <summary>Reads the network of servers anew and writes what differs. <paramref name="also"/> runs in the same transaction, for each server, always.</summary>
    public async Task RefreshAsync(IReadOnlyCollection<string> serverIds, Func<NovaDb, Server, Task>? also, CancellationToken cancel)
    {
        // In one order for all, so that nobody waits for each other.
        var gates = serverIds.Select(id => (string.GetHashCode(id, StringComparison.Ordinal) & int.MaxValue) % _gates.Length).Distinct().Order().ToList();
        var passed = 0;
        try
        {
            foreach (var gate in gates)
            {
                await _gates[gate].WaitAsync(cancel);
                passed++;
            }
            var read = await ReadAsync(serverIds, cancel);
            if (also is null && !await DiffersAsync(read, serverIds, cancel)) { return; }
            await store.WriteAsync(async db =>
            {
                foreach (var server in await db.Servers.AsTracking().Where(s => serverIds.Contains(s.Id) && !s.Deleted).ToListAsync(cancel))
                {
                    Show(server, Ordered(server, read[server.Id]));
                    if (also is not null) { await also(db, server); }
                }
            }, cancel);
        }
        finally { foreach (var gate in gates.Take(passed)) { _gates[gate].Release(); } }
    }

    public void Dispose() => Array.ForEach(_gates, gate => gate.Dispose());

    internal static void Show(Server server, List<Vif> vifs)
    {
        server.Network = vifs;
        server.Addresses = vifs.Count == 0 ? "" : $" {string.Join(' ', vifs.SelectMany(v => v.Ips).Select(i => i.Address))} ";
    }

    private async Task<bool> DiffersAsync(ILookup<string, Vif> read, IReadOnlyCollection<string> serverIds, CancellationToken cancel)
    {
        var shown = await store.ReadAsync(db => db.Servers.Where(s => serverIds.Contains(s.Id) && !s.Deleted).ToListAsync(cancel), cancel);
        return shown.Any(s => Text(s.Network) != Text(Ordered(s, read[s.Id])));
        static string Text(List<Vif> vifs) => JsonSerializer.Serialize(vifs, JsonSerializerOptions.Default);
    }

    /// <summary>Cards in the order in which they were asked for or attached; ports that Nova does not know of last.</summary>
    private static List<Vif> Ordered(Server server, IEnumerable<Vif> vifs)
    {
        var order = server.Nics.Select((n, i) => (n.PortId, i)).ToDictionary(n => n.PortId, n => n.i, StringComparer.Ordinal);
        return [.. vifs.OrderBy(v => order.GetValueOrDefault(v.PortId, int.MaxValue))];
    }

    private async Task<ILookup<string, Vif>> ReadAsync(IReadOnlyCollection<string> serverIds, CancellationToken cancel)
    {
        var found = await ports.OfDevicesAsync(serverIds, cancel);
        return found.ToLookup(p => p.DeviceId, p => new Vif
        {
            PortId = p.Id,
            NetworkId = p.NetworkId,
            Label = p.NetworkName,
            Mac = p.Mac,
            Mtu = p.Mtu,
            Ips = [.. p.FixedIps.Select(VifIpOf)],
            SecurityGroups = [.. p.SecurityGroupNames],
        }, StringComparer.Ordinal);
    }

    private static VifIp VifIpOf(FixedIpFacts ip) => new()
    {
        Address = ip.Ip,
        Version = ip.IpVersion,
        SubnetId = ip.SubnetId,
        Cidr = ip.Cidr,
        Gateway = ip.GatewayIp,
        Dhcp = ip.Dhcp,
        Ipv6Mode = ip.Ipv6AddressMode,
        Dns = [.. ip.DnsServers],
        Routes = [.. ip.HostRoutes.Select(r => new VifRoute(r.Destination, r.NextHop))],
        Floating = [.. ip.FloatingIps],
    };
}
