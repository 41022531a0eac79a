using System.Net;
using Nephos.Contracts.Node;
using Nephos.Node.Networks.LinuxBridge;

namespace Nephos.Node.Networks.Dhcp;

/// <summary>An address that a port may lease.</summary>
/// <param name="Server">The DHCP port's address in the subnet, or its first one.</param>
internal sealed record DhcpLease(PortSpec Port, SubnetSpec Subnet, IPAddress Address, int PrefixLength, IPAddress Server);

/// <summary>
/// A network as its DHCP server sees it: what each MAC may lease. Made anew with each change of the network, so leases follow the ports at once and nothing has to be remembered: an
/// address belongs to its port whether it was leased or not.
/// </summary>
internal sealed class DhcpView
{
    private static readonly IReadOnlyList<DhcpLease> None = [];
    private readonly Dictionary<string, IReadOnlyList<DhcpLease>> _four = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, IReadOnlyList<DhcpLease>> _six = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, PortSpec> _ports = new(StringComparer.OrdinalIgnoreCase);

    public DhcpView(NetworkState state)
    {
        Network = state.Network;
        var service = state.Network.Dhcp ?? throw new ArgumentException("the network has no DHCP port", nameof(state));
        var subnets = state.Network.Subnets.Where(static s => s.DhcpEnabled).ToDictionary(static s => s.Id, StringComparer.Ordinal);
        foreach (var port in state.Ports)
        {
            _ports[port.Mac] = port;
            var leases = port.Addresses.Where(a => subnets.ContainsKey(a.SubnetId)).Select(a =>
            {
                var address = IPAddress.Parse(a.Ip);
                var server = service.Addresses.FirstOrDefault(s => s.SubnetId == a.SubnetId) ?? service.Addresses.FirstOrDefault(s => IpText.Version(s.Ip) == IpText.Version(address));
                return new DhcpLease(port, subnets[a.SubnetId], address, a.PrefixLength, server is null ? IPAddress.Any : IPAddress.Parse(server.Ip));
            }).ToList();
            Put(_four, port.Mac, leases.Where(static l => IpText.Version(l.Address) == 4 && !l.Server.Equals(IPAddress.Any)));
            // SLAAC addresses are made by the guest itself: nothing to lease.
            Put(_six, port.Mac, leases.Where(static l => IpText.Version(l.Address) == 6 && l.Subnet.Ipv6AddressMode == "dhcpv6-stateful"));
        }
    }

    public NetworkSpec Network { get; }

    public IReadOnlyList<DhcpLease> Four(string mac) => _four.GetValueOrDefault(mac, None);

    public IReadOnlyList<DhcpLease> Six(string mac) => _six.GetValueOrDefault(mac, None);

    public PortSpec? Port(string mac) => _ports.GetValueOrDefault(mac);

    private static void Put(Dictionary<string, IReadOnlyList<DhcpLease>> leases, string mac, IEnumerable<DhcpLease> found)
    {
        if (found.ToList() is { Count: > 0 } list)
        {
            leases[mac] = list;
        }
    }
}
