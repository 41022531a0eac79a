using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

public sealed class QmpTests
{
    [Fact]
    public void Parse_EachKind_IsRecognised()
    {
        Parse("""{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": ["oob"]}}""").Kind.ShouldBe(QmpKind.Greeting);
        Parse("""{"return": {"status": "running", "running": true}, "id": 7}""").ShouldSatisfyAllConditions(
            m => m.Kind.ShouldBe(QmpKind.Return), m => m.Id.ShouldBe(7), m => m.Body.GetProperty("status").GetString().ShouldBe("running"));
        Parse("""{"id": 3, "error": {"class": "DeviceNotFound", "desc": "Device 'x' not found"}}""").ShouldSatisfyAllConditions(
            m => m.Kind.ShouldBe(QmpKind.Error), m => m.Name.ShouldBe("DeviceNotFound"), m => m.Text.ShouldBe("Device 'x' not found"));
        Parse("""{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}""").ShouldSatisfyAllConditions(
            m => m.Kind.ShouldBe(QmpKind.Event), m => m.Name.ShouldBe("SHUTDOWN"), m => m.Body.GetProperty("guest").GetBoolean().ShouldBeTrue());
    }

    [Fact]
    public void Parse_Anything_ParsesOrThrowsFormatException() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            foreach (var line in (string?[])[text, $"{{\"error\":{text}}}", $"{{\"event\":{text}}}", "[]", "{\"error\":{}}", "{\"id\":\"x\",\"return\":1}"])
            {
                try
                {
                    Parse(line ?? "");
                }
                catch (FormatException)
                {
                    continue;
                }
            }
            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Execute_AnswersOutOfOrderWithEventsBetween_AreMatched()
    {
        await using var qemu = await FakeQemu.StartAsync();
        var events = new List<string>();
        qemu.Client.Event += message => events.Add(message.Name);
        var (first, second) = (qemu.Client.ExecuteAsync("one"), qemu.Client.ExecuteAsync("two"));
        var (a, b) = (await qemu.ReadIdAsync(), await qemu.ReadIdAsync());
        await qemu.SayAsync("{\"event\":\"STOP\"}\n{\"return\":2,\"id\":" + b + "}\n{\"return\":1,\"id\":" + a + "}\n");
        (await first).GetInt32().ShouldBe(1);
        (await second).GetInt32().ShouldBe(2);
        events.ShouldBe(["STOP"]);
    }

    [Fact]
    public async Task Execute_Refused_ThrowsWithQemusWords()
    {
        await using var qemu = await FakeQemu.StartAsync();
        var answer = qemu.Client.ExecuteAsync("device_del");
        await qemu.SayAsync("{\"error\":{\"class\":\"DeviceNotFound\",\"desc\":\"not found\"},\"id\":" + await qemu.ReadIdAsync() + "}\n");
        (await Should.ThrowAsync<QmpException>(() => answer)).ShouldSatisfyAllConditions(e => e.Kind.ShouldBe("DeviceNotFound"), e => e.Description.ShouldBe("not found"));
    }

    [Fact]
    public async Task Execute_NoAnswer_TimesOutAndTheConnectionGoesOn()
    {
        await using var qemu = await FakeQemu.StartAsync();
        await Should.ThrowAsync<TimeoutException>(() => qemu.Client.ExecuteAsync("slow", limit: TimeSpan.FromMilliseconds(20)));
        var late = await qemu.ReadIdAsync();
        var next = qemu.Client.ExecuteAsync("next");
        await qemu.SayAsync("{\"return\":0,\"id\":" + late + "}\n{\"return\":5,\"id\":" + await qemu.ReadIdAsync() + "}\n");
        (await next).GetInt32().ShouldBe(5);
    }

    [Fact]
    public async Task Execute_ProcessDies_ThrowsClosed()
    {
        await using var qemu = await FakeQemu.StartAsync();
        var answer = qemu.Client.ExecuteAsync("cont");
        var awaited = qemu.Client.NextAsync(message => message.Name == "DEVICE_DELETED");
        await qemu.ReadIdAsync();
        qemu.Die();
        await Should.ThrowAsync<QmpClosedException>(() => answer);
        await Should.ThrowAsync<QmpClosedException>(() => awaited);
        await qemu.Client.Closed;
        await Should.ThrowAsync<QmpClosedException>(() => qemu.Client.ExecuteAsync("cont"));
    }

    private static QmpMessage Parse(string line) => QmpMessage.Parse(Encoding.UTF8.GetBytes(line));

    /// <summary>The other end of the wire, which says what it is told to say.</summary>
    private sealed class FakeQemu : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private Socket _listener = null!;
        private Socket _peer = null!;
        private StreamReader _reader = null!;

        public QmpClient Client { get; private set; } = null!;

        public static async Task<FakeQemu> StartAsync()
        {
            var qemu = new FakeQemu { _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) };
            var path = Path.Combine(qemu._folder.Path, "q");
            qemu._listener.Bind(new UnixDomainSocketEndPoint(path));
            qemu._listener.Listen(1);
            var connecting = QmpClient.ConnectAsync(path, TimeSpan.FromSeconds(60), TimeProvider.System, default);
            qemu._peer = await qemu._listener.AcceptAsync();
            qemu._reader = new StreamReader(new NetworkStream(qemu._peer));
            await qemu.SayAsync("{\"QMP\":{}}\n");
            await qemu.SayAsync("{\"return\":{},\"id\":" + await qemu.ReadIdAsync() + "}\n");
            qemu.Client = await connecting;
            return qemu;
        }

        public async Task SayAsync(string text) => await _peer.SendAsync(Encoding.UTF8.GetBytes(text));

        /// <summary>The number of the next command that arrives.</summary>
        public async Task<string> ReadIdAsync() =>
            System.Text.Json.JsonDocument.Parse((await _reader.ReadLineAsync())!).RootElement.GetProperty("id").GetRawText();

        public void Die() => _peer.Dispose();

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            _peer.Dispose();
            _listener.Dispose();
            _folder.Dispose();
        }
    }
}
