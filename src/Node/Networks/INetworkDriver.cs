using Nephos.Contracts.Node;

namespace Nephos.Node.Networks;

/// <summary>A network with everything its namespace is made of.</summary>
/// <param name="Ports">The network's ports, this host's and (for DHCP) the others'.</param>
/// <param name="Groups">The security groups of this host's ports and those their rules name.</param>
public sealed record NetworkState(NetworkSpec Network, IReadOnlyList<PortSpec> Ports, IReadOnlyDictionary<string, SecurityGroupSpec> Groups);

/// <summary>A router with the networks it touches, by id.</summary>
public sealed record RouterState(RouterSpec Router, IReadOnlyDictionary<string, NetworkSpec> Networks);

/// <summary>What of ours exists on the machine.</summary>
public sealed record ObservedNetworks(IReadOnlySet<string> NetworkIds, IReadOnlySet<string> RouterIds);

/// <summary>
/// Makes networks. Every method is "make it so": it may be called again at any time, with the same or with a newer record, after a failure or a kill at any
/// point, and leaves alone what is right already. Calls come one at a time from <see cref="NetworkAgent"/>, but for <see cref="PlugAsync"/> and
/// <see cref="PluggedAsync"/>, which may run beside the others. All may block for the time of a few external programs (tens of milliseconds).
/// Failures are exceptions whose message may be shown to an operator.
/// </summary>
public interface INetworkDriver : IAsyncDisposable
{
    /// <summary>Prepares the machine: bridges of physical networks, forwarding. Called first.</summary>
    Task PrepareAsync(CancellationToken cancel);

    /// <summary>Networks and routers that exist, whole or in part, to find leftovers.</summary>
    Task<ObservedNetworks> ObserveAsync(CancellationToken cancel);

    /// <summary>The network with its ports' rules, DHCP and metadata as in the record. A changed port touches that port's rules only, a changed group that group's.</summary>
    Task ApplyNetworkAsync(NetworkState state, CancellationToken cancel);

    /// <summary>Removes the network and what is in it; nothing happens when there is none. A tap still in it is handed back to nobody: it goes too.</summary>
    Task RemoveNetworkAsync(string networkId, CancellationToken cancel);

    /// <summary>The router as in the record. Its networks have been applied before. A router whose admin state is down is removed, as upstream's agent does.</summary>
    Task ApplyRouterAsync(RouterState state, CancellationToken cancel);

    /// <summary>Removes the router; nothing happens when there is none.</summary>
    Task RemoveRouterAsync(string routerId, CancellationToken cancel);

    /// <summary>Attaches a tap device to the network, which has been applied with the port in it. A device already attached stays. Throws <see cref="PlugException"/>
    /// when there is no such device.</summary>
    Task PlugAsync(NetworkSpec network, PortSpec port, string tap, CancellationToken cancel);

    /// <summary>Those of the ports whose device is attached to its network.</summary>
    Task<IReadOnlySet<string>> PluggedAsync(IReadOnlyCollection<PortSpec> ports, CancellationToken cancel);

    /// <summary>Removes everything of ours from the machine, for <c>nephos down --guests</c>.</summary>
    Task RemoveAllAsync(CancellationToken cancel);
}
