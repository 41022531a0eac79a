using Microsoft.EntityFrameworkCore;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Imports;
using Nephos.Glance.Stores;
using Nephos.Glance.Tasks;
using Nephos.Glance.Web;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Locations;

/// <summary>A place for an image that has none yet.</summary>
/// <param name="HashValue">What the client says that the bytes' hash is; null: it says nothing.</param>
public sealed record LocationParameters(string ImageId, string TaskId, string Url, string? HashAlgo, string? HashValue);

/// <summary>What was read.</summary>
public sealed record HashedBytes(long Size, string Md5, string Sha512);

/// <summary>
/// Makes an image of bytes that stay on a web server (upstream's flow <c>location_import</c> with <c>do_secure_hash</c>, its default): reads them once, so that their hash is known and what is read later
/// can be told from it, then writes the place down.
/// </summary>
internal sealed class LocationSaga(Store<GlanceDb> store, WebSource web, GlanceSettings settings, TimeProvider clock) : Saga<GlanceDb, LocationParameters>
{
    public const string SagaName = "glance.import-location";

    public override string Name => SagaName;

    public override IReadOnlyList<SagaStep<LocationParameters>> Steps => field ??= [new("hash", HashAsync), new("finish", FinishAsync, UnfinishAsync)];

    private async Task HashAsync(SagaRun<LocationParameters> run)
    {
        var location = run.Parameters;
        await store.WriteAsync(db => db.Tasks.Where(t => t.Id == location.TaskId && t.Status == ImageTask.Pending)
            .ExecuteUpdateAsync(u => u.SetProperty(t => t.Status, ImageTask.Processing).SetProperty(t => t.UpdatedAt, clock.Now()))).ConfigureAwait(false);
        await using var content = await web.OpenAsync(new Uri(location.Url), run.Cancel).ConfigureAwait(false);
        var copied = await HashedCopy.RunAsync(content.Body, new NowhereWriter(), settings.ImageSizeCap, _ => Task.CompletedTask, run.Cancel).ConfigureAwait(false);
        if (content.Length is { } said && said != copied.Size) { throw new ImportException("the web server sent less than it said"); }
        var hash = location.HashAlgo switch { "sha512" => copied.Sha512, "md5" => copied.Md5, _ => null };
        if (location.HashValue is { } value && hash is not null && !string.Equals(hash, value, StringComparison.OrdinalIgnoreCase)) { throw new ImportException("The hash of the bytes is not the one in validation_data"); }
        run.Hand(new HashedBytes(copied.Size, copied.Md5, copied.Sha512));
    }

    private async Task FinishAsync(SagaRun<LocationParameters> run)
    {
        var (location, found, now) = (run.Parameters, run.Output<HashedBytes>("hash")!, clock.Now());
        var finished = await store.WriteAsync(async db =>
        {
            if (await db.Tasks.AnyAsync(t => t.Id == location.TaskId && t.Status == ImageTask.Success).ConfigureAwait(false)) { return true; }
            var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == location.ImageId && i.ImportTaskId == location.TaskId).ConfigureAwait(false);
            if (row is null) { return false; }
            (row.Status, row.ImportTaskId, row.Size, row.UpdatedAt) = (ImageStatus.Active, null, found.Size, now);
            (row.Checksum, row.OsHashAlgo, row.OsHashValue) = (found.Md5, "sha512", found.Sha512);
            row.Generation++;
            db.Locations.Add(new ImageLocation { Id = NewId.Uuid(), ImageId = row.Id, Store = ImageStores.Http, Url = location.Url, Position = 0 });
            await ImageTask.EndAsync(db, location.TaskId, ImageTask.Success, "", $$"""{"image_id": "{{row.Id}}"}""", now, settings.TaskTimeToLive).ConfigureAwait(false);
            db.Record(run.Context, "import", "image", row.Id, row.Owner);
            return true;
        }).ConfigureAwait(false);
        if (!finished) { throw new ImportException("Image has been deleted, aborting import."); }
    }

    private Task UnfinishAsync(SagaRun<LocationParameters> run) => store.WriteAsync(async db =>
    {
        var location = run.Parameters;
        if (!await ImageTask.ReopenAsync(db, location.TaskId, clock.Now()).ConfigureAwait(false)) { return; }
        var changed = await db.Images.Where(i => i.Id == location.ImageId && i.ImportTaskId == null).ExecuteUpdateAsync(u => u.SetProperty(i => i.ImportTaskId, location.TaskId)).ConfigureAwait(false);
        if (changed == 1) { await db.Locations.Where(l => l.ImageId == location.ImageId).ExecuteDeleteAsync().ConfigureAwait(false); }
    });

    public override async Task UndoneAsync(SagaRun<LocationParameters> run, string reason)
    {
        var (location, now) = (run.Parameters, clock.Now());
        await store.WriteAsync(async db =>
        {
            await ImageTask.EndAsync(db, location.TaskId, ImageTask.Failure, reason, null, now, settings.TaskTimeToLive).ConfigureAwait(false);
            await db.Images.Where(i => i.Id == location.ImageId && i.ImportTaskId == location.TaskId).ExecuteUpdateAsync(u => u.SetProperty(i => i.Status, ImageStatus.Queued)
                .SetProperty(i => i.ImportTaskId, (string?)null).SetProperty(i => i.Size, (long?)null).SetProperty(i => i.Checksum, (string?)null).SetProperty(i => i.OsHashAlgo, (string?)null)
                .SetProperty(i => i.OsHashValue, (string?)null).SetProperty(i => i.UpdatedAt, now).SetProperty(i => i.Generation, i => i.Generation + 1)).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }
}
