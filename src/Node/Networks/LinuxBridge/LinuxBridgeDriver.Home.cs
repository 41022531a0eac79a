using System.Collections.Concurrent;
using System.Text;
using Nephos.Contracts.Node;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>The host's own namespace: bridges of physical networks, the way out, and the guests that are attached in place.</summary>
internal sealed partial class LinuxBridgeDriver
{
    /// <summary>Worse than any route a person or a routing daemon would set, and not the kernel's maximum, which some tools take for "none".</summary>
    private const uint UnreachableMetric = 4_000_000_000;

    /// <summary>Networks on a physical network's bridge, by id.</summary>
    private readonly ConcurrentDictionary<string, NetworkState> _physical = new(StringComparer.Ordinal);

    public async Task PrepareAsync(CancellationToken cancel)
    {
        var links = await _tools.LinksAsync(_home, cancel);
        var batch = new StringBuilder();
        foreach (var (physical, bridge) in _options.Bridges)
        {
            var addresses = _options.BridgeAddresses.GetValueOrDefault(physical) ?? [];
            var now = links.GetValueOrDefault(bridge);
            if (now is null)
            {
                // The alias says that the bridge may be removed with us: one that the operator made stays.
                batch.Append($"link add name {bridge} type bridge forward_delay 0 stp_state 0\nlink set dev {bridge} alias {_names.BridgeAlias}\n");
            }
            if (now is not { Up: true })
            {
                batch.Append($"link set dev {bridge} up\n");
            }
            foreach (var address in addresses.Except(now?.Addresses ?? [], StringComparer.OrdinalIgnoreCase))
            {
                batch.Append($"address replace {address} dev {bridge}\n");
            }
            foreach (var address in addresses)
            {
                // With the bridge down, its range must not follow the default route out of the machine.
                batch.Append($"route replace unreachable {IpText.Parse(address)} metric {UnreachableMetric}\n");
            }
        }
        await _tools.IpAsync(_home, batch.ToString(), cancel);
        if (_options.Outbound)
        {
            _home.SetSysctls([new("ipv4/ip_forward", "1")]);
        }
        await _tools.NftAsync(_home, OutboundTable().Replace(), cancel);
    }

    /// <summary>What comes from a public range and leaves the machine takes the machine's address.</summary>
    internal NftTable OutboundTable()
    {
        var table = new NftTable("ip", _names.HomeTable);
        var rules = !_options.Outbound ? [] : _options.BridgeAddresses.SelectMany(pair => pair.Value.Where(static a => IpText.Version(a) == 4).Select(address =>
        {
            var range = IpText.Parse(address);
            return $"ip saddr {range} ip daddr != {range} oifname != \"{_options.Bridges.GetValueOrDefault(pair.Key)}\" masquerade";
        })).ToList();
        table.Chain("postrouting", "type nat hook postrouting priority 100; policy accept;", rules);
        return table;
    }

    private async Task ApplyPhysicalAsync(NetworkState state, string bridge, CancellationToken cancel)
    {
        var before = _physical.TryGetValue(state.Network.Id, out var old) ? old.Ports : [];
        _physical[state.Network.Id] = state;
        await ApplyHomeFirewallAsync(cancel);
        var local = state.Ports.Where(static p => p.Local).Select(static p => p.Id).ToHashSet(StringComparer.Ordinal);
        await DetachAsync(before.Where(p => p.Local && !local.Contains(p.Id)), cancel);
        if (state.Network.Dhcp is null)
        {
            await _servers.StopAsync(state.Network.Id);
            await _tools.RemoveNamespaceAsync(_names.Network(state.Network.Id), cancel);
            Forget(_names.Network(state.Network.Id));
            return;
        }
        // DHCP and metadata never listen in the host's own namespace: they get one of their own, with a leg on the bridge.
        var name = _names.Network(state.Network.Id);
        var at = await NamespaceAsync(name, NetworkSysctls, cancel);
        var leg = NodeNames.Bridge(state.Network.Id);
        var peer = NodeNames.BridgePeer(state.Network.Id);
        var device = new LinkPlan(leg, $"type veth peer name {peer} mtu {state.Network.Mtu} netns {_home.Argument}",
            state.Network.Dhcp.Mac, state.Network.Mtu, null, ServiceAddresses(state.Network), state.Network.AdminStateUp);
        var plan = new NamespacePlan([Loopback, device], null, []);
        if (IsNew(name, plan))
        {
            await SetIpv6Async(at, device, state.Network, cancel);
            await ApplyPlanAsync(name, at, plan, cancel);
            await _tools.IpAsync(_home, $"link set dev {peer} master {bridge} up\n", cancel);
        }
        await _servers.ServeNetworkAsync(state, at, leg, cancel);
    }

    private async Task ApplyHomeFirewallAsync(CancellationToken cancel)
    {
        var states = _physical.Values.ToList();
        if (!states.Any(static s => s.Ports.Any(static p => p.Local)))
        {
            _tables.TryRemove("", out _);
            await _tools.NftAsync(_home, NftTable.Remove("bridge", _names.HomeTable) + NftTable.Remove("inet", _names.HomeTable), cancel);
            return;
        }
        var groups = new Dictionary<string, SecurityGroupSpec>(StringComparer.Ordinal);
        foreach (var (id, group) in states.SelectMany(static s => s.Groups))
        {
            groups[id] = group;
        }
        var firewall = PortFirewall.Compile(_names.HomeTable, states.SelectMany(static s => s.Ports), groups, ownsTaps: false);
        await ApplyTablesAsync("", _home, cancel, firewall.Bridge, firewall.Inet);
    }

    /// <summary>A device whose port is gone would be unguarded, so it leaves the bridge; one that does not exist any more is no fault.</summary>
    private async Task DetachAsync(IEnumerable<PortSpec> ports, CancellationToken cancel)
    {
        var there = _home.Interfaces();
        var batch = string.Concat(ports.Select(static p => TapNames.Of(p.Id)).Where(there.Contains).Select(static t => $"link set dev {t} nomaster\n"));
        await _tools.IpAsync(_home, batch, cancel);
    }

    private async Task RemoveHomeAsync(CancellationToken cancel)
    {
        _physical.Clear();
        Forget("");
        await _tools.NftAsync(_home, NftTable.Remove("bridge", _names.HomeTable) + NftTable.Remove("inet", _names.HomeTable) + NftTable.Remove("ip", _names.HomeTable), cancel);
        var links = await _tools.LinksAsync(_home, cancel);
        var routes = await _tools.RoutesAsync(_home, cancel);
        var batch = new StringBuilder();
        foreach (var range in _options.BridgeAddresses.Values.SelectMany(static a => a).Select(IpText.Parse))
        {
            if (routes.Any(r => r.Type == "unreachable" && r.Destination == range.ToString()))
            {
                batch.Append($"route del unreachable {range} metric {UnreachableMetric}\n");
            }
        }
        foreach (var bridge in _options.Bridges.Values.Where(b => links.GetValueOrDefault(b)?.Alias == _names.BridgeAlias))
        {
            batch.Append($"link del dev {bridge}\n");
        }
        await _tools.IpAsync(_home, batch.ToString(), cancel);
    }
}
