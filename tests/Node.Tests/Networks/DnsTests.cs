using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.Dns;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

public sealed class DnsTests
{
    private readonly DnsView _view;

    public DnsTests()
    {
        var network = Records.Network() with { DnsDomain = "example.org." };
        _view = new DnsView(Records.State(network, [Records.Port(network, 5), Records.Port(network, 6) with { HostName = "web", Addresses = [new PortAddress("s", "fd00::6", 64)] }]));
    }

    private byte[] Ask(string name, int type = 1) => DnsResponder.Respond(_view,
        [7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. name.Split('.').SelectMany(l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0, 0, (byte)type, 0, 1])!;

    private static int Code(byte[] answer) => answer[3] & 15;

    [Theory]
    [InlineData("host-5")]
    [InlineData("HOST-5.example.org")]
    public void Name_HasItsAddress(string name)
    {
        var answer = Ask(name);
        Code(answer).ShouldBe(0);
        answer[7].ShouldBe((byte)1);
        answer[^4..].ShouldBe([10, 7, 0, 5]);
    }

    [Fact]
    public void NameOfTheOtherFamily_IsEmptyAndNoError()
    {
        Code(Ask("web")).ShouldBe(0);
        Ask("web")[7].ShouldBe((byte)0);
        Ask("web", 28)[^1].ShouldBe((byte)6);
    }

    [Fact]
    public void Address_HasItsName() => Encoding.ASCII.GetString(Ask("5.0.7.10.in-addr.arpa", 12)).ShouldContain("host-5\u0007example\u0003org");

    [Theory]
    [InlineData("nobody", 3)]
    [InlineData("nobody.example.org", 3)]
    [InlineData("openstack.org", 5)]
    public void Unknown_IsDeniedOrRefused(string name, int code) => Code(Ask(name)).ShouldBe(code);

    [Fact]
    public void Garbage_NeverThrows() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        _ = DnsResponder.Respond(_view, bytes ?? []);
        _ = DnsResponder.Respond(_view, [7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. bytes ?? []]);
    }).QuickCheckThrowOnFailure();
}

public sealed class MetadataTreeTests
{
    private static readonly InstanceTree Tree = new("one", new Dictionary<string, byte[]>(StringComparer.Ordinal)
    {
        ["openstack/latest/meta_data.json"] = "{}"u8.ToArray(), ["openstack/2012-08-10/meta_data.json"] = "{}"u8.ToArray(), ["openstack/content/0000"] = "x"u8.ToArray(),
        ["openstack/latest/user_data"] = "#!"u8.ToArray(),
        ["latest/meta-data/instance-id"] = "i-1"u8.ToArray(), ["latest/meta-data/placement/availability-zone"] = "nova"u8.ToArray(), ["latest/user-data"] = "#!"u8.ToArray(),
        ["latest/meta-data/public-keys/0/openssh-key"] = "ssh"u8.ToArray(), ["latest/meta-data/public-keys/0/_name"] = "mine"u8.ToArray(), ["2009-04-04/meta-data/instance-id"] = "i-1"u8.ToArray(),
    });

    [Theory]
    [InlineData("/", "2009-04-04\nlatest")]
    [InlineData("/openstack", "2012-08-10\nlatest")]
    [InlineData("/openstack/", "2012-08-10\nlatest")]
    [InlineData("/openstack/latest", "meta_data.json\nuser_data")]
    [InlineData("/openstack/content/0000", "x")]
    [InlineData("/latest", "meta-data/\nuser-data")]
    [InlineData("/latest/meta-data/", "instance-id\nplacement/\npublic-keys/")]
    [InlineData("//latest//meta-data/instance-id", "i-1")]
    [InlineData("/latest/meta-data/public-keys/", "0=mine")]
    [InlineData("/latest/meta-data/public-keys/0/", "openssh-key")]
    public void Path_Answers(string path, string expected) => Encoding.UTF8.GetString(Nephos.Node.Networks.Metadata.MetadataTree.Find(Tree, path)!.Body).ShouldBe(expected);

    [Theory]
    [InlineData("/nothing")]
    [InlineData("/latest/meta-data/instance-id/x")]
    [InlineData("/latest/meta-data/public-keys/0/_name")]
    [InlineData("/openstack/../etc")]
    public void Path_Unknown_IsNotFound(string path) => Nephos.Node.Networks.Metadata.MetadataTree.Find(Tree, path).ShouldBeNull();
}
