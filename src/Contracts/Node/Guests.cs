namespace Nephos.Contracts.Node;

/// <summary>What a guest shall be. The node makes it so and never decides it.</summary>
public enum GuestPower
{
    /// <summary>No process, no disk, no file: everything of the guest is removed.</summary>
    Absent = 0,
    /// <summary>The disk is kept, no process runs. A running guest is asked to power off and stopped hard after <see cref="GuestSpec.GracefulStop"/>.</summary>
    Stopped = 1,
    /// <summary>The process runs and its CPUs too.</summary>
    Running = 2,
    /// <summary>The process runs, its CPUs are held.</summary>
    Paused = 3,
    /// <summary>The memory is saved to a file and the process is gone.</summary>
    Suspended = 4,
}

/// <summary>How the restart that raised <see cref="GuestSpec.Boots"/> is done.</summary>
public enum RebootKind
{
    /// <summary>Power button, then a start; hard when the guest does not go down within <see cref="GuestSpec.GracefulStop"/>.</summary>
    Soft = 0,
    /// <summary>The process is ended and started anew with the current specification.</summary>
    Hard = 1,
}

/// <summary>
/// Desired state of one guest (the hypervisor's side of a server). The rule of the node: a record whose <see cref="Generation"/> is newer than the
/// one last applied is made so, repeatedly until it holds; a record already applied is only observed. So a guest that powers itself off, or whose
/// process is killed, is reported and not started again behind the user's back.
/// </summary>
public sealed record GuestSpec
{
    /// <summary>The server's id (UUID with dashes).</summary>
    public required string Id { get; init; }
    public required string ProjectId { get; init; }
    /// <summary>Name of the hypervisor's domain, as <c>OS-EXT-SRV-ATTR:instance_name</c>: <c>instance-0000002a</c>.</summary>
    public required string InstanceName { get; init; }
    /// <summary>Grows with every change of this record.</summary>
    public required long Generation { get; init; }
    public required GuestPower Power { get; init; }
    /// <summary>Number of requested restarts. A node that applied fewer restarts the guest, once, in the way <see cref="LastReboot"/> says.</summary>
    public required long Boots { get; init; }
    public RebootKind LastReboot { get; init; }
    public required int Vcpus { get; init; }
    public required int RamMib { get; init; }
    public required GuestDisk Root { get; init; }
    public IReadOnlyList<GuestNic> Nics { get; init; } = [];
    /// <summary>Attach a read-only disk labelled <c>config-2</c> with the instance's metadata tree.</summary>
    public bool ConfigDrive { get; init; }
    /// <summary>How long a guest may take to power off before it is stopped hard. Zero: at once.</summary>
    public TimeSpan GracefulStop { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>Image properties that shape the hardware, by upstream's names (<c>hw_disk_bus</c>, <c>hw_vif_model</c>, ...).</summary>
    public IReadOnlyDictionary<string, string> Hardware { get; init; } = new Dictionary<string, string>();
}

/// <summary>The root disk: a copy-on-write overlay over the cached image.</summary>
/// <param name="ImageId">Glance's id; the node asks <see cref="IGuestFeed.OpenImageAsync"/> for its bytes once and keeps them as a base.</param>
/// <param name="Format">Glance's <c>disk_format</c>: raw or qcow2, iso read-only.</param>
/// <param name="SizeGib">Size of the overlay in GiB; zero means the image's own virtual size.</param>
public sealed record GuestDisk(string ImageId, string Format, int SizeGib);

/// <summary>One network card. The tap device is named by <see cref="TapNames.Of"/> from the port.</summary>
public sealed record GuestNic(string PortId, string NetworkId, string Mac, int Mtu);

/// <summary>The name of a port's tap device: <c>tap</c> and the first 11 characters of the port's id, as upstream (15 characters is the kernel's limit).</summary>
public static class TapNames
{
    public static string Of(string portId) => "tap" + portId[..11];
}

/// <summary>What the node observed of a guest.</summary>
public sealed record GuestReport
{
    public required string Id { get; init; }
    /// <summary>The newest generation that was applied, successfully or not.</summary>
    public required long Generation { get; init; }
    public required long Boots { get; init; }
    /// <summary>What is, not what was asked.</summary>
    public required GuestPower Power { get; init; }
    /// <summary>Why the generation could not be made so, in words for the user; null when it was.</summary>
    public string? Error { get; init; }
    /// <summary>Why the hypervisor holds the CPUs although nobody asked for it, in words for the user; null when it does not.</summary>
    public string? Halted { get; init; }
    /// <summary>True when the guest went down by itself (power-off inside, crash, process killed) and not because the specification said so.</summary>
    public bool Unsolicited { get; init; }
}

/// <summary>Everything that changed for a host since a revision.</summary>
/// <param name="Revision">Pass it as <c>since</c> next time.</param>
/// <param name="Full">True: <paramref name="Guests"/> is the complete list, anything else on the host is a leftover to remove.</param>
public sealed record GuestDelta(long Revision, bool Full, IReadOnlyList<GuestSpec> Guests);

/// <summary>What a node can offer; reported at start and every heartbeat.</summary>
public sealed record NodeFacts
{
    public required string Host { get; init; }
    /// <summary>QEMU or fake, as <c>hypervisor_type</c>.</summary>
    public required string HypervisorType { get; init; }
    /// <summary>As <c>hypervisor_version</c>: 7.2.22 is 7002022.</summary>
    public required int HypervisorVersion { get; init; }
    public required int Vcpus { get; init; }
    public required int RamMib { get; init; }
    public required int DiskGib { get; init; }
    public required string HostIp { get; init; }
    public string CpuArch { get; init; } = "x86_64";
    public string CpuModel { get; init; } = "";
    public string CpuVendor { get; init; } = "";
    public IReadOnlyList<string> CpuFeatures { get; init; } = [];
    public int Sockets { get; init; } = 1;
    public int Cores { get; init; } = 1;
    public int Threads { get; init; } = 1;
    /// <summary>True when KVM was probed and works.</summary>
    public bool Kvm { get; init; }
}

/// <summary>Implemented by Nova, asked by the node (in one process directly, later over HTTPS). A node sees only its own rows.</summary>
public interface IGuestFeed
{
    /// <summary>Guests of the host that changed after <paramref name="since"/>; all of them when it is zero. Answers at once; wait on <see cref="NodeTopics.Guests"/>.</summary>
    Task<GuestDelta> PullAsync(string host, long since, CancellationToken cancel);

    /// <summary>Records what was observed. May be repeated; an older generation than the recorded one changes nothing.</summary>
    Task ReportAsync(string host, GuestReport report, CancellationToken cancel);

    /// <summary>Heartbeat: registers the host, its compute service, and its inventory. Repeated every 10 seconds.</summary>
    Task ReportNodeAsync(NodeFacts facts, CancellationToken cancel);

    /// <summary>The bytes of an image that a guest of this host uses; null when it is gone.</summary>
    Task<Stream?> OpenImageAsync(string host, string imageId, CancellationToken cancel);

    /// <summary>The metadata tree of a guest of this host, for the config drive; null when it is gone.</summary>
    Task<InstanceTree?> GetTreeAsync(string host, string serverId, CancellationToken cancel);
}

/// <summary>A guest's metadata as paths and bytes: <c>openstack/latest/meta_data.json</c>, <c>latest/meta-data/instance-id</c>, ... The same tree is
/// served at 169.254.169.254 and written to the config drive.</summary>
public sealed record InstanceTree(string ServerId, IReadOnlyDictionary<string, byte[]> Files);

/// <summary>Implemented by Nova: who asks at 169.254.169.254.</summary>
public interface IInstanceMetadata
{
    /// <summary>The tree of the server that owns the address on that network; null when nobody does.</summary>
    Task<InstanceTree?> FindAsync(string networkId, string ipAddress, CancellationToken cancel);

    /// <summary>Keeps the encrypted password that the server at the address posts, unless it has posted one before.</summary>
    Task<PasswordOutcome> SetPasswordAsync(string networkId, string ipAddress, string password, CancellationToken cancel);
}

/// <summary>Implemented by the node: what cannot be desired state because it is a question or a connection.</summary>
public interface INodeConsole
{
    /// <summary>The guest's serial log; the last <paramref name="lines"/> lines, or all when null. Empty when the guest never ran.</summary>
    Task<string> ReadConsoleAsync(string host, string serverId, int? lines, CancellationToken cancel);

    /// <summary>A raw RFB stream to the guest's screen; null when the guest does not run.</summary>
    Task<Stream?> OpenVncAsync(string host, string serverId, CancellationToken cancel);

    /// <summary>What the hypervisor counts of the guest; null when it does not run.</summary>
    Task<GuestDiagnostics?> DiagnoseAsync(string host, string serverId, CancellationToken cancel);
}

/// <summary>Names of the signals between API and node (<c>Nephos.Kernel.Signals.SignalHub</c>).</summary>
public static class NodeTopics
{
    public static string Guests(string host) => "guests:" + host;
    public static string Networks(string host) => "networks:" + host;
}
