using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using Nephos.Kernel.Processes;

namespace Nephos.Node.Networks.LinuxBridge;

/// <summary>
/// A network namespace by its file, or the one this process runs in when <paramref name="Path"/> is null.
/// </summary>
/// <remarks>
/// A namespace is a property of a thread, so <see cref="Run{T}"/> enters it on a thread of its own which ends with the work: no thread of the pool
/// ever changes sides. A socket keeps the namespace it was made in, so the servers make their sockets here and use them anywhere.
/// External programs are entered with nsenter and not with <c>ip netns exec</c>: the latter mounts a fresh /sys and forks the mount table.
/// </remarks>
internal sealed record Netns(string? Path)
{
    public const string Directory = "/run/netns";

    /// <summary>The namespace this process was started in.</summary>
    public static readonly Netns Own = new((string?)null);

    public static Netns Named(string name) => new($"{Directory}/{name}");

    /// <summary>What iproute2 takes after <c>netns</c>: the name of the file in /run/netns, or a process id.</summary>
    public string Argument => Path is null ? Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture) : System.IO.Path.GetFileName(Path);

    /// <summary>Runs a program inside; throws <see cref="ProcessFailedException"/> when it fails.</summary>
    public Task<string> RunAsync(IProcessRunner runner, string program, IReadOnlyList<string> arguments, string? input, CancellationToken cancel)
    {
        ReadOnlyMemory<byte>? bytes = input is null ? null : Encoding.UTF8.GetBytes(input);
        return Path is null
            ? runner.RunOrThrowAsync(program, arguments, bytes, cancel: cancel)
            : runner.RunOrThrowAsync("nsenter", ["--net=" + Path, program, .. arguments], bytes, cancel: cancel);
    }

    /// <summary>Runs short, synchronous work inside: make a socket, write a sysctl. Throws what the work throws, or <see cref="Win32Exception"/> when there is no such namespace.</summary>
    public T Run<T>(Func<T> work)
    {
        if (Path is null)
        {
            return work();
        }
        var result = default(T)!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(Path);
                result = work();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        }, maxStackSize: 256 * 1024)
        { IsBackground = true, Name = "netns" };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }

    public void Run(Action work) => Run(() =>
    {
        work();
        return true;
    });

    /// <summary>Writes values below /proc/sys/net of this namespace, only those that differ.</summary>
    public void SetSysctls(IEnumerable<KeyValuePair<string, string>> values) => Run(() =>
    {
        foreach (var (key, value) in values)
        {
            var file = "/proc/sys/net/" + key;
            if (File.ReadAllText(file).Trim() != value)
            {
                File.WriteAllText(file, value);
            }
        }
    });

    /// <summary>True when the file exists and is a namespace: a file left by a mount that is gone is not.</summary>
    public bool Exists()
    {
        if (Path is null)
        {
            return true;
        }
        try
        {
            Run(static () => true);
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Interface names of this namespace.</summary>
    public IReadOnlyList<string> Interfaces() => Run(static () =>
        File.ReadLines("/proc/thread-self/net/dev").Skip(2).Select(static l => l[..l.IndexOf(':', StringComparison.Ordinal)].Trim()).ToArray());

    /// <summary>A socket of this namespace.</summary>
    public Socket OpenSocket(AddressFamily family, SocketType type, ProtocolType protocol) => Run(() => new Socket(family, type, protocol));

    private static void Enter(string path)
    {
        var descriptor = Native.Open(path, Native.O_RDONLY | Native.O_CLOEXEC);
        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), $"network namespace {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        try
        {
            if (Native.SetNamespace(descriptor, Native.CLONE_NEWNET) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), $"network namespace {path}: {Marshal.GetLastPInvokeErrorMessage()}");
            }
        }
        finally
        {
            _ = Native.Close(descriptor);
        }
    }
}
