using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Networks;
using Nephos.Node.Networks.Ipv6;
using Nephos.Node.Networks.LinuxBridge;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Networks;

/// <summary>A guest's own kernel takes an address from the advertisement; a client of ours asks the DHCPv6 server.</summary>
[Trait("Category", "Live")]
public sealed class Ipv6LiveTests : IAsyncLifetime
{
    private NetworkLab _lab = null!;
    private LinuxBridgeDriver _driver = null!;

    public async Task InitializeAsync()
    {
        _lab = await NetworkLab.CreateAsync();
        _driver = _lab.Driver(new NamespaceServers(new NoMetadata(), TimeProvider.System, NullLoggerFactory.Instance));
        await _driver.PrepareAsync(default);
    }

    public async Task DisposeAsync()
    {
        await _driver.DisposeAsync();
        await _lab.DisposeAsync();
    }

    [Fact]
    public async Task Slaac_GuestAutoconfigures_AndIsRoutedToTheOtherNetwork()
    {
        var (network, port, group) = Network("fd00:7::", "slaac");
        var (other, otherPort, otherGroup) = Network("fd00:8::", "slaac");
        await _driver.ApplyNetworkAsync(Records.State(network, [port], group), default);
        await _driver.ApplyNetworkAsync(Records.State(other, [otherPort], otherGroup), default);
        var router = Router(network, other);
        await _driver.ApplyRouterAsync(router, default);
        var guest = await _lab.AddGuestAsync(port, addresses: false);
        var otherGuest = await _lab.AddGuestAsync(otherPort, addresses: false);
        await _driver.PlugAsync(network, port, TapNames.Of(port.Id), default);
        await _driver.PlugAsync(other, otherPort, TapNames.Of(otherPort.Id), default);
        await UntilAsync(async () => (await AddressesAsync(guest)).Contains(port.Addresses[0].Ip), "no address from the advertisement");
        await UntilAsync(async () => (await AddressesAsync(otherGuest)).Contains(otherPort.Addresses[0].Ip), "no address from the advertisement");
        await UntilAsync(async () => (await _lab.RunAsync(guest, "ping", "-n", "-c", "1", "-W", "1", otherPort.Addresses[0].Ip)).Ok, "the router does not pass");
        (await _lab.RunAsync(guest, "ip", "-6", "route", "show", "default")).Output.ShouldContain("mtu 1450");
    }

    [Fact]
    public async Task Stateful_ClientGetsItsAddress()
    {
        var (network, port, group) = Network("fd00:7::", "dhcpv6-stateful");
        await _driver.ApplyNetworkAsync(Records.State(network, [port], group), default);
        var guest = await _lab.AddGuestAsync(port, addresses: false);
        await _driver.PlugAsync(network, port, TapNames.Of(port.Id), default);
        var linkLocal = IpText.LinkLocal(port.Mac).ToString();
        await UntilAsync(async () => (await _lab.RunAsync(guest, "ip", "-6", "address", "show", "dev", "eth0")).Output is var o && o.Contains(linkLocal) && !o.Contains("tentative"), "no link-local address");

        using var client = guest.Run(() =>
        {
            var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(IPAddress.IPv6Any, 546));
            return socket;
        });
        var index = guest.Run(() => Native.IndexOfInterface("eth0"));
        var request = new Dhcpv6Message(Dhcpv6Type.Solicit, 0x123456, [new(Dhcpv6Option.ClientId, [0, 3, 0, 1, .. IpText.Mac(port.Mac)]), new(Dhcpv6Option.IaNa, new byte[12])]);
        await client.SendToAsync(request.Write(), SocketFlags.None, new IPEndPoint(new IPAddress(IPAddress.Parse("ff02::1:2").GetAddressBytes(), index), 547));
        var buffer = new byte[1500];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        var length = await client.ReceiveAsync(buffer, SocketFlags.None, limit.Token);
        var reply = Dhcpv6Message.Parse(buffer.AsSpan(0, length))!;
        reply.Type.ShouldBe(Dhcpv6Type.Advertise);
        var address = Dhcpv6Message.ReadOptions(reply.Option(Dhcpv6Option.IaNa).AsSpan(12))!.Single(o => o.Key == Dhcpv6Option.IaAddress).Value;
        new IPAddress(address.AsSpan(0, 16)).ToString().ShouldBe(port.Addresses[0].Ip);
    }

    internal static (NetworkSpec Network, PortSpec Port, SecurityGroupSpec Group) Network(string prefix, string mode)
    {
        var network = Records.Network();
        var subnet = new SubnetSpec { Id = NewId.Uuid(), Cidr = prefix + "/64", IpVersion = 6, GatewayIp = prefix + "1", DhcpEnabled = true, Ipv6RaMode = mode, Ipv6AddressMode = mode };
        network = network with { Subnets = [subnet], Dhcp = new ServicePort(NewId.Uuid(), Records.Mac(), [new PortAddress(subnet.Id, prefix + "2", 64)]) };
        var group = Records.Group(Records.Allow("icmp", version: 6), Records.Allow(null, ingress: false, version: 6));
        var port = Records.Port(Records.Network(), 11, group.Id);
        var own = IpText.LinkLocal(port.Mac).GetAddressBytes();
        IPAddress.Parse(prefix).GetAddressBytes().AsSpan(0, 8).CopyTo(own);
        return (network, port with { NetworkId = network.Id, Addresses = [new PortAddress(subnet.Id, new IPAddress(own).ToString(), 64)] }, group);
    }

    private static RouterState Router(params NetworkSpec[] networks) => new(
        new RouterSpec
        {
            Id = NewId.Uuid(), ProjectId = NewId.Hex(),
            Legs = networks.Select(n => new RouterLeg(NewId.Uuid(), n.Id, Records.Mac(), [new PortAddress(n.Subnets[0].Id, n.Subnets[0].GatewayIp!, 64)])).ToList(),
        },
        networks.ToDictionary(n => n.Id));

    private async Task<string> AddressesAsync(Netns guest) => (await _lab.RunAsync(guest, "ip", "-6", "address", "show", "dev", "eth0", "scope", "global")).Output;

    private static async Task UntilAsync(Func<Task<bool>> holds, string otherwise)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!await holds())
        {
            limit.IsCancellationRequested.ShouldBeFalse(otherwise);
            await timer.WaitForNextTickAsync();
        }
    }

    private sealed class NoMetadata : IInstanceMetadata
    {
        public Task<InstanceTree?> FindAsync(string networkId, string ipAddress, CancellationToken cancel) => Task.FromResult<InstanceTree?>(null);

        public Task<PasswordOutcome> SetPasswordAsync(string networkId, string ipAddress, string password, CancellationToken cancel) => Task.FromResult(PasswordOutcome.Unknown);
    }
}
