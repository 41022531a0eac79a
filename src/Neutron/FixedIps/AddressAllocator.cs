namespace Nephos.Neutron.FixedIps;

/// <summary>Addresses from one to another, both included.</summary>
internal readonly record struct AddressRange(IpAddress First, IpAddress Last)
{
    public bool Contains(IpAddress address) => address >= First && address <= Last;
    public bool Overlaps(AddressRange other) => First.Version == other.First.Version && First <= other.Last && other.First <= Last;
    /// <summary>Saturates at the largest number: all of IPv6.</summary>
    public UInt128 Count => Last.Value - First.Value == UInt128.MaxValue ? UInt128.MaxValue : Last.Value - First.Value + 1;
    /// <summary>As upstream's library shows it.</summary>
    public override string ToString() => $"{First}-{Last}";
}

/// <summary>
/// Chooses a subnet's next address without reading all that are in use: the search begins at a cursor, which is kept behind the last address given out,
/// and goes round the pools once. So the first look nearly always finds a gap, however many ports there are, and a freed address rests until the search comes round
/// again, which spares neighbours a stale ARP entry. Not chosen: a random probe (upstream's), which makes addresses hard to predict in tests and
/// needs a full scan as soon as the pool is nearly full; a table of free ranges, which is a second truth.
/// <para>Pure: the caller brings sorted pages of used addresses (<see cref="FixedIpOperations"/>), the unique index decides races.</para>
/// </summary>
internal static class AddressAllocator
{
    /// <summary>The pools from the cursor upwards, then those below it.</summary>
    public static IEnumerable<AddressRange> Search(IReadOnlyList<AddressRange> pools, IpAddress? cursor)
    {
        var sorted = pools.OrderBy(p => p.First).ToList();
        if (cursor is not { } start) { return sorted; }
        var above = sorted.Where(p => p.Last >= start).Select(p => p.First >= start ? p : p with { First = start });
        var below = sorted.Where(p => p.First < start).Select(p => p.Last < start ? p : p with { Last = start with { Value = start.Value - 1 } });
        return above.Concat(below);
    }

    /// <summary>The lowest address of the range that is not used; null when all are.</summary>
    /// <param name="used">Used addresses of the range, ascending: all of them, or the lowest ones.</param>
    /// <param name="complete">True when no used address is missing at the end of <paramref name="used"/>.</param>
    /// <param name="resume">Where to go on when the page held no gap.</param>
    public static IpAddress? FirstGap(AddressRange range, IReadOnlyList<IpAddress> used, bool complete, out AddressRange? resume)
    {
        resume = null;
        var expected = range.First;
        foreach (var address in used)
        {
            if (address < expected) { continue; }
            if (address > expected) { return expected; }
            if (expected == range.Last) { return null; }
            expected = expected.Next;
        }
        if (!complete) { resume = range with { First = expected }; return null; }
        return expected;
    }

    /// <summary>RFC 4291 appendix A: the interface identifier of a MAC, in a /64.</summary>
    public static IpAddress Eui64(IpNetwork network, string mac)
    {
        Span<byte> octets = stackalloc byte[6];
        for (var i = 0; i < 6; i++) { octets[i] = Convert.ToByte(mac.Substring(i * 3, 2), 16); }
        ulong id = (ulong)(octets[0] ^ 0x02) << 56 | (ulong)octets[1] << 48 | (ulong)octets[2] << 40 | 0xFFUL << 32 | 0xFEUL << 24 | (ulong)octets[3] << 16 | (ulong)octets[4] << 8 | octets[5];
        return network.First with { Value = network.First.Value | id };
    }
}
