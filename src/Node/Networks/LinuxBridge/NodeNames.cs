using System.Security.Cryptography;
using System.Text;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>
/// Names of everything the driver makes in the kernel. All of them carry a tag made from the state directory, so that two nodes on one machine (or a test beside
/// a cloud) never take each other's for leftovers. Device names are upstream's (prefix and the first 11 characters of the id; 15 is the kernel's limit).
/// </summary>
internal sealed class NodeNames
{
    private readonly string _prefix;

    public NodeNames(string stateDirectory)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(System.IO.Path.GetFullPath(stateDirectory)));
        Tag = Convert.ToHexStringLower(hash.AsSpan(0, 4));
        _prefix = $"nephos-{Tag}-";
    }

    public string Tag { get; }

    /// <summary>Name of the nftables tables in the host's own namespace; in our own namespaces it is plain <c>nephos</c>.</summary>
    public string HomeTable => "nephos_" + Tag;

    /// <summary>The <c>alias</c> of a bridge that the node made and may remove.</summary>
    public string BridgeAlias => _prefix + "bridge";

    public string Network(string id) => $"{_prefix}net-{id}";
    public string Router(string id) => $"{_prefix}router-{id}";

    /// <summary>The network's or router's id in a namespace's name; null when the namespace is not ours.</summary>
    public (bool Router, string Id)? Parse(string name) =>
        !name.StartsWith(_prefix, StringComparison.Ordinal) ? null
        : name[_prefix.Length..] is var rest && rest.StartsWith("net-", StringComparison.Ordinal) ? (false, rest[4..])
        : rest.StartsWith("router-", StringComparison.Ordinal) ? (true, rest[7..])
        : null;

    /// <summary>The bridge (or, for a network on a physical one, the leg) in a network's namespace.</summary>
    public static string Bridge(string networkId) => Device("brq", networkId);
    /// <summary>The host's end of <see cref="Bridge"/> for a network that lives on a physical network's bridge.</summary>
    public static string BridgePeer(string networkId) => Device("brp", networkId);
    public static string RouterLeg(string portId) => Device("qr-", portId);
    public static string RouterLegPeer(string portId) => Device("rp-", portId);
    public static string Gateway(string portId) => Device("qg-", portId);
    public static string GatewayPeer(string portId) => Device("gp-", portId);
    public static string Vxlan(int vni) => "vxlan-" + vni.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static string Device(string prefix, string id) => prefix + (id.Length > 11 ? id[..11] : id);
}
