using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Nephos.Neutron.FixedIps;

/// <summary>An IPv4 or IPv6 address as a number.</summary>
internal readonly record struct IpAddress(int Version, UInt128 Value) : IComparable<IpAddress>
{
    /// <summary>8 or 32 hexadecimal digits, which sort as the number does.</summary>
    public string Key => Version == 4 ? ((uint)Value).ToString("x8", CultureInfo.InvariantCulture) : Value.ToString("x32", CultureInfo.InvariantCulture);

    public static IpAddress FromKey(string key) => new(key.Length == 8 ? 4 : 6, UInt128.Parse(key, NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    public IpAddress Next => this with { Value = Value + 1 };
    public IpAddress Plus(UInt128 offset) => this with { Value = Value + offset };

    public bool IsMulticast => Version == 4 ? (uint)Value >> 28 == 0xE : Value >> 120 == 0xFF;
    /// <summary>fe80::/10.</summary>
    public bool IsLinkLocal => Version == 6 && Value >> 118 == 0x3FA;
    public bool IsLoopback => Version == 4 ? (uint)Value >> 24 == 127 : Value == 1;

    public int CompareTo(IpAddress other) => Version != other.Version ? Version.CompareTo(other.Version) : Value.CompareTo(other.Value);
    public static bool operator <(IpAddress a, IpAddress b) => a.CompareTo(b) < 0;
    public static bool operator >(IpAddress a, IpAddress b) => a.CompareTo(b) > 0;
    public static bool operator <=(IpAddress a, IpAddress b) => a.CompareTo(b) <= 0;
    public static bool operator >=(IpAddress a, IpAddress b) => a.CompareTo(b) >= 0;

    /// <summary>Canonical text (RFC 5952 for IPv6).</summary>
    public override string ToString() => ToSystem().ToString();

    public IPAddress ToSystem()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return new IPAddress(Version == 4 ? bytes[12..] : bytes);
    }

    /// <summary>Full dotted quads without leading zeros, or IPv6 without a zone; nothing else, as upstream's <c>validate_ip_address</c>.</summary>
    public static bool TryParse(string? text, out IpAddress address)
    {
        address = default;
        if (text is null || text.Length > 45 || text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal)) { return false; }
        if (!IPAddress.TryParse(text, out var parsed)) { return false; }
        if (parsed.AddressFamily == AddressFamily.InterNetwork)
        {
            if (parsed.ToString() != text) { return false; }
            Span<byte> four = stackalloc byte[4];
            parsed.TryWriteBytes(four, out _);
            address = new(4, BinaryPrimitives.ReadUInt32BigEndian(four));
            return true;
        }
        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        address = new(6, BinaryPrimitives.ReadUInt128BigEndian(bytes));
        return true;
    }

    public static IpAddress Parse(string text) => TryParse(text, out var address) ? address : throw new FormatException($"'{text}' is not an address");
}

/// <summary>A range with a prefix length; its address has no bits after the prefix.</summary>
internal readonly record struct IpNetwork(IpAddress First, int PrefixLength)
{
    public int Version => First.Version;
    private int Bits => Version == 4 ? 32 : 128;
    private UInt128 HostMask => Bits == PrefixLength ? 0 : (UInt128.MaxValue >> (128 - (Bits - PrefixLength)));

    /// <summary>The broadcast address of IPv4.</summary>
    public IpAddress Last => First with { Value = First.Value | HostMask };
    /// <summary>How many addresses; <see cref="UInt128.MaxValue"/> stands for all of IPv6.</summary>
    public UInt128 Size => HostMask == UInt128.MaxValue ? UInt128.MaxValue : HostMask + 1;

    public bool Contains(IpAddress address) => address.Version == Version && (address.Value & ~HostMask) == First.Value;
    public bool Overlaps(IpNetwork other) => Version == other.Version && (Contains(other.First) || other.Contains(First));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}/{PrefixLength}");

    /// <summary>Text with a slash; bits after the prefix are cut off (<paramref name="exact"/> tells whether there were none).</summary>
    public static bool TryParse(string? text, out IpNetwork network, out bool exact)
    {
        (network, exact) = (default, false);
        if (text is null || text.IndexOf('/', StringComparison.Ordinal) is not (> 0 and var slash)) { return false; }
        if (!IpAddress.TryParse(text[..slash], out var address)) { return false; }
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var length) || length > (address.Version == 4 ? 32 : 128)) { return false; }
        var masked = new IpNetwork(address, length);
        network = new(address with { Value = address.Value & ~masked.HostMask }, length);
        exact = network.First == address;
        return true;
    }

    public static IpNetwork Parse(string text) => TryParse(text, out var network, out _) ? network : throw new FormatException($"'{text}' is not a range");
}
