using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Ipv6;

/// <summary>The DHCPv6 server of one network: a socket on port 547 of its namespace, listening to all servers' group (RFC 8415, 7.1 and 7.2).</summary>
internal sealed class Dhcpv6Server : IDisposable
{
    private const int ServerPort = 547;
    private static readonly IPAddress AllServers = IPAddress.Parse("ff02::1:2");

    private readonly Socket _socket;
    private readonly ILogger _log;

    /// <summary>Replaced whole by the driver's thread, read by the receiving one.</summary>
    private volatile DhcpView _view;

    public Dhcpv6Server(Netns at, string device, DhcpView view, ILogger log)
    {
        _view = view;
        _log = log;
        _socket = at.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = false };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.IPv6Any, ServerPort));
                socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(AllServers, Native.IndexOfInterface(device)));
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
        _ = ReceiveAsync();
    }

    /// <summary>From the next message on, leases are these.</summary>
    public void Update(DhcpView view) => _view = view;

    public void Dispose() => _socket.Dispose();

    /// <summary>Ends when the socket is closed.</summary>
    private async Task ReceiveAsync()
    {
        var buffer = new byte[1500];
        var from = new IPEndPoint(IPAddress.IPv6Any, 0);
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from);
                if (received.RemoteEndPoint is IPEndPoint client && Dhcpv6Message.Parse(buffer.AsSpan(0, received.ReceivedBytes)) is { } request
                    && Dhcpv6Responder.Respond(_view, request, client.Address) is { } reply)
                {
                    await _socket.SendToAsync(reply.Write(), SocketFlags.None, client);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever a guest sends must not end the service of the others.
                _log.LogWarning(e, "A DHCPv6 message on network {Network} could not be answered", _view.Network.Id);
            }
        }
    }
}
