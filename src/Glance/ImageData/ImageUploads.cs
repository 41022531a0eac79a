using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Formats;
using Nephos.Glance.Images;
using Nephos.Glance.Quotas;
using Nephos.Glance.Stores;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.ImageData;

/// <summary>
/// Puts bytes into images. An upload owns its image by <see cref="Image.UploadId"/> from the first byte to the last: it takes the image out of queued, writes to a
/// nameless file, looks into it, gives it its name, and makes the image active, each step undone when a later one fails. A process that dies in between leaves the
/// image with an owner that is no more; <see cref="UploadReconciler"/> finds it and makes it queued again.
/// </summary>
public sealed class ImageUploads(Store<GlanceDb> store, ImageStores stores, ImageQuotas quotas, GlanceSettings settings, TimeProvider clock) : IDisposable
{
    /// <summary>How often a running upload says so in its row; what has been silent for <see cref="UploadReconciler.Silence"/> is dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(20);
    private readonly ConcurrentDictionary<string, bool> _running = new(StringComparer.Ordinal);

    private readonly SemaphoreSlim _restoring = new(1, 1);

    public void Dispose() => _restoring.Dispose();

    /// <summary>True while the upload is going on in this process.</summary>
    public bool IsRunning(string uploadId) => _running.ContainsKey(uploadId);

    /// <summary>Makes a queued image active with these bytes (<c>PUT /v2/images/{id}/file</c>).</summary>
    /// <param name="size">What the client says it sends; null when it does not.</param>
    /// <param name="target">Store that gets the bytes.</param>
    public async Task UploadAsync(RequestContext context, Image image, NamedStore target, Stream body, long? size, CancellationToken cancel)
    {
        await quotas.EnforceAsync(image.Owner, ImageQuotas.Size, ImageQuotas.MibOf(size), cancel).ConfigureAwait(false);
        if (image.Status != ImageStatus.Queued) { throw GlanceErrors.Transition(image.Status, ImageStatus.Saving); }
        if (MissingFormats(image) is { } missing) { throw new BadRequestError(missing); }
        await WriteAsync(context, image, ImageStatus.Saving, body, size, target, ImageStatus.Active, cancel).ConfigureAwait(false);
    }

    /// <summary>Keeps bytes for a later import (<c>PUT /v2/images/{id}/stage</c>); nothing is looked into yet.</summary>
    public async Task StageAsync(RequestContext context, Image image, Stream body, long? size, CancellationToken cancel)
    {
        await quotas.EnforceAsync(image.Owner, ImageQuotas.Staging, ImageQuotas.MibOf(size), cancel).ConfigureAwait(false);
        if (image.Status != ImageStatus.Queued) { throw GlanceErrors.Transition(image.Status, ImageStatus.Uploading); }
        await WriteAsync(context, image, ImageStatus.Uploading, body, size, null, ImageStatus.Uploading, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Undoes a write: no bytes, and the image queued again, unless another owns it by now. Bytes go first, while the image still is the dead write's, so that those of a
    /// next upload cannot be meant; one at a time for the same reason.
    /// </summary>
    internal async Task RestoreAsync(string imageId, string uploadId)
    {
        await _restoring.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!await store.ReadAsync(db => db.Images.AnyAsync(i => i.Id == imageId && i.UploadId == uploadId)).ConfigureAwait(false)) { return; }
            await stores.DeleteEverywhereAsync(imageId).ConfigureAwait(false);
            await store.WriteAsync(async db =>
            {
                await db.Images.Where(i => i.Id == imageId && i.UploadId == uploadId).ExecuteUpdateAsync(u => u
                    .SetProperty(i => i.Status, ImageStatus.Queued).SetProperty(i => i.UploadId, (string?)null).SetProperty(i => i.UploadSeenAt, (DateTime?)null)
                    .SetProperty(i => i.Size, (long?)null).SetProperty(i => i.VirtualSize, (long?)null).SetProperty(i => i.Checksum, (string?)null)
                    .SetProperty(i => i.OsHashAlgo, (string?)null).SetProperty(i => i.OsHashValue, (string?)null)
                    .SetProperty(i => i.UpdatedAt, clock.Now()).SetProperty(i => i.Generation, i => i.Generation + 1)).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        finally
        {
            _restoring.Release();
        }
    }

    private async Task WriteAsync(RequestContext context, Image image, string during, Stream body, long? size, NamedStore? target, string after, CancellationToken cancel)
    {
        var uploadId = await BeginAsync(image, ImageStatus.Queued, during, cancel).ConfigureAwait(false) ?? throw GlanceErrors.Transition(during, during);
        try
        {
            CopiedData copied;
            InspectedImage? inspected = null;
            await using (var writer = (target?.Data ?? stores.Staging).Begin())
            {
                copied = await CopyAsync(image.Id, uploadId, body, writer, cancel).ConfigureAwait(false);
                if (size is { } said && said != copied.Size) { throw new BadRequestError($"Image size {said} was announced, {copied.Size} bytes came."); }
                if (after == ImageStatus.Active)
                {
                    await using var stream = writer.Read();
                    inspected = Inspect(stream, image);
                }
                await writer.CommitAsync(image.Id).ConfigureAwait(false);
            }
            await FinishAsync(context, image, uploadId, after, target, copied, inspected).ConfigureAwait(false);
        }
        catch
        {
            await RestoreAsync(image.Id, uploadId).ConfigureAwait(false);
            throw;
        }
        finally
        {
            _running.TryRemove(uploadId, out _);
        }
    }

    /// <summary>Takes the image from one status into another as its owner; null when it is no longer there.</summary>
    private async Task<string?> BeginAsync(Image image, string from, string to, CancellationToken cancel)
    {
        var limits = await quotas.AskAsync(image.Owner, cancel).ConfigureAwait(false);
        var uploadId = NewId.Hex();
        _running[uploadId] = true;
        var now = clock.Now();
        try
        {
            var begun = await store.WriteAsync(async db =>
            {
                await ImageQuotas.EnforceInAsync(db, limits, ImageQuotas.Uploading, 1, cancel).ConfigureAwait(false);
                return await db.Images.Where(i => i.Id == image.Id && i.Status == from && i.UploadId == null && i.ImportTaskId == null).ExecuteUpdateAsync(
                    u => u.SetProperty(i => i.Status, to).SetProperty(i => i.UploadId, uploadId).SetProperty(i => i.UploadSeenAt, now).SetProperty(i => i.UpdatedAt, now), cancel).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
            if (begun == 1) { return uploadId; }
        }
        catch
        {
            _running.TryRemove(uploadId, out _);
            throw;
        }
        _running.TryRemove(uploadId, out _);
        return null;
    }

    private async Task<CopiedData> CopyAsync(string imageId, string uploadId, Stream body, IImageWriter writer, CancellationToken cancel)
    {
        var said = clock.GetTimestamp();
        try
        {
            return await HashedCopy.RunAsync(body, writer, settings.ImageSizeCap, async _ =>
            {
                if (clock.GetElapsedTime(said) < Heartbeat) { return; }
                said = clock.GetTimestamp();
                await store.WriteAsync(db => db.Images.Where(i => i.Id == imageId && i.UploadId == uploadId).ExecuteUpdateAsync(u => u.SetProperty(i => i.UploadSeenAt, clock.Now()))).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
        }
        catch (ImageStoreFullException error)
        {
            throw GlanceErrors.TooLarge($"Image storage media is full: {error.Message}");
        }
        catch (ImageTooLargeException error)
        {
            throw GlanceErrors.TooLarge($"The incoming image is too large: {error.Message}");
        }
    }

    /// <summary>Only bare containers are looked into: the bytes of others are archives.</summary>
    private static InspectedImage? Inspect(Stream stream, Image image)
    {
        if (image.ContainerFormat != "bare") { return null; }
        try
        {
            return FormatInspector.Inspect(stream, image.DiskFormat!);
        }
        catch (ImageFormatException error)
        {
            throw GlanceErrors.BadData(error.Message);
        }
    }

    private async Task FinishAsync(RequestContext context, Image image, string uploadId, string status, NamedStore? target, CopiedData copied, InspectedImage? inspected)
    {
        var now = clock.Now();
        var finished = await store.WriteAsync(async db =>
        {
            var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == image.Id && i.UploadId == uploadId).ConfigureAwait(false);
            if (row is null) { return false; }
            (row.Status, row.UploadId, row.UploadSeenAt, row.UpdatedAt) = (status, null, null, now);
            row.Generation++;
            row.VirtualSize = inspected?.VirtualSize;
            (row.Size, row.Checksum, row.OsHashAlgo, row.OsHashValue) = (copied.Size, copied.Md5, "sha512", copied.Sha512);
            if (target is not null) { db.Locations.Add(new ImageLocation { Id = NewId.Uuid(), ImageId = row.Id, Store = target.Id, Url = target.Data.Url(row.Id), Position = 0 }); }
            db.Record(context, status == ImageStatus.Active ? "upload" : "stage", "image", image.Id, image.Owner);
            return true;
        }).ConfigureAwait(false);
        if (finished) { return; }
        await stores.DeleteEverywhereAsync(image.Id).ConfigureAwait(false);
        throw Gone(image.Id);
    }

    private static string? MissingFormats(Image image) => (image.DiskFormat, image.ContainerFormat) switch
    {
        (null, null) => "Properties disk_format, container_format must be set prior to saving data.",
        (null, _) => "Property disk_format must be set prior to saving data.",
        (_, null) => "Property container_format must be set prior to saving data.",
        _ => null,
    };

    private static ApiError Gone(string id) =>
        new(410, $"Image {id} could not be found after upload. The image may have been deleted during the upload, cleaning up the chunks uploaded.");
}
