using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Imports;
using Nephos.Glance.Locations;
using Nephos.Glance.Quotas;
using Nephos.Glance.Stores;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;

namespace Nephos.Glance.Images;

/// <summary>A new image as a request describes it, checked for its shape.</summary>
internal sealed record NewImage(Image Row, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<string> Tags);

/// <summary>What is done to images; policy has been asked before.</summary>
internal sealed class ImageOperations(Store<GlanceDb> store, ImageStores stores, ImageQuotas quotas, SagaEngine<GlanceDb> sagas)
{
    public async Task<FullImage> CreateAsync(RequestContext context, NewImage wanted, CancellationToken cancel)
    {
        var limits = await quotas.AskAsync(wanted.Row.Owner, cancel).ConfigureAwait(false);
        return await store.WriteAsync(async db =>
        {
            await ImageQuotas.EnforceInAsync(db, limits, ImageQuotas.Count, 1, cancel).ConfigureAwait(false);
            return await AddAsync(db, context, wanted, cancel).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>Adds an image to a transaction.</summary>
    internal static async Task<FullImage> AddAsync(GlanceDb db, RequestContext context, NewImage wanted, CancellationToken cancel)
    {
        if (await db.Images.AnyAsync(i => i.Id == wanted.Row.Id, cancel).ConfigureAwait(false)) { throw new ConflictError($"Image ID {wanted.Row.Id} already exists!"); }
        db.Images.Add(wanted.Row);
        db.Properties.AddRange(wanted.Properties.Select(p => new ImageProperty { ImageId = wanted.Row.Id, Name = p.Key, Value = p.Value }));
        db.Tags.AddRange(wanted.Tags.Select(t => new ImageTag { ImageId = wanted.Row.Id, Tag = t }));
        db.Record(context, "create", "image", wanted.Row.Id, wanted.Row.Owner);
        return new FullImage(wanted.Row, wanted.Properties, [.. wanted.Tags.Order(StringComparer.Ordinal)]);
    }

    /// <summary>The image if the caller may see it.</summary>
    public Task<SeenImage?> FindAsync(RequestContext context, string id, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        if (await ImageQueries.FindAsync(db, id, cancel).ConfigureAwait(false) is not { } image) { return null; }
        var project = context.Who.ProjectId;
        var isMember = image.Row.Visibility == ImageVisibility.Shared && project is not null && image.Row.Owner != project
            && await db.Members.AnyAsync(m => m.ImageId == id && m.MemberId == project, cancel).ConfigureAwait(false);
        return ImagePolicy.CanSee(context, image.Row, isMember) ? new SeenImage(image, isMember) : null;
    }, cancel);

    public Task<List<FullImage>> ListAsync(RequestContext context, ImageListRequest request, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var query = request.Filter.Apply(ImageQueries.Visible(db, context, request.Filter.Visibility, request.Filter.MemberStatus), db).OrderByKeys(request.Sorts);
        if (request.Marker is { } marker)
        {
            var row = await db.Images.FirstOrDefaultAsync(i => i.Id == marker, cancel).ConfigureAwait(false);
            var seen = row is not null && ImagePolicy.CanSee(context, row, await db.Members.AnyAsync(m => m.ImageId == marker && m.MemberId == context.Who.ProjectId, cancel).ConfigureAwait(false));
            query = query.After(request.Sorts, seen ? row! : throw new BadRequestError($"No image found with ID {marker}"));
        }
        return await ImageQueries.FillAsync(db, await query.Take(request.Limit).ToListAsync(cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
    }, cancel);

    /// <summary>Applies all changes or none. The rules that depend on the image are checked on what it is now.</summary>
    public async Task<FullImage> PatchAsync(RequestContext context, string id, IReadOnlyList<ImageChange> changes, CancellationToken cancel)
    {
        var (image, gone) = await store.WriteAsync(db => PatchAsync(db, context, id, changes, cancel), cancel).ConfigureAwait(false);
        foreach (var place in gone) { await stores.DeleteAsync(place.Store, id).ConfigureAwait(false); }
        return image;
    }

    private static async Task<(FullImage Image, IReadOnlyList<ImageLocation> Gone)> PatchAsync(GlanceDb db, RequestContext context, string id, IReadOnlyList<ImageChange> changes, CancellationToken cancel)
    {
        var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == id, cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        var before = (await ImageQueries.FillAsync(db, [row], cancel).ConfigureAwait(false))[0];
        var properties = new Dictionary<string, string>(before.Properties, StringComparer.Ordinal);
        var places = new List<ImageLocation>(before.Locations);
        IReadOnlyList<string> tags = before.Tags;
        foreach (var change in changes)
        {
            if (change.Name == "locations") { LocationPatch.Apply(row, places, change); }
            else { Apply(context, row, properties, ref tags, change); }
        }
        if (changes.Count == 0) { return (before, []); }
        if (properties.Count > before.Properties.Count) { ImageChanges.CheckPropertyCount(properties.Count); }
        await WritePropertiesAsync(db, id, before.Properties, properties, cancel).ConfigureAwait(false);
        await WriteTagsAsync(db, id, before.Tags, tags, cancel).ConfigureAwait(false);
        if (!places.SequenceEqual(before.Locations)) { await WritePlacesAsync(db, id, places, cancel).ConfigureAwait(false); }
        row.UpdatedAt = context.Now;
        row.Generation++;
        db.Record(context, "update", "image", id, row.Owner);
        return (new FullImage(row, properties, [.. tags.Order(StringComparer.Ordinal)]) { Locations = places }, [.. before.Locations.Where(b => !places.Exists(p => p.Id == b.Id))]);
    }

    /// <summary>Removes the image, then its bytes; bytes left by a crash in between are the reconciler's.</summary>
    public async Task DeleteAsync(RequestContext context, string id, CancellationToken cancel)
    {
        await store.WriteAsync(async db =>
        {
            var row = await db.Images.FirstOrDefaultAsync(i => i.Id == id, cancel).ConfigureAwait(false) ?? throw new NotFoundError($"Failed to find image {id} to delete");
            if (row.Protected) { throw new ForbiddenError($"Image {id} is protected and cannot be deleted."); }
            await RemoveRowsAsync(db, id, cancel).ConfigureAwait(false);
            if (row.ImportTaskId is not null) { await sagas.AbortAsync(db, ImportSaga.Resource(id)).ConfigureAwait(false); }
            db.Record(context, "delete", "image", id, row.Owner);
        }, cancel).ConfigureAwait(false);
        await stores.DeleteEverywhereAsync(id).ConfigureAwait(false);
    }

    /// <summary>Removes an image and what hangs on it; its tasks stay until they expire.</summary>
    internal static async Task RemoveRowsAsync(GlanceDb db, string id, CancellationToken cancel)
    {
        await db.Properties.Where(p => p.ImageId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.Tags.Where(t => t.ImageId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.Members.Where(m => m.ImageId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.Locations.Where(l => l.ImageId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        await db.Images.Where(i => i.Id == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Removes an active image's bytes from one of its stores; never from the last.</summary>
    public async Task DeleteFromStoreAsync(RequestContext context, string id, string storeId, CancellationToken cancel)
    {
        await store.WriteAsync(async db =>
        {
            var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == id, cancel).ConfigureAwait(false) ?? throw new NotFoundError($"Failed to find image {id}");
            if (row.Status != ImageStatus.Active) { throw new ConflictError("It's not allowed to remove image data from store if image status is not 'active'"); }
            var places = await db.Locations.Where(l => l.ImageId == id).ToListAsync(cancel).ConfigureAwait(false);
            if (places.Count == 1) { throw new ForbiddenError("Cannot delete image data from the only store containing it. Consider deleting the image instead."); }
            if (!places.Exists(l => l.Store == storeId)) { throw new NotFoundError($"Image {id} is not stored in store {storeId}."); }
            await db.Locations.Where(l => l.ImageId == id && l.Store == storeId).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
            row.UpdatedAt = context.Now;
            row.Generation++;
            db.Record(context, "delete", "image_location", id, row.Owner);
        }, cancel).ConfigureAwait(false);
        await stores.DeleteAsync(storeId, id).ConfigureAwait(false);
    }

    /// <summary>From one status to another; being there already is fine.</summary>
    /// <param name="verb">deactivate, reactivate.</param>
    public Task SwitchAsync(RequestContext context, string id, string verb, string from, string to, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var row = await db.Images.AsTracking().FirstOrDefaultAsync(i => i.Id == id, cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        if (row.Status == to) { return; }
        if (row.Status != from) { throw new ForbiddenError($"Not allowed to {verb} image in status '{row.Status}'"); }
        (row.Status, row.UpdatedAt) = (to, context.Now);
        row.Generation++;
        db.Record(context, verb, "image", id, row.Owner);
    }, cancel);

    public Task AddTagAsync(RequestContext context, string id, string tag, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var tags = await db.Tags.Where(t => t.ImageId == id).Select(t => t.Tag).ToListAsync(cancel).ConfigureAwait(false);
        if (tags.Contains(tag)) { return; }
        ImageChanges.CheckTagCount(tags.Count + 1);
        if (await TouchAsync(db, context, id, cancel).ConfigureAwait(false)) { db.Tags.Add(new ImageTag { ImageId = id, Tag = tag }); }
    }, cancel);

    /// <summary>False when the image has no such tag.</summary>
    public Task<bool> RemoveTagAsync(RequestContext context, string id, string tag, CancellationToken cancel) => store.WriteAsync(async db =>
        await db.Tags.Where(t => t.ImageId == id && t.Tag == tag).ExecuteDeleteAsync(cancel).ConfigureAwait(false) == 1 && await TouchAsync(db, context, id, cancel).ConfigureAwait(false), cancel);

    private static async Task<bool> TouchAsync(GlanceDb db, RequestContext context, string id, CancellationToken cancel)
    {
        db.Record(context, "update", "image", id);
        return await db.Images.Where(i => i.Id == id).ExecuteUpdateAsync(u => u.SetProperty(i => i.UpdatedAt, context.Now).SetProperty(i => i.Generation, i => i.Generation + 1), cancel).ConfigureAwait(false) == 1;
    }

    private static void Apply(RequestContext context, Image row, Dictionary<string, string> properties, ref IReadOnlyList<string> tags, ImageChange change)
    {
        var name = change.Name;
        var isBase = ImageSchema.Base.Contains(name);
        if (change.Op == PatchOp.Remove)
        {
            if (isBase) { throw new ForbiddenError($"Property {name} may not be removed."); }
            if (!properties.Remove(name)) { throw new ConflictError($"Property {name} does not exist."); }
            return;
        }
        if (change.Op == PatchOp.Replace && name == "owner" && !context.IsAdmin) { throw new ForbiddenError("Owner can't be updated by non admin."); }
        if (change.Op == PatchOp.Replace && !isBase && !properties.ContainsKey(name)) { throw new ConflictError($"Property {name} does not exist."); }
        if (change.Op == PatchOp.Add && change.FailsIfPresent && (isBase || properties.ContainsKey(name))) { throw new ConflictError($"Property {name} already present."); }
        if (name == "tags") { tags = ImageChanges.Tags(change.Value); }
        else if (isBase) { ImageChanges.Set(row, name, change.Value); }
        else
        {
            if (name.Length > Limits.MaxText) { throw new BadRequestError("Custom property should not be greater than 255 characters."); }
            properties[name] = change.Value.GetString()!;
        }
    }

    private static async Task WritePropertiesAsync(GlanceDb db, string id, IReadOnlyDictionary<string, string> before, Dictionary<string, string> after, CancellationToken cancel)
    {
        var gone = before.Where(p => after.GetValueOrDefault(p.Key) != p.Value).Select(p => p.Key).ToArray();
        if (gone.Length > 0) { await db.Properties.Where(p => p.ImageId == id && gone.Contains(p.Name)).ExecuteDeleteAsync(cancel).ConfigureAwait(false); }
        db.Properties.AddRange(after.Where(p => before.GetValueOrDefault(p.Key) != p.Value).Select(p => new ImageProperty { ImageId = id, Name = p.Key, Value = p.Value }));
    }

    /// <summary>There are few; they are written anew in their order.</summary>
    private static async Task WritePlacesAsync(GlanceDb db, string id, List<ImageLocation> places, CancellationToken cancel)
    {
        await db.Locations.Where(l => l.ImageId == id).ExecuteDeleteAsync(cancel).ConfigureAwait(false);
        for (var i = 0; i < places.Count; i++) { places[i].Position = i; }
        db.Locations.AddRange(places);
    }

    private static async Task WriteTagsAsync(GlanceDb db, string id, IReadOnlyList<string> before, IReadOnlyList<string> after, CancellationToken cancel)
    {
        var gone = before.Except(after, StringComparer.Ordinal).ToArray();
        if (gone.Length > 0) { await db.Tags.Where(t => t.ImageId == id && gone.Contains(t.Tag)).ExecuteDeleteAsync(cancel).ConfigureAwait(false); }
        db.Tags.AddRange(after.Except(before, StringComparer.Ordinal).Select(t => new ImageTag { ImageId = id, Tag = t }));
    }
}
