using System.Collections.Concurrent;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Node.Networks;

namespace Nephos.Nova.Tests.Fakes;

/// <summary>As much of Neutron as Nova asks for, in memory: networks that tests add, ports with addresses out of 10.0.0.0/16, one security group a project.</summary>
internal sealed class FakeNeutron : IPorts, INetworks, ISecurityGroups, INetworkFeed, INetworkPlug
{
    private readonly ConcurrentDictionary<string, NetworkFacts> _networks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SecurityGroupFacts> _groups = new(StringComparer.Ordinal);
    private int _next = 10;

    public ConcurrentDictionary<string, PortFacts> Ports { get; } = new(StringComparer.Ordinal);

    /// <summary>Asked before a port is made; may throw.</summary>
    public Action<NewPort>? OnCreate { get; set; }

    /// <summary>Told of a port that was bound to a device.</summary>
    public Action<string>? OnBound { get; set; }

    public NetworkFacts AddNetwork(string projectId, bool external = false, bool subnet = true, string name = "net")
    {
        var network = new NetworkFacts(NewId.Uuid(), name, projectId, false, external, true, 1450, subnet ? [NewId.Uuid()] : []);
        return _networks[network.Id] = network;
    }

    public PortFacts AddPort(string projectId, NetworkFacts network) => Ports.GetOrAdd(NewId.Uuid(), id => Make(id, projectId, network.Id, null, "", "", ""));

    public SecurityGroupFacts AddGroup(string projectId, string name) => _groups.GetOrAdd(NewId.Uuid(), id => new SecurityGroupFacts(id, name, projectId, ""));

    public void SetFloating(string portId, params string[] floating) => Ports[portId] = Ports[portId] with { FixedIps = [Ports[portId].FixedIps[0] with { FloatingIps = floating }] };

    private PortFacts Make(string id, string projectId, string networkId, string? ip, string device, string owner, string host)
    {
        var n = Interlocked.Increment(ref _next);
        var network = _networks[networkId];
        return new PortFacts
        {
            Id = id, NetworkId = networkId, NetworkName = network.Name, ProjectId = projectId, Mac = $"fa:16:3e:00:{n >> 8:x2}:{n & 255:x2}", Status = "DOWN", Mtu = network.Mtu,
            DeviceId = device, DeviceOwner = owner, HostId = host, SecurityGroupIds = [DefaultGroup(projectId).Id],
            FixedIps = [new FixedIpFacts { SubnetId = network.SubnetIds[0], Ip = ip ?? $"10.0.{n >> 8}.{n & 255}", IpVersion = 4, Cidr = "10.0.0.0/16", GatewayIp = "10.0.0.1", Dhcp = true, DnsServers = ["9.9.9.9"] }],
        };
    }

    private SecurityGroupFacts DefaultGroup(string projectId) => _groups.GetOrAdd("default-" + projectId, id => new SecurityGroupFacts(id, "default", projectId, "Default security group"));

    public Task<string> CreateAsync(RequestContext context, NewPort port, CancellationToken cancel)
    {
        OnCreate?.Invoke(port);
        if (!_networks.ContainsKey(port.NetworkId)) { throw new NotFoundError($"Network {port.NetworkId} could not be found."); }
        return Task.FromResult(Ports.GetOrAdd(port.Id, id =>
        {
            var made = Make(id, port.ProjectId, port.NetworkId, port.FixedIp, port.DeviceId, port.DeviceOwner, port.HostId);
            return port.SecurityGroupIds is { } groups ? made with { SecurityGroupIds = groups } : made;
        }).HostId);
    }

    Task<PortFacts?> IPorts.FindAsync(RequestContext context, string portId, CancellationToken cancel) => Task.FromResult(Ports.GetValueOrDefault(portId));

    public Task<IReadOnlyList<PortFacts>> OfDevicesAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<PortFacts>>([.. Ports.Values.Where(p => deviceIds.Contains(p.DeviceId)).OrderBy(p => p.Mac, StringComparer.Ordinal)
            .Select(p => p with { SecurityGroupNames = [.. p.SecurityGroupIds.Select(id => _groups.Values.FirstOrDefault(g => g.Id == id)?.Name ?? id)] })]);

    public Task<PortFacts?> AtAddressAsync(string networkId, string ip, CancellationToken cancel) =>
        Task.FromResult(Ports.Values.FirstOrDefault(p => p.NetworkId == networkId && p.FixedIps.Any(f => f.Ip == ip)));

    public Task BindAsync(RequestContext context, string portId, string deviceId, string deviceOwner, string hostId, CancellationToken cancel)
    {
        if (!Ports.TryGetValue(portId, out var port)) { throw new NotFoundError($"Port {portId} could not be found."); }
        if (port.DeviceId.Length > 0 && port.DeviceId != deviceId) { throw new ConflictError($"Port {portId} is in use"); }
        Ports[portId] = port with { DeviceId = deviceId, DeviceOwner = deviceOwner, HostId = hostId };
        OnBound?.Invoke(portId);
        return Task.CompletedTask;
    }

    public Task UnbindAsync(RequestContext context, string portId, string deviceId, CancellationToken cancel)
    {
        if (Ports.TryGetValue(portId, out var port) && port.DeviceId == deviceId) { Ports[portId] = port with { DeviceId = "", DeviceOwner = "", HostId = "" }; }
        return Task.CompletedTask;
    }

    public Task DeleteAsync(RequestContext context, string portId, CancellationToken cancel)
    {
        Ports.TryRemove(portId, out _);
        return Task.CompletedTask;
    }

    public Task SetSecurityGroupsAsync(RequestContext context, string portId, IReadOnlyList<string> securityGroupIds, CancellationToken cancel)
    {
        Ports[portId] = Ports[portId] with { SecurityGroupIds = securityGroupIds };
        return Task.CompletedTask;
    }

    /// <summary>Neutron's own part is tested with Neutron.</summary>
    public Task AddFixedIpAsync(RequestContext context, string portId, string subnetId, CancellationToken cancel)
    {
        var n = Interlocked.Increment(ref _next);
        var port = Ports[portId];
        Ports[portId] = port with { FixedIps = [.. port.FixedIps, port.FixedIps[0] with { SubnetId = subnetId, Ip = $"10.0.{n >> 8}.{n & 255}", FloatingIps = [] }] };
        return Task.CompletedTask;
    }

    public Task<bool> RemoveFixedIpAsync(RequestContext context, string portId, string ip, CancellationToken cancel)
    {
        var port = Ports[portId];
        Ports[portId] = port with { FixedIps = [.. port.FixedIps.Where(i => i.Ip != ip)] };
        return Task.FromResult(Ports[portId].FixedIps.Count < port.FixedIps.Count);
    }

    Task<NetworkFacts?> INetworks.FindAsync(RequestContext context, string networkId, CancellationToken cancel) =>
        Task.FromResult(_networks.TryGetValue(networkId, out var network) && (network.External || network.Shared || network.ProjectId == context.Identity?.ProjectId) ? network : null);

    public Task<IReadOnlyList<NetworkFacts>> AvailableAsync(RequestContext context, string projectId, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<NetworkFacts>>([.. _networks.Values.Where(n => n.ProjectId == projectId && !n.External)]);

    public Task<IReadOnlyList<SecurityGroupFacts>> OfProjectAsync(RequestContext context, string projectId, CancellationToken cancel)
    {
        DefaultGroup(projectId);
        return Task.FromResult<IReadOnlyList<SecurityGroupFacts>>([.. _groups.Values.Where(g => g.ProjectId == projectId)]);
    }

    /// <summary>No group here has rules.</summary>
    public Task<IReadOnlyList<SecurityGroupWithRules>> WithRulesAsync(RequestContext context, IReadOnlyCollection<string> ids, CancellationToken cancel) =>
        Task.FromResult<IReadOnlyList<SecurityGroupWithRules>>([.. _groups.Values.Where(g => ids.Contains(g.Id)).Select(g => new SecurityGroupWithRules(g, []))]);

    public Task<NetworkDelta> PullAsync(string host, long since, CancellationToken cancel) => Task.FromResult(new NetworkDelta(1, since == 0, [], [], [], [], []));
    public Task ReportAsync(string host, IReadOnlyList<NetworkReport> reports, CancellationToken cancel) => Task.CompletedTask;
    public Task ReportAgentsAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel) => Task.CompletedTask;
    public Task PlugAsync(string portId, string tap, CancellationToken cancel) => Ports.ContainsKey(portId) ? Task.CompletedTask : Task.FromException(new PlugException($"port {portId} was deleted, or taken from this host"));
}
