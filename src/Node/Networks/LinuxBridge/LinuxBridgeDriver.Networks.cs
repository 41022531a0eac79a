using System.Text;
using Nephos.Contracts.Node;
using Nephos.Kernel.Processes;

namespace Nephos.Node.Networks.LinuxBridge;

internal sealed partial class LinuxBridgeDriver
{
    /// <summary>RFC 7348, section 5.</summary>
    private const int VxlanPort = 4789;

    /// <summary>Where guests ask for their metadata, on whatever network (compute "Metadata service" guide).</summary>
    public const string MetadataAddress = "169.254.169.254/32";

    /// <summary>
    /// Forwarding off: a network's namespace switches and serves, it never routes. IPv6 is off by default, so that taps and veth ends do not
    /// speak on the network; the bridge gets it when its DHCP port has an IPv6 address.
    /// </summary>
    private static readonly Dictionary<string, string> NetworkSysctls = new(StringComparer.Ordinal)
    {
        ["ipv4/ip_forward"] = "0",
        ["ipv4/conf/all/rp_filter"] = "0",
        ["ipv4/conf/default/rp_filter"] = "0",
        ["ipv4/conf/all/promote_secondaries"] = "1",
        ["ipv6/conf/all/forwarding"] = "0",
        ["ipv6/conf/default/disable_ipv6"] = "1",
        ["ipv6/conf/default/accept_ra"] = "0",
        ["ipv6/conf/default/accept_dad"] = "0",
    };

    /// <summary>The last applied record of each network, to find the connections that a change forbids.</summary>
    private readonly Dictionary<string, NetworkState> _states = new(StringComparer.Ordinal);

    public async Task ApplyNetworkAsync(NetworkState state, CancellationToken cancel)
    {
        var physical = PhysicalBridge(state.Network);
        try
        {
            if (physical is null)
            {
                await ApplyTenantAsync(state, cancel);
            }
            else
            {
                await ApplyPhysicalAsync(state, physical, cancel);
            }
            var at = physical is null ? Netns.Named(_names.Network(state.Network.Id)) : _home;
            if (_states.TryGetValue(state.Network.Id, out var before) && ForbiddenConnections.Decide(before, state) is { Count: > 0 } forbidden)
            {
                at.Run(() => Conntrack.Delete(forbidden));
            }
            _states[state.Network.Id] = state;
        }
        catch
        {
            Forget(_names.Network(state.Network.Id));
            if (physical is not null)
            {
                Forget("");
            }
            throw;
        }
    }

    private async Task ApplyTenantAsync(NetworkState state, CancellationToken cancel)
    {
        var network = state.Network;
        var name = _names.Network(network.Id);
        var at = await NamespaceAsync(name, NetworkSysctls, cancel);
        var bridge = NodeNames.Bridge(network.Id);

        // Rules first: a device that comes with the plan must not pass a packet without them.
        var firewall = PortFirewall.Compile("nephos", state.Ports, state.Groups, ownsTaps: true);
        await ApplyTablesAsync(name, at, cancel, firewall.Bridge, firewall.Inet);

        var links = new List<LinkPlan>
        {
            Loopback,
            new(bridge, "type bridge forward_delay 0 stp_state 0 mcast_snooping 0 nf_call_iptables 1 nf_call_ip6tables 1",
                network.Dhcp?.Mac ?? StableMac(network.Id), network.Mtu, null, ServiceAddresses(network), network.AdminStateUp),
        };
        var tunnel = network.Vni > 0 && network.Peers.Count > 0 ? NodeNames.Vxlan(network.Vni) : null;
        if (tunnel is not null)
        {
            await AddTunnelAsync(network, tunnel, at, cancel);
            links.Add(new LinkPlan(tunnel, null, null, network.Mtu, bridge, []));
        }
        var plan = new NamespacePlan(links, null, ["vxlan-"]);
        if (IsNew(name, plan))
        {
            await SetIpv6Async(at, links[1], network, cancel);
            await ApplyPlanAsync(name, at, plan, cancel);
        }
        if (tunnel is not null)
        {
            await ApplyFloodAsync(network, tunnel, at, cancel);
        }
        await _servers.ServeNetworkAsync(state, at, bridge, cancel);
    }

    private static LinkPlan Loopback => new("lo", null, null, 65536, null, []);

    /// <summary>Makes the namespace with its settings; the settings are written again when it was not made by this process, which may have been killed before.</summary>
    private async Task<Netns> NamespaceAsync(string name, Dictionary<string, string> sysctls, CancellationToken cancel)
    {
        var at = Netns.Named(name);
        if (!_plans.ContainsKey(name))
        {
            if (await _tools.AddNamespaceAsync(name, cancel))
            {
                _empty[name] = true;
            }
            at.SetSysctls(sysctls);
        }
        return at;
    }

    private static List<string> ServiceAddresses(NetworkSpec network) =>
        network.Dhcp is null ? [] : [.. network.Dhcp.Addresses.Select(a => $"{a.Ip}/{a.PrefixLength}"), MetadataAddress];

    /// <summary>The setting is the device's own, and must be right before the device gets addresses: so the device is made first, alone.</summary>
    private async Task SetIpv6Async(Netns at, LinkPlan device, NetworkSpec network, CancellationToken cancel)
    {
        var wanted = network.Dhcp?.Addresses.Any(a => IpText.Version(a.Ip) == 6) == true;
        if (!at.Interfaces().Contains(device.Name))
        {
            if (!wanted)
            {
                // The namespace's default for new devices.
                return;
            }
            _empty.TryRemove(_names.Network(network.Id), out _);
            await _tools.IpAsync(at, IpBatch.Decide(new NamespacePlan([device with { Addresses = [], Up = false }], null, []), NoLinks, []), cancel);
        }
        at.SetSysctls([new($"ipv6/conf/{device.Name}/disable_ipv6", wanted ? "0" : "1")]);
    }

    private static readonly Dictionary<string, ObservedLink> NoLinks = [];

    /// <summary>A locally administered address, the same each time: a bridge without one takes its lowest port's and changes it under the guests.</summary>
    private static string StableMac(string id) => IpText.Mac([0x0a, .. Convert.FromHexString(id.Replace("-", "", StringComparison.Ordinal)[..10])]);

    /// <summary>The tunnel's packets leave from the host's own namespace, so it is made there, directly into the network's.</summary>
    private async Task AddTunnelAsync(NetworkSpec network, string device, Netns at, CancellationToken cancel)
    {
        if (!at.Interfaces().Contains(device))
        {
            _empty.TryRemove(_names.Network(network.Id), out _);
            await _tools.IpAsync(_home, $"link add name {device} netns {at.Argument} mtu {network.Mtu} type vxlan id {network.Vni} dstport {VxlanPort} local {_options.HostIp}\n", cancel);
        }
    }

    /// <summary>Unknown and broadcast frames go to every peer; where a MAC is, the device learns.</summary>
    private async Task ApplyFloodAsync(NetworkSpec network, string device, Netns at, CancellationToken cancel)
    {
        var there = await _tools.FloodTargetsAsync(at, device, cancel);
        var batch = new StringBuilder();
        foreach (var peer in network.Peers.Except(there, StringComparer.Ordinal))
        {
            batch.Append($"fdb append 00:00:00:00:00:00 dev {device} dst {peer}\n");
        }
        foreach (var peer in there.Except(network.Peers, StringComparer.Ordinal))
        {
            batch.Append($"fdb del 00:00:00:00:00:00 dev {device} dst {peer}\n");
        }
        await _tools.BridgeAsync(at, batch.ToString(), cancel);
    }

    public async Task RemoveNetworkAsync(string networkId, CancellationToken cancel)
    {
        await _servers.StopAsync(networkId);
        var name = _names.Network(networkId);
        Forget(name);
        _states.Remove(networkId);
        if (_physical.Remove(networkId, out var physical))
        {
            await ApplyHomeFirewallAsync(cancel);
            await DetachAsync(physical.Ports.Where(static p => p.Local), cancel);
        }
        await _tools.RemoveNamespaceAsync(name, cancel);
        // The routers' legs into this network went with it.
        _legs.RemoveWhere(l => l.NetworkId == networkId);
        foreach (var plan in _plans.Keys.Where(k => _names.Parse(k) is { Router: true }))
        {
            _plans.TryRemove(plan, out _);
        }
    }

    public async Task PlugAsync(NetworkSpec network, PortSpec port, string tap, CancellationToken cancel)
    {
        var physical = PhysicalBridge(network);
        var at = physical is null ? Netns.Named(_names.Network(network.Id)) : _home;
        try
        {
            if (physical is null && !at.Interfaces().Contains(tap))
            {
                await _tools.IpAsync(_home, $"link set dev {tap} netns {at.Argument}\n", cancel);
            }
            await _tools.IpAsync(at, $"link set dev {tap} mtu {network.Mtu} master {physical ?? NodeNames.Bridge(network.Id)} up\n", cancel);
        }
        catch (ProcessFailedException e)
        {
            Forget(physical is null ? _names.Network(network.Id) : "");
            throw new PlugException($"port {port.Id}: device {tap} could not be attached to network {network.Id}: {e.Result.Error.Trim()}", e);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Forget(_names.Network(network.Id));
            throw new PlugException($"port {port.Id}: network {network.Id} is not there yet: {e.Message}", e);
        }
    }

    public async Task<IReadOnlySet<string>> PluggedAsync(IReadOnlyCollection<PortSpec> ports, CancellationToken cancel)
    {
        var plugged = new HashSet<string>(StringComparer.Ordinal);
        foreach (var group in ports.GroupBy(static p => p.NetworkId, StringComparer.Ordinal))
        {
            IReadOnlySet<string> devices;
            if (_physical.TryGetValue(group.Key, out var state))
            {
                var attached = await _tools.LinksAsync(_home, cancel, "master", PhysicalBridge(state.Network)!);
                devices = attached.Keys.ToHashSet(StringComparer.Ordinal);
            }
            else
            {
                var at = Netns.Named(_names.Network(group.Key));
                devices = at.Exists() ? at.Interfaces().ToHashSet(StringComparer.Ordinal) : new HashSet<string>();
            }
            plugged.UnionWith(group.Where(p => devices.Contains(TapNames.Of(p.Id))).Select(static p => p.Id));
        }
        return plugged;
    }
}
