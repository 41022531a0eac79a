using System.Net;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Metadata;

/// <summary><c>network_data.json</c> (<c>nova/virt/netutils.py</c>, get_network_metadata): of each card its link, and its first IPv4 and first IPv6 subnet.</summary>
internal static class NetworkData
{
    public static object Of(IReadOnlyList<Vif> vifs)
    {
        var (links, networks, services) = (new List<object>(), new List<object>(), new List<object>());
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var vif in vifs.Where(v => v.Ips.Count > 0))
        {
            var link = "tap" + vif.PortId[..11];
            // Where DHCP serves the network it also tells the MTU.
            links.Add(new { id = link, vif_id = vif.PortId, type = "bridge", mtu = vif.Ips.Any(i => i.Dhcp) ? (int?)null : vif.Mtu, ethernet_mac_address = vif.Mac });
            foreach (var version in new[] { 4, 6 })
            {
                if (vif.Ips.FirstOrDefault(i => i.Version == version) is not { } ip) { continue; }
                networks.Add(Network(ip, $"network{networks.Count}", link, vif.NetworkId));
                foreach (var dns in ip.Dns.Where(known.Add)) { services.Add(new { type = "dns", address = dns }); }
            }
        }
        return new { links, networks, services };
    }

    private static Dictionary<string, object> Network(VifIp ip, string id, string link, string networkId)
    {
        var network = new Dictionary<string, object> { ["id"] = id, ["link"] = link, ["network_id"] = networkId };
        if (ip.Ipv6Mode is null && ip.Dhcp)
        {
            network["type"] = $"ipv{ip.Version}_dhcp";
            return network;
        }
        var routes = new List<object>();
        if (ip.Gateway is { Length: > 0 } gateway)
        {
            var any = ip.Version == 4 ? "0.0.0.0" : "::";
            routes.Add(new { network = any, netmask = any, gateway });
        }
        foreach (var route in ip.Routes)
        {
            var range = IPNetwork.Parse(route.Destination);
            routes.Add(new { network = range.BaseAddress.ToString(), netmask = Mask(range), gateway = route.NextHop });
        }
        network["type"] = $"ipv{ip.Version}{(ip.Ipv6Mode is null ? "" : "_" + ip.Ipv6Mode)}";
        network["ip_address"] = ip.Address;
        network["netmask"] = Mask(IPNetwork.Parse(ip.Cidr));
        network["routes"] = routes;
        network["services"] = ip.Dns.Select(d => new { type = "dns", address = d }).ToList();
        return network;
    }

    private static string Mask(IPNetwork range)
    {
        var bytes = new byte[range.BaseAddress.GetAddressBytes().Length];
        for (var bit = 0; bit < range.PrefixLength; bit++) { bytes[bit / 8] |= (byte)(0x80 >> (bit % 8)); }
        return new IPAddress(bytes).ToString();
    }
}
