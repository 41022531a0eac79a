using Nephos.Contracts.Node;
using Nephos.Kernel.Ids;
using Nephos.Node.Networks;

namespace Nephos.Node.Tests.Networks;

/// <summary>Valid records to start from.</summary>
internal static class Records
{
    private static int _macs;

    public static readonly SecurityRule AllowAllOut = new(NewId.Uuid(), false, 4, null, null, null, null, null);

    public static string Mac() => $"fa:16:3e:00:{(Interlocked.Increment(ref _macs) >> 8) & 255:x2}:{_macs & 255:x2}";

    public static NetworkSpec Network(string cidr = "10.7.0.0/24", bool dhcp = true)
    {
        var prefix = cidr[..cidr.LastIndexOf('.')];
        var subnet = new SubnetSpec { Id = NewId.Uuid(), Cidr = cidr, IpVersion = 4, GatewayIp = prefix + ".1", DhcpEnabled = dhcp, DnsServers = ["9.9.9.9"] };
        return new NetworkSpec
        {
            Id = NewId.Uuid(),
            ProjectId = NewId.Hex(),
            Mtu = 1450,
            Vni = 1001,
            Subnets = [subnet],
            Dhcp = dhcp ? new ServicePort(NewId.Uuid(), Mac(), [new PortAddress(subnet.Id, prefix + ".2", 24)]) : null,
        };
    }

    public static NetworkSpec Public() => new()
    {
        Id = NewId.Uuid(),
        ProjectId = NewId.Hex(),
        Mtu = 1500,
        Vni = 0,
        External = true,
        PhysicalNetwork = "public",
        Subnets = [new SubnetSpec { Id = NewId.Uuid(), Cidr = "172.24.4.0/24", IpVersion = 4, GatewayIp = "172.24.4.1" }],
    };

    public static PortSpec Port(NetworkSpec network, int host, params string[] groups) => new()
    {
        Id = NewId.Uuid(),
        NetworkId = network.Id,
        Mac = Mac(),
        Addresses = [new PortAddress(network.Subnets[0].Id, Address(network, host), 24)],
        Local = true,
        SecurityGroupIds = groups,
        HostName = "host-" + host,
    };

    public static string Address(NetworkSpec network, int host) => network.Subnets[0].Cidr[..network.Subnets[0].Cidr.LastIndexOf('.')] + "." + host;

    public static SecurityGroupSpec Group(params SecurityRule[] rules) => new() { Id = NewId.Uuid(), Rules = rules };

    public static SecurityRule Allow(string? protocol, int? port = null, string? prefix = null, string? group = null, bool ingress = true, int version = 4) =>
        new(NewId.Uuid(), ingress, version, protocol, port, port, prefix, group);

    public static NetworkState State(NetworkSpec network, IEnumerable<PortSpec> ports, params SecurityGroupSpec[] groups) =>
        new(network, ports.ToList(), groups.ToDictionary(g => g.Id));

    public static RouterState Router(NetworkSpec? outside, string? address, IReadOnlyList<FloatingIpSpec> floating, params NetworkSpec[] inside)
    {
        var spec = new RouterSpec
        {
            Id = NewId.Uuid(),
            ProjectId = NewId.Hex(),
            Gateway = outside is null ? null : new RouterGateway(NewId.Uuid(), outside.Id, Mac(), [new PortAddress(outside.Subnets[0].Id, address!, 24)], true, ["172.24.4.1"]),
            Legs = inside.Select(n => new RouterLeg(NewId.Uuid(), n.Id, Mac(), [new PortAddress(n.Subnets[0].Id, n.Subnets[0].GatewayIp!, 24)])).ToList(),
            FloatingIps = floating,
        };
        return new RouterState(spec, inside.Concat(outside is null ? [] : [outside]).ToDictionary(n => n.Id));
    }
}
