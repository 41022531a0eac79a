using Nephos.Contracts.Node;

namespace Nephos.Node.Compute;

/// <summary>
/// What makes guests. The agent decides (<see cref="Guests.GuestPlan"/>), the driver does.
/// <para>
/// Common to all methods: the agent calls one at a time per guest and many guests at once. Every method may be called again after any outcome, also
/// by another process after this one was killed in the middle. A cancelled or timed out call leaves an unknown state: observe, then go on. Words for the
/// user are thrown as <see cref="GuestException"/>. Sizes are in the units their names say.
/// </para>
/// </summary>
public interface IComputeDriver
{
    /// <summary>What the driver can do; fixed after construction.</summary>
    ComputeCapabilities Capabilities { get; }

    /// <summary>
    /// A guest may have changed by itself (powered off, crashed, was killed): observe it. Raised on any thread, at least once per change, also for
    /// changes that a method of this interface made. Handlers must return at once.
    /// </summary>
    event Action<string>? Changed;

    /// <summary>What the hypervisor is; may take a second the first time, is remembered afterwards.</summary>
    Task<HypervisorFacts> DescribeAsync(CancellationToken cancel);

    /// <summary>
    /// Takes over what an earlier process left: connects to running guests, ends half-started ones, and answers the ids of all guests that have anything
    /// on this host. Called at start and whenever leftovers are looked for; a second call only lists.
    /// </summary>
    Task<IReadOnlyList<string>> AdoptAsync(CancellationToken cancel);

    /// <summary>What the guest is right now. Gone is <see cref="GuestPower.Absent"/>, not an error. Throws <see cref="TimeoutException"/> when the hypervisor does not answer.</summary>
    Task<GuestState> ObserveAsync(string id, CancellationToken cancel);

    /// <summary>Makes the disks; afterwards the guest is Stopped. Disks that exist are kept as they are. May block for as long as the image takes to arrive.</summary>
    Task CreateAsync(GuestSpec spec, CancellationToken cancel);

    /// <summary>
    /// From Stopped: starts with the hardware of the specification. From Suspended: goes on where it was. From Paused: lets the CPUs run, also those that the hypervisor holds. Running: nothing.
    /// Absent: throws. When it throws, the guest is as it was before. Waits for the network side to plug the cards.
    /// </summary>
    Task StartAsync(GuestSpec spec, CancellationToken cancel);

    /// <summary>There is room for what guests write, so that one halted with <see cref="GuestHalt.DiskFull"/> may go on. Quick.</summary>
    bool HasRoom();

    /// <summary>Makes the cards of a running or paused guest those of the specification, without a restart. Does nothing to a guest that has no process.</summary>
    Task ReshapeAsync(GuestSpec spec, CancellationToken cancel);

    /// <summary>Holds the CPUs of a running guest. Paused: nothing. No process: throws.</summary>
    Task PauseAsync(string id, CancellationToken cancel);

    /// <summary>Saves the memory and ends the process. Suspended: nothing. No process and no saved memory: throws, and when it throws the guest goes on as it was.</summary>
    Task SuspendAsync(string id, CancellationToken cancel);

    /// <summary>
    /// Ends the process, keeps the disks, forgets saved memory. A running guest is asked first and has <paramref name="graceful"/> to go down; zero: it is not asked.
    /// Stopped or gone: nothing. Blocks until the process is gone.
    /// </summary>
    Task StopAsync(string id, TimeSpan graceful, CancellationToken cancel);

    /// <summary>Removes process, disks, sockets, folder: everything. Gone: nothing.</summary>
    Task RemoveAsync(string id, CancellationToken cancel);

    /// <summary>Housekeeping: images that no guest uses any more, logs that grew too long. Called now and then, never concurrently with itself.</summary>
    Task SweepAsync(CancellationToken cancel);

    /// <summary>The end of the serial log: at most <paramref name="lines"/> lines (null: no limit) and at most 100 KiB. Empty when the guest never ran.</summary>
    Task<string> ReadConsoleAsync(string id, int? lines, CancellationToken cancel);

    /// <summary>A raw RFB connection to the screen, which the caller disposes; null when the guest has no process.</summary>
    Task<Stream?> OpenVncAsync(string id, CancellationToken cancel);

    /// <summary>What is counted of a running guest; null when it has no process or its CPUs are held. Comes at any time, also while the guest changes.</summary>
    Task<GuestDiagnostics?> DiagnoseAsync(string id, CancellationToken cancel);
}

/// <summary>What a driver can do.</summary>
/// <param name="HotPlugNics"><see cref="IComputeDriver.ReshapeAsync"/> works on a running guest; otherwise cards change at the next start.</param>
/// <param name="Suspend">Memory can be saved.</param>
public sealed record ComputeCapabilities(bool HotPlugNics, bool Suspend);

/// <summary>What a guest is.</summary>
/// <param name="Boots">The <see cref="GuestSpec.Boots"/> its process was started with; zero when there is no process and no saved memory.</param>
/// <param name="Halt">Why the hypervisor holds the CPUs by itself; only with <see cref="GuestPower.Paused"/>.</param>
public readonly record struct GuestState(GuestPower Power, long Boots, GuestHalt Halt = GuestHalt.None);

/// <summary>Why a hypervisor holds a guest's CPUs although nobody asked for it. On disk: append only.</summary>
public enum GuestHalt
{
    /// <summary>It does not.</summary>
    None = 0,
    /// <summary>The guest wrote to a disk for which the host has no more room. What it wrote is not lost: it is written when the CPUs run again.</summary>
    DiskFull = 1,
    /// <summary>The hypervisor failed to run the guest.</summary>
    Failed = 2,
    /// <summary>The guest's kernel said that it is at its end.</summary>
    Panicked = 3,
}

/// <summary>The hypervisor's part of <see cref="NodeFacts"/>.</summary>
/// <param name="Version">7.2.22 is 7002022; zero: not installed.</param>
/// <param name="Kvm">True when hardware virtualisation was tried and worked.</param>
/// <param name="Settled">False while the probe of the accelerator still runs; ask again.</param>
public sealed record HypervisorFacts(string Type, int Version, bool Kvm, bool Settled);

/// <summary>Something could not be done to a guest; the message is for the user who asked for it.</summary>
public sealed class GuestException(string message, Exception? inner = null) : Exception(message, inner);
