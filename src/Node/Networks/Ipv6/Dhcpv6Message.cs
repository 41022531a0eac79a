using System.Buffers.Binary;

namespace Nephos.Node.Networks.Ipv6;

/// <summary>RFC 8415, 7.3.</summary>
public enum Dhcpv6Type
{
    Solicit = 1,
    Advertise = 2,
    Request = 3,
    Confirm = 4,
    Renew = 5,
    Rebind = 6,
    Reply = 7,
    Release = 8,
    Decline = 9,
    InformationRequest = 11,
}

/// <summary>Option and status numbers (RFC 8415, 21 unless said).</summary>
internal static class Dhcpv6Option
{
    public const ushort ClientId = 1;
    public const ushort ServerId = 2;
    public const ushort IaNa = 3;
    public const ushort IaAddress = 5;
    public const ushort StatusCode = 13;
    public const ushort RapidCommit = 14;
    /// <summary>RFC 3646.</summary>
    public const ushort DnsServers = 23;
    /// <summary>RFC 3646.</summary>
    public const ushort DomainList = 24;

    public const ushort Success = 0;
    public const ushort NoAddressesAvailable = 2;
    public const ushort NotOnLink = 4;
}

/// <summary>A client-server message as it is on the wire (RFC 8415, 8).</summary>
public sealed record Dhcpv6Message(Dhcpv6Type Type, int Transaction, IReadOnlyList<KeyValuePair<ushort, byte[]>> Options)
{
    public byte[]? Option(ushort number) => Options.FirstOrDefault(o => o.Key == number).Value;

    public bool Has(ushort number) => Options.Any(o => o.Key == number);

    /// <summary>Null for what is no message between client and server. Reads what any sender may send.</summary>
    public static Dhcpv6Message? Parse(ReadOnlySpan<byte> bytes) =>
        bytes.Length < 4 || bytes[0] is 0 or 10 or > 11 || ReadOptions(bytes[4..]) is not { } options ? null
        : new Dhcpv6Message((Dhcpv6Type)bytes[0], (bytes[1] << 16) | (bytes[2] << 8) | bytes[3], options);

    public byte[] Write() => [(byte)Type, (byte)(Transaction >> 16), (byte)(Transaction >> 8), (byte)Transaction, .. WriteOptions(Options)];

    internal static List<KeyValuePair<ushort, byte[]>>? ReadOptions(ReadOnlySpan<byte> bytes)
    {
        var options = new List<KeyValuePair<ushort, byte[]>>();
        while (bytes.Length > 0)
        {
            if (bytes.Length < 4 || bytes.Length < 4 + BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]))
            {
                return null;
            }
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
            options.Add(new(BinaryPrimitives.ReadUInt16BigEndian(bytes), bytes.Slice(4, length).ToArray()));
            bytes = bytes[(4 + length)..];
        }
        return options;
    }

    internal static byte[] WriteOptions(IEnumerable<KeyValuePair<ushort, byte[]>> options) =>
        options.SelectMany(static o => (byte[])[(byte)(o.Key >> 8), (byte)o.Key, (byte)(o.Value.Length >> 8), (byte)o.Value.Length, .. o.Value]).ToArray();
}
