using System.Buffers.Binary;
using System.Net;
using System.Text;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.Dhcp;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Ipv6;

/// <summary>What a DHCPv6 server answers (RFC 8415, 18.3). Pure: a view of the network, a message and who sent it in; a message out.</summary>
internal static class Dhcpv6Responder
{
    /// <summary>Seconds, preferred and valid: the lease time of IPv4.</summary>
    private static readonly uint Lifetime = (uint)DhcpResponder.LeaseTime.TotalSeconds;

    /// <summary>A DUID of the link-layer kind (11.4): the DHCP port's MAC, so it stays over restarts.</summary>
    public static byte[] ServerId(NetworkSpec network) => [0, 3, 0, 1, .. IpText.Mac(network.Dhcp!.Mac)];

    /// <summary>
    /// The MAC behind a sender: from its link-local address, which the rules against spoofing tie to the MAC, or from a DUID that holds one (11.2, 11.4).
    /// </summary>
    public static string? MacOf(IPAddress source, Dhcpv6Message message)
    {
        var s = source.GetAddressBytes();
        if (s is [0xfe, 0x80, _, _, _, _, _, _, var a, var b, var c, 0xff, 0xfe, var d, var e, var f])
        {
            return IpText.Mac([(byte)(a ^ 2), b, c, d, e, f]);
        }
        return message.Option(Dhcpv6Option.ClientId) switch
        {
            [0, 1, 0, 1, _, _, _, _, .. { Length: 6 } mac] => IpText.Mac(mac),
            [0, 3, 0, 1, .. { Length: 6 } mac] => IpText.Mac(mac),
            _ => null,
        };
    }

    /// <summary>Null: nothing is to be said.</summary>
    public static Dhcpv6Message? Respond(DhcpView view, Dhcpv6Message request, IPAddress source)
    {
        var client = request.Option(Dhcpv6Option.ClientId);
        var mac = MacOf(source, request);
        if (mac is null || view.Port(mac) is not { } port || !IsForUs(view, request, client))
        {
            return null;
        }
        var leases = view.Six(mac);
        var options = new List<KeyValuePair<ushort, byte[]>> { new(Dhcpv6Option.ServerId, ServerId(view.Network)) };
        if (client is not null)
        {
            options.Add(new(Dhcpv6Option.ClientId, client));
        }
        if (request.Type is not Dhcpv6Type.InformationRequest and not Dhcpv6Type.Confirm && leases.Count == 0)
        {
            // Nothing to give on this link; another server may have something.
            return null;
        }
        switch (request.Type)
        {
            case Dhcpv6Type.Solicit:
            case Dhcpv6Type.Request:
            case Dhcpv6Type.Renew:
            case Dhcpv6Type.Rebind:
                AddAddresses(options, request, leases);
                break;
            case Dhcpv6Type.Confirm:
                options.Add(Status(OnLink(view, request) ? Dhcpv6Option.Success : Dhcpv6Option.NotOnLink));
                break;
            case Dhcpv6Type.Release:
            case Dhcpv6Type.Decline:
                // An address belongs to its port; there is nothing to give back.
                options.Add(Status(Dhcpv6Option.Success));
                break;
            case Dhcpv6Type.InformationRequest:
                break;
            default:
                return null;
        }
        AddConfiguration(options, view, port);
        var rapid = request.Type == Dhcpv6Type.Solicit && request.Has(Dhcpv6Option.RapidCommit);
        if (rapid)
        {
            options.Add(new(Dhcpv6Option.RapidCommit, []));
        }
        return new Dhcpv6Message(request.Type == Dhcpv6Type.Solicit && !rapid ? Dhcpv6Type.Advertise : Dhcpv6Type.Reply, request.Transaction, options);
    }

    /// <summary>Which messages must carry which identifiers (16.2 to 16.12).</summary>
    private static bool IsForUs(DhcpView view, Dhcpv6Message request, byte[]? client)
    {
        var server = request.Option(Dhcpv6Option.ServerId);
        return request.Type switch
        {
            Dhcpv6Type.Solicit or Dhcpv6Type.Confirm or Dhcpv6Type.Rebind => client is not null && server is null,
            Dhcpv6Type.Request or Dhcpv6Type.Renew or Dhcpv6Type.Release or Dhcpv6Type.Decline => client is not null && server is not null && server.AsSpan().SequenceEqual(ServerId(view.Network)),
            Dhcpv6Type.InformationRequest => (server is null || server.AsSpan().SequenceEqual(ServerId(view.Network))) && !request.Has(Dhcpv6Option.IaNa),
            _ => false,
        };
    }

    /// <summary>The port's addresses go into the first association; a further one has none left (18.3.2). Addresses that the client names and that are not its own get lifetime zero (18.3.4).</summary>
    private static void AddAddresses(List<KeyValuePair<ushort, byte[]>> options, Dhcpv6Message request, IReadOnlyList<DhcpLease> leases)
    {
        var first = true;
        foreach (var association in request.Options.Where(static o => o.Key == Dhcpv6Option.IaNa && o.Value.Length >= 12).Select(static o => o.Value))
        {
            var inner = new List<KeyValuePair<ushort, byte[]>>();
            if (first)
            {
                inner.AddRange(leases.Select(static l => Address(l.Address, Lifetime)));
                inner.AddRange(Named(association).Where(a => request.Type is Dhcpv6Type.Renew or Dhcpv6Type.Rebind && !leases.Any(l => l.Address.Equals(a))).Select(static a => Address(a, 0)));
            }
            else
            {
                inner.Add(Status(Dhcpv6Option.NoAddressesAvailable));
            }
            first = false;
            var head = new byte[12];
            association.AsSpan(0, 4).CopyTo(head);
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(4), Lifetime / 2);
            BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(8), Lifetime / 8 * 7);
            options.Add(new(Dhcpv6Option.IaNa, [.. head, .. Dhcpv6Message.WriteOptions(inner)]));
        }
    }

    private static IEnumerable<IPAddress> Named(byte[] association) => (Dhcpv6Message.ReadOptions(association.AsSpan(12)) ?? [])
        .Where(static o => o.Key == Dhcpv6Option.IaAddress && o.Value.Length >= 24).Select(static o => new IPAddress(o.Value.AsSpan(0, 16)));

    private static bool OnLink(DhcpView view, Dhcpv6Message request)
    {
        var prefixes = view.Network.Subnets.Where(static s => s.IpVersion == 6).Select(static s => IpText.Parse(s.Cidr)).ToList();
        return request.Options.Where(static o => o.Key == Dhcpv6Option.IaNa && o.Value.Length >= 12).SelectMany(static o => Named(o.Value)).All(a => prefixes.Any(p => p.Contains(a)));
    }

    private static void AddConfiguration(List<KeyValuePair<ushort, byte[]>> options, DhcpView view, PortSpec port)
    {
        var mine = view.Network.Subnets.Where(s => s.IpVersion == 6 && s.DhcpEnabled && port.Addresses.Any(a => a.SubnetId == s.Id));
        var resolvers = mine.SelectMany(static s => s.DnsServers).Select(IPAddress.Parse).Where(static a => IpText.Version(a) == 6).Distinct().ToList();
        if (resolvers.Count > 0)
        {
            options.Add(new(Dhcpv6Option.DnsServers, resolvers.SelectMany(static r => r.GetAddressBytes()).ToArray()));
        }
        if (view.Network.DnsDomain.Trim('.') is { Length: > 0 } domain)
        {
            // Labels with their lengths, ended by the root (RFC 8415, 10).
            options.Add(new(Dhcpv6Option.DomainList, [.. domain.Split('.').SelectMany(static l => (byte[])[(byte)l.Length, .. Encoding.ASCII.GetBytes(l)]), 0]));
        }
    }

    private static KeyValuePair<ushort, byte[]> Address(IPAddress address, uint lifetime)
    {
        var bytes = new byte[24];
        address.TryWriteBytes(bytes, out _);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), lifetime);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(20), lifetime);
        return new(Dhcpv6Option.IaAddress, bytes);
    }

    private static KeyValuePair<ushort, byte[]> Status(ushort code) => new(Dhcpv6Option.StatusCode, [(byte)(code >> 8), (byte)code]);
}
