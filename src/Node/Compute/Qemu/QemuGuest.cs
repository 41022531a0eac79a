using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>A guest that has a process: its connection and its hardware. Made when the process is started or adopted, ends with it.</summary>
internal sealed class QemuGuest
{
    private readonly TimeProvider _time;

    public QemuGuest(QemuLaunch launch, int pid, GuestFiles files, QmpClient qmp, TimeProvider time)
    {
        _time = time;
        Launch = launch;
        Pid = pid;
        Files = files;
        Qmp = qmp;
        Gone = WatchAsync();
    }

    /// <summary>Its cards are those that the process has now; replaced by the guest's one caller when they change.</summary>
    public QemuLaunch Launch { get; set; }

    public int Pid { get; }

    public GuestFiles Files { get; }

    public QmpClient Qmp { get; }

    /// <summary>Ends when the connection does: true when the process is gone with it, false when it lives on (and is to be connected anew).</summary>
    public Task<bool> Gone { get; }

    /// <summary>QEMU's word for the state (qapi/run-state.json, RunState).</summary>
    public async Task<string> StatusAsync(CancellationToken cancel) =>
        (await Qmp.ExecuteAsync("query-status", cancel: cancel).ConfigureAwait(false)).GetProperty("status").GetString()!;

    /// <summary>
    /// The cards that the process has, asked from QEMU's object tree; the record supplies what it was asked for. (query-pci does not do: it shows nothing behind
    /// a root port until the firmware has given it a number.)
    /// </summary>
    public async Task<IReadOnlyList<LaunchNic>> CardsAsync(CancellationToken cancel)
    {
        var present = PortsIn(await Qmp.ExecuteAsync("qom-list", new JsonObject { ["path"] = "/machine/peripheral" }, cancel: cancel).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
        return [.. Launch.Nics.Where(nic => present.Contains(nic.PortId))];
    }

    public Task HoldAsync(CancellationToken cancel) => Qmp.ExecuteAsync("stop", cancel: cancel);

    public Task GoOnAsync(CancellationToken cancel) => Qmp.ExecuteAsync("cont", cancel: cancel);

    /// <summary>What a state of QEMU is to the cloud; null for the states before and after a life, which only an interrupted start or suspend leaves.</summary>
    public static GuestPower? PowerOf(string status) => status switch
    {
        // Suspended is the guest's own sleep (S3): its process runs and it wakes by itself.
        "running" or "suspended" or "watchdog" => GuestPower.Running,
        // A guest on a full disk (io-error) or one that its virtualisation failed (internal-error) stands still.
        "paused" or "io-error" or "internal-error" or "guest-panicked" or "debug" or "save-vm" or "restore-vm" or "colo" => GuestPower.Paused,
        _ => null,
    };

    /// <summary>Why QEMU holds the CPUs by itself. Its disks stop a guest at ENOSPC only (werror=enospc, rerror=report, the defaults); other errors are the guest's.</summary>
    public static GuestHalt HaltOf(string status) => status switch
    {
        "io-error" => GuestHalt.DiskFull,
        "internal-error" => GuestHalt.Failed,
        "guest-panicked" => GuestHalt.Panicked,
        _ => GuestHalt.None,
    };

    /// <summary>The ports of the cards in an answer of qom-list.</summary>
    internal static IEnumerable<string> PortsIn(JsonElement objects) =>
        objects.EnumerateArray().Select(entry => QemuCommandLine.PortOf(entry.GetProperty("name").GetString()!)).OfType<string>();

    private async Task<bool> WatchAsync()
    {
        await Qmp.Closed.ConfigureAwait(false);
        // The kernel closes a dying process's sockets before it lets go of its id.
        return await QemuProcess.WaitGoneAsync(Pid, TimeSpan.FromSeconds(5), _time, CancellationToken.None).ConfigureAwait(false);
    }
}
