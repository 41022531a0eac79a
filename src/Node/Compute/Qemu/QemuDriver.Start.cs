using System.Net.Sockets;
using System.Text.Json.Nodes;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>Starting, also from saved memory.</summary>
internal sealed partial class QemuDriver
{
    public async Task StartAsync(GuestSpec spec, CancellationToken cancel)
    {
        if (await FindAsync(spec.Id, cancel).ConfigureAwait(false) is { } guest)
        {
            await guest.GoOnAsync(cancel).ConfigureAwait(false); // Does nothing to one that runs.
            return;
        }
        var files = new GuestFiles(folders.Of(spec.Id));
        var root = disks.Find(spec.Id) ?? throw new GuestException("The guest has no disk");
        if (File.Exists(files.Memory))
        {
            var saved = LoadLaunch(files) ?? throw new GuestException("The record of the suspended guest's hardware is lost");
            await LaunchAsync(saved, files, restore: true, cancel).ConfigureAwait(false);
            return;
        }
        var (accelerator, version) = await hypervisor.ForStartAsync(cancel).ConfigureAwait(false);
        var launch = QemuLaunch.Of(spec, disks.ImageOf(root), root.ConfigDrive, accelerator, version);
        await LaunchAsync(launch, files, restore: false, cancel).ConfigureAwait(false);
    }

    /// <summary>Process, memory, cards, CPUs. What fails or is cancelled before the CPUs run ends the process: the guest is then what it was before.</summary>
    private async Task LaunchAsync(QemuLaunch launch, GuestFiles files, bool restore, CancellationToken cancel)
    {
        files.MakeShortcut();
        foreach (var stale in (string[])[files.Qmp, files.Vnc, files.Serial, files.Migration, files.PidFile])
        {
            File.Delete(stale);
        }
        var line = QemuCommandLine.Build(launch, files, restore);
        if (!restore)
        {
            SaveLaunch(files, launch);
        }
        QemuGuest? guest = null;
        try
        {
            await hypervisor.RunAsync(line, cancel).ConfigureAwait(false);
            var pid = QemuProcess.Find(files.PidFile, files.Folder) ?? throw new GuestException("QEMU ended right after its start");
            guest = new QemuGuest(launch, pid, files, await QmpClient.ConnectAsync(files.Qmp, QmpClient.DefaultLimit, time, cancel).ConfigureAwait(false), time);
            if (restore)
            {
                await RestoreAsync(guest, cancel).ConfigureAwait(false);
            }
            await Task.WhenAll(launch.Nics.Select(nic => plug.PlugAsync(nic.PortId, TapNames.Of(nic.PortId), cancel))).ConfigureAwait(false);
            File.Delete(files.Memory);
            Watch(launch.Id, guest);
            await guest.GoOnAsync(cancel).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await CleanUpAsync(guest, files).ConfigureAwait(false);
            if (e is QmpClosedException)
            {
                throw new GuestException("QEMU ended while it was started", e);
            }
            throw;
        }
    }

    private async Task CleanUpAsync(QemuGuest? guest, GuestFiles files)
    {
        // Not cancellable: a cancelled start, too, must leave nothing.
        if (guest is not null)
        {
            await EndAsync(guest, CancellationToken.None).ConfigureAwait(false);
        }
        else if (QemuProcess.Find(files.PidFile, files.Folder) is { } pid)
        {
            await QemuProcess.KillAsync(pid, files.Folder, time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Feeds the saved memory. Through a socket and by us, because QEMU 7.2's own way to a file is a shell command. The CPUs stay held.
    /// </summary>
    private async Task RestoreAsync(QemuGuest guest, CancellationToken cancel)
    {
        await guest.Qmp.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = "unix:" + guest.Files.Migration }, cancel: cancel).ConfigureAwait(false);
        try
        {
            using var memory = new FileStream(guest.Files.Memory, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var socket = await ConnectAsync(guest.Files.Migration, cancel).ConfigureAwait(false);
            await using (socket.ConfigureAwait(false))
            {
                await memory.CopyToAsync(socket, MigrationBuffer, cancel).ConfigureAwait(false);
                socket.Socket.Shutdown(SocketShutdown.Send);
                await WaitMigratedAsync(guest, "inmigrate", cancel).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is QmpClosedException or IOException)
        {
            throw new GuestException("The guest's saved memory could not be loaded", e);
        }
        finally
        {
            File.Delete(guest.Files.Migration);
        }
    }

    /// <summary>Waits until QEMU has left a state.</summary>
    private async Task WaitMigratedAsync(QemuGuest guest, string state, CancellationToken cancel)
    {
        for (var pause = 1; await guest.StatusAsync(cancel).ConfigureAwait(false) == state; pause = Math.Min(pause * 2, 50))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(pause), time, cancel).ConfigureAwait(false);
        }
    }
}
