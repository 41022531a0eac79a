using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// QEMU processes of this node. A process is ours when its program is a QEMU and its command line names the guest's folder; its id alone says nothing, as ids
/// are used again.
/// </summary>
internal static partial class QemuProcess
{
    private const int SigKill = 9;

    /// <summary>The process id in a pid file, when that process lives and is the guest's.</summary>
    public static int? Find(string pidFile, string folder)
    {
        try
        {
            return int.TryParse(File.ReadAllText(pidFile).Trim(), CultureInfo.InvariantCulture, out var pid) && Owns(pid, folder) ? pid : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>True while the process lives and runs a guest in the folder. A zombie has no command line and counts as gone.</summary>
    public static bool Owns(int pid, string folder) => IsOf(ReadCommandLine(pid), folder);

    /// <summary>Every QEMU process whose guest is somewhere under the folder, whether or not a pid file knows it.</summary>
    public static IEnumerable<int> FindAll(string folder)
    {
        foreach (var path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Owns(pid, folder))
            {
                yield return pid;
            }
        }
    }

    /// <summary>Ends a process at once and waits until it is gone. Throws <see cref="TimeoutException"/> when the kernel does not let it go.</summary>
    public static async Task KillAsync(int pid, string folder, TimeProvider time, CancellationToken cancel)
    {
        var commandLine = ReadCommandLine(pid);
        if (IsOf(commandLine, folder))
        {
            _ = Kill(pid, SigKill);
        }
        else if (commandLine.Length > 0)
        {
            return; // The id is another program's by now.
        }
        if (!await WaitGoneAsync(pid, TimeSpan.FromSeconds(15), time, cancel).ConfigureAwait(false))
        {
            throw new TimeoutException($"QEMU process {pid} does not end");
        }
    }

    /// <summary>
    /// Waits until the process is gone with all it held (its taps, the locks of its disks); false when it still lives at the limit. Polls, as only a parent is
    /// told of an end, and QEMU is nobody's child.
    /// </summary>
    public static async Task<bool> WaitGoneAsync(int pid, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        var born = ReadState(pid).Born;
        for (var pause = 1; IsThere(pid, born); pause = Math.Min(pause * 2, 50))
        {
            if (time.GetElapsedTime(start) > limit)
            {
                return false;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(pause), time, cancel).ConfigureAwait(false);
        }
        return true;
    }

    /// <summary>
    /// A dying process loses its command line first and its files later, so that cannot be asked here. It is past all that when it is a zombie without other
    /// threads: where nobody collects zombies, it stays one.
    /// </summary>
    private static bool IsThere(int pid, string born)
    {
        var now = ReadState(pid);
        if (now.State is ' ' or 'X' || now.Born != born)
        {
            return false;
        }
        return now.State != 'Z' || ThreadsOf(pid) > 1;
    }

    private static int ThreadsOf(int pid)
    {
        try
        {
            return Directory.GetDirectories($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/task").Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>proc(5), /proc/PID/stat: the state is the 3rd field, the start time the 22nd; the 2nd is in parentheses and may contain any character.</summary>
    private static (char State, string Born) ReadState(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], fields[19]);
        }
        catch (IOException)
        {
            return (' ', "");
        }
    }

    /// <summary>A command line as /proc shows it: arguments that each end with a zero byte.</summary>
    internal static bool IsOf(ReadOnlySpan<byte> commandLine, string folder)
    {
        var end = commandLine.IndexOf((byte)0);
        if (end <= 0)
        {
            return false;
        }
        var program = commandLine[..end];
        program = program[(program.LastIndexOf((byte)'/') + 1)..];
        return program.StartsWith("qemu-system-"u8) && commandLine[end..].IndexOf(Encoding.UTF8.GetBytes(folder + "/")) >= 0;
    }

    private static byte[] ReadCommandLine(int pid)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Gone, possibly while it was read; or another user's, so not ours.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
