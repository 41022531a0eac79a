using System.Net;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dns;

/// <summary>The names of a network: each port's host name, alone and in the network's domain, and back from its addresses.</summary>
internal sealed class DnsView
{
    private readonly Dictionary<string, List<IPAddress>> _addresses = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _names = new(StringComparer.OrdinalIgnoreCase);

    public DnsView(NetworkState state)
    {
        Domain = state.Network.DnsDomain.Trim('.');
        foreach (var port in state.Ports.Where(static p => p.HostName.Length > 0))
        {
            var full = Domain.Length == 0 ? port.HostName : port.HostName + "." + Domain;
            foreach (var address in port.Addresses.Select(static a => IPAddress.Parse(a.Ip)))
            {
                Add(port.HostName, address);
                Add(full, address);
                _names[Reverse(address)] = full;
            }
        }
    }

    /// <summary>Without dots at its ends; may be empty.</summary>
    public string Domain { get; }

    public IReadOnlyList<IPAddress> Addresses(string name) => _addresses.GetValueOrDefault(name, []);

    /// <summary>The host of a name below in-addr.arpa or ip6.arpa.</summary>
    public string? NameOf(string reverse) => _names.GetValueOrDefault(reverse);

    /// <summary>True for names nobody but this network knows.</summary>
    public bool Owns(string name) => !name.Contains('.', StringComparison.Ordinal) || (Domain.Length > 0 && name.EndsWith("." + Domain, StringComparison.OrdinalIgnoreCase));

    /// <summary>RFC 1035, 3.5 and RFC 3596, 2.5.</summary>
    internal static string Reverse(IPAddress address) => IpText.Version(address) == 4
        ? string.Join('.', address.GetAddressBytes().Reverse()) + ".in-addr.arpa"
        : string.Join('.', Convert.ToHexStringLower(address.GetAddressBytes()).Reverse()) + ".ip6.arpa";

    private void Add(string name, IPAddress address)
    {
        if (!_addresses.TryGetValue(name, out var list))
        {
            _addresses[name] = list = [];
        }
        if (!list.Contains(address))
        {
            list.Add(address);
        }
    }
}
