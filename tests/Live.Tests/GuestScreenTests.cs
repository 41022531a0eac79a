#pragma warning disable RS0030 // The browser's part is played by hand.
using System.Buffers.Binary;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using Shouldly;
using Xunit;

namespace Nephos.Live.Tests;

/// <summary>A guest's screen as a browser comes to it: the client's URL, the page, its WebSocket, and QEMU's RFB (RFC 6143) in it.</summary>
[Trait("Category", "Live")]
[Collection("live cloud")]
public sealed class GuestScreenTests
{
    [Fact]
    public async Task Url_OfTheClient_ShowsTheScreen()
    {
        await using var cloud = await LiveCloud.StartAsync(8718);
        using var admin = await LiveAdmin.LoginAsync(cloud);
        var (network, _) = await admin.MakeNetwork();
        var server = await admin.MakeServer(await admin.FirstImage(), network);
        await LiveCloud.Eventually(() => admin.Is(server, "ACTIVE", 1), 60, "the server to run");

        var url = new Uri(await cloud.Run("openstack console url show --novnc s -f value -c url", cloud.Admin));
        url.GetLeftPart(UriPartial.Authority).ShouldBe(cloud.Url);
        using var browser = new HttpClient();
        (await browser.GetStringAsync(url)).ShouldContain("<title>noVNC</title>");
        (await browser.GetAsync(new Uri(url, "core/rfb.js"))).Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");

        var path = System.Web.HttpUtility.ParseQueryString(url.Query)["path"]!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("binary");
        await socket.ConnectAsync(new Uri($"ws://{url.Authority}/{path}"), limit.Token);
        socket.SubProtocol.ShouldBe("binary");
        var screen = new Rfb(socket, limit.Token);
        Encoding.ASCII.GetString(await screen.ReadAsync(12)).ShouldBe("RFB 003.008\n");
        await screen.WriteAsync(Encoding.ASCII.GetBytes("RFB 003.008\n"));
        var kinds = await screen.ReadAsync((await screen.ReadAsync(1))[0]);
        kinds.ShouldContain((byte)1, "security type None: the token is the right");
        await screen.WriteAsync([1]);
        (await screen.ReadAsync(4)).ShouldBe(new byte[4], "the security result");
        await screen.WriteAsync([1]);
        var about = await screen.ReadAsync(24);
        var (width, height) = (BinaryPrimitives.ReadUInt16BigEndian(about), BinaryPrimitives.ReadUInt16BigEndian(about.AsSpan(2)));
        ((int)width, (int)height).ShouldSatisfyAllConditions(size => size.Item1.ShouldBeGreaterThan(300), size => size.Item2.ShouldBeGreaterThan(100));
        await screen.ReadAsync(BinaryPrimitives.ReadInt32BigEndian(about.AsSpan(20)));
        // FramebufferUpdateRequest of all of it; the answer is a FramebufferUpdate with rectangles.
        await screen.WriteAsync([3, 0, 0, 0, 0, 0, (byte)(width >> 8), (byte)width, (byte)(height >> 8), (byte)height]);
        var update = await screen.ReadAsync(4);
        (update[0], BinaryPrimitives.ReadUInt16BigEndian(update.AsSpan(2))).ShouldSatisfyAllConditions(u => u.Item1.ShouldBe((byte)0), u => u.Item2.ShouldBeGreaterThan((ushort)0));

        using var stranger = new ClientWebSocket();
        stranger.Options.CollectHttpResponseDetails = true;
        await Should.ThrowAsync<WebSocketException>(() => stranger.ConnectAsync(new Uri($"ws://{url.Authority}/{path.Replace("token=", "token=bad", StringComparison.Ordinal)}"), limit.Token));
        stranger.HttpStatusCode.ShouldBe(HttpStatusCode.Forbidden);
        await admin.Delete("/compute/v2.1/servers/" + server);
        await LiveCloud.Eventually(admin.NothingIsLeft, 60, "the server to be deleted");
    }

    /// <summary>Bytes out of a WebSocket's messages, however they are cut.</summary>
    private sealed class Rfb(WebSocket socket, CancellationToken cancel)
    {
        private readonly Queue<byte> _read = new();

        public async Task<byte[]> ReadAsync(int count)
        {
            var buffer = new byte[32 * 1024];
            while (_read.Count < count)
            {
                var message = await socket.ReceiveAsync(buffer, cancel);
                message.MessageType.ShouldBe(WebSocketMessageType.Binary);
                foreach (var b in buffer.AsSpan(0, message.Count)) { _read.Enqueue(b); }
            }
            return [.. Enumerable.Range(0, count).Select(_ => _read.Dequeue())];
        }

        public Task WriteAsync(byte[] bytes) => socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, cancel);
    }
}
