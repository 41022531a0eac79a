namespace Nephos.Node.Networks;

/// <summary>
/// How the guest side hands a tap device to the network side. QEMU makes the tap itself when it starts (not persistent, in the host's namespace, CPUs held),
/// so the device goes away with its process; then it is plugged, and only then the CPUs run.
/// </summary>
public interface INetworkPlug
{
    /// <summary>
    /// Moves the tap into its network's namespace, onto its bridge, under its security rules. Waits up to 30 seconds for the port's record to arrive, but not for one that is known to be gone.
    /// May be called again for a plugged device. Throws <see cref="PlugException"/> with words for the user.
    /// </summary>
    Task PlugAsync(string portId, string tap, CancellationToken cancel);
}

/// <summary>A port could not be plugged; the message says why.</summary>
public sealed class PlugException(string message, Exception? inner = null) : Exception(message, inner);
