using System.Net;
using System.Net.Sockets;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;

namespace Nephos.Node.Tests.Networks;

/// <summary>A TCP connection between two namespaces that stays open while something else happens.</summary>
internal sealed class LiveConnection : IDisposable
{
    private readonly Socket _client;
    private readonly Socket _server;

    private LiveConnection(Socket client, Socket server)
    {
        _client = client;
        _server = server;
    }

    public static LiveConnection Open(Netns server, Netns client, string address, int port = 8022)
    {
        using var listener = server.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, port));
        listener.Listen();
        var socket = client.OpenSocket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ConnectAsync(IPAddress.Parse(address), port).Wait(TimeSpan.FromSeconds(5)).ShouldBeTrue("no connection to " + address);
        return new LiveConnection(socket, listener.Accept());
    }

    /// <summary>True when a byte from the client arrives within the limit.</summary>
    public async Task<bool> PassesAsync(TimeSpan limit)
    {
        await _client.SendAsync(new byte[] { 42 });
        using var stop = new CancellationTokenSource(limit);
        try
        {
            return await _server.ReceiveAsync(new byte[1], stop.Token) == 1;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public async Task ShouldStillWorkAsync() => (await PassesAsync(TimeSpan.FromSeconds(5))).ShouldBeTrue("the connection is dead");

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }
}
