using System.Net;
using System.Text;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>A message and where it goes.</summary>
/// <param name="ToEveryone">Broadcast on the link and in IP; otherwise to the client's MAC and <paramref name="Address"/>.</param>
internal sealed record DhcpReply(DhcpPacket Packet, IPAddress Server, bool ToEveryone, IPAddress Address);

/// <summary>What a DHCP server answers (RFC 2131, section 4.3). Pure: a view of the network and a message in, a message out.</summary>
internal static class DhcpResponder
{
    /// <summary>As upstream's default (neutron.conf, dhcp_lease_duration).</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromDays(1);

    private static readonly HostRoute[] NoRoutes = [];

    /// <summary>Null: nothing is to be said. A MAC without a port gets no answer at all, as this server must not disturb others (4.3.2).</summary>
    public static DhcpReply? Respond(DhcpView view, DhcpPacket request)
    {
        // Relays have no place in a tenant network: its server is on the link.
        if (request.Operation != DhcpPacket.BootRequest || !request.RelayAddress.Equals(IPAddress.Any))
        {
            return null;
        }
        var leases = view.Four(IpText.Mac(request.HardwareAddress.Span));
        return leases.Count == 0 ? null : request.Message switch
        {
            DhcpMessage.Discover => Grant(view, request, Choose(leases, request.AddressOption(DhcpOption.RequestedAddress)), DhcpMessage.Offer),
            DhcpMessage.Request => Requested(view, request, leases),
            DhcpMessage.Inform => Inform(view, request, leases),
            // An address belongs to its port: a release frees nothing, and a client that declines (4.3.3) found a foreign host with its address, which the rules
            // against spoofing make impossible from another port.
            _ => null,
        };
    }

    /// <summary>The four states from which a client requests are told apart by which fields are filled (4.3.2, table 4).</summary>
    private static DhcpReply? Requested(DhcpView view, DhcpPacket request, IReadOnlyList<DhcpLease> leases)
    {
        var server = request.AddressOption(DhcpOption.ServerId);
        if (server is not null && !leases.Any(l => l.Server.Equals(server)))
        {
            // SELECTING, and somebody else was selected.
            return null;
        }
        var wanted = request.AddressOption(DhcpOption.RequestedAddress) ?? request.ClientAddress;
        var lease = leases.FirstOrDefault(l => l.Address.Equals(wanted));
        return lease is null ? Refuse(request, leases[0].Server) : Grant(view, request, lease, DhcpMessage.Ack);
    }

    private static DhcpReply Grant(DhcpView view, DhcpPacket request, DhcpLease lease, DhcpMessage type)
    {
        var options = new List<KeyValuePair<byte, byte[]>>
        {
            new(DhcpOption.MessageType, [(byte)type]),
            new(DhcpOption.ServerId, lease.Server.GetAddressBytes()),
            new(DhcpOption.LeaseTime, DhcpOption.Number((uint)LeaseTime.TotalSeconds)),
            // T1 and T2 at half and seven eighths (4.4.5).
            new(DhcpOption.RenewalTime, DhcpOption.Number((uint)LeaseTime.TotalSeconds / 2)),
            new(DhcpOption.RebindingTime, DhcpOption.Number((uint)LeaseTime.TotalSeconds / 8 * 7)),
        };
        AddConfiguration(options, view, request, lease);
        return Reply(request, lease, options, lease.Address);
    }

    /// <summary>Configuration without an address, and without a lease time (4.3.5).</summary>
    private static DhcpReply Inform(DhcpView view, DhcpPacket request, IReadOnlyList<DhcpLease> leases)
    {
        var lease = Choose(leases, request.ClientAddress);
        var options = new List<KeyValuePair<byte, byte[]>> { new(DhcpOption.MessageType, [(byte)DhcpMessage.Ack]), new(DhcpOption.ServerId, lease.Server.GetAddressBytes()) };
        AddConfiguration(options, view, request, lease);
        return Reply(request, lease, options, IPAddress.Any);
    }

    private static DhcpReply Reply(DhcpPacket request, DhcpLease lease, List<KeyValuePair<byte, byte[]>> options, IPAddress address)
    {
        var extra = lease.Port.DhcpOptions.Select(static o => DhcpOption.Extra(o.Key, o.Value)).OfType<(byte Number, byte[] Value)>().ToList();
        foreach (var (number, value) in extra.Where(static e => e.Number is not (DhcpOption.NextServer or DhcpOption.ClientId)))
        {
            // The port's own options win over the subnet's.
            options.RemoveAll(o => o.Key == number);
            options.Add(new(number, value));
        }
        var packet = Header(request, options) with
        {
            ClientAddress = request.ClientAddress,
            YourAddress = address,
            ServerAddress = extra.FirstOrDefault(static e => e.Number == DhcpOption.NextServer).Value is { Length: 4 } next ? new IPAddress(next) : lease.Server,
            // Boot loaders look into the fixed fields first.
            ServerName = Encoding.ASCII.GetString(extra.FirstOrDefault(static e => e.Number == DhcpOption.TftpServer).Value ?? []),
            BootFile = Encoding.ASCII.GetString(extra.FirstOrDefault(static e => e.Number == DhcpOption.BootFile).Value ?? []),
        };
        var renewing = !request.ClientAddress.Equals(IPAddress.Any);
        return new DhcpReply(packet, lease.Server, !renewing && request.Broadcast, renewing ? request.ClientAddress : lease.Address);
    }

    /// <summary>Goes to everyone, as the client has no address that it could be reached by (4.1, 4.3.2).</summary>
    private static DhcpReply Refuse(DhcpPacket request, IPAddress server) => new(
        Header(request, [
            new(DhcpOption.MessageType, [(byte)DhcpMessage.Nak]),
            new(DhcpOption.ServerId, server.GetAddressBytes()),
            new(DhcpOption.Text, "address not available"u8.ToArray())]),
        server, true, IPAddress.Broadcast);

    private static DhcpPacket Header(DhcpPacket request, List<KeyValuePair<byte, byte[]>> options)
    {
        if (request.Option(DhcpOption.ClientId) is { } client)
        {
            // RFC 6842, section 3.
            options.Add(new(DhcpOption.ClientId, client));
        }
        return new DhcpPacket { Operation = DhcpPacket.BootReply, Transaction = request.Transaction, Broadcast = request.Broadcast, HardwareAddress = request.HardwareAddress, Options = options };
    }

    private static DhcpLease Choose(IReadOnlyList<DhcpLease> leases, IPAddress? wanted) => leases.FirstOrDefault(l => l.Address.Equals(wanted)) ?? leases[0];

    private static void AddConfiguration(List<KeyValuePair<byte, byte[]>> options, DhcpView view, DhcpPacket request, DhcpLease lease)
    {
        var asked = request.Option(DhcpOption.ParameterList);
        void Add(byte number, byte[] value, bool always = false)
        {
            if (value.Length > 0 && (always || asked is null || asked.Contains(number)))
            {
                options.Add(new(number, value));
            }
        }

        var mask = IpText.Mask(IPAddress.Broadcast, lease.PrefixLength);
        Add(DhcpOption.SubnetMask, mask.GetAddressBytes(), always: true);
        Add(DhcpOption.BroadcastAddress, lease.Address.GetAddressBytes().Zip(mask.GetAddressBytes(), static (a, m) => (byte)(a | ~m)).ToArray());
        var gateway = Gateway(lease.Subnet);
        Add(DhcpOption.Router, gateway is null ? [] : IPAddress.Parse(gateway).GetAddressBytes());
        Add(DhcpOption.DnsServers, DhcpOption.Addresses(Resolvers(lease)));
        Add(DhcpOption.HostName, Encoding.UTF8.GetBytes(lease.Port.HostName));
        Add(DhcpOption.DomainName, Encoding.UTF8.GetBytes(view.Network.DnsDomain.TrimEnd('.')));
        // Upstream forces the MTU on every client: one that does not ask would lose its large packets in the tunnel.
        Add(DhcpOption.Mtu, [(byte)(view.Network.Mtu >> 8), (byte)view.Network.Mtu], always: view.Network.Mtu > 0);
        var routes = DhcpOption.Routes(Routes(view.Network, lease, gateway));
        Add(DhcpOption.ClasslessRoutes, routes);
        Add(DhcpOption.MicrosoftRoutes, routes);
    }

    /// <summary>A default route among the subnet's host routes is its gateway when it has no other.</summary>
    private static string? Gateway(SubnetSpec subnet) => subnet.GatewayIp ?? subnet.HostRoutes.FirstOrDefault(static r => r.Destination == "0.0.0.0/0")?.NextHop;

    /// <summary>The subnet's resolvers; 0.0.0.0 alone says that there is none; without any, the network's own service (networking guide, "DNS resolution for instances").</summary>
    private static IEnumerable<IPAddress> Resolvers(DhcpLease lease)
    {
        var servers = lease.Subnet.DnsServers.Select(IPAddress.Parse).Where(static a => IpText.Version(a) == 4).ToList();
        return servers is [var only] && only.Equals(IPAddress.Any) ? [] : servers.Count > 0 ? servers : [lease.Server];
    }

    /// <summary>In the order of upstream's DHCP agent: on-link subnets of the network, host routes, metadata, and last the default route, which a client that takes option 121
    /// would miss otherwise (RFC 3442).</summary>
    private static List<HostRoute> Routes(NetworkSpec network, DhcpLease lease, string? gateway)
    {
        var routes = new List<HostRoute>();
        routes.AddRange(network.Subnets.Where(s => s.IpVersion == 4 && s.Cidr != lease.Subnet.Cidr).Select(static s => new HostRoute(s.Cidr, "0.0.0.0")));
        routes.AddRange(lease.Subnet.HostRoutes.Where(static r => r.Destination != "0.0.0.0/0"));
        routes.Add(new HostRoute(LinuxBridgeDriver.MetadataAddress, lease.Server.ToString()));
        routes.AddRange(gateway is null ? NoRoutes : [new HostRoute("0.0.0.0/0", gateway)]);
        return routes;
    }
}
