using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

public sealed class SecurityRulesTests
{
    [Theory]
    [InlineData(true, 4, null, null, null, null, "meta nfproto ipv4 accept")]
    [InlineData(true, 4, "tcp", 22, 22, "0.0.0.0/0", "meta nfproto ipv4 meta l4proto 6 th dport 22 accept")]
    [InlineData(true, 4, "tcp", 80, 90, "10.1.2.3/8", "meta nfproto ipv4 ip saddr 10.0.0.0/8 meta l4proto 6 th dport 80-90 accept")]
    [InlineData(false, 4, "udp", 53, 53, "9.9.9.9/32", "meta nfproto ipv4 ip daddr 9.9.9.9 meta l4proto 17 th dport 53 accept")]
    [InlineData(true, 4, "icmp", 8, 0, null, "meta nfproto ipv4 meta l4proto 1 icmp type 8 icmp code 0 accept")]
    [InlineData(true, 4, "icmp", null, null, null, "meta nfproto ipv4 meta l4proto 1 accept")]
    [InlineData(true, 6, "icmp", 128, null, null, "meta nfproto ipv6 meta l4proto 58 icmpv6 type 128 accept")]
    [InlineData(true, 6, "ipv6-icmp", null, null, "2001:db8::1/64", "meta nfproto ipv6 ip6 saddr 2001:db8::/64 meta l4proto 58 accept")]
    [InlineData(true, 4, "vrrp", null, null, null, "meta nfproto ipv4 meta l4proto 112 accept")]
    [InlineData(true, 4, "51", null, null, null, "meta nfproto ipv4 meta l4proto 51 accept")]
    [InlineData(true, 4, "0", null, null, null, "meta nfproto ipv4 accept")]
    [InlineData(true, 4, "any", null, null, null, "meta nfproto ipv4 accept")]
    [InlineData(true, 4, "sctp", 5000, null, null, "meta nfproto ipv4 meta l4proto 132 th dport 5000-65535 accept")]
    public void Rule_Compiles(bool ingress, int version, string? protocol, int? min, int? max, string? prefix, string expected) =>
        SecurityRules.Compile(new SecurityRule(NewId.Uuid(), ingress, version, protocol, min, max, prefix, null)).ShouldBe(expected);

    [Fact]
    public void RemoteGroup_IsItsSet()
    {
        var rule = new SecurityRule(NewId.Uuid(), true, 6, "tcp", 22, 22, null, "g1");
        SecurityRules.Compile(rule).ShouldBe("meta nfproto ipv6 ip6 saddr @m6-g1 meta l4proto 6 th dport 22 accept");
    }

    [Fact]
    public void UnknownProtocol_IsAnError() => Should.Throw<FormatException>(() => SecurityRules.ProtocolNumber("nonsense", 4));

    [Fact]
    public void Members_KeepNothingInsideAnother()
    {
        var group = Records.Group() with { Members = ["10.0.0.5", "10.0.0.0/24", "10.0.0.5/32", "10.0.1.7", "fd00::1", "10.0.0.128/25"] };
        SecurityRules.Members(group, 4).ShouldBe(["10.0.0.0/24", "10.0.1.7"]);
        SecurityRules.Members(group, 6).ShouldBe(["fd00::1"]);
    }
}

public sealed class ForbiddenConnectionsTests
{
    private readonly NetworkSpec _network = Records.Network();

    [Fact]
    public void RemovedRule_ForgetsItsProtocolAndDirection()
    {
        var group = Records.Group(Records.Allow("tcp", 22), Records.AllowAllOut);
        var port = Records.Port(_network, 5, group.Id);
        var before = Records.State(_network, [port], group);
        var after = Records.State(_network, [port], group with { Rules = [Records.AllowAllOut] });
        ForbiddenConnections.Decide(before, after).ShouldBe([new ConnectionFilter(6, true, IpText.Parse("10.7.0.5"), null)]);
        ForbiddenConnections.Decide(before, before).ShouldBeEmpty();
        ForbiddenConnections.Decide(after, before).ShouldBeEmpty();
        // The same rule under another id is the same rule.
        ForbiddenConnections.Decide(before, Records.State(_network, [port], group with { Rules = [.. group.Rules.Select(r => r with { Id = NewId.Uuid() })] })).ShouldBeEmpty();
    }

    [Fact]
    public void PortThatGoes_OrLosesAGroup_ForgetsAll()
    {
        var group = Records.Group(Records.AllowAllOut);
        var port = Records.Port(_network, 5, group.Id);
        var before = Records.State(_network, [port], group);
        var all = new ConnectionFilter(null, null, IpText.Parse("10.7.0.5"), null);
        ForbiddenConnections.Decide(before, Records.State(_network, [], group)).ShouldBe([all]);
        ForbiddenConnections.Decide(before, Records.State(_network, [port with { SecurityGroupIds = [] }], group)).ShouldBe([all]);
        ForbiddenConnections.Decide(before, Records.State(_network, [port with { AdminStateUp = false }], group)).ShouldBe([all]);
    }

    [Fact]
    public void MemberThatLeavesARemoteGroup_ForgetsItsConnections()
    {
        var remote = Records.Group() with { Members = ["10.7.0.9", "10.7.0.8"] };
        var group = Records.Group(Records.Allow("tcp", group: remote.Id));
        var port = Records.Port(_network, 5, group.Id);
        ForbiddenConnections.Decide(Records.State(_network, [port], group, remote), Records.State(_network, [port], group, remote with { Members = ["10.7.0.8"] }))
            .ShouldBe([new ConnectionFilter(null, null, IpText.Parse("10.7.0.5"), IpText.Parse("10.7.0.9"))]);
    }
}
