using System.Buffers.Binary;
using System.Net;
using System.Text;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dns;

/// <summary>
/// Answers for the names of a network's own ports, as upstream's dnsmasq does in its default configuration (--no-resolv): the rest is refused, for there is no way from a network's
/// namespace to any other server. Pure: a view and a question in, an answer out (RFC 1035, section 4).
/// </summary>
internal static class DnsResponder
{
    private const int HeaderLength = 12;
    private const ushort TypeA = 1;
    private const ushort TypePtr = 12;
    private const ushort TypeAaaa = 28;
    private const ushort TypeAny = 255;
    private const ushort Internet = 1;

    /// <summary>Seconds. dnsmasq says 0 for names from leases: a port's addresses may change at any time.</summary>
    private const uint TimeToLive = 0;

    private enum Code
    {
        NoError = 0,
        FormatError = 1,
        NoSuchName = 3,
        NotImplemented = 4,
        Refused = 5,
    }

    /// <summary>Null: not even a header, or an answer, to which nothing is said.</summary>
    public static byte[]? Respond(DnsView view, ReadOnlySpan<byte> query)
    {
        if (query.Length < HeaderLength || (query[2] & 0x80) != 0)
        {
            return null;
        }
        if ((query[2] & 0x78) != 0)
        {
            return Write(query[..HeaderLength], default, Code.NotImplemented, []);
        }
        var rest = query[HeaderLength..];
        var name = BinaryPrimitives.ReadUInt16BigEndian(query[4..]) == 1 ? ReadName(ref rest) : null;
        if (name is null || rest.Length < 4)
        {
            return Write(query[..HeaderLength], default, Code.FormatError, []);
        }
        var type = BinaryPrimitives.ReadUInt16BigEndian(rest);
        var question = query[HeaderLength..(query.Length - rest.Length + 4)];
        if (BinaryPrimitives.ReadUInt16BigEndian(rest[2..]) != Internet)
        {
            return Write(query[..HeaderLength], question, Code.Refused, []);
        }
        if (type == TypePtr && view.NameOf(name) is { } host)
        {
            return Write(query[..HeaderLength], question, Code.NoError, [(TypePtr, WriteName(host))]);
        }
        var addresses = view.Addresses(name);
        if (addresses.Count == 0)
        {
            return Write(query[..HeaderLength], question, view.Owns(name) ? Code.NoSuchName : Code.Refused, []);
        }
        // 512 bytes hold an answer of about 15 addresses; a port has five at most by quota.
        var answers = addresses.Take(15).Select(static a => (Type: IpText.Version(a) == 4 ? TypeA : TypeAaaa, Value: a.GetAddressBytes())).Where(a => type == TypeAny || a.Type == type).ToList();
        return Write(query[..HeaderLength], question, Code.NoError, answers);
    }

    private static byte[] Write(ReadOnlySpan<byte> header, ReadOnlySpan<byte> question, Code code, List<(ushort Type, byte[] Value)> answers)
    {
        var bytes = new List<byte>();
        bytes.AddRange(header[..2]);
        // Answer, authoritative; recursion desired is repeated, and said to be available as resolvers without it are skipped by clients.
        bytes.Add((byte)(0x84 | (header[2] & 0x01)));
        bytes.Add((byte)(0x80 | (int)code));
        bytes.AddRange([0, (byte)(question.IsEmpty ? 0 : 1), 0, (byte)answers.Count, 0, 0, 0, 0]);
        bytes.AddRange(question);
        Span<byte> number = stackalloc byte[4];
        foreach (var (type, value) in answers)
        {
            // The name is the question's: a pointer to where it stands (4.1.4).
            bytes.AddRange([0xc0, HeaderLength, (byte)(type >> 8), (byte)type, 0, (byte)Internet]);
            BinaryPrimitives.WriteUInt32BigEndian(number, TimeToLive);
            bytes.AddRange(number);
            bytes.AddRange([(byte)(value.Length >> 8), (byte)value.Length]);
            bytes.AddRange(value);
        }
        return [.. bytes];
    }

    /// <summary>Labels up to the root. A question has no need of compression, so a pointer is an error, and nobody can make us run in circles.</summary>
    private static string? ReadName(ref ReadOnlySpan<byte> bytes)
    {
        var name = new StringBuilder();
        while (bytes.Length > 0 && bytes[0] is var length and <= 63 && bytes.Length > length)
        {
            if (length == 0)
            {
                bytes = bytes[1..];
                return name.ToString();
            }
            name.Append(name.Length == 0 ? "" : ".").Append(Encoding.ASCII.GetString(bytes.Slice(1, length)));
            bytes = bytes[(1 + length)..];
            if (name.Length > 255)
            {
                return null;
            }
        }
        return null;
    }

    private static byte[] WriteName(string name) =>
        [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.Length > 63 ? l[..63] : l).SelectMany(static l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0];
}
