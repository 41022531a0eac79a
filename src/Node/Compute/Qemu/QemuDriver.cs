using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Nephos.Contracts.Node;
using Nephos.Node.Networks;

namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// Guests as QEMU processes, one each, driven over their machine protocol (QMP). Facts and figures: QEMU 7.2.
/// <para>
/// Processes are daemons: they live on when this program ends, and the next one finds them by pid file and command line. What a process is doing is asked, not
/// remembered. A process that this program, or one before it, started but did not bring to the point where its CPUs run is worth nothing and is ended.
/// Rejected: libvirt (four times slower to start a guest, and a second store of state), QEMU as child process (dies, or loses its output, with its parent).
/// </para>
/// </summary>
internal sealed partial class QemuDriver(
    GuestFolders folders, Hypervisor hypervisor, GuestDisks disks, INetworkPlug plug, TimeProvider time, ILogger<QemuDriver> log) : IComputeDriver, IAsyncDisposable
{
    /// <summary>How often images are looked through.</summary>
    private static readonly TimeSpan ImageSweepInterval = TimeSpan.FromHours(1);

    /// <summary>Bytes that must be free for a guest to go on that a full disk stopped: with less it would only stop again at its next writes.</summary>
    private const long Room = 16 << 20;

    private readonly ConcurrentDictionary<string, QemuGuest> _live = new(StringComparer.Ordinal);
    private bool _scanned;
    private long _imagesSwept;
    private volatile bool _closing;

    /// <summary>How long a guest may take to greet a new connection.</summary>
    internal TimeSpan ConnectLimit { get; init; } = QmpClient.DefaultLimit;

    public ComputeCapabilities Capabilities { get; } = new(HotPlugNics: true, Suspend: true);

    public event Action<string>? Changed;

    public Task<HypervisorFacts> DescribeAsync(CancellationToken cancel) => hypervisor.DescribeAsync(cancel);

    public async Task<IReadOnlyList<string>> AdoptAsync(CancellationToken cancel)
    {
        if (!_scanned)
        {
            await EndStraysAsync(cancel).ConfigureAwait(false);
            await Parallel.ForEachAsync(folders.List(), cancel, async (id, stop) =>
            {
                try
                {
                    await FindAsync(id, stop).ConfigureAwait(false);
                }
                catch (TimeoutException e)
                {
                    LogNoAnswer(id, e.Message); // Alive but stuck: whoever observes it next tries again.
                }
            }).ConfigureAwait(false);
            _scanned = true;
        }
        return folders.List();
    }

    public async Task<GuestState> ObserveAsync(string id, CancellationToken cancel)
    {
        while (await FindAsync(id, cancel).ConfigureAwait(false) is { } guest)
        {
            try
            {
                var status = await guest.StatusAsync(cancel).ConfigureAwait(false);
                if (QemuGuest.PowerOf(status) is { } power)
                {
                    return new GuestState(power, guest.Launch.Boots, QemuGuest.HaltOf(status));
                }
                if (status == "shutdown")
                {
                    // The guest is off, and QEMU on its way: it still writes out its disks.
                    await Task.WhenAny(guest.Gone, Task.Delay(QuitLimit, time, cancel)).ConfigureAwait(false);
                    cancel.ThrowIfCancellationRequested();
                }
                await EndAsync(guest, cancel).ConfigureAwait(false);
            }
            catch (QmpClosedException)
            {
                await guest.Gone.WaitAsync(cancel).ConfigureAwait(false);
            }
        }
        var files = new GuestFiles(folders.Of(id));
        return File.Exists(files.Memory) ? new GuestState(GuestPower.Suspended, LoadLaunch(files)?.Boots ?? 0)
            : File.Exists(files.Root) ? new GuestState(GuestPower.Stopped, 0)
            : default;
    }

    public bool HasRoom() => new DriveInfo(folders.Guests).AvailableFreeSpace >= Room;

    public Task CreateAsync(GuestSpec spec, CancellationToken cancel) => disks.MakeAsync(spec, cancel);

    public async Task SweepAsync(CancellationToken cancel)
    {
        foreach (var id in folders.List())
        {
            await ConsoleLog.ShortenAsync(folders.Of(id), cancel).ConfigureAwait(false);
        }
        if (_imagesSwept == 0 || time.GetElapsedTime(_imagesSwept) > ImageSweepInterval)
        {
            disks.Sweep();
            _imagesSwept = time.GetTimestamp();
        }
    }

    public Task<string> ReadConsoleAsync(string id, int? lines, CancellationToken cancel) => ConsoleLog.ReadAsync(folders.Of(id), lines, cancel);

    public async Task<Stream?> OpenVncAsync(string id, CancellationToken cancel)
    {
        // By the process id and not by the connection: this comes at any time, also while the guest is being started.
        var files = new GuestFiles(folders.Of(id));
        if (QemuProcess.Find(files.PidFile, files.Folder) is null)
        {
            return null;
        }
        try
        {
            return await ConnectAsync(files.Vnc, cancel).ConfigureAwait(false);
        }
        catch (SocketException)
        {
            return null; // It went down between the two.
        }
    }

    public async Task<GuestDiagnostics?> DiagnoseAsync(string id, CancellationToken cancel)
    {
        if (!_live.TryGetValue(id, out var guest)) { return null; }
        try
        {
            return QemuGuest.PowerOf(await guest.StatusAsync(cancel).ConfigureAwait(false)) == GuestPower.Running
                ? await QemuDiagnostics.ReadAsync(guest, guest.Launch.Accelerator == "kvm", cancel).ConfigureAwait(false) : null;
        }
        catch (Exception e) when (e is QmpClosedException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // It went down while it was asked.
        }
    }

    /// <summary>Lets go of the guests, which go on.</summary>
    public async ValueTask DisposeAsync()
    {
        _closing = true;
        foreach (var guest in _live.Values)
        {
            await guest.Qmp.DisposeAsync().ConfigureAwait(false);
        }
        _live.Clear();
    }

    private static async Task<NetworkStream> ConnectAsync(string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The guest's process, connected; null when there is none. Throws <see cref="TimeoutException"/> when it lives and does not answer.</summary>
    private async Task<QemuGuest?> FindAsync(string id, CancellationToken cancel)
    {
        if (_live.TryGetValue(id, out var live))
        {
            if (!live.Qmp.Closed.IsCompleted)
            {
                return live;
            }
            await live.Gone.WaitAsync(cancel).ConfigureAwait(false);
            _live.TryRemove(KeyValuePair.Create(id, live));
        }
        var files = new GuestFiles(folders.Of(id));
        if (QemuProcess.Find(files.PidFile, files.Folder) is not { } pid)
        {
            return null;
        }
        files.MakeShortcut();
        QmpClient qmp;
        try
        {
            qmp = await QmpClient.ConnectAsync(files.Qmp, ConnectLimit, time, cancel).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain or SocketError.NoBufferSpaceAvailable)
        {
            // Its queue is full of connections that were given up: it is stuck, which may pass.
            throw new TimeoutException($"QEMU process {pid} does not answer", e);
        }
        catch (Exception e) when (e is SocketException or QmpClosedException)
        {
            // It is on its way up or down without us: neither is of use.
            await QemuProcess.KillAsync(pid, files.Folder, time, cancel).ConfigureAwait(false);
            return null;
        }
        return await AdoptAsync(id, pid, files, qmp, cancel).ConfigureAwait(false);
    }

    /// <summary>Takes over a process of an earlier run, or ends it when it is not a guest that lives.</summary>
    private async Task<QemuGuest?> AdoptAsync(string id, int pid, GuestFiles files, QmpClient qmp, CancellationToken cancel)
    {
        try
        {
            if (LoadLaunch(files) is { } launch)
            {
                var guest = new QemuGuest(launch, pid, files, qmp, time);
                var status = await guest.StatusAsync(cancel).ConfigureAwait(false);
                var power = QemuGuest.PowerOf(status);
                // Memory is saved, and its file complete, before the process ends; on the way back it is deleted before the CPUs run.
                if (power is not null && (power == GuestPower.Running || !File.Exists(files.Memory)))
                {
                    File.Delete(files.Memory);
                    guest.Launch = launch with { Nics = await guest.CardsAsync(cancel).ConfigureAwait(false) };
                    Watch(id, guest);
                    LogAdopted(id, pid, status);
                    return guest;
                }
                LogEnded(id, pid, status);
            }
        }
        catch (QmpClosedException)
        {
            // Gone while it was asked; the kill below finds nobody.
        }
        catch
        {
            await qmp.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        await qmp.DisposeAsync().ConfigureAwait(false);
        await QemuProcess.KillAsync(pid, files.Folder, time, cancel).ConfigureAwait(false);
        return null;
    }

    /// <summary>Ends processes of our folder that no pid file knows: caught between start and daemon. Again until there is none, as they fork.</summary>
    private async Task EndStraysAsync(CancellationToken cancel)
    {
        bool found;
        do
        {
            var known = folders.List().Select(id => new GuestFiles(folders.Of(id))).Select(files => QemuProcess.Find(files.PidFile, files.Folder)).OfType<int>().ToHashSet();
            found = false;
            foreach (var pid in QemuProcess.FindAll(folders.Guests).Where(pid => !known.Contains(pid)))
            {
                LogStray(pid);
                found = true;
                await QemuProcess.KillAsync(pid, folders.Guests, time, cancel).ConfigureAwait(false);
            }
        }
        while (found);
    }

    private void Watch(string id, QemuGuest guest)
    {
        _live[id] = guest;
        guest.Qmp.Event += message =>
        {
            if (message.Name is "STOP" or "RESUME" or "SHUTDOWN")
            {
                Changed?.Invoke(id);
            }
        };
        _ = guest.Gone.ContinueWith(_ =>
        {
            if (!_closing)
            {
                Changed?.Invoke(id);
            }
        }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <summary>Ends a process at once.</summary>
    private async Task EndAsync(QemuGuest guest, CancellationToken cancel)
    {
        await QemuProcess.KillAsync(guest.Pid, guest.Files.Folder, time, cancel).ConfigureAwait(false);
        await guest.Qmp.DisposeAsync().ConfigureAwait(false);
        _live.TryRemove(KeyValuePair.Create(guest.Launch.Id, guest));
    }

    private static QemuLaunch? LoadLaunch(GuestFiles files)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(files.Launch), NodeJson.Default.QemuLaunch);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    private static void SaveLaunch(GuestFiles files, QemuLaunch launch) =>
        GuestFolders.WriteWhole(files.Launch, JsonSerializer.SerializeToUtf8Bytes(launch, NodeJson.Default.QemuLaunch));

    [LoggerMessage(LogLevel.Information, "Guest {Id}: took over process {Pid}, {Status}")]
    private partial void LogAdopted(string id, int pid, string status);

    [LoggerMessage(LogLevel.Warning, "Guest {Id}: process {Pid} was left in the state {Status} and is ended")]
    private partial void LogEnded(string id, int pid, string status);

    [LoggerMessage(LogLevel.Warning, "Process {Pid} is a guest of this node that no pid file knows; it is ended")]
    private partial void LogStray(int pid);

    [LoggerMessage(LogLevel.Warning, "Guest {Id}: {Reason}")]
    private partial void LogNoAnswer(string id, string reason);
}
