using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.ImageData;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;
using Nephos.Kernel.Api;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Cache;

/// <summary>
/// Copies of images, made when an administrator wishes for one. They serve images whose bytes are on web servers; an image in a store of this cloud is read from there, which is as near as the copy.
/// A copy is checked against the image's hash before it counts.
/// </summary>
public sealed class ImageCache(GlanceSettings settings, CloudFacts facts, Store<GlanceDb> store, TimeProvider clock)
{
    private readonly Lazy<FileImageStore> _files = new(() => new FileImageStore(Path.Combine(facts.StateDirectory, "image-cache"), FileImageStore.OwnerOf(facts), clock));

    public bool IsOn => settings.ImageCache;

    internal FileImageStore Files => _files.Value;

    /// <summary>The copy, if there is one; counts as a use of it.</summary>
    public async Task<Stream?> OpenAsync(string imageId, CancellationToken cancel)
    {
        if (!IsOn || Files.Open(imageId) is not { } stream) { return null; }
        var used = await store.WriteAsync(db => db.CachedImages.Where(c => c.ImageId == imageId && c.CachedAt != null)
            .ExecuteUpdateAsync(u => u.SetProperty(c => c.Hits, c => c.Hits + 1).SetProperty(c => c.AccessedAt, clock.Now()), cancel), cancel).ConfigureAwait(false);
        if (used == 1) { return stream; }
        await stream.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    public Task<List<CachedImage>> ListAsync(CancellationToken cancel) => store.ReadAsync(db => db.CachedImages.OrderBy(c => c.ImageId).ToListAsync(cancel), cancel);

    public Task QueueAsync(string imageId, DateTime now, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        if (!await db.CachedImages.AnyAsync(c => c.ImageId == imageId, cancel).ConfigureAwait(false)) { db.CachedImages.Add(new CachedImage { ImageId = imageId, QueuedAt = now }); }
    }, cancel);

    /// <summary>Removes copies and wishes; rows first, so that a crash leaves files that the next cleaning finds.</summary>
    /// <param name="cached">Whether copies go.</param>
    /// <param name="queued">Whether wishes go.</param>
    public async Task<int> RemoveAsync(string? imageId, bool cached, bool queued, CancellationToken cancel)
    {
        var gone = await store.WriteAsync(async db =>
        {
            var rows = await db.CachedImages.Where(c => (imageId == null || c.ImageId == imageId) && ((cached && c.CachedAt != null) || (queued && c.CachedAt == null))).Select(c => c.ImageId).ToListAsync(cancel).ConfigureAwait(false);
            await db.CachedImages.Where(c => rows.Contains(c.ImageId)).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
            return rows;
        }, cancel).ConfigureAwait(false);
        foreach (var id in gone) { Files.Delete(id); }
        return gone.Count;
    }

    /// <summary>Removes the least recently used copies until the rest is within the limit. Answers how many files and bytes.</summary>
    public async Task<(int Files, long Bytes)> PruneAsync(CancellationToken cancel)
    {
        var rows = (await ListAsync(cancel).ConfigureAwait(false)).Where(c => c.CachedAt is not null).OrderBy(c => c.AccessedAt ?? c.CachedAt).ToList();
        var (total, files, bytes) = (rows.Sum(r => r.Size), 0, 0L);
        foreach (var row in rows.TakeWhile(_ => total > settings.ImageCacheMaxSize))
        {
            total -= row.Size;
            if (await RemoveAsync(row.ImageId, cached: true, queued: false, cancel).ConfigureAwait(false) == 1) { (files, bytes) = (files + 1, bytes + row.Size); }
        }
        return (files, bytes);
    }

    /// <summary>Removes files without a row, and rows without a file or an image.</summary>
    public async Task<int> CleanAsync(CancellationToken cancel)
    {
        if (!IsOn) { return 0; }
        var removed = Files.RemoveLeftovers();
        var keys = Files.Keys();
        var rows = await store.ReadAsync(db => db.CachedImages.Select(c => new { c.ImageId, Cached = c.CachedAt != null, Known = db.Images.Any(i => i.Id == c.ImageId) }).ToListAsync(cancel), cancel).ConfigureAwait(false);
        foreach (var row in rows.Where(r => !r.Known || (r.Cached && !keys.Contains(r.ImageId)))) { removed += await RemoveAsync(row.ImageId, cached: true, queued: true, cancel).ConfigureAwait(false); }
        var named = rows.Where(r => r.Known).Select(r => r.ImageId).ToHashSet(StringComparer.Ordinal);
        return removed + keys.Count(key => !named.Contains(key) && Files.Delete(key));
    }
}

/// <summary>Fetches what is wished for, and keeps the cache clean. What cannot be fetched stays wished for until it is taken from the list, or its image is gone.</summary>
public sealed class CacheReconciler(ImageCache cache, Store<GlanceDb> store, ImageReader reader, GlanceSettings settings, TimeProvider clock) : IReconciler
{
    public string Name => "glance.cache";
    public TimeSpan Interval => TimeSpan.FromMinutes(5);
    public TimeSpan Delay => TimeSpan.FromSeconds(5);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        if (!cache.IsOn) { return "off"; }
        var removed = await cache.CleanAsync(cancel).ConfigureAwait(false);
        var (fetched, failed) = (0, new List<string>());
        foreach (var row in (await cache.ListAsync(cancel).ConfigureAwait(false)).Where(c => c.CachedAt is null))
        {
            try
            {
                await FetchAsync(row.ImageId, cancel).ConfigureAwait(false);
                fetched++;
            }
            catch (Exception error) when (error is WebSourceException or ImageTooLargeException or ImageStoreFullException)
            {
                failed.Add($"{row.ImageId}: {error.Message}");
            }
        }
        await cache.PruneAsync(cancel).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture, $"{fetched} fetched, {removed} removed{(failed.Count == 0 ? "" : ", not fetched: " + string.Join("; ", failed))}");
    }

    private async Task FetchAsync(string imageId, CancellationToken cancel)
    {
        var image = await store.ReadAsync(db => Images.ImageQueries.FindAsync(db, imageId, cancel), cancel).ConfigureAwait(false);
        if (image is null) { return; }
        await using var opened = await reader.OpenAsync(image, 0, cancel).ConfigureAwait(false) ?? throw new WebSourceException("the image has no bytes");
        CopiedData copied;
        await using (var writer = cache.Files.Begin())
        {
            copied = await HashedCopy.RunAsync(opened.Bytes, writer, settings.ImageSizeCap, _ => Task.CompletedTask, cancel).ConfigureAwait(false);
            if (image.Row.OsHashValue is { } hash && hash != copied.Sha512) { throw new WebSourceException("the web server gives other bytes than when the image was made"); }
            await writer.CommitAsync(imageId).ConfigureAwait(false);
        }
        var kept = await store.WriteAsync(db => db.CachedImages.Where(c => c.ImageId == imageId && c.CachedAt == null)
            .ExecuteUpdateAsync(u => u.SetProperty(c => c.CachedAt, clock.Now()).SetProperty(c => c.AccessedAt, clock.Now()).SetProperty(c => c.Size, copied.Size), cancel), cancel).ConfigureAwait(false);
        if (kept == 0) { cache.Files.Delete(imageId); }
    }
}
