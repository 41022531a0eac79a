using System.Net.Sockets;
using System.Net.WebSockets;
using Nephos.Nova.RemoteConsoles;
using Shouldly;
using Xunit;

namespace Nephos.Nova.Tests.RemoteConsoles;

public sealed class ConsoleSocketTests : IDisposable
{
    /// <summary>The test's own end, apart from the session's, which the carrying cancels when it is over.</summary>
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromSeconds(60));

    public void Dispose() => _limit.Dispose();

    /// <summary>Two connected streams, as the node's is to QEMU.</summary>
    private static async Task<(Stream One, Stream Other)> PairAsync()
    {
        var folder = Directory.CreateTempSubdirectory("nephos-vnc-");
        try
        {
            var address = new UnixDomainSocketEndPoint(Path.Combine(folder.FullName, "s"));
            using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(address);
            listener.Listen(1);
            var one = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await one.ConnectAsync(address);
            return (new NetworkStream(one, ownsSocket: true), new NetworkStream(await listener.AcceptAsync(), ownsSocket: true));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed record Session(WebSocket Viewer, Stream Guest, Task Carried);

    private static async Task<Session> BeginAsync()
    {
        var (near, far) = await PairAsync();
        var (screen, guest) = await PairAsync();
        var server = WebSocket.CreateFromStream(near, new WebSocketCreationOptions { IsServer = true });
        var viewer = WebSocket.CreateFromStream(far, new WebSocketCreationOptions());
        return new(viewer, guest, ConsoleSocket.CarryAsync(server, screen, new CancellationTokenSource()));
    }

    [Fact]
    public async Task Carry_BothWays_UntilTheViewerCloses()
    {
        var session = await BeginAsync();
        var buffer = new byte[100_000];
        var picture = Enumerable.Range(0, 100_000).Select(i => (byte)i).ToArray();
        await session.Guest.WriteAsync(picture);
        var seen = new List<byte>();
        while (seen.Count < picture.Length) { seen.AddRange(buffer[..(await session.Viewer.ReceiveAsync(buffer, _limit.Token)).Count]); }
        seen.ShouldBe(picture);
        await session.Viewer.SendAsync(new byte[] { 4, 1 }, WebSocketMessageType.Binary, endOfMessage: false, _limit.Token);
        await session.Viewer.SendAsync(new byte[] { 0, 0 }, WebSocketMessageType.Binary, endOfMessage: true, _limit.Token);
        await session.Guest.ReadExactlyAsync(buffer.AsMemory(0, 4), _limit.Token);
        buffer[..4].ShouldBe([4, 1, 0, 0]);
        await session.Viewer.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _limit.Token);
        await session.Carried;
    }

    [Fact]
    public async Task Carry_GuestGoes_ViewerIsTold()
    {
        var session = await BeginAsync();
        await session.Guest.DisposeAsync();
        (await session.Viewer.ReceiveAsync(new byte[10], _limit.Token)).CloseStatus.ShouldBe(WebSocketCloseStatus.NormalClosure);
        await session.Viewer.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _limit.Token);
        await session.Carried;
    }

    [Fact]
    public async Task Carry_ViewerVanishes_Ends()
    {
        var session = await BeginAsync();
        session.Viewer.Abort();
        await session.Carried;
    }
}
