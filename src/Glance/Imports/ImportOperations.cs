using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Keystone;
using Nephos.Glance.Images;
using Nephos.Glance.Locations;
using Nephos.Glance.Quotas;
using Nephos.Glance.Tasks;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;

namespace Nephos.Glance.Imports;

/// <summary>Starts imports: the image's state, its task and the saga are one transaction. Policy and the shape of the request have been looked at before.</summary>
internal sealed class ImportOperations(Store<GlanceDb> store, SagaEngine<GlanceDb> sagas, ImportSaga imports, LocationSaga locations, ImportTokens tokens, ImageQuotas quotas)
{
    /// <param name="request">The request's body, shown in the task.</param>
    public async Task StartAsync(RequestContext context, ImportParameters import, string request, CancellationToken cancel)
    {
        var limits = await quotas.AskAsync(import.Owner, cancel).ConfigureAwait(false);
        if (import.Remote is not null && context.Token is { } token) { tokens.Keep(import.TaskId, token); }
        try
        {
            await store.WriteAsync(async db =>
            {
                var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == import.ImageId, cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(import.ImageId);
                var from = import.Method switch { ImportSaga.CopyImage => ImageStatus.Active, "glance-direct" => ImageStatus.Uploading, _ => ImageStatus.Queued };
                if (row.ImportTaskId is not null || row.UploadId is not null || row.Status != from) { throw Busy(row); }
                // One that is staged counts already.
                if (import.Method != "glance-direct") { await QuotaAsync(db, limits, cancel).ConfigureAwait(false); }
                if (import.Method != ImportSaga.CopyImage) { row.Status = ImageStatus.Importing; }
                row.ImportTaskId = import.TaskId;
                row.ImportingTo = string.Join(',', import.Stores);
                row.FailedImport = string.Join(',', (row.FailedImport ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Except(import.Stores, StringComparer.Ordinal));
                row.UpdatedAt = context.Now;
                row.Generation++;
                db.Tasks.Add(NewTask(context, import.TaskId, ImageTask.ApiImport, import.ImageId, request));
                await BeginAsync(db, imports, import, import.ImageId, context).ConfigureAwait(false);
            }, cancel).ConfigureAwait(false);
        }
        catch
        {
            tokens.Forget(import.TaskId);
            throw;
        }
    }

    /// <summary>Says that no store is left to be filled, which clients wait for, also when there was none to begin with.</summary>
    public Task NothingToCopyAsync(string imageId, CancellationToken cancel) => store.WriteAsync(db => db.Images.Where(i => i.Id == imageId && i.ImportingTo == null)
        .ExecuteUpdateAsync(u => u.SetProperty(i => i.ImportingTo, "").SetProperty(i => i.FailedImport, ""), cancel), cancel);

    /// <summary>The older task: makes an image and imports an address into it.</summary>
    public async Task<ImageTask> StartLegacyAsync(RequestContext context, NewImage wanted, ImportParameters import, string input, CancellationToken cancel)
    {
        var limits = await quotas.AskAsync(import.Owner, cancel).ConfigureAwait(false);
        return await store.WriteAsync(async db =>
        {
            await ImageQuotas.EnforceInAsync(db, limits, ImageQuotas.Count, 1, cancel).ConfigureAwait(false);
            await QuotaAsync(db, limits, cancel).ConfigureAwait(false);
            await ImageOperations.AddAsync(db, context, wanted, cancel).ConfigureAwait(false);
            (wanted.Row.Status, wanted.Row.ImportTaskId, wanted.Row.ImportingTo) = (ImageStatus.Importing, import.TaskId, string.Join(',', import.Stores));
            var task = NewTask(context, import.TaskId, ImageTask.Import, null, input);
            db.Tasks.Add(task);
            await BeginAsync(db, imports, import, import.ImageId, context).ConfigureAwait(false);
            return task;
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>An image whose bytes stay where they are.</summary>
    public Task StartLocationAsync(RequestContext context, LocationParameters location, string request, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == location.ImageId, cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(location.ImageId);
        if (row.ImportTaskId is not null || row.UploadId is not null) { throw new ConflictError("Image has active task"); }
        if (row.Status != ImageStatus.Queued) { throw new ConflictError($"It's not allowed to add locations if image status is {row.Status}."); }
        (row.Status, row.ImportTaskId, row.UpdatedAt) = (ImageStatus.Importing, location.TaskId, context.Now);
        row.Generation++;
        db.Tasks.Add(NewTask(context, location.TaskId, ImageTask.LocationImport, location.ImageId, request));
        await BeginAsync(db, locations, location, location.ImageId, context).ConfigureAwait(false);
    }, cancel);

    private async Task BeginAsync<T>(GlanceDb db, Saga<GlanceDb, T> saga, T parameters, string imageId, RequestContext context) where T : class
    {
        try
        {
            await sagas.StartAsync(db, saga, parameters, ImportSaga.Resource(imageId), context).ConfigureAwait(false);
        }
        catch (ResourceBusyException)
        {
            throw new ConflictError($"New operation on image '{imageId}' is not permitted as prior operation is still in progress");
        }
    }

    private static ImageTask NewTask(RequestContext context, string id, string type, string? imageId, string input) => new()
    {
        Id = id, Type = type, ImageId = imageId, Owner = context.Who.ProjectId, UserId = context.UserId, RequestId = context.RequestId, Input = input, CreatedAt = context.Now, UpdatedAt = context.Now,
    };

    private static async Task QuotaAsync(GlanceDb db, ProjectLimits? limits, CancellationToken cancel)
    {
        await ImageQuotas.EnforceInAsync(db, limits, ImageQuotas.Staging, 0, cancel).ConfigureAwait(false);
        await ImageQuotas.EnforceInAsync(db, limits, ImageQuotas.Uploading, 1, cancel).ConfigureAwait(false);
    }

    private static ConflictError Busy(Image row) => row.ImportTaskId is not null ? new ConflictError("Image has active task")
        : new ConflictError($"New operation on image '{row.Id}' is not permitted as prior operation is still in progress");
}
