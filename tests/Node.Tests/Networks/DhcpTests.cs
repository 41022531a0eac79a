using System.Buffers.Binary;
using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

public sealed class DhcpPacketTests
{
    /// <summary>A discover as busybox' udhcpc 1.35 sends it.</summary>
    private static readonly byte[] Discover = Convert.FromHexString(
        "0101060012345678000000000000000000000000000000000000000" + "0fa163e00000b00000000000000000000" + new string('0', 384) + "63825363"
        + "350101" + "3d0701fa163e00000b" + "39020240" + "3707010306" + "0c0f1c2a" + "3c0c756468637020312e33352e30" + "ff" + new string('0', 60));

    [Fact]
    public void Captured_IsRead()
    {
        var packet = DhcpPacket.Parse(Discover)!;
        packet.Message.ShouldBe(DhcpMessage.Discover);
        packet.Transaction.ShouldBe(0x12345678u);
        IpText.Mac(packet.HardwareAddress.Span).ShouldBe("fa:16:3e:00:00:0b");
        packet.Option(DhcpOption.ParameterList).ShouldBe([1, 3, 6, 12, 15, 28, 42]);
        packet.Broadcast.ShouldBeFalse();
    }

    [Fact]
    public void Written_IsReadBack() => Prop.ForAll(ArbMap.Default.ArbFor<(uint Id, byte[][] Values, bool Broadcast)>(), input =>
    {
        var options = input.Values.Where(v => v is not null).Take(40).Select((v, i) => new KeyValuePair<byte, byte[]>((byte)(60 + i), v)).ToList();
        var packet = new DhcpPacket
        {
            Operation = 2, Transaction = input.Id, Broadcast = input.Broadcast, HardwareAddress = new byte[] { 1, 2, 3, 4, 5, 6 }, YourAddress = IPAddress.Parse("10.0.0.1"), Options = options,
        };
        var read = DhcpPacket.Parse(packet.Write())!;
        read.Transaction.ShouldBe(input.Id);
        read.YourAddress.ShouldBe(packet.YourAddress);
        read.Broadcast.ShouldBe(input.Broadcast);
        read.Options.Select(o => (o.Key, Convert.ToHexString(o.Value))).ShouldBe(options.Select(o => (o.Key, Convert.ToHexString(o.Value))));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void LongOption_IsSplitAndJoined()
    {
        var value = Enumerable.Range(0, 700).Select(i => (byte)i).ToArray();
        var packet = new DhcpPacket { Operation = 2, Transaction = 1, HardwareAddress = new byte[6], Options = [new(121, value)] };
        DhcpPacket.Parse(packet.Write())!.Option(121).ShouldBe(value);
    }

    [Fact]
    public void Garbage_NeverThrows() => Prop.ForAll(ArbMap.Default.ArbFor<(byte[] Tail, int Cut)>(), input =>
    {
        var bytes = Discover.Take(Math.Abs(input.Cut % Discover.Length)).Concat(input.Tail ?? []).ToArray();
        if (DhcpPacket.Parse(bytes) is { } packet)
        {
            _ = packet.Message;
            var network = Records.Network();
            _ = DhcpResponder.Respond(new DhcpView(Records.State(network, [Records.Port(network, 5) with { Mac = "fa:16:3e:00:00:0b" }])), packet);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Frame_HasRightSums()
    {
        var frame = UdpFrame.Write([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2], new IPEndPoint(IPAddress.Parse("10.0.0.1"), 67), new IPEndPoint(IPAddress.Parse("10.0.0.9"), 68), [1, 2, 3]);
        UdpFrame.Checksum(frame.AsSpan(14, 20), 0).ShouldBe((ushort)0);
        // The pseudo header again: addresses, protocol 17, length 11.
        var sum = 0x0a00u + 1 + 0x0a00 + 9 + 17 + 11;
        UdpFrame.Checksum(frame.AsSpan(34), sum).ShouldBe((ushort)0);
        BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(16)).ShouldBe((ushort)31);
    }
}

public sealed class DhcpResponderTests
{
    private readonly NetworkSpec _network;
    private readonly PortSpec _port;

    public DhcpResponderTests()
    {
        _network = Records.Network();
        _network = _network with { DnsDomain = "example.org.", Subnets = [_network.Subnets[0] with { HostRoutes = [new HostRoute("10.20.0.0/16", "10.7.0.254")] }] };
        _port = Records.Port(_network, 11);
    }

    private DhcpReply? Ask(DhcpMessage type, string? requested = null, string? server = null, string? client = null, string? mac = null, PortSpec? port = null, byte[]? asked = null, bool broadcast = false)
    {
        var options = new List<KeyValuePair<byte, byte[]>> { new(DhcpOption.MessageType, [(byte)type]) };
        void Add(byte number, string? address)
        {
            if (address is not null)
            {
                options.Add(new(number, IPAddress.Parse(address).GetAddressBytes()));
            }
        }

        Add(DhcpOption.RequestedAddress, requested);
        Add(DhcpOption.ServerId, server);
        if (asked is not null)
        {
            options.Add(new(DhcpOption.ParameterList, asked));
        }
        return DhcpResponder.Respond(new DhcpView(Records.State(_network, [port ?? _port])), new DhcpPacket
        {
            Operation = DhcpPacket.BootRequest, Transaction = 7, HardwareAddress = IpText.Mac(mac ?? _port.Mac), Broadcast = broadcast,
            ClientAddress = client is null ? IPAddress.Any : IPAddress.Parse(client), Options = options,
        });
    }

    [Fact]
    public void Discover_OffersThePortsAddressWithEverything()
    {
        var reply = Ask(DhcpMessage.Discover)!;
        reply.Packet.Message.ShouldBe(DhcpMessage.Offer);
        reply.Packet.YourAddress.ToString().ShouldBe("10.7.0.11");
        reply.ToEveryone.ShouldBeFalse();
        reply.Packet.AddressOption(DhcpOption.SubnetMask)!.ToString().ShouldBe("255.255.255.0");
        reply.Packet.AddressOption(DhcpOption.BroadcastAddress)!.ToString().ShouldBe("10.7.0.255");
        reply.Packet.AddressOption(DhcpOption.Router)!.ToString().ShouldBe("10.7.0.1");
        reply.Packet.Option(DhcpOption.DomainName).ShouldBe("example.org"u8.ToArray());
        reply.Packet.Option(DhcpOption.Mtu).ShouldBe([5, 170]);
        // 10.20/16 via .254, metadata via the server, default via the gateway (RFC 3442).
        reply.Packet.Option(DhcpOption.ClasslessRoutes).ShouldBe([16, 10, 20, 10, 7, 0, 254, 32, 169, 254, 169, 254, 10, 7, 0, 2, 0, 10, 7, 0, 1]);
        reply.Packet.Option(DhcpOption.MicrosoftRoutes).ShouldBe(reply.Packet.Option(DhcpOption.ClasslessRoutes));
        Ask(DhcpMessage.Discover, broadcast: true)!.ToEveryone.ShouldBeTrue();
    }

    [Fact]
    public void Discover_ListOfParameters_LimitsTheAnswer()
    {
        var reply = Ask(DhcpMessage.Discover, asked: [DhcpOption.Router])!;
        reply.Packet.Option(DhcpOption.Router).ShouldNotBeNull();
        reply.Packet.Option(DhcpOption.DomainName).ShouldBeNull();
        reply.Packet.Option(DhcpOption.Mtu).ShouldNotBeNull();
    }

    [Fact]
    public void Request_InEachState()
    {
        Ask(DhcpMessage.Request, requested: "10.7.0.11", server: "10.7.0.2")!.Packet.Message.ShouldBe(DhcpMessage.Ack);
        Ask(DhcpMessage.Request, requested: "10.7.0.11", server: "10.7.0.3").ShouldBeNull("another server was selected");
        Ask(DhcpMessage.Request, requested: "10.7.0.11")!.Packet.Message.ShouldBe(DhcpMessage.Ack);
        Ask(DhcpMessage.Request, requested: "192.168.1.9")!.Packet.Message.ShouldBe(DhcpMessage.Nak);
        Ask(DhcpMessage.Request, client: "10.7.0.11")!.Address.ToString().ShouldBe("10.7.0.11");
        Ask(DhcpMessage.Request, client: "10.7.0.12")!.ToEveryone.ShouldBeTrue();
    }

    [Fact]
    public void Strangers_GetNoAnswer()
    {
        Ask(DhcpMessage.Discover, mac: "fa:16:3e:ff:ff:ff").ShouldBeNull();
        Ask(DhcpMessage.Request, requested: "192.168.1.9", mac: "fa:16:3e:ff:ff:ff").ShouldBeNull();
        Ask(DhcpMessage.Release, client: "10.7.0.11").ShouldBeNull();
        Ask(DhcpMessage.Decline, requested: "10.7.0.11").ShouldBeNull();
    }

    [Fact]
    public void Inform_HasNoAddressAndNoLease()
    {
        var reply = Ask(DhcpMessage.Inform, client: "10.7.0.11")!;
        reply.Packet.Message.ShouldBe(DhcpMessage.Ack);
        reply.Packet.YourAddress.ShouldBe(IPAddress.Any);
        reply.Packet.Option(DhcpOption.LeaseTime).ShouldBeNull();
        reply.Packet.Option(DhcpOption.DnsServers).ShouldNotBeNull();
    }

    [Fact]
    public void ExtraOptions_WinOverTheSubnets()
    {
        var port = _port with
        {
            DhcpOptions = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["bootfile-name"] = "pxelinux.0", ["tftp-server"] = "123.123.123.123", ["server-ip-address"] = "123.123.123.45", ["26"] = "1400", ["option:ntp-server"] = "10.0.0.1,10.0.0.2",
                ["nonsense"] = "x", ["150"] = "1.2.3.4",
            },
        };
        var packet = Ask(DhcpMessage.Discover, port: port)!.Packet;
        packet.Option(DhcpOption.BootFile).ShouldBe("pxelinux.0"u8.ToArray());
        packet.BootFile.ShouldBe("pxelinux.0");
        packet.ServerName.ShouldBe("123.123.123.123");
        packet.ServerAddress.ToString().ShouldBe("123.123.123.45");
        packet.Option(DhcpOption.Mtu).ShouldBe([5, 120]);
        packet.Option(42).ShouldBe([10, 0, 0, 1, 10, 0, 0, 2]);
        packet.Option(150).ShouldBe([1, 2, 3, 4]);
        packet.Options.Count(o => o.Key == DhcpOption.Mtu).ShouldBe(1);
    }
}
