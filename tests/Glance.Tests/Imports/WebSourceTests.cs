using System.Net;
using System.Net.Sockets;
using Nephos.Glance.ImageData;
using Nephos.Glance.Web;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

/// <summary>Reading from the web as an attacker would have it: names that stand for inside, servers that never end, that say nothing, that pack bombs.</summary>
public sealed class WebSourceTests : IAsyncLifetime
{
    /// <summary>Loopback is open, since the server of these tests is there; nothing else inside is.</summary>
    private static readonly GlanceSettings Settings = new()
    {
        ImportInternalNetworks = [IPNetwork.Parse("127.0.0.1/32")], ImportAllowedPorts = [],
    };

    /// <summary>Gives up within the time of a test, where giving up is what is tested.</summary>
    private static readonly GlanceSettings Impatient = Settings with { ImportIdleLimit = TimeSpan.FromMilliseconds(300), ImportLeastRate = 1 << 20 };

    /// <summary>Gives up soon, but not on the first answer of a busy machine.</summary>
    private static readonly GlanceSettings Calmer = Impatient with { ImportIdleLimit = TimeSpan.FromSeconds(3) };

    private TestWeb _web = null!;

    public async Task InitializeAsync() => _web = await TestWeb.StartAsync();

    public async Task DisposeAsync() => await _web.DisposeAsync();

    private static WebSource Source(params (string Name, string Addresses)[] names) => Source(Settings, names);

    private static WebSource Source(GlanceSettings settings, (string Name, string Addresses)[] names, TimeProvider? clock = null) => new(settings, clock ?? TimeProvider.System)
    {
        Resolve = (host, _) => names.FirstOrDefault(n => n.Name == host).Addresses is { } found
            ? Task.FromResult<IPAddress[]>([.. found.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(IPAddress.Parse)])
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
    };

    private static async Task<string> Refusal(WebSource source, string uri)
    {
        using (source)
        {
            return (await Should.ThrowAsync<WebSourceException>(async () =>
            {
                await using var content = await source.OpenAsync(new Uri(uri), default);
                await content.Body.CopyToAsync(Stream.Null);
            })).Message;
        }
    }

    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("10.0.0.8")]
    [InlineData("172.20.0.1")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.1.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:10.0.0.8")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("64:ff9b::a00:8")]
    [InlineData("2002:a00:8::1")]
    [InlineData("127.0.0.1 10.0.0.8")]
    [InlineData("127.0.0.1 ::1")]
    [InlineData("")]
    public async Task Name_ThatStandsForInside_IsNotConnectedTo(string addresses)
    {
        (await Refusal(Source(("evil.example", addresses)), $"http://evil.example:{_web.Port}/image")).ShouldBe("Host evil.example is not allowed: its address is an internal one");
        (await Refusal(Source(("evil.example", addresses)), $"{_web.Url}/to?url=http://evil.example:{_web.Port}/image")).ShouldBe("Host evil.example is not allowed: its address is an internal one");
        _web.Asked.ShouldBe(1, "only the redirect itself was to be asked for");
    }

    [Fact]
    public async Task Name_ThatIsOpen_IsReadAtTheAddressThatWasLookedAt()
    {
        using var source = Source(("mirror.example", "127.0.0.1"));
        await using var content = await source.OpenAsync(new Uri($"http://mirror.example:{_web.Port}/image"), default);
        using var bytes = new MemoryStream();
        await content.Body.CopyToAsync(bytes);
        bytes.ToArray().ShouldBe(_web.Bytes);
        (await Refusal(Source(), $"http://nobody.example:{_web.Port}/image")).ShouldBe("Host nobody.example is not known");
    }

    [Theory]
    [InlineData("/silent", "the server did not answer in time")]
    [InlineData("/headers", "")]
    public async Task Server_ThatKeepsItsReaderBusy_IsGivenUp(string path, string words) => (await Refusal(Source(Impatient, []), _web.Url + path)).ShouldContain(words);

    [Fact]
    public async Task Server_ThatStopsHalfWay_IsGivenUp() => (await Refusal(Source(Calmer, []), _web.Url + "/gated")).ShouldBe("the server stopped sending");

    /// <summary>Every wait counts a hundred times, so that half a minute of dripping is soon over and no pause of the machine is taken for a silence.</summary>
    [Fact]
    public async Task Server_ThatDrips_IsGivenUp() => (await Refusal(Source(Impatient with { ImportIdleLimit = TimeSpan.FromSeconds(30) }, [], new HastyClock()), _web.Url + "/drip")).ShouldBe("the server sends too slowly");

    private sealed class HastyClock : TimeProvider
    {
        public override long GetTimestamp() => System.GetTimestamp() * 100;
    }

    [Fact]
    public async Task Server_ThatNeverEnds_IsCutAtTheLimit()
    {
        using var source = Source();
        await using var content = await source.OpenAsync(new Uri(_web.Url + "/endless"), default);
        await using var nowhere = new NowhereWriter();
        await Should.ThrowAsync<ImageTooLargeException>(() => HashedCopy.RunAsync(content.Body, nowhere, 3 << 20, _ => Task.CompletedTask, default));
    }

    /// <summary>Bytes are taken as they come: a coding of the transfer is not undone, so there is nothing to swell.</summary>
    [Fact]
    public async Task Server_ThatPacksItsAnswer_GivesPackedBytes()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true)) { gzip.Write(new byte[32 << 20]); }
        _web.Bytes = packed.ToArray();
        using var source = Source();
        await using var content = await source.OpenAsync(new Uri(_web.Url + "/bomb"), default);
        using var bytes = new MemoryStream();
        await content.Body.CopyToAsync(bytes);
        bytes.ToArray().ShouldBe(_web.Bytes);
    }
}
