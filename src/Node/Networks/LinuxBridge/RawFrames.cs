using System.Buffers.Binary;
using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>Sends whole Ethernet frames out of a device (packet(7)). To be made inside the namespace; may be used from anywhere.</summary>
internal sealed class RawFrames : IDisposable
{
    private readonly SafeFileHandle _socket;
    private readonly byte[] _address = new byte[20];

    /// <exception cref="Win32Exception">There is no such device, or no right to.</exception>
    public RawFrames(string device)
    {
        var index = Native.IndexOfInterface(device);
        if (index == 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"device {device}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        // Protocol 0: the socket only sends, nothing is ever queued on it.
        _socket = new SafeFileHandle(Native.Socket(Native.AF_PACKET, Native.SOCK_RAW | Native.SOCK_CLOEXEC, 0), ownsHandle: true);
        if (_socket.IsInvalid)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
        // struct sockaddr_ll: family, protocol, interface index, hardware type, packet type, address length, address.
        BinaryPrimitives.WriteUInt16LittleEndian(_address, Native.AF_PACKET);
        BinaryPrimitives.WriteUInt32LittleEndian(_address.AsSpan(4), index);
        _address[11] = 6;
    }

    /// <summary>Sends a frame. A device that is down or gone swallows it, as any network may.</summary>
    /// <exception cref="ObjectDisposedException">It was closed.</exception>
    public bool Send(ReadOnlySpan<byte> frame) => Native.SendTo(_socket, frame, frame.Length, 0, _address, _address.Length) == frame.Length;

    public void Dispose() => _socket.Dispose();

    /// <summary>An ARP announcement to everyone: this address is at this MAC now (RFC 5227, section 3; RFC 826).</summary>
    public static byte[] GratuitousArp(ReadOnlySpan<byte> mac, IPAddress address)
    {
        var frame = new byte[42];
        frame.AsSpan(0, 6).Fill(0xff);
        mac.CopyTo(frame.AsSpan(6));
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0806);
        // Ethernet, IPv4, lengths 6 and 4, operation 1: hosts update their caches from a request, not all do from a reply.
        ReadOnlySpan<byte> head = [0, 1, 8, 0, 6, 4, 0, 1];
        head.CopyTo(frame.AsSpan(14));
        mac.CopyTo(frame.AsSpan(22));
        address.TryWriteBytes(frame.AsSpan(28), out _);
        address.TryWriteBytes(frame.AsSpan(38), out _);
        return frame;
    }
}
