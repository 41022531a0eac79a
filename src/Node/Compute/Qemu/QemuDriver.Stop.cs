using System.Net.Sockets;
using System.Text.Json.Nodes;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>Stopping, pausing, suspending, removing.</summary>
internal sealed partial class QemuDriver
{
    /// <summary>A guest that boots does not hear the power button: it is pressed again this often (upstream: SHUTDOWN_RETRY_INTERVAL = 10).</summary>
    private static readonly TimeSpan PowerButtonInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long QEMU may take to write out its disks when it is told to end.</summary>
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(10);

    private const int MigrationBuffer = 1 << 20;

    public async Task PauseAsync(string id, CancellationToken cancel)
    {
        try
        {
            var guest = await FindAsync(id, cancel).ConfigureAwait(false) ?? throw NotRunning("paused");
            await guest.HoldAsync(cancel).ConfigureAwait(false);
        }
        catch (QmpClosedException)
        {
            throw NotRunning("paused");
        }
    }

    public async Task StopAsync(string id, TimeSpan graceful, CancellationToken cancel)
    {
        var files = new GuestFiles(folders.Of(id));
        if (await FindOrEndAsync(id, files, cancel).ConfigureAwait(false) is { } guest)
        {
            try
            {
                if (graceful <= TimeSpan.Zero || await guest.StatusAsync(cancel).ConfigureAwait(false) != "running" || !await PowerOffAsync(guest, graceful, cancel).ConfigureAwait(false))
                {
                    await guest.Qmp.ExecuteAsync("quit", limit: QuitLimit, cancel: cancel).ConfigureAwait(false);
                    await guest.Gone.WaitAsync(QuitLimit, time, cancel).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is QmpClosedException or TimeoutException)
            {
                // Gone already, or stuck: the kill settles both.
            }
            await EndAsync(guest, cancel).ConfigureAwait(false);
        }
        if (File.Exists(files.Memory))
        {
            File.Delete(files.Memory);
        }
    }

    public async Task SuspendAsync(string id, CancellationToken cancel)
    {
        var files = new GuestFiles(folders.Of(id));
        if (await FindAsync(id, cancel).ConfigureAwait(false) is not { } guest)
        {
            if (!File.Exists(files.Memory))
            {
                throw NotRunning("suspended");
            }
            return;
        }
        try
        {
            var ran = await guest.StatusAsync(cancel).ConfigureAwait(false) == "running";
            await guest.HoldAsync(cancel).ConfigureAwait(false);
            try
            {
                await SaveMemoryAsync(guest, cancel).ConfigureAwait(false);
            }
            catch
            {
                await UndoSuspendAsync(guest, ran).ConfigureAwait(false);
                throw;
            }
        }
        catch (QmpClosedException)
        {
            throw NotRunning("suspended");
        }
        // From here on the guest is the file.
        await EndAsync(guest, cancel).ConfigureAwait(false);
    }

    public async Task RemoveAsync(string id, CancellationToken cancel)
    {
        var files = new GuestFiles(folders.Of(id));
        if (_live.TryGetValue(id, out var guest))
        {
            await EndAsync(guest, cancel).ConfigureAwait(false);
        }
        if (QemuProcess.Find(files.PidFile, files.Folder) is { } pid)
        {
            await QemuProcess.KillAsync(pid, files.Folder, time, cancel).ConfigureAwait(false);
        }
        files.RemoveShortcut();
        if (Directory.Exists(files.Folder))
        {
            Directory.Delete(files.Folder, recursive: true);
        }
    }

    /// <summary>The guest's process; one that does not answer is ended here and now, as nothing else can be done with it.</summary>
    private async Task<QemuGuest?> FindOrEndAsync(string id, GuestFiles files, CancellationToken cancel)
    {
        try
        {
            return await FindAsync(id, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            LogNoAnswer(id, e.Message);
            if (QemuProcess.Find(files.PidFile, files.Folder) is { } pid)
            {
                await QemuProcess.KillAsync(pid, files.Folder, time, cancel).ConfigureAwait(false);
            }
            return null;
        }
    }

    /// <summary>Presses the power button until the guest is off; false when it is not off in time.</summary>
    private async Task<bool> PowerOffAsync(QemuGuest guest, TimeSpan limit, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < limit)
        {
            await guest.Qmp.ExecuteAsync("system_powerdown", cancel: cancel).ConfigureAwait(false);
            var left = limit - time.GetElapsedTime(start);
            try
            {
                await guest.Gone.WaitAsync(left < PowerButtonInterval ? left : PowerButtonInterval, time, cancel).ConfigureAwait(false);
                return true;
            }
            catch (TimeoutException)
            {
                // Press again.
            }
        }
        return false;
    }

    /// <summary>Writes the memory to <c>memory</c>, which has its name only when it is complete, and the cards as they are now to the launch record.</summary>
    private async Task SaveMemoryAsync(QemuGuest guest, CancellationToken cancel)
    {
        SaveLaunch(guest.Files, guest.Launch with { Nics = await guest.CardsAsync(cancel).ConfigureAwait(false) });
        File.Delete(guest.Files.Migration);
        var temporary = guest.Files.Memory + ".tmp";
        try
        {
            using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                listener.Bind(new UnixDomainSocketEndPoint(guest.Files.Migration));
                listener.Listen(1);
                // The CPUs are held, so nothing is sent twice and no rate protects anybody.
                await guest.Qmp.ExecuteAsync("migrate-set-parameters", new JsonObject { ["max-bandwidth"] = 1L << 40 }, cancel: cancel).ConfigureAwait(false);
                await guest.Qmp.ExecuteAsync("migrate", new JsonObject { ["uri"] = "unix:" + guest.Files.Migration }, cancel: cancel).ConfigureAwait(false);
                using var socket = await listener.AcceptAsync(cancel).ConfigureAwait(false);
                using var stream = new NetworkStream(socket);
                using var memory = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
                await stream.CopyToAsync(memory, MigrationBuffer, cancel).ConfigureAwait(false);
            }
            var end = await guest.Qmp.ExecuteAsync("query-migrate", cancel: cancel).ConfigureAwait(false);
            for (var pause = 1; Status(end) is "setup" or "active" or "device" or "pre-switchover"; pause = Math.Min(pause * 2, 50))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(pause), time, cancel).ConfigureAwait(false);
                end = await guest.Qmp.ExecuteAsync("query-migrate", cancel: cancel).ConfigureAwait(false);
            }
            if (Status(end) != "completed")
            {
                throw new GuestException("The guest's memory could not be saved" + (end.TryGetProperty("error-desc", out var why) ? ": " + why.GetString() : ""));
            }
            File.Move(temporary, guest.Files.Memory, overwrite: true);
        }
        finally
        {
            File.Delete(guest.Files.Migration);
            File.Delete(temporary);
        }
    }

    private static string? Status(System.Text.Json.JsonElement migration) => migration.TryGetProperty("status", out var status) ? status.GetString() : null;

    private async Task UndoSuspendAsync(QemuGuest guest, bool ran)
    {
        try
        {
            await guest.Qmp.ExecuteAsync("migrate_cancel").ConfigureAwait(false);
            if (ran)
            {
                await guest.GoOnAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is QmpException or QmpClosedException or TimeoutException)
        {
            LogNoAnswer(guest.Launch.Id, e.Message); // The failure that led here is the one to report; the state is observed after it.
        }
    }

    private static GuestException NotRunning(string what) => new($"The guest cannot be {what} because it does not run");
}
