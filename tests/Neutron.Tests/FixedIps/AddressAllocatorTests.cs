using FsCheck;
using FsCheck.Fluent;
using Nephos.Neutron.FixedIps;
using Shouldly;
using Xunit;

namespace Nephos.Neutron.Tests.FixedIps;

public sealed class AddressAllocatorTests
{
    private static IpAddress Address(int offset) => IpAddress.Parse("10.0.0.0").Plus((UInt128)offset);

    /// <summary>Pools, used addresses and a cursor in a small range, and pages of every size.</summary>
    private static readonly Gen<(List<AddressRange> Pools, HashSet<int> Used, int? Cursor, int Page)> Cases =
        from bounds in Gen.ListOf(Gen.Choose(0, 60))
        from used in Gen.ListOf(Gen.Choose(0, 60))
        from cursor in Gen.Choose(-1, 61)
        from page in Gen.Choose(1, 8)
        let cuts = bounds.Distinct().Order().ToList()
        let pools = Enumerable.Range(0, cuts.Count / 2).Select(i => new AddressRange(Address(cuts[2 * i]), Address(cuts[2 * i + 1]))).ToList()
        select (pools, used.ToHashSet(), cursor < 0 ? (int?)null : cursor, page);

    private static IpAddress? Next(List<AddressRange> pools, HashSet<int> used, int? cursor, int page)
    {
        foreach (var range in AddressAllocator.Search(pools, cursor is { } c ? Address(c) : null))
        {
            AddressRange? rest = range;
            while (rest is { } look)
            {
                var all = used.Select(Address).Where(look.Contains).Order().ToList();
                if (AddressAllocator.FirstGap(look, all.Take(page).ToList(), all.Count <= page, out rest) is { } free && free <= look.Last) { return free; }
            }
        }
        return null;
    }

    [Fact]
    public void Next_OfAnyPools_IsFreeInAPoolAndFoundWhenThereIsOne() => Check.QuickThrowOnFailure(Prop.ForAll(Cases.ToArbitrary(), c =>
    {
        var free = Enumerable.Range(0, 62).Where(i => !c.Used.Contains(i) && c.Pools.Any(p => p.Contains(Address(i)))).ToList();
        var found = Next(c.Pools, c.Used, c.Cursor, c.Page);
        return found is { } address
            ? c.Pools.Any(p => p.Contains(address)) && !c.Used.Any(u => Address(u) == address)
            : free.Count == 0;
    }));

    [Fact]
    public void Next_TakenOneAfterAnother_GivesEveryAddressOnce() => Check.QuickThrowOnFailure(Prop.ForAll(Cases.ToArbitrary(), c =>
    {
        var used = new HashSet<int>();
        int? cursor = c.Cursor;
        while (Next(c.Pools, used, cursor, c.Page) is { } address)
        {
            var offset = (int)(address.Value - Address(0).Value);
            if (!used.Add(offset)) { return false; }
            cursor = offset + 1;
        }
        return used.Count == Enumerable.Range(0, 62).Count(i => c.Pools.Any(p => p.Contains(Address(i))));
    }));

    [Theory]
    [InlineData("2001:db8::/64", "fa:16:3e:12:34:56", "2001:db8::f816:3eff:fe12:3456")]
    [InlineData("fd00:0:0:1::/64", "00:11:22:33:44:55", "fd00::1:211:22ff:fe33:4455")]
    public void Eui64_OfAMac_IsAsInRfc4291(string network, string mac, string wanted) => AddressAllocator.Eui64(IpNetwork.Parse(network), mac).ToString().ShouldBe(wanted);

    [Theory]
    [InlineData("10.0.0.1", true)]
    [InlineData("010.0.0.1", false)]
    [InlineData("10.0.1", false)]
    [InlineData("1", false)]
    [InlineData("2001:DB8::1", true)]
    [InlineData("fe80::1%eth0", false)]
    [InlineData("10.0.0.256", false)]
    [InlineData("", false)]
    public void Parse_Text_TakesOnlyWholeAddresses(string text, bool wanted) => IpAddress.TryParse(text, out _).ShouldBe(wanted);

    [Fact]
    public void Keys_SortAsNumbers() => new[] { "9.9.9.9", "10.0.0.1", "100.0.0.1" }.Select(a => IpAddress.Parse(a).Key).ShouldBeInOrder();
}
