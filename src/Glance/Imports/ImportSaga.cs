using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Formats;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Quotas;
using Nephos.Glance.Stores;
using Nephos.Glance.Tasks;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Imports;

/// <summary>An import: which image, from where, to which stores.</summary>
/// <param name="AllMustSucceed">False: a store that fails is left out.</param>
/// <param name="Uri">Of web-download.</param>
/// <param name="Remote">Of glance-download.</param>
/// <param name="Inject">Whether the plug-in inject_image_metadata is for this user.</param>
/// <param name="OwnImage">The image was made for this task and goes when it fails (the older task <c>import</c>).</param>
public sealed record ImportParameters(string ImageId, string TaskId, string? Owner, string Method, IReadOnlyList<string> Stores, bool AllMustSucceed, string? Uri, RemoteImage? Remote, bool Inject, bool OwnImage);

/// <summary>An image of another Glance in the catalog.</summary>
public sealed record RemoteImage(string Region, string Interface, string ImageId);

/// <summary>Bytes that wait in staging.</summary>
/// <param name="Suffix">Which of <see cref="ImageStores.Suffixes"/>.</param>
/// <param name="DiskFormat">What they are now, when that is not what the image says.</param>
public sealed record StagedBytes(string Suffix, long Size, string Md5, string Sha512)
{
    public string? DiskFormat { get; init; }
    public string? ContainerFormat { get; init; }
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();
}

/// <summary>What the inspection found; a record so that it can be handed on.</summary>
public sealed record InspectedBytes(long? VirtualSize);

/// <summary>Which stores were filled and which were not.</summary>
public sealed record FilledStores(IReadOnlyList<string> Done, IReadOnlyList<string> Failed);

/// <summary>
/// Brings bytes into an image (upstream's flow <c>api_image_import</c>): by steps that each can run twice, because each makes a file of its own name in staging, or a key in a store, and looks whether it
/// is there. Until the last step the image is importing and has no place; a failure takes back all that was made and makes it queued. An image that is copied to more stores stays active throughout.
/// </summary>
internal sealed class ImportSaga(Store<GlanceDb> store, ImageStores stores, ImageReader reader, ImportFetch fetch, ImportPlugins plugins, ImageQuotas quotas, ImportTokens tokens, GlanceSettings settings, TimeProvider clock)
    : Saga<GlanceDb, ImportParameters>, IDisposable
{
    public const string SagaName = "glance.import-image";
    public const string CopyImage = "copy-image";
    /// <summary>More at once only make the disk seek.</summary>
    private const int AtOnce = 4;
    /// <summary>Bytes from elsewhere come at the pace of elsewhere: they have places of their own, so that slow servers do not keep the disk's.</summary>
    private const int FetchesAtOnce = 16;
    private readonly SemaphoreSlim _busy = new(AtOnce, AtOnce);
    private readonly SemaphoreSlim _fetching = new(FetchesAtOnce, FetchesAtOnce);

    public override string Name => SagaName;

    public override IReadOnlyList<SagaStep<ImportParameters>> Steps => field ??=
    [
        new("fetch", Bounded(FetchAsync, _fetching), run => { RemoveStaged(run); return Task.CompletedTask; }),
        new("decompress", Bounded(DecompressAsync, _busy)),
        new("convert", Bounded(ConvertAsync, _busy)),
        new("inspect", InspectAsync, Logged: false),
        new("store", Bounded(StoreAsync, _busy), UnstoreAsync),
        new("finish", FinishAsync, UnfinishAsync),
    ];

    public void Dispose()
    {
        _busy.Dispose();
        _fetching.Dispose();
    }

    /// <summary>Name of the image's lock.</summary>
    public static string Resource(string imageId) => "image:" + imageId;

    private async Task FetchAsync(SagaRun<ImportParameters> run)
    {
        var import = run.Parameters;
        await store.WriteAsync(db => db.Tasks.Where(t => t.Id == import.TaskId && t.Status == ImageTask.Pending)
            .ExecuteUpdateAsync(u => u.SetProperty(t => t.Status, ImageTask.Processing).SetProperty(t => t.UpdatedAt, clock.Now()))).ConfigureAwait(false);
        var image = await OursAsync(import).ConfigureAwait(false);
        await quotas.EnforceAsync(import.Owner, import.Method == "glance-direct" ? ImageQuotas.Size : ImageQuotas.Staging, import.Method == "glance-direct" ? ImageQuotas.MibOf(image.Row.Size) : 0, run.Cancel).ConfigureAwait(false);
        if (import.Method == CopyImage) { return; }
        run.Hand(await fetch.RunAsync(import, image, run.Cancel).ConfigureAwait(false));
    }

    private async Task DecompressAsync(SagaRun<ImportParameters> run)
    {
        if (run.Parameters.Method == CopyImage || !settings.ImageImportPlugins.Contains("image_decompression")) { return; }
        var image = await OursAsync(run.Parameters).ConfigureAwait(false);
        if (await plugins.DecompressAsync(image.Row, Staged(run), run.Cancel).ConfigureAwait(false) is { } changed) { run.Hand(changed); }
    }

    private async Task ConvertAsync(SagaRun<ImportParameters> run)
    {
        if (run.Parameters.Method == CopyImage || !settings.ImageImportPlugins.Contains("image_conversion")) { return; }
        var image = await OursAsync(run.Parameters).ConfigureAwait(false);
        if (await plugins.ConvertAsync(image.Row, Staged(run), run.Cancel).ConfigureAwait(false) is { } changed) { run.Hand(changed); }
    }

    private async Task InspectAsync(SagaRun<ImportParameters> run)
    {
        if (run.Parameters.Method == CopyImage) { return; }
        var (image, staged) = (await OursAsync(run.Parameters).ConfigureAwait(false), Staged(run));
        if ((staged.ContainerFormat ?? image.Row.ContainerFormat) != "bare") { return; }
        // Gone already when this runs again after the bytes were taken over; it was looked into then.
        await using var bytes = stores.Staging.Open(run.Parameters.ImageId + staged.Suffix);
        if (bytes is not null) { run.Hand(new InspectedBytes(FormatInspector.Inspect(bytes, staged.DiskFormat ?? image.Row.DiskFormat!).VirtualSize)); }
    }

    private async Task StoreAsync(SagaRun<ImportParameters> run)
    {
        var import = run.Parameters;
        var (done, failed) = (new List<string>(), new List<string>());
        foreach (var name in import.Stores)
        {
            var image = await OursAsync(import).ConfigureAwait(false);
            try
            {
                if (!image.Locations.Any(l => l.Store == name)) { await PutAsync(run, image, stores.Find(name) ?? throw new ImportException(ImageStores.Unknown(name))).ConfigureAwait(false); }
                done.Add(name);
            }
            catch (Exception error) when (!import.AllMustSucceed && error is ImportException or ImageStoreFullException or IOException)
            {
                failed.Add(name);
            }
        }
        if (done.Count == 0) { throw new ImportException("None of the uploads finished!"); }
        run.Hand(new FilledStores(done, failed));
    }

    /// <summary>Puts the bytes into one store and writes the place down.</summary>
    private async Task PutAsync(SagaRun<ImportParameters> run, FullImage image, NamedStore target)
    {
        var import = run.Parameters;
        var last = target.Id == import.Stores[^1];
        if (import.Method == CopyImage) { await CopyAsync(image, target, run.Cancel).ConfigureAwait(false); }
        else
        {
            var staged = Staged(run);
            var key = import.ImageId + staged.Suffix;
            await using var bytes = stores.Staging.Open(key);
            if (bytes is null)
            {
                // The last store takes the file over; then it is there.
                await using var there = await target.Data.OpenAsync(import.ImageId, run.Cancel).ConfigureAwait(false);
                if (there is null) { throw new ImportException("the staged bytes are gone"); }
            }
            else if (!last || target.Data is not ITakesFiles takes || !takes.Take(stores.Staging.PathOf(key), import.ImageId))
            {
                await CopyAsync(bytes, target, import.ImageId, run.Cancel).ConfigureAwait(false);
            }
        }
        var kept = await store.WriteAsync(async db =>
        {
            var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == import.ImageId && i.ImportTaskId == import.TaskId).ConfigureAwait(false);
            if (row is null) { return false; }
            row.ImportingTo = Without(row.ImportingTo, target.Id);
            db.Locations.Add(new ImageLocation { Id = NewId.Uuid(), ImageId = import.ImageId, Store = target.Id, Url = target.Data.Url(import.ImageId), Position = await db.Locations.CountAsync(l => l.ImageId == import.ImageId).ConfigureAwait(false) });
            return true;
        }).ConfigureAwait(false);
        if (!kept) { throw Gone(); }
    }

    private async Task CopyAsync(FullImage image, NamedStore target, CancellationToken cancel)
    {
        await using var opened = await reader.OpenAsync(image, 0, cancel).ConfigureAwait(false) ?? throw new ImportException("the image has no bytes");
        await CopyAsync(opened.Bytes, target, image.Row.Id, cancel, image.Row.OsHashValue).ConfigureAwait(false);
    }

    private static async Task CopyAsync(Stream from, NamedStore target, string key, CancellationToken cancel, string? sha512 = null)
    {
        await using var writer = target.Data.Begin();
        var copied = await HashedCopy.RunAsync(from, writer, long.MaxValue, _ => Task.CompletedTask, cancel).ConfigureAwait(false);
        if (sha512 is not null && copied.Sha512 != sha512) { throw new ImportException("os_hash_value of uploaded data is different from current value set on the image."); }
        await writer.CommitAsync(key).ConfigureAwait(false);
    }

    /// <summary>Rows before bytes. Bytes of an image that is somebody else's by now stay: it may have been deleted and made anew with the same id.</summary>
    private async Task UnstoreAsync(SagaRun<ImportParameters> run)
    {
        var import = run.Parameters;
        var ours = await store.WriteAsync(async db =>
        {
            var row = await db.Images.FirstOrDefaultAsync(i => i.Id == import.ImageId).ConfigureAwait(false);
            if (row is not null && row.ImportTaskId != import.TaskId) { return false; }
            await db.Locations.Where(l => l.ImageId == import.ImageId && import.Stores.Contains(l.Store)).ExecuteDeleteAsync().ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        if (!ours) { return; }
        foreach (var name in import.Stores) { await stores.DeleteAsync(name, import.ImageId).ConfigureAwait(false); }
    }

    private async Task FinishAsync(SagaRun<ImportParameters> run)
    {
        var import = run.Parameters;
        var (filled, now) = (run.Output<FilledStores>("store")!, clock.Now());
        var finished = await store.WriteAsync(async db =>
        {
            if (await db.Tasks.AnyAsync(t => t.Id == import.TaskId && t.Status == ImageTask.Success).ConfigureAwait(false)) { return true; }
            var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == import.ImageId && i.ImportTaskId == import.TaskId).ConfigureAwait(false);
            if (row is null) { return false; }
            if (import.Method != CopyImage) { await FillAsync(db, row, run).ConfigureAwait(false); }
            (row.ImportTaskId, row.ImportingTo, row.FailedImport, row.UpdatedAt) = (null, "", string.Join(',', filled.Failed), now);
            row.Generation++;
            await ImageTask.EndAsync(db, import.TaskId, ImageTask.Success, "", $$"""{"image_id": "{{import.ImageId}}"}""", now, settings.TaskTimeToLive).ConfigureAwait(false);
            db.Record(run.Context, "import", "image", row.Id, row.Owner);
            return true;
        }).ConfigureAwait(false);
        if (!finished) { throw Gone(); }
        RemoveStaged(run);
    }

    /// <summary>The image is the import's again, so that the undos before this one find it.</summary>
    private Task UnfinishAsync(SagaRun<ImportParameters> run) => store.WriteAsync(async db =>
    {
        var import = run.Parameters;
        if (!await ImageTask.ReopenAsync(db, import.TaskId, clock.Now()).ConfigureAwait(false)) { return; }
        var status = import.Method == CopyImage ? ImageStatus.Active : ImageStatus.Importing;
        await db.Images.Where(i => i.Id == import.ImageId && i.ImportTaskId == null).ExecuteUpdateAsync(u => u.SetProperty(i => i.ImportTaskId, import.TaskId).SetProperty(i => i.Status, status)).ConfigureAwait(false);
    });

    private async Task FillAsync(GlanceDb db, Image row, SagaRun<ImportParameters> run)
    {
        var staged = Staged(run);
        row.Status = ImageStatus.Active;
        (row.Size, row.Checksum, row.OsHashAlgo, row.OsHashValue) = (staged.Size, staged.Md5, "sha512", staged.Sha512);
        row.VirtualSize = run.Output<InspectedBytes>("inspect")?.VirtualSize;
        (row.DiskFormat, row.ContainerFormat) = (staged.DiskFormat ?? row.DiskFormat, staged.ContainerFormat ?? row.ContainerFormat);
        var wanted = new Dictionary<string, string>(staged.Properties, StringComparer.Ordinal);
        if (run.Parameters.Inject) { foreach (var (name, value) in settings.InjectMetadata) { wanted[name] = value; } }
        if (wanted.Count == 0) { return; }
        var names = wanted.Keys.ToArray();
        await db.Properties.Where(p => p.ImageId == row.Id && names.Contains(p.Name)).ExecuteDeleteAsync().ConfigureAwait(false);
        db.Properties.AddRange(wanted.Select(p => new ImageProperty { ImageId = row.Id, Name = p.Key, Value = p.Value }));
    }

    public override async Task UndoneAsync(SagaRun<ImportParameters> run, string reason)
    {
        var (import, now) = (run.Parameters, clock.Now());
        await store.WriteAsync(async db =>
        {
            await ImageTask.EndAsync(db, import.TaskId, ImageTask.Failure, reason, null, now, settings.TaskTimeToLive).ConfigureAwait(false);
            var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == import.ImageId && i.ImportTaskId == import.TaskId).ConfigureAwait(false);
            if (row is null) { return; }
            if (import.OwnImage)
            {
                await ImageOperations.RemoveRowsAsync(db, row.Id, CancellationToken.None).ConfigureAwait(false);
                return;
            }
            if (import.Method != CopyImage)
            {
                (row.Status, row.Size, row.VirtualSize, row.Checksum, row.OsHashAlgo, row.OsHashValue) = (ImageStatus.Queued, null, null, null, null, null);
            }
            (row.ImportTaskId, row.ImportingTo, row.FailedImport, row.UpdatedAt) = (null, "", string.Join(',', import.Stores), now);
            row.Generation++;
        }).ConfigureAwait(false);
        tokens.Forget(import.TaskId);
    }

    /// <summary>The image while it is this import's.</summary>
    private async Task<FullImage> OursAsync(ImportParameters import)
    {
        var image = await store.ReadAsync(db => ImageQueries.FindAsync(db, import.ImageId, CancellationToken.None)).ConfigureAwait(false);
        return image?.Row.ImportTaskId == import.TaskId ? image : throw Gone();
    }

    /// <summary>Only while no other import of the same image can have begun.</summary>
    private void RemoveStaged(SagaRun<ImportParameters> run)
    {
        if (run.Parameters.Method != CopyImage) { stores.DeleteStaged(run.Parameters.ImageId); }
        tokens.Forget(run.Parameters.TaskId);
    }

    /// <summary>The bytes as the last step that changed them left them.</summary>
    private static StagedBytes Staged(SagaRun<ImportParameters> run) => run.Output<StagedBytes>("convert") ?? run.Output<StagedBytes>("decompress") ?? run.Output<StagedBytes>("fetch")!;

    private Func<SagaRun<ImportParameters>, Task> Bounded(Func<SagaRun<ImportParameters>, Task> step, SemaphoreSlim places) => async run =>
    {
        await places.WaitAsync(run.Cancel).ConfigureAwait(false);
        try { await step(run).ConfigureAwait(false); }
        finally { places.Release(); }
    };

    private static string Without(string? list, string name) => string.Join(',', (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Where(n => n != name));

    private static ImportException Gone() => new("Image has been deleted, aborting import.");
}

/// <summary>Why an import failed, for the task's message.</summary>
public sealed class ImportException(string message, Exception? inner = null) : Exception(message, inner);
