using System.Collections.Concurrent;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>An image on this host, under its guests' overlays. Never written to.</summary>
/// <param name="Format">raw or qcow2; an iso is raw.</param>
/// <param name="VirtualSize">Bytes.</param>
internal sealed record CachedImage(string Path, string Format, long VirtualSize);

/// <summary>
/// The images of this host: <c>images/ID.base</c>, each fetched once however many guests want it at once. A file has its name only when it is complete and on
/// disk. Its time of last write is the last time a guest was made from it; an image that no guest uses goes away a day later (upstream:
/// remove_unused_original_minimum_age_seconds = 86400).
/// </summary>
internal sealed class ImageCache(NodeOptions options, GuestFolders folders, IGuestFeed feed, TimeProvider time)
{
    public static readonly TimeSpan Retention = TimeSpan.FromDays(1);

    private const string Suffix = ".base";
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _fetching = new(StringComparer.Ordinal);

    /// <summary>The image, fetched when it is not here. Who gives up waiting does not end the fetch for the others.</summary>
    public async Task<CachedImage> GetAsync(GuestDisk disk, CancellationToken cancel)
    {
        var format = disk.Format switch
        {
            "qcow2" => "qcow2",
            "raw" or "iso" => "raw",
            _ => throw new GuestException($"Images of format {disk.Format} cannot be booted on this host, only qcow2, raw and iso"),
        };
        var path = PathOf(disk.ImageId);
        if (File.Exists(path))
        {
            File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime);
        }
        else
        {
            var fetch = _fetching.GetOrAdd(disk.ImageId, id => new Lazy<Task<string>>(() => FetchAsync(id, format)));
            await fetch.Value.WaitAsync(cancel).ConfigureAwait(false);
        }
        return new CachedImage(path, format, await MeasureAsync(path, format, disk.ImageId, cancel).ConfigureAwait(false));
    }

    /// <summary>Where an image is, if it is here.</summary>
    public string PathOf(string imageId) =>
        Guid.TryParse(imageId, out _) ? Path.Combine(folders.Images, imageId + Suffix) : throw new ArgumentException($"'{imageId}' is not an image id", nameof(imageId));

    /// <summary>Removes images that no guest used for <see cref="Retention"/>, and what interrupted fetches left.</summary>
    public void Sweep(IReadOnlySet<string> used)
    {
        if (!Directory.Exists(folders.Images))
        {
            return;
        }
        foreach (var path in Directory.EnumerateFiles(folders.Images))
        {
            var id = Path.GetFileNameWithoutExtension(path);
            var unused = Path.GetExtension(path) == Suffix
                ? !used.Contains(id) && time.GetUtcNow() - File.GetLastWriteTimeUtc(path) > Retention
                : !_fetching.ContainsKey(id);
            if (unused)
            {
                File.Delete(path);
            }
        }
    }

    private async Task<string> FetchAsync(string id, string format)
    {
        var path = PathOf(id);
        var temporary = Path.ChangeExtension(path, ".part");
        try
        {
            GuestFolders.MakePrivate(folders.Images);
            var source = await feed.OpenImageAsync(options.Host, id, CancellationToken.None).ConfigureAwait(false)
                ?? throw new GuestException($"Image {id} could not be found");
            await using (source.ConfigureAwait(false))
            {
                using var target = new FileStream(temporary, FileMode.Create, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
                await CopySparselyAsync(source, target).ConfigureAwait(false);
                // A base is trusted for as long as it has its name: it must survive a power cut that its name survives.
                target.Flush(flushToDisk: true);
            }
            await MeasureAsync(temporary, format, id, CancellationToken.None).ConfigureAwait(false);
            File.Move(temporary, path, overwrite: true);
            return path;
        }
        catch (Exception)
        {
            File.Delete(temporary);
            throw;
        }
        finally
        {
            _fetching.TryRemove(id, out _);
        }
    }

    /// <summary>Copies and leaves holes where there are only zeros: raw images are mostly that.</summary>
    private static async Task CopySparselyAsync(Stream source, FileStream target)
    {
        var buffer = new byte[1 << 18];
        int read;
        while ((read = await source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false).ConfigureAwait(false)) > 0)
        {
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                await target.WriteAsync(buffer.AsMemory(0, read)).ConfigureAwait(false);
            }
            else
            {
                target.Seek(read, SeekOrigin.Current);
            }
        }
        target.SetLength(target.Position);
    }

    /// <summary>Checks what the cloud checked before, because the hypervisor would follow the names of other files in an image.</summary>
    private static async Task<long> MeasureAsync(string path, string format, string id, CancellationToken cancel)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (format == "raw")
        {
            return file.Length;
        }
        var header = new byte[112];
        var read = await file.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        try
        {
            return Qcow2.ReadVirtualSize(header.AsSpan(0, read));
        }
        catch (FormatException e)
        {
            throw new GuestException($"Image {id} cannot be used: {e.Message}", e);
        }
    }
}
