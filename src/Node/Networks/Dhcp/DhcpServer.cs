using System.Net;
using Microsoft.Extensions.Logging;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>The DHCP server of one network: a socket on port 67 of its namespace, and raw frames for the answers.</summary>
internal sealed class DhcpServer : IDisposable
{
    private const int ServerPort = 67;
    private const int ClientPort = 68;
    private static readonly byte[] Everyone = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    private readonly DatagramServer _socket;
    private readonly RawFrames _frames;
    private readonly ILogger _log;

    /// <summary>Replaced whole by the driver's thread, read by the receiving one.</summary>
    private volatile DhcpView _view;

    public DhcpServer(Netns at, string device, DhcpView view, ILogger log)
    {
        _view = view;
        _log = log;
        _frames = at.Run(() => new RawFrames(device));
        try
        {
            _socket = new DatagramServer(at, new IPEndPoint(IPAddress.Any, ServerPort), null, Answer, log);
        }
        catch
        {
            _frames.Dispose();
            throw;
        }
    }

    /// <summary>From the next message on, leases are these.</summary>
    public void Update(DhcpView view) => _view = view;

    public void Dispose()
    {
        _socket.Dispose();
        _frames.Dispose();
    }

    /// <summary>Answers by a frame of its own, never by the socket.</summary>
    private byte[]? Answer(ReadOnlySpan<byte> bytes, IPEndPoint sender)
    {
        var view = _view;
        if (DhcpPacket.Parse(bytes) is not { } request)
        {
            return null;
        }
        if (request.Message == DhcpMessage.Decline)
        {
            _log.LogWarning("A guest with MAC {Mac} on network {Network} declined its address", IpText.Mac(request.HardwareAddress.Span), view.Network.Id);
        }
        if (DhcpResponder.Respond(view, request) is { } reply)
        {
            var target = new IPEndPoint(reply.ToEveryone ? IPAddress.Broadcast : reply.Address, ClientPort);
            _frames.Send(UdpFrame.Write(IpText.Mac(view.Network.Dhcp!.Mac), reply.ToEveryone ? Everyone : request.HardwareAddress.Span,
                new IPEndPoint(reply.Server, ServerPort), target, reply.Packet.Write()));
        }
        return null;
    }
}
