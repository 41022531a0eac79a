using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.Routers;

/// <summary>The rule that no two subnets on a router overlap: a packet to the common part would have two ways.</summary>
internal static class RouterSubnets
{
    /// <summary>Throws upstream's 400 unless the subnets can join those on the router, which for a gateway are all of its network's.</summary>
    public static async Task CheckAsync(NeutronDb db, string routerId, IReadOnlyCollection<Subnet> fresh)
    {
        var legs = await db.RouterPorts.Where(l => l.RouterId == routerId).Join(db.Ports, l => l.PortId, p => p.Id, (l, p) => new { l.PortId, l.IsGateway, p.NetworkId }).ToListAsync().ConfigureAwait(false);
        if (legs.Count == 0) { return; }
        var ports = legs.Select(l => l.PortId).ToList();
        var subnetIds = await db.FixedIps.Where(i => ports.Contains(i.PortId)).Select(i => i.SubnetId).Distinct().ToListAsync().ConfigureAwait(false);
        if (fresh.FirstOrDefault(s => subnetIds.Contains(s.Id)) is { } doubled) { throw RouterErrors.Bad($"Router already has a port on subnet {doubled.Id}"); }
        var outside = legs.Where(l => l.IsGateway).Select(l => l.NetworkId).ToList();
        var there = await db.Subnets.Where(s => subnetIds.Contains(s.Id) || outside.Contains(s.NetworkId)).OrderBy(s => s.Id).Select(s => new { s.Id, s.Cidr }).ToListAsync().ConfigureAwait(false);
        foreach (var one in there)
        {
            foreach (var other in fresh)
            {
                if (IpNetwork.Parse(one.Cidr).Overlaps(IpNetwork.Parse(other.Cidr))) { throw RouterErrors.Overlap(other.Cidr, other.Id, one.Cidr, one.Id); }
            }
        }
    }
}
