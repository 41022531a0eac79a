using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>A UDP socket in a namespace whose messages are answered one by one: a datagram in, a datagram or nothing out.</summary>
internal sealed class DatagramServer : IDisposable
{
    private readonly Socket _socket;
    private readonly Answerer _answer;
    private readonly ILogger _log;

    /// <summary>Makes the reply; null: nothing is to be said.</summary>
    public delegate byte[]? Answerer(ReadOnlySpan<byte> message, IPEndPoint sender);

    /// <param name="prepare">What the socket needs besides being bound: a multicast group.</param>
    public DatagramServer(Netns at, IPEndPoint address, Action<Socket>? prepare, Answerer answer, ILogger log)
    {
        _answer = answer;
        _log = log;
        _socket = at.Run(() =>
        {
            var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                if (address.AddressFamily == AddressFamily.InterNetworkV6)
                {
                    // IPv4 has a socket of its own on the same port.
                    socket.DualMode = false;
                }
                else
                {
                    socket.EnableBroadcast = true;
                }
                socket.Bind(address);
                prepare?.Invoke(socket);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
        _ = ReceiveAsync(new IPEndPoint(address.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0));
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Ends when the socket is closed.</summary>
    private async Task ReceiveAsync(IPEndPoint any)
    {
        var buffer = new byte[1500];
        while (true)
        {
            try
            {
                var received = await _socket.ReceiveFromAsync(buffer, SocketFlags.None, any);
                var sender = (IPEndPoint)received.RemoteEndPoint;
                if (_answer(buffer.AsSpan(0, received.ReceivedBytes), sender) is { } reply)
                {
                    await _socket.SendToAsync(reply, SocketFlags.None, sender);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever a guest sends must not end the service of the others.
                _log.LogWarning(e, "A message to {Address} could not be answered", any);
            }
        }
    }
}
