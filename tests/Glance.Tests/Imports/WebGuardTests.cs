using System.Net;
using FsCheck.Fluent;
using Nephos.Glance.Web;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Glance.Tests.Imports;

public sealed class WebGuardTests(GlanceCloud cloud) : IClassFixture<GlanceCloud>
{
    private static readonly GlanceSettings Plain = new();

    [Theory]
    [InlineData("http://example.com/image", true)]
    [InlineData("https://example.com:443/image", true)]
    [InlineData("http://example.com:80/image", true)]
    [InlineData("http://example.com:8080/image", false)]
    [InlineData("http://example.com:22/", false)]
    [InlineData("ftp://example.com/image", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("gopher://example.com/", false)]
    [InlineData("http:///image", false)]
    [InlineData("http://user:password@example.com/", false)]
    [InlineData("//example.com/image", false)]
    [InlineData("example.com/image", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Allows_Defaults_AreUpstreams(string? uri, bool allowed) => WebGuard.Allows(Plain, uri).ShouldBe(allowed);

    [Fact]
    public void Allows_Lists_NarrowIt()
    {
        var some = Plain with { ImportAllowedHosts = ["Good.example.com"], ImportDisallowedHosts = ["good.example.com"], ImportAllowedPorts = [], ImportDisallowedPorts = [22] };
        WebGuard.Allows(some, "http://good.example.com./x").ShouldBeTrue("allowed hosts go before refused ones, and the last dot is none");
        WebGuard.Allows(some, "http://GOOD.EXAMPLE.COM:8080/x").ShouldBeTrue();
        WebGuard.Allows(some, "http://good.example.com:22/x").ShouldBeFalse();
        WebGuard.Allows(some, "http://other.example.com/x").ShouldBeFalse();
        var others = Plain with { ImportDisallowedHosts = ["bad.example.com"], ImportAllowedSchemes = [], ImportDisallowedSchemes = ["http"] };
        WebGuard.Allows(others, "https://bad.example.com/").ShouldBeFalse();
        WebGuard.Allows(others, "http://good.example.com/").ShouldBeFalse();
        WebGuard.Allows(others, "https://good.example.com/").ShouldBeTrue();
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::7f00:1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%3")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("ff02::1")]
    public void Internal_Addresses_AreClosed(string address) => WebGuard.IsClosed(Plain, IPAddress.Parse(address)).ShouldBeTrue();

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("::ffff:8.8.8.8")]
    public void Public_Addresses_AreOpen(string address) => WebGuard.IsClosed(Plain, IPAddress.Parse(address)).ShouldBeFalse();

    [Fact]
    public void Opened_Networks_AreOpen_AndNoOthers()
    {
        var open = Plain with { ImportInternalNetworks = [IPNetwork.Parse("10.1.0.0/16")] };
        WebGuard.IsClosed(open, IPAddress.Parse("10.1.2.3")).ShouldBeFalse();
        WebGuard.IsClosed(open, IPAddress.Parse("::ffff:10.1.2.3")).ShouldBeFalse();
        WebGuard.IsClosed(open, IPAddress.Parse("10.2.2.3")).ShouldBeTrue();
    }

    /// <summary>An address and its form inside IPv6 are judged alike, and no bytes break the judge.</summary>
    [Fact]
    public void Any_Address_IsJudgedAlikeInBothForms() => FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll((uint number) =>
    {
        var four = new IPAddress(number);
        return WebGuard.IsClosed(Plain, four) == WebGuard.IsClosed(Plain, four.MapToIPv6());
    }));

    /// <summary>Whatever the text of the host: the cloud's own loopback is not read for users unless it is opened.</summary>
    [Theory]
    [InlineData("http://127.0.0.1/x")]
    [InlineData("http://localhost/x")]
    [InlineData("http://2130706433/x")]
    [InlineData("http://0x7f.1/x")]
    [InlineData("http://[::1]/x")]
    [InlineData("http://[::ffff:127.0.0.1]/x")]
    [InlineData("http://0/x")]
    public async Task Import_FromInside_FailsBeforeItConnects(string uri)
    {
        var user = cloud.NewUser();
        var id = await user.NewImage();
        (await user.Import(id, "web-download", new { uri })).Is(202);
        (await user.Ended(id))["message"]!.ToString().ShouldContain("is not allowed: its address is an internal one");
        (await user.Status(id)).ShouldBe("queued");
    }
}
