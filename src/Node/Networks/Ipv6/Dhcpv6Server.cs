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

    private readonly DatagramServer _socket;

    /// <summary>Replaced whole by the driver's thread, read by the receiving one.</summary>
    private volatile DhcpView _view;

    public Dhcpv6Server(Netns at, string device, DhcpView view, ILogger log)
    {
        _view = view;
        _socket = new DatagramServer(at, new IPEndPoint(IPAddress.IPv6Any, ServerPort),
            socket => socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(AllServers, Native.IndexOfInterface(device))),
            (message, sender) => Dhcpv6Message.Parse(message) is { } request ? Dhcpv6Responder.Respond(_view, request, sender.Address)?.Write() : null, log);
    }

    /// <summary>From the next message on, leases are these.</summary>
    public void Update(DhcpView view) => _view = view;

    public void Dispose() => _socket.Dispose();
}
