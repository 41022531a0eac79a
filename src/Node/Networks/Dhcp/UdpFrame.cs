using System.Buffers.Binary;
using System.Net;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>
/// UDP over IPv4 over Ethernet, written by hand: an answer to a client that has no address yet goes to its MAC, and the kernel would ask for that MAC by ARP, which the client cannot
/// answer (RFC 2131, 4.1).
/// </summary>
internal static class UdpFrame
{
    private const int EthernetLength = 14;
    private const int IpLength = 20;
    private const int UdpLength = 8;

    public static byte[] Write(ReadOnlySpan<byte> sourceMac, ReadOnlySpan<byte> targetMac, IPEndPoint source, IPEndPoint target, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[EthernetLength + IpLength + UdpLength + payload.Length];
        targetMac.CopyTo(frame);
        sourceMac.CopyTo(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);

        var ip = frame.AsSpan(EthernetLength);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(IpLength + UdpLength + payload.Length));
        ip[8] = 64;
        ip[9] = 17;
        source.Address.TryWriteBytes(ip[12..], out _);
        target.Address.TryWriteBytes(ip[16..], out _);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Checksum(ip[..IpLength], 0));

        var udp = ip[IpLength..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], (ushort)target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)(UdpLength + payload.Length));
        payload.CopyTo(udp[UdpLength..]);
        // The pseudo header: both addresses, the protocol, the length (RFC 768). A sum of zero is written as all ones.
        var pseudo = Sum(ip.Slice(12, 8)) + 17u + (uint)(UdpLength + payload.Length);
        var checksum = Checksum(udp, pseudo);
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? (ushort)0xffff : checksum);
        return frame;
    }

    /// <summary>The Internet checksum (RFC 1071).</summary>
    internal static ushort Checksum(ReadOnlySpan<byte> bytes, uint start)
    {
        var sum = start + Sum(bytes);
        while (sum >> 16 != 0)
        {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (ushort)~sum;
    }

    private static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length >= 2; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }
        return bytes.Length == 1 ? sum + ((uint)bytes[0] << 8) : sum;
    }
}
