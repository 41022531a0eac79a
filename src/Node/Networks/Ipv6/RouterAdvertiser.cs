using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Ipv6;

/// <summary>Advertises on one leg of a router: at once, when a guest asks, and at the interval of its owner's calls of <see cref="Send"/>.</summary>
internal sealed class RouterAdvertiser : IDisposable
{
    /// <summary>Upstream's shortest interval between advertisements nobody asked for.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private const int IcmpFilterLevel = 58;
    private const int IcmpFilter = 1;
    private static readonly IPAddress AllRouters = IPAddress.Parse("ff02::2");

    private readonly Socket _socket;
    private readonly uint _device;
    private readonly ILogger _log;

    /// <summary>Replaced whole by the driver's thread.</summary>
    private volatile byte[] _advertisement;

    public RouterAdvertiser(Netns at, string device, byte[] advertisement, ILogger log)
    {
        _advertisement = advertisement;
        _log = log;
        (_socket, _device) = at.Run(() => Open(device));
        _ = ReceiveAsync();
        Send();
    }

    private IPEndPoint AllNodes => new(IPAddress.Parse("ff02::1%" + _device), 0);

    public uint Device => _device;

    public void Update(byte[] advertisement)
    {
        if (!_advertisement.AsSpan().SequenceEqual(advertisement))
        {
            _advertisement = advertisement;
            Send();
        }
    }

    /// <summary>To all nodes of the link.</summary>
    public void Send() => Send(AllNodes);

    public void Dispose() => _socket.Dispose();

    private static (Socket Socket, uint Device) Open(string device)
    {
        var index = Native.IndexOfInterface(device);
        var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.IcmpV6);
        try
        {
            // Receivers take advertisements with hop limit 255 only: they cannot have come through a router (RFC 4861, 6.1.2).
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastTimeToLive, 255);
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.IpTimeToLive, 255);
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastLoopback, false);
            socket.SetRawSocketOption(Native.SOL_SOCKET, Native.SO_BINDTODEVICE, System.Text.Encoding.ASCII.GetBytes(device + "\0"));
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(AllRouters, index));
            // A bit per type, set for those the socket does not want (RFC 3542, 3.2): solicitations only.
            var filter = new byte[32];
            Array.Fill(filter, (byte)0xff);
            var word = filter.AsSpan(RouterAdvertisement.Solicitation / 32 * 4);
            BinaryPrimitives.WriteUInt32LittleEndian(word, ~(1u << (RouterAdvertisement.Solicitation % 32)));
            socket.SetRawSocketOption(IcmpFilterLevel, IcmpFilter, filter);
            return (socket, index);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Send(IPEndPoint target)
    {
        try
        {
            _socket.SendTo(_advertisement, SocketFlags.None, target);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The leg has no link-local address in its first moments; guests ask again, and the interval comes.
            _log.LogDebug(e, "A router advertisement could not be sent");
        }
    }

    /// <summary>Ends when the socket is closed. A sender without an address yet is answered through all nodes of the link (RFC 4861, 6.2.6).</summary>
    private async Task ReceiveAsync()
    {
        var buffer = new byte[1500];
        var from = new IPEndPoint(IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from);
                if (received.ReceivedBytes >= 8 && buffer[0] == RouterAdvertisement.Solicitation)
                {
                    Send(received.RemoteEndPoint is IPEndPoint { Address: var asker } && !asker.Equals(IPAddress.IPv6Any) ? new IPEndPoint(asker, 0) : AllNodes);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return;
            }
            catch (SocketException e)
            {
                // The leg went down; it may come back.
                _log.LogDebug(e, "Router solicitations could not be read");
            }
        }
    }
}
