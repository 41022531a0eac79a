using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Metadata;

/// <summary>
/// The metadata service of all networks: one HTTP server, and per network a listening socket in its namespace whose connections are handed to it, marked with the
/// network they came from. So a hundred networks cost a hundred sockets, and requests meet Kestrel's limits instead of a parser of our own. Who asks is the source address, which the
/// rules against spoofing make trustworthy.
/// </summary>
internal sealed partial class MetadataServer : IAsyncDisposable
{
    public const int Port = 80;

    /// <summary>Connections of all guests at once. Metadata is asked for at boot; a guest that wants more than its share waits.</summary>
    private const int MaxConnections = 1000;

    private readonly KestrelServer _server;
    private readonly Handover _handover = new();
    private readonly SocketConnectionContextFactory _contexts;
    private readonly Lazy<Task> _started;
    private readonly ILogger _log;

    public MetadataServer(IInstanceMetadata metadata, ILoggerFactory logs)
    {
        _log = logs.CreateLogger<MetadataServer>();
        // The server's own account of every malformed request would let guests fill the log.
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestBodySize = 64 * 1024;
        options.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(15);
        // The address is never bound: connections come by the handover.
        options.Listen(IPAddress.Loopback, Port, static listen => listen.Protocols = HttpProtocols.Http1);
        _contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions { IOQueueCount = 0 }, _log);
        _server = new KestrelServer(Options.Create(options), _handover, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        var application = new Application(metadata, _log);
        _started = new Lazy<Task>(() => _server.StartAsync(application, CancellationToken.None));
    }

    /// <summary>Listens in a network's namespace until what it returns is disposed.</summary>
    public Task<IDisposable> ListenAsync(string networkId, Netns at) => ListenAsync(_ => networkId, at, IPAddress.Any);

    /// <summary>Listens in a namespace in which guests of several networks ask; who asks from no network of ours is hung up on.</summary>
    public async Task<IDisposable> ListenAsync(Func<IPAddress, string?> networkOf, Netns at, IPAddress address)
    {
        await _started.Value;
        var socket = at.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                // A predecessor's connections may linger in TIME_WAIT.
                socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
                socket.Bind(new IPEndPoint(address, Port));
                socket.Listen(64);
                return socket;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
        _ = AcceptAsync(socket, networkOf);
        return socket;
    }

    public async ValueTask DisposeAsync()
    {
        if (_started.IsValueCreated)
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await _server.StopAsync(stop.Token);
        }
        _server.Dispose();
        _contexts.Dispose();
    }

    /// <summary>Ends when the socket is closed.</summary>
    private async Task AcceptAsync(Socket listener, Func<IPAddress, string?> networkOf)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync();
                var network = socket.RemoteEndPoint is IPEndPoint asker ? networkOf(asker.Address) : null;
                if (network is null)
                {
                    socket.Dispose();
                    continue;
                }
                var connection = _contexts.Create(socket);
                connection.Features.Set(new AskingNetwork(network));
                if (!_handover.Offer(connection))
                {
                    await connection.DisposeAsync();
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted or SocketError.InvalidArgument })
            {
                return;
            }
            catch (SocketException e)
            {
                // The guest hung up between connecting and being accepted, or descriptors ran out for a moment.
                _log.LogDebug(e, "A metadata connection was lost");
                await Task.Yield();
            }
        }
    }

    /// <summary>Marks a connection with the network it came from.</summary>
    private sealed record AskingNetwork(string Id);

    /// <summary>Where the sockets of all namespaces meet the one server.</summary>
    private sealed class Handover : IConnectionListenerFactory, IConnectionListener
    {
        private readonly Channel<ConnectionContext> _waiting = Channel.CreateBounded<ConnectionContext>(MaxConnections);

        public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, Port);

        public bool Offer(ConnectionContext connection) => _waiting.Writer.TryWrite(connection);

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => ValueTask.FromResult<IConnectionListener>(this);

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _waiting.Reader.WaitToReadAsync(cancellationToken) && _waiting.Reader.TryRead(out var connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _waiting.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed partial class Application(IInstanceMetadata metadata, ILogger log) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
            if (exception is not null)
            {
                log.LogWarning(exception, "A metadata request failed");
            }
        }

        public async Task ProcessRequestAsync(HttpContext context)
        {
            var response = context.Response;
            if (HttpMethods.IsPost(context.Request.Method) && PasswordPath().IsMatch(context.Request.Path.Value ?? ""))
            {
                response.StatusCode = await TakePasswordAsync(context);
                return;
            }
            if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
            {
                response.StatusCode = StatusCodes.Status405MethodNotAllowed;
                response.Headers.Allow = "GET, HEAD";
                return;
            }
            var network = context.Features.Get<AskingNetwork>() ?? throw new InvalidOperationException("a connection without a network");
            var source = context.Connection.RemoteIpAddress;
            var tree = source is null ? null : await metadata.FindAsync(network.Id, source.ToString(), context.RequestAborted);
            var answer = tree is null ? null : MetadataTree.Find(tree, context.Request.Path.Value ?? "/");
            if (answer is null)
            {
                response.StatusCode = StatusCodes.Status404NotFound;
                answer = new MetadataAnswer("404 Not Found\n"u8.ToArray(), "text/plain; charset=utf-8");
            }
            response.ContentType = answer.ContentType;
            response.ContentLength = answer.Body.Length;
            if (HttpMethods.IsGet(context.Request.Method))
            {
                await response.Body.WriteAsync(answer.Body, context.RequestAborted);
            }
        }

        [GeneratedRegex("^/openstack/[^/]+/password/?$")]
        private static partial Regex PasswordPath();

        /// <summary>The guest's administrator password, encrypted by the guest; the size is limited by the server's limit on bodies, then by who keeps it.</summary>
        private async Task<int> TakePasswordAsync(HttpContext context)
        {
            var network = context.Features.Get<AskingNetwork>() ?? throw new InvalidOperationException("a connection without a network");
            if (context.Connection.RemoteIpAddress is not { } source) { return StatusCodes.Status404NotFound; }
            using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
            var password = await reader.ReadToEndAsync(context.RequestAborted);
            return await metadata.SetPasswordAsync(network.Id, source.ToString(), password, context.RequestAborted) switch
            {
                PasswordOutcome.Kept => StatusCodes.Status200OK,
                PasswordOutcome.Exists => StatusCodes.Status409Conflict,
                PasswordOutcome.TooLarge => StatusCodes.Status400BadRequest,
                _ => StatusCodes.Status404NotFound,
            };
        }
    }
}
