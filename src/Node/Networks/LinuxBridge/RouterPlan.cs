using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>What a router is made of in the kernel, computed from its record.</summary>
internal static class RouterPlan
{
    /// <summary>Mark of packets that came in by the gateway: their source is the outside's and stays.</summary>
    private const string FromOutside = "0x2";

    /// <param name="bridgeNamespaces">Per network id, iproute2's name of the namespace in which the leg's other end lives.</param>
    public static NamespacePlan Links(RouterState state, IReadOnlyDictionary<string, string> bridgeNamespaces)
    {
        var router = state.Router;
        // Guests that know no better ask for their metadata through their default gateway.
        var links = new List<LinkPlan> { new("lo", null, null, 65536, null, [LinuxBridgeDriver.MetadataAddress]) };
        foreach (var leg in router.Legs)
        {
            var mtu = state.Networks[leg.NetworkId].Mtu;
            links.Add(new LinkPlan(NodeNames.RouterLeg(leg.PortId), Veth(NodeNames.RouterLegPeer(leg.PortId), mtu, bridgeNamespaces[leg.NetworkId]), leg.Mac, mtu, null,
                leg.Addresses.Select(static a => $"{a.Ip}/{a.PrefixLength}").ToList()));
        }
        var routes = router.Routes.Select(static r => new RoutePlan(IpText.Version(r.Destination), Destination(r.Destination), r.NextHop, null)).ToList();
        if (router.Gateway is { } gateway)
        {
            var mtu = state.Networks[gateway.NetworkId].Mtu;
            var device = NodeNames.Gateway(gateway.PortId);
            links.Add(new LinkPlan(device, Veth(NodeNames.GatewayPeer(gateway.PortId), mtu, bridgeNamespaces[gateway.NetworkId]), gateway.Mac, mtu, null,
                [.. gateway.Addresses.Select(static a => $"{a.Ip}/{a.PrefixLength}"), .. router.FloatingIps.Select(static f => f.FloatingAddress + "/32").Distinct()]));
            // A default route among the router's own routes wins over the gateway's, as in upstream's agent.
            routes.AddRange(gateway.NextHops.Where(n => !routes.Any(r => r.Destination == "default" && r.Version == IpText.Version(n)))
                .Select(n => new RoutePlan(IpText.Version(n), "default", n, device)).DistinctBy(static r => r.Version));
        }
        return new NamespacePlan(links, routes, ["qr-", "qg-"]);
    }

    /// <summary>
    /// Address translation. Outgoing traffic takes its floating address or the gateway's; incoming traffic to a floating address goes to its fixed one. Traffic from the inside
    /// to a floating address turns around in the router: its source is translated too, or the answer would bypass us.
    /// </summary>
    public static NftTable Nat(RouterSpec router)
    {
        var table = new NftTable("ip", "nephos");
        if (router.Gateway is not { } gateway)
        {
            return table;
        }
        var device = NodeNames.Gateway(gateway.PortId);
        var address = gateway.Addresses.Select(static a => a.Ip).FirstOrDefault(static a => IpText.Version(a) == 4);
        var floating = router.FloatingIps.DistinctBy(static f => f.FloatingAddress).ToList();
        table.Map("floating", "ipv4_addr : ipv4_addr", floating.ConvertAll(static f => $"{f.FloatingAddress} : {f.FixedAddress}"));
        table.Map("fixed", "ipv4_addr : ipv4_addr", floating.DistinctBy(static f => f.FixedAddress).Select(static f => $"{f.FixedAddress} : {f.FloatingAddress}").ToList());
        table.Chain("entry", "type filter hook prerouting priority -150; policy accept;", $"iifname \"{device}\" meta mark set {FromOutside}");
        // Metadata is for the inside.
        table.Chain("input", "type filter hook input priority 0; policy accept;", $"iifname \"{device}\" ip daddr {LinuxBridgeDriver.MetadataAddress} drop");
        table.Chain("prerouting", "type nat hook prerouting priority -100; policy accept;", "dnat to ip daddr map @floating");
        var rules = new List<string> { $"oifname \"{device}\" snat to ip saddr map @fixed" };
        if (gateway.Snat && address is not null)
        {
            rules.Add($"oifname \"{device}\" snat to {address}");
        }
        rules.Add($"meta mark {FromOutside} return");
        rules.Add("ct status dnat snat to ip saddr map @fixed");
        if (address is not null)
        {
            rules.Add($"ct status dnat snat to {address}");
        }
        table.Chain("postrouting", "type nat hook postrouting priority 100; policy accept;", rules);
        return table;
    }

    private static string Veth(string peer, int mtu, string at) => $"type veth peer name {peer} mtu {mtu} netns {at}";

    private static string Destination(string prefix) => IpText.Parse(prefix) is { PrefixLength: 0 } ? "default" : IpText.Prefix(prefix);
}
