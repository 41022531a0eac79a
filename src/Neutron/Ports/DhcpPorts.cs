using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Neutron.Agents;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.Ports;

/// <summary>
/// Keeps the <c>network:dhcp</c> ports of a network as its subnets want them: one on each host that serves it, with an address on each subnet that
/// has DHCP; none without such a subnet. A host serves a network when it has ports of it; a network that is nowhere yet is served by the first host with a live DHCP agent.
/// </summary>
internal sealed class DhcpPorts(FeedMarks marks, TimeProvider clock)
{
    /// <summary>Upstream's <c>dns_domain</c>.</summary>
    public const string DefaultDomain = "openstacklocal";

    /// <summary>Upstream's <c>get_dhcp_agent_device_id</c>: <c>dhcp</c>, a name-based UUID of the host's first label, the network.</summary>
    public static string DeviceId(string host, string networkId) => $"dhcp{NameUuid(host.Split('.')[0])}-{networkId}";

    /// <summary>To be called inside a write after subnets, or the hosts of ports, changed. Harmless when all is as it should be.</summary>
    public async Task EnsureAsync(NeutronDb db, RequestContext context, Network network)
    {
        var subnets = await db.Subnets.Where(s => s.NetworkId == network.Id && s.EnableDhcp).OrderBy(s => s.CreatedAt).ThenBy(s => s.Id).ToListAsync().ConfigureAwait(false);
        var ports = await db.Ports.Where(p => p.NetworkId == network.Id && p.DeviceOwner == DeviceOwners.Dhcp).ToListAsync().ConfigureAwait(false);
        var hosts = subnets.Count == 0 ? [] : await HostsAsync(db, network.Id).ConfigureAwait(false);
        var surplus = ports.Where(p => subnets.Count == 0 || (p.DeviceId == DeviceId(p.HostId, network.Id) && hosts.Count > 0 && !hosts.Contains(p.HostId))).ToList();
        if (surplus.Count > 0)
        {
            await PortRows.RemoveAsync(db, marks, context, surplus).ConfigureAwait(false);
            await marks.MarkAsync(db, NetworkRecordKind.Network, network.Id).ConfigureAwait(false);
        }
        foreach (var host in hosts)
        {
            var device = DeviceId(host, network.Id);
            if (ports.FirstOrDefault(p => p.DeviceId == device && !surplus.Contains(p)) is not { } port) { await AddAsync(db, context, network, subnets, host, device).ConfigureAwait(false); }
            else { await AdjustAsync(db, context, port, subnets).ConfigureAwait(false); }
        }
    }

    private async Task<List<string>> HostsAsync(NeutronDb db, string networkId)
    {
        var agents = await db.Agents.Where(a => a.AgentType == AgentTypes.Dhcp && a.AdminStateUp).OrderBy(a => a.Host).Select(a => new { a.Host, a.HeartbeatAt }).ToListAsync().ConfigureAwait(false);
        if (agents.Count <= 1) { return [.. agents.Select(a => a.Host)]; }
        var known = agents.Select(a => a.Host).ToList();
        var used = await db.Ports.Where(p => p.NetworkId == networkId && known.Contains(p.HostId)).OrderBy(p => p.HostId).Select(p => p.HostId).Distinct().ToListAsync().ConfigureAwait(false);
        if (used.Count > 0) { return used; }
        var now = clock.GetUtcNow().UtcDateTime;
        return [(agents.FirstOrDefault(a => now - a.HeartbeatAt < Limits.AgentDownTime) ?? agents[0]).Host];
    }

    private async Task AddAsync(NeutronDb db, RequestContext context, Network network, List<Subnet> subnets, string host, string device)
    {
        var port = new Port
        {
            Id = NewId.Uuid(),
            ProjectId = network.ProjectId,
            NetworkId = network.Id,
            Name = "",
            Mac = "",
            DeviceId = device,
            DeviceOwner = DeviceOwners.Dhcp,
            HostId = host,
            VifType = Bindings.Bridge,
            PortSecurityEnabled = false,
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        await PortRows.InsertAsync(db, marks, context, port, null, [], []).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Network, network.Id).ConfigureAwait(false);
        await AdjustAsync(db, context, port, subnets).ConfigureAwait(false);
    }

    /// <summary>An address on each DHCP subnet and on no other. A subnet that has none left goes without: its guests keep what they have.</summary>
    private async Task AdjustAsync(NeutronDb db, RequestContext context, Port port, List<Subnet> subnets)
    {
        var current = await db.FixedIps.Where(i => i.PortId == port.Id).ToListAsync().ConfigureAwait(false);
        var extra = current.Where(i => subnets.All(s => s.Id != i.SubnetId)).Select(i => i.Ip).ToList();
        var missing = subnets.Where(s => current.All(i => i.SubnetId != s.Id)).ToList();
        if (extra.Count == 0 && missing.Count == 0) { return; }
        await db.FixedIps.Where(i => i.PortId == port.Id && extra.Contains(i.Ip)).ExecuteDeleteAsync().ConfigureAwait(false);
        var position = current.Count == 0 ? 0 : current.Max(i => i.Position) + 1;
        foreach (var subnet in missing)
        {
            if (await FixedIpOperations.OnSubnetAsync(db, new AddressTaker(port.Id, port.NetworkId, port.Mac, port.DeviceOwner), subnet, position).ConfigureAwait(false) is not { } ip) { continue; }
            db.FixedIps.Add(ip);
            position++;
        }
        var now = context.Now;
        await db.SaveChangesAsync().ConfigureAwait(false);
        await db.Ports.Where(p => p.Id == port.Id).ExecuteUpdateAsync(u => u.SetProperty(p => p.Revision, p => p.Revision + 1).SetProperty(p => p.UpdatedAt, now)).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, port.Id).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Network, port.NetworkId).ConfigureAwait(false);
    }

    /// <summary>RFC 4122 4.3, version 5 in the name space of DNS.</summary>
    private static string NameUuid(string name)
    {
        byte[] dns = [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
#pragma warning disable CA5350 // The RFC says SHA-1; nothing secret depends on it.
        var hash = SHA1.HashData([.. dns, .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
#pragma warning restore CA5350
        hash[6] = (byte)(hash[6] & 0x0F | 0x50);
        hash[8] = (byte)(hash[8] & 0x3F | 0x80);
        return new Guid(hash, bigEndian: true).ToString();
    }
}
