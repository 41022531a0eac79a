using System.Globalization;
using System.Net;
using System.Text;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>Option numbers (RFC 2132 unless said) and their encodings.</summary>
public static class DhcpOption
{
    public const byte Pad = 0;
    public const byte SubnetMask = 1;
    public const byte Router = 3;
    public const byte DnsServers = 6;
    public const byte HostName = 12;
    public const byte DomainName = 15;
    public const byte Mtu = 26;
    public const byte BroadcastAddress = 28;
    public const byte RequestedAddress = 50;
    public const byte LeaseTime = 51;
    public const byte Overload = 52;
    public const byte MessageType = 53;
    public const byte ServerId = 54;
    public const byte ParameterList = 55;
    public const byte Text = 56;
    public const byte MaxSize = 57;
    public const byte RenewalTime = 58;
    public const byte RebindingTime = 59;
    public const byte ClientId = 61;
    public const byte TftpServer = 66;
    public const byte BootFile = 67;
    /// <summary>RFC 3442.</summary>
    public const byte ClasslessRoutes = 121;
    /// <summary>What Windows asks for before it knew 121; same encoding.</summary>
    public const byte MicrosoftRoutes = 249;
    public const byte End = 255;

    private enum Kind
    {
        Guess,
        Text,
        Addresses,
        Number1,
        Number2,
        Number4,
    }

    /// <summary>
    /// Names for <c>extra_dhcp_opts</c>: the ones dnsmasq prints with --help dhcp, because users know those from upstream.
    /// </summary>
    private static readonly Dictionary<string, (byte Number, Kind Kind)> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["netmask"] = (1, Kind.Addresses), ["time-offset"] = (2, Kind.Number4), ["router"] = (3, Kind.Addresses), ["dns-server"] = (6, Kind.Addresses),
        ["log-server"] = (7, Kind.Addresses), ["lpr-server"] = (9, Kind.Addresses), ["hostname"] = (12, Kind.Text), ["boot-file-size"] = (13, Kind.Number2),
        ["domain-name"] = (15, Kind.Text), ["swap-server"] = (16, Kind.Addresses), ["root-path"] = (17, Kind.Text), ["extension-path"] = (18, Kind.Text),
        ["ip-forward-enable"] = (19, Kind.Number1), ["non-local-source-routing"] = (20, Kind.Number1), ["policy-filter"] = (21, Kind.Addresses),
        ["max-datagram-reassembly"] = (22, Kind.Number2), ["default-ttl"] = (23, Kind.Number1), ["mtu"] = (26, Kind.Number2), ["all-subnets-local"] = (27, Kind.Number1),
        ["broadcast"] = (28, Kind.Addresses), ["router-discovery"] = (31, Kind.Number1), ["router-solicitation"] = (32, Kind.Addresses), ["static-route"] = (33, Kind.Addresses),
        ["trailer-encapsulation"] = (34, Kind.Number1), ["arp-timeout"] = (35, Kind.Number4), ["ethernet-encap"] = (36, Kind.Number1), ["tcp-ttl"] = (37, Kind.Number1),
        ["tcp-keepalive"] = (38, Kind.Number4), ["nis-domain"] = (40, Kind.Text), ["nis-server"] = (41, Kind.Addresses), ["ntp-server"] = (42, Kind.Addresses),
        ["vendor-encap"] = (43, Kind.Guess), ["netbios-ns"] = (44, Kind.Addresses), ["netbios-dd"] = (45, Kind.Addresses), ["netbios-nodetype"] = (46, Kind.Number1),
        ["netbios-scope"] = (47, Kind.Text), ["x-windows-fs"] = (48, Kind.Addresses), ["x-windows-dm"] = (49, Kind.Addresses), ["vendor-class"] = (60, Kind.Text),
        ["nis+-domain"] = (64, Kind.Text), ["nis+-server"] = (65, Kind.Addresses), ["tftp-server"] = (66, Kind.Text), ["bootfile-name"] = (67, Kind.Text),
        ["mobile-ip-home"] = (68, Kind.Addresses), ["smtp-server"] = (69, Kind.Addresses), ["pop3-server"] = (70, Kind.Addresses), ["nntp-server"] = (71, Kind.Addresses),
        ["irc-server"] = (74, Kind.Addresses), ["user-class"] = (77, Kind.Text), ["client-arch"] = (93, Kind.Number2), ["client-interface-id"] = (94, Kind.Guess),
        ["client-machine-id"] = (97, Kind.Guess), ["posix-timezone"] = (100, Kind.Text), ["tzdb-timezone"] = (101, Kind.Text), ["classless-static-route"] = (121, Kind.Guess),
        ["server-ip-address"] = (255, Kind.Addresses), ["tftp-server-address"] = (150, Kind.Addresses),
    };

    /// <summary>Number of the pseudo option <c>server-ip-address</c>, which is the header's field siaddr.</summary>
    public const byte NextServer = 255;

    public static byte[] Number(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    public static byte[] Addresses(IEnumerable<IPAddress> addresses) => addresses.SelectMany(static a => a.GetAddressBytes()).ToArray();

    /// <summary>RFC 3442, "Classless Route Option Format": width, the significant bytes of the destination, the router.</summary>
    public static byte[] Routes(IEnumerable<HostRoute> routes)
    {
        var bytes = new List<byte>();
        foreach (var route in routes)
        {
            var destination = IpText.Parse(route.Destination);
            bytes.Add((byte)destination.PrefixLength);
            bytes.AddRange(destination.BaseAddress.GetAddressBytes().AsSpan(0, (destination.PrefixLength + 7) / 8));
            bytes.AddRange(IPAddress.Parse(route.NextHop).GetAddressBytes());
        }
        return [.. bytes];
    }

    /// <summary>One of a port's extra options: a name of dnsmasq's or a number, perhaps after <c>option:</c> or a tag. Null for a name nobody knows, or a value that does not fit it.</summary>
    public static (byte Number, byte[] Value)? Extra(string name, string value)
    {
        // tag:NAME,OPTION is dnsmasq's way to say for which clients; there is one client here.
        var option = name[(name.LastIndexOf(',') + 1)..];
        option = option.StartsWith("option:", StringComparison.OrdinalIgnoreCase) ? option[7..] : option;
        if (!Names.TryGetValue(option, out var known))
        {
            if (!byte.TryParse(option, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is Pad or End)
            {
                return null;
            }
            known = Names.Values.FirstOrDefault(n => n.Number == number) is { Number: > 0 } named ? named : (number, Kind.Guess);
        }
        return Encode(known.Kind, value.Trim()) is { } bytes ? (known.Number, bytes) : null;
    }

    private static byte[]? Encode(Kind kind, string value) => kind switch
    {
        Kind.Text => Encoding.UTF8.GetBytes(value),
        Kind.Addresses => AddressList(value),
        Kind.Number1 => byte.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? [n] : null,
        Kind.Number2 => ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? [(byte)(n >> 8), (byte)n] : null,
        Kind.Number4 => int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? Number((uint)n) : null,
        _ => Guess(value),
    };

    private static byte[]? AddressList(string value)
    {
        var addresses = new List<IPAddress>();
        foreach (var part in value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IPAddress.TryParse(part, out var address) || IpText.Version(address) != 4)
            {
                return null;
            }
            addresses.Add(address);
        }
        return Addresses(addresses);
    }

    /// <summary>As dnsmasq reads a value of an option it has no type for: addresses, hexadecimal bytes, a number, or else text.</summary>
    private static byte[] Guess(string value)
    {
        if (value.Contains('.', StringComparison.Ordinal) && AddressList(value) is { Length: > 0 } addresses)
        {
            return addresses;
        }
        var parts = value.Split(':');
        if (parts.Length > 1 && parts.All(static p => p.Length is 1 or 2 && byte.TryParse(p, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)))
        {
            return parts.Select(static p => byte.Parse(p, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToArray();
        }
        return uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number < 256 ? [(byte)number] : number < 65536 ? [(byte)(number >> 8), (byte)number] : Number(number)
            : Encoding.UTF8.GetBytes(value);
    }
}
