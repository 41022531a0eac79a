using System.Net;
using Microsoft.Extensions.Logging;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dns;

/// <summary>The resolver of one network, on port 53 of its namespace: what DHCP names when the subnet names none. UDP only: its answers are short.</summary>
internal sealed class DnsServer : IDisposable
{
    private const int Port = 53;
    private readonly DatagramServer _socket;

    /// <summary>Replaced whole by the driver's thread, read by the receiving one.</summary>
    private volatile DnsView _view;

    public DnsServer(Netns at, DnsView view, ILogger log)
    {
        _view = view;
        _socket = new DatagramServer(at, new IPEndPoint(IPAddress.Any, Port), null, (message, _) => DnsResponder.Respond(_view, message), log);
    }

    /// <summary>From the next question on, names are these.</summary>
    public void Update(DnsView view) => _view = view;

    public void Dispose() => _socket.Dispose();
}
