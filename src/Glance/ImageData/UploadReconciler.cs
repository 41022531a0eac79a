using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.ImageData;

/// <summary>
/// Undoes what dead processes left: images whose upload has no living owner become queued, files that no image names go. Files are listed before rows are read, so that a
/// file which is committed meanwhile is not taken for a leftover.
/// </summary>
public sealed class UploadReconciler(Store<GlanceDb> store, IImageStore data, ImageUploads uploads, TimeProvider clock) : IReconciler
{
    /// <summary>With several processes on one database: an upload that has not been heard of for so long is dead.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    public string Name => "glance.uploads";
    public TimeSpan Interval => TimeSpan.FromMinutes(1);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var leftovers = data.RemoveLeftovers();
        var keys = data.Keys();
        var seen = clock.Now() - Silence;
        var open = await store.ReadAsync(db => db.Images.Where(i => i.UploadId != null).Select(i => new { i.Id, i.UploadId, i.UploadSeenAt }).ToListAsync(cancel), cancel).ConfigureAwait(false);
        var restored = 0;
        foreach (var image in open)
        {
            if (uploads.IsRunning(image.UploadId!) || (!store.Exclusive && image.UploadSeenAt > seen)) { continue; }
            await uploads.RestoreAsync(image.Id, image.UploadId!).ConfigureAwait(false);
            restored++;
        }
        var removed = 0;
        foreach (var chunk in keys.Chunk(500))
        {
            var ids = chunk.Select(IdOf).ToArray();
            var known = await store.ReadAsync(db => db.Images.Where(i => ids.Contains(i.Id)).Select(i => i.Id).ToHashSetAsync(StringComparer.Ordinal, cancel), cancel).ConfigureAwait(false);
            removed += chunk.Count(key => !known.Contains(IdOf(key)) && data.Delete(key));
        }
        return string.Create(CultureInfo.InvariantCulture, $"{restored} uploads undone, {leftovers + removed} leftover files removed, {keys.Count - removed} files");
    }

    private static string IdOf(string key) => key.EndsWith(IImageStore.Staged, StringComparison.Ordinal) ? key[..^IImageStore.Staged.Length] : key;
}
