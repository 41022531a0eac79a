using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>The DHCP server of one network: a socket on port 67 of its namespace, and raw frames for the answers.</summary>
internal sealed class DhcpServer : IDisposable
{
    private const int ServerPort = 67;
    private const int ClientPort = 68;
    private static readonly byte[] Everyone = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    private readonly Socket _socket;
    private readonly RawFrames _frames;
    private readonly ILogger _log;

    /// <summary>Replaced whole by the driver's thread, read by the receiving one.</summary>
    private volatile DhcpView _view;

    public DhcpServer(Netns at, string device, DhcpView view, ILogger log)
    {
        _view = view;
        _log = log;
        (_socket, _frames) = at.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { EnableBroadcast = true };
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Any, ServerPort));
                return (socket, new RawFrames(device));
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

    public void Dispose()
    {
        _socket.Dispose();
        _frames.Dispose();
    }

    /// <summary>Ends when the socket is closed.</summary>
    private async Task ReceiveAsync()
    {
        var buffer = new byte[1500];
        var from = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, from);
                Answer(buffer.AsSpan(0, received.ReceivedBytes));
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever a guest sends must not end the service of the others.
                _log.LogWarning(e, "A DHCP message on network {Network} could not be answered", _view.Network.Id);
            }
        }
    }

    private void Answer(ReadOnlySpan<byte> bytes)
    {
        var view = _view;
        if (DhcpPacket.Parse(bytes) is not { } request)
        {
            return;
        }
        if (request.Message == DhcpMessage.Decline)
        {
            _log.LogWarning("A guest with MAC {Mac} on network {Network} declined its address", IpText.Mac(request.HardwareAddress.Span), view.Network.Id);
        }
        if (DhcpResponder.Respond(view, request) is not { } reply)
        {
            return;
        }
        var target = new IPEndPoint(reply.ToEveryone ? IPAddress.Broadcast : reply.Address, ClientPort);
        _frames.Send(UdpFrame.Write(IpText.Mac(view.Network.Dhcp!.Mac), reply.ToEveryone ? Everyone : request.HardwareAddress.Span,
            new IPEndPoint(reply.Server, ServerPort), target, reply.Packet.Write()));
    }
}
