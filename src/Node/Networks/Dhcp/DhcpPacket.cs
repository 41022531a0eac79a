using System.Buffers.Binary;
using System.Net;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>RFC 2132, 9.6.</summary>
public enum DhcpMessage
{
    Discover = 1,
    Offer = 2,
    Request = 3,
    Decline = 4,
    Ack = 5,
    Nak = 6,
    Release = 7,
    Inform = 8,
}

/// <summary>A DHCP message as it is on the wire (RFC 2131, section 2; options: RFC 2132; options longer than 255 bytes: RFC 3396).</summary>
public sealed record DhcpPacket
{
    public const byte BootRequest = 1;
    public const byte BootReply = 2;
    private const int FixedLength = 236;
    private const uint Magic = 0x63825363;

    /// <summary>BOOTP's smallest message, which some clients insist on (RFC 951: 300 bytes).</summary>
    private const int SmallestLength = 300;

    public required byte Operation { get; init; }
    public required uint Transaction { get; init; }
    public ushort Seconds { get; init; }
    /// <summary>The client cannot take unicast before it has an address (RFC 2131, 4.1).</summary>
    public bool Broadcast { get; init; }
    public IPAddress ClientAddress { get; init; } = IPAddress.Any;
    public IPAddress YourAddress { get; init; } = IPAddress.Any;
    public IPAddress ServerAddress { get; init; } = IPAddress.Any;
    public IPAddress RelayAddress { get; init; } = IPAddress.Any;
    /// <summary>Six bytes: Ethernet only.</summary>
    public required ReadOnlyMemory<byte> HardwareAddress { get; init; }
    public string ServerName { get; init; } = "";
    public string BootFile { get; init; } = "";
    /// <summary>By number, in the order they are written.</summary>
    public required IReadOnlyList<KeyValuePair<byte, byte[]>> Options { get; init; }

    public byte[]? Option(byte number) => Options.FirstOrDefault(o => o.Key == number).Value;

    /// <summary>Null for plain BOOTP.</summary>
    public DhcpMessage? Message => Option(DhcpOption.MessageType) is [var type] and not [0] && type <= 8 ? (DhcpMessage)type : null;

    public IPAddress? AddressOption(byte number) => Option(number) is { Length: 4 } bytes ? new IPAddress(bytes) : null;

    /// <summary>Null for what is no DHCP message over Ethernet. Reads what any sender may send: every length is checked.</summary>
    public static DhcpPacket? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < FixedLength + 4 || bytes[1] != 1 || bytes[2] != 6 || BinaryPrimitives.ReadUInt32BigEndian(bytes[FixedLength..]) != Magic)
        {
            return null;
        }
        var options = new List<KeyValuePair<byte, byte[]>>();
        if (!ReadOptions(bytes[(FixedLength + 4)..], options))
        {
            return null;
        }
        // Option overload: the fields sname and file hold further options (RFC 2132, 9.3; order: RFC 3396, section 5).
        var overload = options.FirstOrDefault(static o => o.Key == DhcpOption.Overload).Value is [var o] ? o : 0;
        if (((overload & 1) != 0 && !ReadOptions(bytes.Slice(108, 128), options)) || ((overload & 2) != 0 && !ReadOptions(bytes.Slice(44, 64), options)))
        {
            return null;
        }
        return new DhcpPacket
        {
            Operation = bytes[0],
            Transaction = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
            Seconds = BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]),
            Broadcast = (bytes[10] & 0x80) != 0,
            ClientAddress = new IPAddress(bytes.Slice(12, 4)),
            YourAddress = new IPAddress(bytes.Slice(16, 4)),
            ServerAddress = new IPAddress(bytes.Slice(20, 4)),
            RelayAddress = new IPAddress(bytes.Slice(24, 4)),
            HardwareAddress = bytes.Slice(28, 6).ToArray(),
            ServerName = (overload & 2) != 0 ? "" : Text(bytes.Slice(44, 64)),
            BootFile = (overload & 1) != 0 ? "" : Text(bytes.Slice(108, 128)),
            Options = options,
        };
    }

    public byte[] Write()
    {
        var length = FixedLength + 4 + 1 + Options.Sum(static o => o.Value.Length + (2 * Math.Max(1, (o.Value.Length + 254) / 255)));
        var bytes = new byte[Math.Max(length, SmallestLength)];
        bytes[0] = Operation;
        bytes[1] = 1;
        bytes[2] = 6;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), Transaction);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), Seconds);
        bytes[10] = Broadcast ? (byte)0x80 : (byte)0;
        ClientAddress.TryWriteBytes(bytes.AsSpan(12), out _);
        YourAddress.TryWriteBytes(bytes.AsSpan(16), out _);
        ServerAddress.TryWriteBytes(bytes.AsSpan(20), out _);
        RelayAddress.TryWriteBytes(bytes.AsSpan(24), out _);
        HardwareAddress.Span.CopyTo(bytes.AsSpan(28));
        System.Text.Encoding.ASCII.GetBytes(ServerName.AsSpan(0, Math.Min(ServerName.Length, 63)), bytes.AsSpan(44));
        System.Text.Encoding.ASCII.GetBytes(BootFile.AsSpan(0, Math.Min(BootFile.Length, 127)), bytes.AsSpan(108));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(FixedLength), Magic);
        var at = FixedLength + 4;
        foreach (var (number, value) in Options)
        {
            var rest = value.AsSpan();
            do
            {
                var part = rest[..Math.Min(255, rest.Length)];
                bytes[at] = number;
                bytes[at + 1] = (byte)part.Length;
                part.CopyTo(bytes.AsSpan(at + 2));
                at += 2 + part.Length;
                rest = rest[part.Length..];
            }
            while (rest.Length > 0);
        }
        bytes[at] = DhcpOption.End;
        return bytes;
    }

    private static bool ReadOptions(ReadOnlySpan<byte> bytes, List<KeyValuePair<byte, byte[]>> options)
    {
        while (bytes.Length > 0 && bytes[0] != DhcpOption.End)
        {
            if (bytes[0] == DhcpOption.Pad)
            {
                bytes = bytes[1..];
                continue;
            }
            if (bytes.Length < 2 || bytes.Length < 2 + bytes[1])
            {
                return false;
            }
            var number = bytes[0];
            var value = bytes.Slice(2, bytes[1]).ToArray();
            var known = options.FindIndex(o => o.Key == number);
            if (known < 0)
            {
                options.Add(new(number, value));
            }
            else
            {
                options[known] = new(number, [.. options[known].Value, .. value]);
            }
            bytes = bytes[(2 + bytes[1])..];
        }
        return true;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return System.Text.Encoding.ASCII.GetString(end < 0 ? field : field[..end]);
    }
}
