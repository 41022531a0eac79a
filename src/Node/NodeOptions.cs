namespace Nephos.Node;

/// <summary>What a node needs to know of its machine.</summary>
public sealed record NodeOptions
{
    /// <summary>Name of the host in every API: <c>OS-EXT-SRV-ATTR:host</c>, <c>binding:host_id</c>.</summary>
    public required string Host { get; init; }

    /// <summary>Folder of everything the node keeps; made with mode 0700. Sub-folders: <c>guests/ID</c>, <c>images</c>, <c>networks</c>.</summary>
    public required string StateDirectory { get; init; }

    /// <summary><c>qemu</c> or <c>fake</c>.</summary>
    public string ComputeDriver { get; init; } = "qemu";

    /// <summary><c>linuxbridge</c> or <c>fake</c>.</summary>
    public string NetworkDriver { get; init; } = "linuxbridge";

    /// <summary>Address of this host in <c>host_ip</c> and as tunnel end.</summary>
    public string HostIp { get; init; } = "127.0.0.1";

    /// <summary>auto (probe KVM, fall back to TCG), kvm, or tcg.</summary>
    public string Accelerator { get; init; } = "auto";

    /// <summary>Physical networks: upstream's name to the bridge in the host's namespace. The node makes a bridge that is missing.</summary>
    public IReadOnlyDictionary<string, string> Bridges { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["public"] = "br-public" };

    /// <summary>Addresses (with prefix) that this machine has on the bridge of a physical network, so that it can reach floating IPs: <c>172.24.4.1/24</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> BridgeAddresses { get; init; } = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);

    /// <summary>Guests may reach what this machine can reach: forward and masquerade what leaves the bridge's range.</summary>
    public bool Outbound { get; init; } = true;
}
