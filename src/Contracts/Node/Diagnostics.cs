namespace Nephos.Contracts.Node;

/// <summary>What the hypervisor counts of a running guest, since its process began.</summary>
/// <param name="Hypervisor">kvm, qemu (emulated) or fake.</param>
/// <param name="MemoryMib">What the guest has been given.</param>
/// <param name="MemoryUsedMib">What its balloon leaves it.</param>
public sealed record GuestDiagnostics(
    string Hypervisor, long MemoryMib, long MemoryUsedMib, IReadOnlyList<CpuDiagnostics> Cpus, IReadOnlyList<DiskDiagnostics> Disks, IReadOnlyList<NicDiagnostics> Nics);

/// <summary>A virtual processor and the time it has had, in nanoseconds.</summary>
public sealed record CpuDiagnostics(int Id, long TimeNanoseconds);

/// <summary>A disk; <paramref name="Name"/> is the guest's for it, as far as that can be known: <c>vda</c>.</summary>
public sealed record DiskDiagnostics(string Name, long ReadBytes, long ReadRequests, long WriteBytes, long WriteRequests, long ErrorsCount);

/// <summary>A card, as the guest sees it: what it received and sent.</summary>
public sealed record NicDiagnostics(string PortId, string MacAddress, long RxOctets, long RxPackets, long RxErrors, long RxDrop, long TxOctets, long TxPackets, long TxErrors, long TxDrop);

/// <summary>What became of a password that a guest posted.</summary>
public enum PasswordOutcome
{
    /// <summary>Nobody of ours asked.</summary>
    Unknown = 0,
    Kept = 1,
    /// <summary>There is one already.</summary>
    Exists = 2,
    TooLarge = 3,
}
