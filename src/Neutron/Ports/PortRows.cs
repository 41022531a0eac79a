using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Ports;

/// <summary>
/// Ports as rows, inside a caller's write: what every way to make or remove one has in common (the API, DHCP, routers, floating IPs). No rights, no quota.
/// </summary>
internal static class PortRows
{
    private const int MacTries = 16;

    /// <summary>Adds the port with its addresses and groups and saves it, so that the next query sees it.</summary>
    /// <param name="mac">Null: one is made.</param>
    /// <param name="served">The host is known to have another port of the network.</param>
    /// <param name="asked">Null: addresses as the network's subnets give them; empty: none.</param>
    public static async Task<List<FixedIp>> InsertAsync(
        NeutronDb db, FeedMarks marks, RequestContext context, Port port, string? mac, IReadOnlyList<FixedIpRequest>? asked, IReadOnlyList<string> groups, bool served = false)
    {
        await db.LockAsync("network/" + port.NetworkId).ConfigureAwait(false);
        port.Mac = await MacAsync(db, port, mac).ConfigureAwait(false);
        var ips = await FixedIpOperations.AllocateAsync(db, new AddressTaker(port.Id, port.NetworkId, port.Mac, port.DeviceOwner), asked).ConfigureAwait(false);
        db.Ports.Add(port);
        db.FixedIps.AddRange(ips);
        foreach (var group in groups) { db.PortSecurityGroups.Add(new PortSecurityGroup { PortId = port.Id, SecurityGroupId = group }); }
        db.Record(context, "create", "port", port.Id, port.ProjectId);
        await marks.MarkNewAsync(db, NetworkRecordKind.Port, port.Id).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.SecurityGroup, groups).ConfigureAwait(false);
        if (!served) { await MarkPlacementAsync(db, marks, port.Id, port.NetworkId, port.HostId).ConfigureAwait(false); }
        await db.SaveChangesAsync().ConfigureAwait(false);
        return ips;
    }

    /// <summary>Removes ports with all that hangs on them. What floating IPs and routers keep of a port must be let go before.</summary>
    public static async Task RemoveAsync(NeutronDb db, FeedMarks marks, RequestContext context, IReadOnlyCollection<Port> ports)
    {
        var ids = ports.Select(p => p.Id).ToList();
        await MarkGroupsAsync(db, marks, ids).ConfigureAwait(false);
        await db.Ports.Where(p => ids.Contains(p.Id)).ExecuteDeleteAsync().ConfigureAwait(false);
        await Tag.RemoveAsync(db, ids).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, ids).ConfigureAwait(false);
        foreach (var port in ports)
        {
            await MarkPlacementAsync(db, marks, port.Id, port.NetworkId, port.HostId).ConfigureAwait(false);
            db.Record(context, "delete", "port", port.Id, port.ProjectId);
        }
    }

    /// <summary>The groups of these ports have other members, or members with other addresses, now.</summary>
    public static async Task MarkGroupsAsync(NeutronDb db, FeedMarks marks, IReadOnlyCollection<string> portIds) =>
        await marks.MarkAsync(db, NetworkRecordKind.SecurityGroup,
            await db.PortSecurityGroups.Where(b => portIds.Contains(b.PortId)).Select(b => b.SecurityGroupId).Distinct().ToListAsync().ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>A host that has its first, or no longer has a, port of the network must look at the network.</summary>
    public static async Task<bool> MarkPlacementAsync(NeutronDb db, FeedMarks marks, string portId, string networkId, string host)
    {
        if (host.Length == 0 || await db.Ports.AnyAsync(p => p.NetworkId == networkId && p.HostId == host && p.Id != portId).ConfigureAwait(false)) { return false; }
        await marks.MarkAsync(db, NetworkRecordKind.Network, networkId).ConfigureAwait(false);
        return true;
    }

    /// <summary>The asked MAC when it is free in the network, or one under upstream's <c>base_mac</c>; the port's id is the first source of its last half, so that a repeat makes the same.</summary>
    public static async Task<string> MacAsync(NeutronDb db, Port port, string? asked)
    {
        if (asked is not null)
        {
            return await db.Ports.AnyAsync(p => p.NetworkId == port.NetworkId && p.Mac == asked && p.Id != port.Id).ConfigureAwait(false) ? throw PortErrors.MacInUse(port.NetworkId, asked) : asked;
        }
        var source = port.Id.Replace("-", "", StringComparison.Ordinal);
        for (var i = 0; i < MacTries; i++)
        {
            var digits = source[^6..].ToLowerInvariant();
            var mac = $"fa:16:3e:{digits[..2]}:{digits[2..4]}:{digits[4..]}";
            if (!await db.Ports.AnyAsync(p => p.NetworkId == port.NetworkId && p.Mac == mac && p.Id != port.Id).ConfigureAwait(false)) { return mac; }
            source = NewId.Hex();
        }
        throw PortErrors.NoFreeMac(port.NetworkId);
    }
}
