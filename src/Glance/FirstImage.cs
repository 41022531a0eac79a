using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance;

/// <summary>
/// Gives a new cloud its first image, once: who deletes it does not get it back. The first start writes the row, queued, together with the fact that it did; the bytes come
/// in the background, at that start or, if it was cut short, at the next. A file beside the images says that the fact is known, so that later starts need no query for it.
/// </summary>
internal sealed partial class FirstImage(Store<GlanceDb> store, ImageUploads uploads, ImageStores stores, CloudFacts facts, TimeProvider clock, ILogger<FirstImage> log) : BackgroundService
{
    private const string Fact = "first_image";

    private string Marker => Path.Combine(facts.StateDirectory, "first-image-registered");

    /// <summary>Registers the image if this is the first start that has one.</summary>
    public async Task PrepareAsync(CancellationToken cancel)
    {
        if (facts.FirstImage is not { } file || File.Exists(Marker) || !File.Exists(file)) { return; }
        var now = clock.Now();
        await store.WriteAsync(async db =>
        {
            if (await db.Facts.AnyAsync(f => f.Name == Fact, cancel).ConfigureAwait(false)) { return; }
            var image = new Image
            {
                Id = NewId.Uuid(), Name = "guest", Visibility = ImageVisibility.Public, DiskFormat = "qcow2", ContainerFormat = "bare", CreatedAt = now, UpdatedAt = now,
            };
            db.Images.Add(image);
            db.Facts.Add(new GlanceFact { Name = Fact, Value = image.Id });
            db.Record(RequestContext.ForService("glance", now), "create", "image", image.Id);
        }, cancel).ConfigureAwait(false);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (facts.FirstImage is not { } file || File.Exists(Marker)) { return; }
        // Leaves the start to others.
        await Task.Yield();
        try
        {
            var image = await store.ReadAsync(async db => await db.Facts.Where(f => f.Name == Fact).Select(f => f.Value).FirstOrDefaultAsync(stoppingToken).ConfigureAwait(false) is { } id
                ? await db.Images.FirstOrDefaultAsync(i => i.Id == id, stoppingToken).ConfigureAwait(false) : null, stoppingToken).ConfigureAwait(false);
            if (image is { UploadId: { } upload })
            {
                // Cut short at an earlier start.
                await uploads.RestoreAsync(image.Id, upload).ConfigureAwait(false);
                image.Status = ImageStatus.Queued;
            }
            if (image is { Status: ImageStatus.Queued })
            {
                await using var bytes = new FileStream(file, new FileStreamOptions { Mode = FileMode.Open, BufferSize = 0, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
                await uploads.UploadAsync(RequestContext.ForService("glance", clock.Now()), image, stores.Default, bytes, bytes.Length, stoppingToken).ConfigureAwait(false);
            }
            await File.WriteAllTextAsync(Marker, "", stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            // The cloud is of use without it; the image stays queued and the next start tries again.
            LogFailed(error, file);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the first image could not be made of {File}; the next start tries again")]
    private partial void LogFailed(Exception error, string file);
}
