using Nephos.Node.Compute;
using Nephos.Node.Networks;

namespace Nephos.Node.Guests;

/// <summary>Why something could not be done to a guest, in words for its owner. Paths and types of this machine stay in the log.</summary>
internal static class GuestErrors
{
    /// <summary>ENOSPC of Linux, which .NET hands through as the result code of an <see cref="IOException"/>.</summary>
    private const int NoSpace = 28;

    /// <summary>Null for a guest that its hypervisor lets run.</summary>
    public static string? Words(GuestHalt halt) => halt switch
    {
        GuestHalt.None => null,
        GuestHalt.DiskFull => "The host's disk is full: the guest stands still at a write and goes on when there is room",
        GuestHalt.Failed => "The hypervisor failed to run the guest: a hard reboot starts it anew",
        GuestHalt.Panicked => "The guest's kernel has panicked: a hard reboot starts it anew",
        _ => "The hypervisor holds the guest",
    };

    public static string Words(Exception e) => e switch
    {
        GuestException or PlugException => e.Message,
        IOException { HResult: NoSpace } => "The host's disk is full",
        TimeoutException => "The hypervisor did not answer in time",
        _ => $"Internal error on the host ({e.GetType().Name})",
    };
}
