using Microsoft.EntityFrameworkCore;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.FixedIps;

/// <summary>What a body asks of one address: a subnet, an address, or both.</summary>
internal sealed record FixedIpRequest(string? SubnetId, string? IpAddress);

/// <summary>The port that wants addresses.</summary>
internal sealed record AddressTaker(string PortId, string NetworkId, string Mac, string DeviceOwner)
{
    /// <summary>Routers' inside legs take what they are told, and no automatic addresses.</summary>
    public bool IsRouterInterface => DeviceOwner == DeviceOwners.RouterInterface;
}

/// <summary>Gives addresses to ports, inside the caller's write.</summary>
internal static class FixedIpOperations
{
    /// <summary>Used addresses read at a time.</summary>
    private const int Page = 64;

    /// <summary>
    /// Addresses of a new port. Nothing asked: one of the IPv4 and one of the stateful IPv6 subnets, and one of each that hosts address themselves. Asked: those, and
    /// the automatic ones too. An empty list asked: none.
    /// </summary>
    public static async Task<List<FixedIp>> AllocateAsync(NeutronDb db, AddressTaker taker, IReadOnlyList<FixedIpRequest>? asked)
    {
        if (asked is { Count: 0 }) { return []; }
        var subnets = await SubnetsAsync(db, taker, asked is not null).ConfigureAwait(false);
        var taken = new List<FixedIp>();
        if (asked is null)
        {
            await AnyAsync(db, taker, subnets.Where(s => s.IpVersion == 4).ToList(), taken).ConfigureAwait(false);
            await AnyAsync(db, taker, subnets.Where(s => s is { IpVersion: 6, IsSlaac: false }).ToList(), taken).ConfigureAwait(false);
        }
        else
        {
            foreach (var one in asked) { await OneAsync(db, taker, subnets, one, taken).ConfigureAwait(false); }
        }
        await AutomaticAsync(db, taker, subnets, taken).ConfigureAwait(false);
        return taken;
    }

    /// <summary>
    /// A port's new addresses after an update: those asked for by address that it has stay, those asked for by subnet stay when it has one there, others come and go;
    /// automatic addresses stay unless the MAC changed.
    /// </summary>
    public static async Task<List<FixedIp>> ChangeAsync(NeutronDb db, AddressTaker taker, IReadOnlyList<FixedIp> current, IReadOnlyList<FixedIpRequest> asked, bool macChanged)
    {
        var subnets = await SubnetsAsync(db, taker, true).ConfigureAwait(false);
        var automatic = subnets.Where(s => s.IsSlaac).Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var (kept, left, wanted) = Match(current, asked, i => !(macChanged && automatic.Contains(i.SubnetId)));
        if (!taker.IsRouterInterface && !macChanged)
        {
            kept.AddRange(left.Where(i => automatic.Contains(i.SubnetId)));
            left.RemoveAll(i => automatic.Contains(i.SubnetId));
        }
        var gone = left.Select(i => i.Ip).ToList();
        await db.FixedIps.Where(i => i.PortId == taker.PortId && gone.Contains(i.Ip)).ExecuteDeleteAsync().ConfigureAwait(false);
        var taken = new List<FixedIp>(kept);
        foreach (var one in wanted) { await OneAsync(db, taker, subnets, one, taken).ConfigureAwait(false); }
        await AutomaticAsync(db, taker, subnets, taken).ConfigureAwait(false);
        return [.. taken.Except(kept)];
    }

    /// <summary>Which addresses stay, which go, and what is asked for besides. Who names only a subnet has an address of it already, if there is one.</summary>
    public static (List<FixedIp> Kept, List<FixedIp> Left, List<FixedIpRequest> Wanted) Match(IReadOnlyList<FixedIp> current, IReadOnlyList<FixedIpRequest> asked, Func<FixedIp, bool> mayStay)
    {
        var (kept, left, wanted) = (new List<FixedIp>(), current.ToList(), new List<FixedIpRequest>());
        foreach (var one in asked.OrderBy(a => a.IpAddress is null))
        {
            var match = one.IpAddress is not null ? left.FirstOrDefault(i => i.Ip == one.IpAddress && (one.SubnetId is null || one.SubnetId == i.SubnetId))
                : left.FirstOrDefault(i => i.SubnetId == one.SubnetId && mayStay(i));
            if (match is null) { wanted.Add(one); continue; }
            left.Remove(match);
            kept.Add(match);
        }
        return (kept, left, wanted);
    }

    /// <summary>One address of a subnet: DHCP ports take one on each subnet they serve.</summary>
    public static async Task<FixedIp?> OnSubnetAsync(NeutronDb db, AddressTaker taker, Subnet subnet, int position)
    {
        if (subnet.IsSlaac) { return New(taker, subnet, AddressAllocator.Eui64(IpNetwork.Parse(subnet.Cidr), taker.Mac), position); }
        return await NextAsync(db, subnet, []).ConfigureAwait(false) is { } address ? New(taker, subnet, address, position) : null;
    }

    /// <summary>The subnets a port may take from: those without service types, and those of its kind first.</summary>
    private static async Task<List<Subnet>> SubnetsAsync(NeutronDb db, AddressTaker taker, bool all)
    {
        var subnets = await db.Subnets.Where(s => s.NetworkId == taker.NetworkId).OrderBy(s => s.CreatedAt).ThenBy(s => s.Id).ToListAsync().ConfigureAwait(false);
        if (all || subnets.All(s => s.ServiceTypesJson == "[]")) { return subnets; }
        var fitting = subnets.Where(s => s.ServiceTypesJson == "[]" || s.ServiceTypes.Contains(taker.DeviceOwner, StringComparer.Ordinal)).OrderBy(s => s.ServiceTypesJson == "[]").ToList();
        return fitting.Count > 0 ? fitting : throw FixedIpErrors.NoServiceSubnet(taker.NetworkId, taker.DeviceOwner);
    }

    /// <summary>From the first of the subnets that has one left.</summary>
    private static async Task AnyAsync(NeutronDb db, AddressTaker taker, List<Subnet> subnets, List<FixedIp> taken)
    {
        if (subnets.Count == 0) { return; }
        foreach (var subnet in subnets)
        {
            if (await NextAsync(db, subnet, taken).ConfigureAwait(false) is not { } address) { continue; }
            taken.Add(New(taker, subnet, address, taken.Count));
            return;
        }
        throw FixedIpErrors.NoMoreAddresses(taker.NetworkId);
    }

    private static async Task OneAsync(NeutronDb db, AddressTaker taker, List<Subnet> subnets, FixedIpRequest one, List<FixedIp> taken)
    {
        var subnet = await SubnetOfAsync(db, taker, subnets, one).ConfigureAwait(false);
        if (one.IpAddress is null)
        {
            // Automatic subnets give theirs to every port, named or not.
            if (subnet.IsSlaac && !taker.IsRouterInterface) { return; }
            var next = await NextAsync(db, subnet, taken).ConfigureAwait(false) ?? throw FixedIpErrors.NoMoreAddresses(taker.NetworkId);
            taken.Add(New(taker, subnet, next, taken.Count));
            return;
        }
        var address = IpAddress.Parse(one.IpAddress);
        if (subnet.IsSlaac && !taker.IsRouterInterface && address != AddressAllocator.Eui64(IpNetwork.Parse(subnet.Cidr), taker.Mac))
        {
            throw FixedIpErrors.AutoAddressSubnet(one.IpAddress, subnet.Id);
        }
        var text = address.ToString();
        if (taken.Any(i => i.Ip == text) || await db.FixedIps.AnyAsync(i => i.NetworkId == taker.NetworkId && i.Ip == text).ConfigureAwait(false)) { throw FixedIpErrors.AlreadyAllocated(text, subnet.Id); }
        taken.Add(New(taker, subnet, address, taken.Count));
    }

    private static async Task<Subnet> SubnetOfAsync(NeutronDb db, AddressTaker taker, List<Subnet> subnets, FixedIpRequest one)
    {
        if (one is { SubnetId: null, IpAddress: null }) { throw NeutronErrors.InvalidInput("IP allocation requires subnet_id or ip_address"); }
        if (one.SubnetId is null)
        {
            if (subnets.Count == 0) { throw NeutronErrors.InvalidInput("IP allocation requires subnets for network"); }
            return subnets.FirstOrDefault(s => IsUsable(s, one.IpAddress!, taker)) ?? throw FixedIpErrors.InvalidForNetwork(one.IpAddress!);
        }
        if (subnets.FirstOrDefault(s => s.Id == one.SubnetId) is { } subnet)
        {
            return one.IpAddress is null || IsUsable(subnet, one.IpAddress, taker) ? subnet : throw FixedIpErrors.InvalidForSubnet(one.IpAddress);
        }
        if (!await db.Subnets.AnyAsync(s => s.Id == one.SubnetId).ConfigureAwait(false)) { throw NeutronErrors.SubnetNotFound(one.SubnetId); }
        throw NeutronErrors.InvalidInput($"Failed to create port on network {taker.NetworkId}, because fixed_ips included invalid subnet {one.SubnetId}");
    }

    /// <summary>In the range, and neither network nor broadcast address (IPv4); the subnet-router anycast address of IPv6 is routers' only.</summary>
    private static bool IsUsable(Subnet subnet, string ip, AddressTaker taker)
    {
        var (network, address) = (IpNetwork.Parse(subnet.Cidr), IpAddress.Parse(ip));
        return network.Contains(address) && (network.Version == 4
            ? address != network.First && address != network.Last
            : address != network.First || taker.DeviceOwner is "" or DeviceOwners.RouterInterface or DeviceOwners.RouterGateway);
    }

    private static async Task AutomaticAsync(NeutronDb db, AddressTaker taker, List<Subnet> subnets, List<FixedIp> taken)
    {
        if (taker.IsRouterInterface) { return; }
        foreach (var subnet in subnets.Where(s => s.IsSlaac && taken.All(t => t.SubnetId != s.Id)))
        {
            var address = AddressAllocator.Eui64(IpNetwork.Parse(subnet.Cidr), taker.Mac);
            var text = address.ToString();
            if (await db.FixedIps.AnyAsync(i => i.NetworkId == taker.NetworkId && i.Ip == text && i.PortId != taker.PortId).ConfigureAwait(false)) { throw FixedIpErrors.AlreadyAllocated(text, subnet.Id); }
            taken.Add(New(taker, subnet, address, taken.Count));
        }
    }

    /// <summary>The subnet's next free address, and its cursor moved behind it; null when there is none.</summary>
    private static async Task<IpAddress?> NextAsync(NeutronDb db, Subnet subnet, List<FixedIp> taken)
    {
        await db.LockAsync("subnet/" + subnet.Id).ConfigureAwait(false);
        var mine = taken.Where(t => t.SubnetId == subnet.Id).Select(t => t.IpKey).ToHashSet(StringComparer.Ordinal);
        // As it was when the subnet was read: an older one only begins the search further down.
        var cursor = subnet.Cursor;
        var pools = subnet.Pools.Select(p => new AddressRange(IpAddress.Parse(p.Start), IpAddress.Parse(p.End))).ToList();
        foreach (var range in AddressAllocator.Search(pools, cursor.Length == 0 ? null : IpAddress.FromKey(cursor)))
        {
            AddressRange? rest = range;
            while (rest is { } look)
            {
                var (from, to) = (look.First.Key, look.Last.Key);
                var keys = await db.FixedIps.Where(i => i.SubnetId == subnet.Id && string.Compare(i.IpKey, from) >= 0 && string.Compare(i.IpKey, to) <= 0)
                    .OrderBy(i => i.IpKey).Select(i => i.IpKey).Take(Page).ToListAsync().ConfigureAwait(false);
                var used = keys.Union(mine.Where(m => string.CompareOrdinal(m, from) >= 0 && (keys.Count < Page || string.CompareOrdinal(m, keys[^1]) <= 0))).Order(StringComparer.Ordinal).Select(IpAddress.FromKey).ToList();
                if (AddressAllocator.FirstGap(look, used, keys.Count < Page, out rest) is not { } free || free > look.Last) { continue; }
                var next = free.Next.Key;
                await db.Subnets.Where(s => s.Id == subnet.Id).ExecuteUpdateAsync(u => u.SetProperty(s => s.Cursor, next)).ConfigureAwait(false);
                subnet.Cursor = next;
                return free;
            }
        }
        return null;
    }

    private static FixedIp New(AddressTaker taker, Subnet subnet, IpAddress address, int position) => new()
    {
        NetworkId = taker.NetworkId,
        Ip = address.ToString(),
        IpKey = address.Key,
        SubnetId = subnet.Id,
        PortId = taker.PortId,
        Position = position,
    };
}
