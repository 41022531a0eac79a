using System.Buffers;
using System.Net.WebSockets;
using Microsoft.Extensions.Hosting;
using Nephos.Contracts.Node;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Nova.Servers;

namespace Nephos.Nova.RemoteConsoles;

/// <summary>
/// The WebSocket that the page of a console connects to: bytes of RFB (RFC 6143) in binary messages, both ways, as noVNC and websockify carry them. The token is the whole right; the
/// bytes are passed on unread.
/// </summary>
internal static class ConsoleSocket
{
    /// <summary>Below the service's prefix.</summary>
    public const string Path = "/console/vnc";
    /// <summary>What a client may ask for; upstream's proxy knows the same.</summary>
    private const string Binary = "binary";
    /// <summary>Bytes in one message to the client. A full screen is some megabytes, keys and pointer a few bytes.</summary>
    private const int Chunk = 32 * 1024;
    /// <summary>How long the client may take to answer that the screen is gone.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    public static void Map(ResourceGroup root) => root.Get(Path, Open).Public("a viewer has the console's token and no other").Answers(101);

    private static async Task<Reply> Open(Call call)
    {
        var sockets = call.Http.WebSockets;
        if (!sockets.IsWebSocketRequest)
        {
            throw new ApiError(426, "This address speaks WebSocket: give it to a VNC viewer that does (noVNC).") { Headers = new Dictionary<string, string> { ["Upgrade"] = "websocket", ["Connection"] = "Upgrade" } };
        }
        // No words and no connection afterwards: browsers show a script neither, and viewers take what follows the headers for the screen.
        if (await call.Get<ConsoleOperations>().FindAsync(call.Query["token"] ?? "", call.Cancel) is not { } token) { return Reply.Empty(403).With("Connection", "close"); }
        var screen = await call.Get<INodeConsole>().OpenVncAsync(token.Host, token.ServerId, call.Cancel) ?? throw ServerErrors.NotReady(token.ServerId);
        var protocol = sockets.WebSocketRequestedProtocols.Contains(Binary, StringComparer.Ordinal) ? Binary : null;
        var stopping = call.Get<IHostApplicationLifetime>().ApplicationStopping;
        return Reply.Custom(async (_, _) =>
        {
            await using (screen)
            {
                using var socket = await sockets.AcceptWebSocketAsync(protocol);
                using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel, stopping);
                await CarryAsync(socket, screen, end);
            }
        });
    }

    /// <summary>Until either side ends. That a viewer goes away without a word, or the guest while one watches, is how consoles end and no fault.</summary>
    internal static async Task CarryAsync(WebSocket socket, Stream screen, CancellationTokenSource end)
    {
        try
        {
            await Task.WhenAll(ShowAsync(socket, screen, end), TypeAsync(socket, screen, end));
        }
        catch (Exception error) when (error is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            socket.Abort();
        }
    }

    /// <summary>Screen to viewer.</summary>
    private static async Task ShowAsync(WebSocket socket, Stream screen, CancellationTokenSource end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            int count;
            while ((count = await screen.ReadAsync(buffer.AsMemory(0, Chunk), end.Token)) > 0)
            {
                await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, endOfMessage: true, end.Token);
            }
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "the screen is gone", end.Token);
            end.CancelAfter(Farewell);
        }
        catch
        {
            await end.CancelAsync();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Viewer to screen.</summary>
    private static async Task TypeAsync(WebSocket socket, Stream screen, CancellationTokenSource end)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Chunk);
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(0, Chunk), end.Token) is { MessageType: not WebSocketMessageType.Close } message)
            {
                // A screen that only shows takes no keys.
                if (screen.CanWrite) { await screen.WriteAsync(buffer.AsMemory(0, message.Count), end.Token); }
            }
            if (socket.State == WebSocketState.CloseReceived) { await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, end.Token); }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await end.CancelAsync();
        }
    }
}
