using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.Ipv6;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

public sealed class RouterAdvertisementTests
{
    private static byte[]? Of(string? mode, params string[] resolvers)
    {
        var (network, _, _) = Ipv6LiveTests.Network("fd00:7::", mode ?? "slaac");
        network = network with { Subnets = [network.Subnets[0] with { Ipv6RaMode = mode, DnsServers = resolvers }] };
        return RouterAdvertisement.Write(new RouterLeg(NewId.Uuid(), network.Id, "fa:16:3e:00:00:01", [new PortAddress(network.Subnets[0].Id, "fd00:7::1", 64)]), network);
    }

    [Fact]
    public void NoMode_NoAdvertisement() => Of(null).ShouldBeNull();

    [Theory]
    [InlineData("slaac", 0x00, 0xc0)]
    [InlineData("dhcpv6-stateless", 0x40, 0xc0)]
    [InlineData("dhcpv6-stateful", 0xc0, 0x80)]
    public void Flags_SayHowAddressesCome(string mode, int router, int prefix)
    {
        var bytes = Of(mode)!;
        bytes[0].ShouldBe((byte)134);
        bytes[5].ShouldBe((byte)router);
        // Header 16, source MAC 8, MTU 8, then the prefix.
        bytes.AsSpan(32, 4).ToArray().ShouldBe([3, 4, 64, (byte)prefix]);
        new IPAddress(bytes.AsSpan(48, 16)).ToString().ShouldBe("fd00:7::");
        bytes.Length.ShouldBe(64);
    }

    [Fact]
    public void Resolvers_AreAdvertised() => Of("slaac", "fd00::53", "9.9.9.9")!.AsSpan(64, 4).ToArray().ShouldBe([25, 3, 0, 0]);
}

public sealed class Dhcpv6Tests
{
    private readonly NetworkSpec _network;
    private readonly PortSpec _port;

    public Dhcpv6Tests()
    {
        (_network, _port, _) = Ipv6LiveTests.Network("fd00:7::", "dhcpv6-stateful");
        _network = _network with { DnsDomain = "example.org.", Subnets = [_network.Subnets[0] with { DnsServers = ["fd00::53"] }] };
    }

    private Dhcpv6Message? Ask(Dhcpv6Type type, bool server, string? mac = null, params KeyValuePair<ushort, byte[]>[] options)
    {
        var all = new List<KeyValuePair<ushort, byte[]>> { new(Dhcpv6Option.ClientId, [0, 3, 0, 1, 9, 9, 9, 9, 9, 9]) };
        if (server)
        {
            all.Add(new(Dhcpv6Option.ServerId, Dhcpv6Responder.ServerId(_network)));
        }
        all.AddRange(options);
        return Dhcpv6Responder.Respond(new DhcpView(Records.State(_network, [_port])), new Dhcpv6Message(type, 5, all), IpText.LinkLocal(mac ?? _port.Mac));
    }

    private static KeyValuePair<ushort, byte[]> Association(params string[] addresses) => new(Dhcpv6Option.IaNa, [0, 0, 0, 1, .. new byte[8],
        .. Dhcpv6Message.WriteOptions(addresses.Select(a => new KeyValuePair<ushort, byte[]>(Dhcpv6Option.IaAddress, [.. IPAddress.Parse(a).GetAddressBytes(), .. new byte[8]])))]);

    private static List<(string Address, uint Lifetime)> Addresses(Dhcpv6Message message) => Dhcpv6Message.ReadOptions(message.Option(Dhcpv6Option.IaNa).AsSpan(12))!
        .Select(o => (new IPAddress(o.Value.AsSpan(0, 16)).ToString(), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(o.Value.AsSpan(20)))).ToList();

    [Fact]
    public void Solicit_Request_Renew_GiveThePortsAddress()
    {
        var own = (_port.Addresses[0].Ip, 86400u);
        var offer = Ask(Dhcpv6Type.Solicit, false, null, Association())!;
        offer.Type.ShouldBe(Dhcpv6Type.Advertise);
        Addresses(offer).ShouldBe([own]);
        offer.Option(Dhcpv6Option.DnsServers).ShouldBe(IPAddress.Parse("fd00::53").GetAddressBytes());
        offer.Option(Dhcpv6Option.DomainList).ShouldBe([7, .. "example"u8, 3, .. "org"u8, 0]);
        Ask(Dhcpv6Type.Solicit, false, null, Association(), new(Dhcpv6Option.RapidCommit, []))!.Type.ShouldBe(Dhcpv6Type.Reply);
        Addresses(Ask(Dhcpv6Type.Request, true, null, Association())!).ShouldBe([own]);
        Addresses(Ask(Dhcpv6Type.Renew, true, null, Association("fd00:7::99"))!).ShouldBe([own, ("fd00:7::99", 0u)]);
    }

    [Fact]
    public void SecondAssociation_HasNoAddressLeft()
    {
        var reply = Ask(Dhcpv6Type.Request, true, null, Association(), Association())!;
        Dhcpv6Message.ReadOptions(reply.Options.Last(o => o.Key == Dhcpv6Option.IaNa).Value.AsSpan(12))!.Single().Value.ShouldBe([0, 2]);
    }

    [Fact]
    public void Confirm_SaysWhetherTheLinkIsStillTheSame()
    {
        Ask(Dhcpv6Type.Confirm, false, null, Association("fd00:7::5"))!.Option(Dhcpv6Option.StatusCode).ShouldBe([0, 0]);
        Ask(Dhcpv6Type.Confirm, false, null, Association("fd00:9::5"))!.Option(Dhcpv6Option.StatusCode).ShouldBe([0, 4]);
    }

    [Fact]
    public void WrongIdentifiersOrStrangers_GetNoAnswer()
    {
        Ask(Dhcpv6Type.Solicit, true, null, Association()).ShouldBeNull();
        Ask(Dhcpv6Type.Request, false, null, Association()).ShouldBeNull();
        Ask(Dhcpv6Type.Solicit, false, "fa:16:3e:77:77:77", Association()).ShouldBeNull();
    }

    [Fact]
    public void InformationRequest_IsConfigurationOnly()
    {
        var reply = Ask(Dhcpv6Type.InformationRequest, false)!;
        reply.Option(Dhcpv6Option.IaNa).ShouldBeNull();
        reply.Option(Dhcpv6Option.DnsServers).ShouldNotBeNull();
    }

    [Fact]
    public void Garbage_NeverThrows() => Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), bytes =>
    {
        if (Dhcpv6Message.Parse(bytes ?? []) is { } message)
        {
            Dhcpv6Message.Parse(message.Write())!.Transaction.ShouldBe(message.Transaction);
            _ = Dhcpv6Responder.Respond(new DhcpView(Records.State(_network, [_port])), message, IpText.LinkLocal(_port.Mac));
        }
    }).QuickCheckThrowOnFailure();
}
