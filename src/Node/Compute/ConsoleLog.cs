using System.Text;

namespace Nephos.Node.Compute;

/// <summary>
/// A guest's serial log. The hypervisor appends to <c>console.log</c>; so that a chatty guest cannot fill the host's disk, housekeeping moves its end to
/// <c>console.log.1</c> and empties it when it grew too long.
/// </summary>
internal static class ConsoleLog
{
    /// <summary>Upstream answers no more than this (nova/virt, MAX_CONSOLE_BYTES = 100 * units.Ki).</summary>
    public const int MaxBytes = 100 * 1024;

    /// <summary>Length in bytes at which a log is shortened.</summary>
    public const long RotateAt = 1 << 20;

    public const string FileName = "console.log";

    /// <summary>The end of the log, at most <see cref="MaxBytes"/>.</summary>
    public static async Task<string> ReadAsync(string folder, int? lines, CancellationToken cancel)
    {
        var current = await ReadEndAsync(Path.Combine(folder, FileName), MaxBytes, cancel).ConfigureAwait(false);
        if (current.Length < MaxBytes)
        {
            current = [.. await ReadEndAsync(Path.Combine(folder, FileName + ".1"), MaxBytes - current.Length, cancel).ConfigureAwait(false), .. current];
        }
        return Tail(Encoding.UTF8.GetString(current), lines);
    }

    /// <summary>The last lines as upstream counts them: the pieces between line feeds, so what follows the last line feed is one, even when it is empty.</summary>
    public static string Tail(string text, int? lines)
    {
        if (lines is not { } count)
        {
            return text;
        }
        if (count <= 0)
        {
            return "";
        }
        var at = text.Length;
        while (count-- > 0)
        {
            at = at == 0 ? -1 : text.LastIndexOf('\n', at - 1);
            if (at < 0)
            {
                return text;
            }
        }
        return text[(at + 1)..];
    }

    /// <summary>Shortens a log that grew too long. What the guest writes between the two steps is lost; the writer appends, so it goes on at the new end.</summary>
    public static async Task ShortenAsync(string folder, CancellationToken cancel)
    {
        var path = Path.Combine(folder, FileName);
        var file = new FileInfo(path);
        if (!file.Exists || file.Length < RotateAt)
        {
            return;
        }
        var end = await ReadEndAsync(path, MaxBytes, cancel).ConfigureAwait(false);
        GuestFolders.WriteWhole(path + ".1", end);
        using var writer = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        writer.SetLength(0);
    }

    private static async Task<byte[]> ReadEndAsync(string path, int limit, CancellationToken cancel)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            file.Seek(-Math.Min(limit, file.Length), SeekOrigin.End);
            var buffer = new byte[limit];
            var read = await file.ReadAtLeastAsync(buffer, limit, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
            return buffer[..read];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }
}
