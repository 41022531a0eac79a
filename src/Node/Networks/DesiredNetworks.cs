using Nephos.Contracts.Node;

namespace Nephos.Node.Networks;

/// <summary>What a change concerns. Ids of networks and routers that exist, and of those that no longer do.</summary>
public sealed record AffectedNetworks(IReadOnlySet<string> Networks, IReadOnlySet<string> Routers, IReadOnlySet<string> GoneNetworks, IReadOnlySet<string> GoneRouters);

/// <summary>The records of this host in memory, and which networks and routers a change of them concerns. Not thread-safe: <see cref="NetworkAgent"/> guards it.</summary>
public sealed class DesiredNetworks
{
    private readonly Dictionary<string, NetworkSpec> _networks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PortSpec> _ports = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RouterSpec> _routers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SecurityGroupSpec> _groups = new(StringComparer.Ordinal);

    /// <summary>How many ports that went are remembered: more than go while somebody waits for one.</summary>
    private const int GonePortsKept = 4096;

    // The last ports that went, and the order in which they did.
    private readonly HashSet<string> _gonePorts = new(StringComparer.Ordinal);
    private readonly Queue<string> _goneOrder = new();

    /// <summary>Ids of the ports of each network, so that the state of one does not cost a walk over all ports.</summary>
    private readonly Dictionary<string, HashSet<string>> _portsOf = new(StringComparer.Ordinal);

    public IReadOnlyCollection<NetworkSpec> Networks => _networks.Values;
    public IReadOnlyCollection<PortSpec> Ports => _ports.Values;
    public IReadOnlyCollection<RouterSpec> Routers => _routers.Values;

    public PortSpec? Port(string id) => _ports.GetValueOrDefault(id);
    public NetworkSpec? Network(string id) => _networks.GetValueOrDefault(id);
    public RouterSpec? Router(string id) => _routers.GetValueOrDefault(id);

    /// <summary>True for a port that was told to be gone lately and has not come back.</summary>
    public bool IsGone(string portId) => _gonePorts.Contains(portId);

    /// <summary>Takes a change in. After a full one, every record is affected, and every one that is not in it is gone.</summary>
    public AffectedNetworks Apply(NetworkDelta delta)
    {
        var networks = new HashSet<string>(StringComparer.Ordinal);
        var routers = new HashSet<string>(StringComparer.Ordinal);
        var goneNetworks = new HashSet<string>(StringComparer.Ordinal);
        var goneRouters = new HashSet<string>(StringComparer.Ordinal);
        if (delta.Full)
        {
            goneNetworks.UnionWith(_networks.Keys);
            goneRouters.UnionWith(_routers.Keys);
            foreach (var id in _ports.Keys) { RememberGone(id); }
            _networks.Clear();
            _ports.Clear();
            _portsOf.Clear();
            _routers.Clear();
            _groups.Clear();
        }
        foreach (var gone in delta.Gone)
        {
            Remove(gone, networks, goneNetworks, goneRouters);
        }
        var groups = new HashSet<string>(delta.Gone.Where(static g => g.Kind == NetworkRecordKind.SecurityGroup).Select(static g => g.Id), StringComparer.Ordinal);
        foreach (var group in delta.SecurityGroups)
        {
            _groups[group.Id] = group;
            groups.Add(group.Id);
        }
        foreach (var network in delta.Networks)
        {
            _networks[network.Id] = network;
            networks.Add(network.Id);
            routers.UnionWith(_routers.Values.Where(r => Touches(r, network.Id)).Select(static r => r.Id));
        }
        foreach (var port in delta.Ports)
        {
            RemovePort(port.Id, networks);
            _gonePorts.Remove(port.Id);
            _ports[port.Id] = port;
            Of(port.NetworkId).Add(port.Id);
            networks.Add(port.NetworkId);
        }
        foreach (var router in delta.Routers)
        {
            _routers[router.Id] = router;
            routers.Add(router.Id);
        }
        if (groups.Count > 0)
        {
            AddUsers(groups, networks);
        }
        goneNetworks.ExceptWith(_networks.Keys);
        goneRouters.ExceptWith(_routers.Keys);
        networks.IntersectWith(_networks.Keys);
        routers.IntersectWith(_routers.Keys);
        return new AffectedNetworks(networks, routers, goneNetworks, goneRouters);
    }

    /// <summary>Everything a network is made of; null when it is not this host's.</summary>
    public NetworkState? NetworkState(string id)
    {
        if (!_networks.TryGetValue(id, out var network))
        {
            return null;
        }
        var ports = Of(id).Select(p => _ports[p]).ToList();
        var groups = new Dictionary<string, SecurityGroupSpec>(StringComparer.Ordinal);
        foreach (var group in ports.Where(static p => p.Local).SelectMany(static p => p.SecurityGroupIds))
        {
            Add(groups, group);
            foreach (var remote in groups.TryGetValue(group, out var spec) ? spec.Rules.Select(static r => r.RemoteGroupId).OfType<string>() : [])
            {
                Add(groups, remote);
            }
        }
        return new NetworkState(network, ports, groups);
    }

    /// <summary>A router with its networks; the second item names a network whose record has not arrived.</summary>
    public (RouterState? State, string? Missing) RouterState(string id)
    {
        if (!_routers.TryGetValue(id, out var router))
        {
            return (null, null);
        }
        var networks = new Dictionary<string, NetworkSpec>(StringComparer.Ordinal);
        foreach (var network in NetworksOf(router))
        {
            if (!_networks.TryGetValue(network, out var spec))
            {
                return (null, network);
            }
            networks[network] = spec;
        }
        return (new RouterState(router, networks), null);
    }

    public static IEnumerable<string> NetworksOf(RouterSpec router)
    {
        var inside = router.Legs.Select(static l => l.NetworkId);
        return router.Gateway is { } gateway ? inside.Append(gateway.NetworkId) : inside;
    }

    private static bool Touches(RouterSpec router, string network) => NetworksOf(router).Contains(network, StringComparer.Ordinal);

    private void Add(Dictionary<string, SecurityGroupSpec> groups, string id)
    {
        if (_groups.TryGetValue(id, out var group))
        {
            groups[id] = group;
        }
    }

    /// <summary>Networks with a local port in one of the groups, or in a group whose rules name one of them.</summary>
    private void AddUsers(HashSet<string> groups, HashSet<string> networks)
    {
        var users = _groups.Values.Where(g => g.Rules.Any(r => r.RemoteGroupId is not null && groups.Contains(r.RemoteGroupId))).Select(static g => g.Id).Concat(groups)
            .ToHashSet(StringComparer.Ordinal);
        networks.UnionWith(_ports.Values.Where(p => p.Local && p.SecurityGroupIds.Any(users.Contains)).Select(static p => p.NetworkId));
    }

    private void Remove(GoneRecord gone, HashSet<string> networks, HashSet<string> goneNetworks, HashSet<string> goneRouters)
    {
        switch (gone.Kind)
        {
            case NetworkRecordKind.Network:
                _networks.Remove(gone.Id);
                goneNetworks.Add(gone.Id);
                break;
            case NetworkRecordKind.Router:
                _routers.Remove(gone.Id);
                goneRouters.Add(gone.Id);
                break;
            case NetworkRecordKind.Port:
                RemovePort(gone.Id, networks);
                RememberGone(gone.Id);
                break;
            case NetworkRecordKind.SecurityGroup:
                _groups.Remove(gone.Id);
                break;
            default:
                break;
        }
    }

    private void RemovePort(string id, HashSet<string> networks)
    {
        if (_ports.Remove(id, out var old))
        {
            Of(old.NetworkId).Remove(id);
            networks.Add(old.NetworkId);
        }
    }

    private void RememberGone(string portId)
    {
        if (!_gonePorts.Add(portId)) { return; }
        _goneOrder.Enqueue(portId);
        if (_goneOrder.Count > GonePortsKept) { _gonePorts.Remove(_goneOrder.Dequeue()); }
    }

    private HashSet<string> Of(string networkId)
    {
        if (!_portsOf.TryGetValue(networkId, out var ports))
        {
            _portsOf[networkId] = ports = new HashSet<string>(StringComparer.Ordinal);
        }
        return ports;
    }
}
