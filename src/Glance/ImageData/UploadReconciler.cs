using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.ImageData;

/// <summary>
/// Undoes what dead processes left: images whose upload has no living owner become queued, bytes that no image names go from stores and staging, finished tasks go when they expire. Imports are sagas and
/// resume by themselves; their bytes are theirs. Files are listed before rows are read, so that a file which is committed meanwhile is not taken for a leftover.
/// </summary>
public sealed class UploadReconciler(Store<GlanceDb> store, ImageStores stores, ImageUploads uploads, TimeProvider clock) : IReconciler
{
    /// <summary>With several processes on one database: an upload that has not been heard of for so long is dead.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    public string Name => "glance.uploads";
    public TimeSpan Interval => TimeSpan.FromMinutes(1);
    public TimeSpan Delay => TimeSpan.FromSeconds(5);

    public async Task<string> ReconcileAsync(CancellationToken cancel)
    {
        var leftovers = stores.Staging.RemoveLeftovers();
        var (keys, staged) = (new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal), stores.Staging.Keys());
        foreach (var named in stores.All)
        {
            leftovers += await named.Data.RemoveLeftoversAsync().ConfigureAwait(false);
            keys[named.Id] = await named.Data.KeysAsync(cancel).ConfigureAwait(false);
        }
        var seen = clock.Now() - Silence;
        var open = await store.ReadAsync(db => db.Images.Where(i => i.UploadId != null).Select(i => new { i.Id, i.UploadId, i.UploadSeenAt }).ToListAsync(cancel), cancel).ConfigureAwait(false);
        var restored = 0;
        foreach (var image in open.Where(image => !uploads.IsRunning(image.UploadId!) && (store.Exclusive || image.UploadSeenAt is null || image.UploadSeenAt < seen)))
        {
            await uploads.RestoreAsync(image.Id, image.UploadId!).ConfigureAwait(false);
            restored++;
        }
        var removed = 0;
        foreach (var named in stores.All)
        {
            foreach (var chunk in keys[named.Id].Chunk(1000))
            {
                // A place, or work that will write one down.
                var known = await store.ReadAsync(db => db.Images.Where(i => chunk.Contains(i.Id)
                    && (i.UploadId != null || i.ImportTaskId != null || db.Locations.Any(l => l.ImageId == i.Id && l.Store == named.Id))).Select(i => i.Id).ToHashSetAsync(cancel), cancel).ConfigureAwait(false);
                foreach (var key in chunk.Where(key => !known.Contains(key))) { removed += await named.Data.DeleteAsync(key).ConfigureAwait(false) ? 1 : 0; }
            }
        }
        foreach (var chunk in staged.Chunk(1000))
        {
            var ids = chunk.Select(ImageStores.ImageOf).Distinct(StringComparer.Ordinal).ToArray();
            var known = await store.ReadAsync(db => db.Images.Where(i => ids.Contains(i.Id) && (i.Status == ImageStatus.Uploading || i.ImportTaskId != null)).Select(i => i.Id).ToHashSetAsync(cancel), cancel).ConfigureAwait(false);
            removed += chunk.Count(key => !known.Contains(ImageStores.ImageOf(key)) && stores.Staging.Delete(key));
        }
        var now = clock.Now();
        var expired = await store.WriteAsync(db => db.Tasks.Where(t => t.ExpiresAt < now).ExecuteDeleteAsync(cancel), cancel).ConfigureAwait(false);
        return string.Create(CultureInfo.InvariantCulture, $"{restored} uploads undone, {leftovers + removed} leftover files removed, {keys.Values.Sum(k => k.Count) + staged.Count - removed} files, {expired} tasks expired");
    }
}
