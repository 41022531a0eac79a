using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerNetworks;

/// <summary>An address of a server, under its network's name.</summary>
internal sealed record AddressView(int Version, string Addr)
{
    [WireName("OS-EXT-IPS:type")] public Optional<string> Type { get; init; }
    [WireName("OS-EXT-IPS-MAC:mac_addr")] public Optional<string> Mac { get; init; }

    /// <summary>By network: the fixed addresses of all its cards, then the floating ones.</summary>
    public static Dictionary<string, List<AddressView>> Of(IReadOnlyList<Vif> vifs, bool extended = true)
    {
        var networks = new Dictionary<string, List<AddressView>>(StringComparer.Ordinal);
        foreach (var group in vifs.GroupBy(v => v.Label, StringComparer.Ordinal))
        {
            var list = networks[group.Key] = [];
            foreach (var vif in group) { list.AddRange(vif.Ips.Select(i => Make(i.Address, i.Version, "fixed", vif.Mac, extended))); }
            foreach (var vif in group) { list.AddRange(vif.Ips.SelectMany(i => i.Floating).Select(f => Make(f, 4, "floating", vif.Mac, extended))); }
        }
        return networks;
    }

    private static AddressView Make(string address, int version, string type, string mac, bool extended) =>
        extended ? new(version, address) { Type = type, Mac = mac } : new(version, address);
}
