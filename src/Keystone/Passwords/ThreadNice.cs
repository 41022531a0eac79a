using System.Runtime.InteropServices;

namespace Nephos.Keystone.Passwords;

/// <summary>
/// Lets the calling thread yield to all others of the process. <c>Thread.Priority</c> does nothing on Linux; there a thread has a nice value of its own, which <c>setpriority(2)</c> with
/// <c>PRIO_PROCESS</c> and id 0 sets for the calling thread alone. Raising it needs no rights.
/// </summary>
internal static partial class ThreadNice
{
    /// <summary>A tenth of a normal thread's share when both want the core; the whole core when nobody else does. A normal thread that wakes up takes the core at once.</summary>
    private const int Nice = 10;
    private const int PrioProcess = 0;

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, uint who, int nice);

    [LibraryImport("libc", EntryPoint = "getpriority", SetLastError = true)]
    private static partial int GetPriority(int which, uint who);

    public static void Lower()
    {
        if (!OperatingSystem.IsLinux()) { Thread.CurrentThread.Priority = ThreadPriority.BelowNormal; return; }
        // Never back towards 0: the whole process may have been started nicer.
        if (GetPriority(PrioProcess, 0) < Nice) { _ = SetPriority(PrioProcess, 0, Nice); }
    }

    /// <summary>The calling thread's nice value.</summary>
    public static int Current() => GetPriority(PrioProcess, 0);
}
