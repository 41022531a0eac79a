using System.Globalization;
using System.Text.Json;
using Nephos.Glance.Locations;
using Nephos.Glance.Stores;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Paging;

namespace Nephos.Glance.Images;

/// <summary>Images (image api-ref v2, "Images", "Image tags"): what they are, not what is in them.</summary>
internal static class ImageEndpoints
{
    public static void Map(ResourceGroup images)
    {
        images.Post("", Create).PolicyOnRow("add_image", ImagePolicy.CreateImage).Answers(201).Body(Limits.MaxBody);
        images.Get("", List).Policy("get_images", ImagePolicy.Reader).Paged();
        images.Get("/{image_id}", Show).PolicyOnRow("get_image", ImagePolicy.GetImage);
        images.Patch("/{image_id}", Update).PolicyOnRow("modify_image", ImagePolicy.Member).Body(Limits.MaxBody);
        images.Delete("/{image_id}", Delete).PolicyOnRow("delete_image", ImagePolicy.Member).Answers(204);
        images.Post("/{image_id}/actions/deactivate", Deactivate).PolicyOnRow("deactivate", ImagePolicy.Member).Answers(204);
        images.Post("/{image_id}/actions/reactivate", Reactivate).PolicyOnRow("reactivate", ImagePolicy.Member).Answers(204);
        images.Put("/{image_id}/tags/{tag}", AddTag).PolicyOnRow("modify_image", ImagePolicy.Member).Answers(204);
        images.Delete("/{image_id}/tags/{tag}", RemoveTag).PolicyOnRow("modify_image", ImagePolicy.Member).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var wanted = Read(call, await call.JsonAsync().ConfigureAwait(false));
        ImagePolicy.EnforceCreate(call, wanted.Row.Owner, wanted.Row.Visibility);
        var image = await call.Get<ImageOperations>().CreateAsync(call.Context, wanted, call.Cancel).ConfigureAwait(false);
        return Reply.Json(View(call, image)).With("Location", $"{call.BaseUrl}/v2/images/{image.Row.Id}")
            .With("OpenStack-image-import-methods", string.Join(',', call.Get<GlanceSettings>().EnabledImportMethods)).With("OpenStack-image-store-ids", string.Join(',', call.Get<ImageStores>().All.Select(s => s.Id)));
    }

    private static async Task<Reply> List(Call call)
    {
        var request = ReadList(call.Query);
        var images = await call.Get<ImageOperations>().ListAsync(call.Context, request, call.Cancel).ConfigureAwait(false);
        var members = new List<(string, object?)>
        {
            ("images", images.Where(i => call.Allows("get_image", ImagePolicy.Target(i.Row, i.Row.Owner == call.Context.Who.ProjectId ? null : call.Context.Who.ProjectId))).Select(i => View(call, i)).ToList()),
            ("first", Link(call, null)),
            ("schema", "/v2/schemas/images"),
        };
        // A full page has a next one, as upstream counts; the last may be empty.
        if (images.Count > 0 && images.Count == request.Limit) { members.Add(("next", Link(call, images[^1].Row.Id))); }
        return Reply.Members(members);
    }

    private static async Task<Reply> Show(Call call) => Reply.Json(View(call, (await SeeAsync(call).ConfigureAwait(false)).Image));

    private static async Task<Reply> Update(Call call)
    {
        var changes = ImagePatch.Read(call.Http.Request.ContentType, await call.JsonAsync().ConfigureAwait(false));
        var seen = await SeeAsync(call).ConfigureAwait(false);
        var target = ImagePolicy.Target(seen.Image.Row, seen.IsMember ? call.Context.Who.ProjectId : null);
        var prepared = new List<ImageChange>();
        foreach (var change in changes)
        {
            prepared.Add(change.Name == "locations" ? await LocationPatch.PrepareAsync(call, change, target).ConfigureAwait(false) : change);
            if (change.Name == "visibility" && change.Op != PatchOp.Remove) { ImagePolicy.EnforceVisibility(call, change.Value.GetString(), target); }
            call.Enforce("modify_image", target);
        }
        return Reply.Json(View(call, await call.Get<ImageOperations>().PatchAsync(call.Context, seen.Image.Row.Id, prepared, call.Cancel).ConfigureAwait(false)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        if (await call.Get<ImageOperations>().FindAsync(call.Context, call.Route("image_id"), call.Cancel).ConfigureAwait(false) is not { } seen)
        {
            throw new NotFoundError($"Failed to find image {call.Route("image_id")} to delete");
        }
        ImagePolicy.Enforce(call, "delete_image", seen);
        await call.Get<ImageOperations>().DeleteAsync(call.Context, seen.Image.Row.Id, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static Task<Reply> Deactivate(Call call) => Switch(call, "deactivate", ImageStatus.Active, ImageStatus.Deactivated);

    private static Task<Reply> Reactivate(Call call) => Switch(call, "reactivate", ImageStatus.Deactivated, ImageStatus.Active);

    private static async Task<Reply> Switch(Call call, string verb, string from, string to)
    {
        var seen = await SeeAsync(call).ConfigureAwait(false);
        await call.Get<ImageOperations>().SwitchAsync(call.Context, seen.Image.Row.Id, verb, from, to, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> AddTag(Call call)
    {
        var tag = call.Route("tag");
        if (tag.Length > Limits.MaxText) { throw GlanceErrors.Schema($"'{tag}' is too long"); }
        var seen = await SeeAsync(call).ConfigureAwait(false);
        await call.Get<ImageOperations>().AddTagAsync(call.Context, seen.Image.Row.Id, tag, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> RemoveTag(Call call)
    {
        var seen = await SeeAsync(call).ConfigureAwait(false);
        return await call.Get<ImageOperations>().RemoveTagAsync(call.Context, seen.Image.Row.Id, call.Route("tag"), call.Cancel).ConfigureAwait(false)
            ? Reply.Empty()
            : throw new NotFoundError("The resource could not be found.");
    }

    /// <summary>The image of the path, which the caller sees and the endpoint's policy lets him at; 404 or 403.</summary>
    public static async Task<SeenImage> SeeAsync(Call call)
    {
        var id = call.Route("image_id");
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        var target = ImagePolicy.Target(seen.Image.Row, seen.IsMember ? call.Context.Who.ProjectId : null);
        if (!call.Allows("get_image", target)) { throw GlanceErrors.NoImage(id); }
        call.Enforce(call.Endpoint.PolicyName!, target);
        return seen;
    }

    private static Dictionary<string, object?> View(Call call, FullImage image) => ImageView.Of(image, call.Get<GlanceSettings>().ShowMultipleLocations);

    /// <summary>A new image of a body: a create's, or the older import task's.</summary>
    internal static NewImage Read(Call call, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object) { throw GlanceErrors.Schema("the body is not of type 'object'"); }
        var now = call.Context.Now;
        var row = new Image { Id = "", Owner = call.Context.Who.ProjectId, CreatedAt = now, UpdatedAt = now };
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        IReadOnlyList<string> tags = [];
        foreach (var member in body.EnumerateObject())
        {
            if (ImageSchema.Disallowed.Contains(member.Name)) { throw GlanceErrors.ReadOnly(member.Name); }
            if (member.Name != "locations" && ImageSchema.Fault(member.Name, member.Value) is { } fault) { throw GlanceErrors.Schema(fault); }
        }
        foreach (var (name, value) in body.EnumerateObject().Select(m => (m.Name, m.Value)))
        {
            if (name == "id") { row.Id = value.GetString()!; }
            else if (name == "tags") { tags = ImageChanges.Tags(value); }
            else if (name == "locations") { throw GlanceErrors.Reserved(name); }
            else if (ImageSchema.Base.Contains(name)) { ImageChanges.Set(row, name, value); }
            else if (name.Length > Limits.MaxText) { throw new BadRequestError("Custom property should not be greater than 255 characters."); }
            else if (ImageSchema.IsReserved(name)) { throw GlanceErrors.Reserved(name); }
            else { properties[name] = value.GetString()!; }
        }
        ImageChanges.CheckPropertyCount(properties.Count);
        if (row.Id.Length == 0) { row.Id = NewId.Uuid(); }
        return new NewImage(row, properties, tags);
    }

    private static ImageListRequest ReadList(CallQuery query)
    {
        var filter = new ImageFilter();
        foreach (var name in query.Names.Where(n => n is not ("limit" or "marker" or "sort" or "sort_key" or "sort_dir")))
        {
            foreach (var value in name == "tag" ? query.All(name) : [query[name]!]) { filter.Add(name, name == "tag" ? value.Trim() : value); }
        }
        if (!query.Has("os_hidden")) { filter.AddHidden(false); }
        return new ImageListRequest(filter, ReadSorts(query), ReadLimit(query["limit"]), query["marker"]);
    }

    private static int ReadLimit(string? text)
    {
        if (text is null) { return Limits.DefaultPage; }
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var limit)) { throw new BadRequestError("limit param must be an integer"); }
        return limit < 0 ? throw new BadRequestError("limit param must be positive") : (int)Math.Min(limit, Limits.MaxPage);
    }

    private static IReadOnlyList<Sort<Image>> ReadSorts(CallQuery query)
    {
        if (query["sort"] is { } sort)
        {
            if (query.Has("sort_key") || query.Has("sort_dir")) { throw new BadRequestError("Old and new sorting syntax cannot be combined"); }
            return ImageQueries.Complete([.. sort.Trim().Split(',').Select(part => part.Split(':', 2)).Select(p => new Sort<Image>(Key(p[0].Trim()), Direction(p.Length > 1 && p[1].Length > 0 ? p[1].Trim() : "desc")))]);
        }
        var keys = query.All("sort_key").Select(k => Key(k.Trim())).ToList();
        var directions = query.All("sort_dir").Select(d => Direction(d.Trim())).ToList();
        if (directions.Count > 1 && directions.Count != keys.Count) { throw new BadRequestError("Number of sort dirs does not match the number of sort keys"); }
        if (keys.Count == 0) { keys.Add(Key("created_at")); }
        return ImageQueries.Complete([.. keys.Select((key, i) => new Sort<Image>(key, directions.Count == 0 || directions[Math.Min(i, directions.Count - 1)]))]);
    }

    private static SortKey<Image> Key(string name) => ImageQueries.Keys.FirstOrDefault(k => k.Name == name)
        ?? throw new BadRequestError($"Invalid sort key: {name}. It must be one of the following: {string.Join(", ", ImageQueries.Keys.Select(k => k.Name))}.");

    private static bool Direction(string text) => text switch { "asc" => false, "desc" => true, _ => throw new BadRequestError($"Invalid sort direction: {text}") };

    private static string Link(Call call, string? marker)
    {
        var parts = call.Query.Names.Where(n => n != "marker").SelectMany(n => call.Query.All(n).Select(v => $"{Uri.EscapeDataString(n)}={Uri.EscapeDataString(v)}")).ToList();
        if (marker is not null) { parts.Add("marker=" + marker); }
        return parts.Count == 0 ? "/v2/images" : "/v2/images?" + string.Join('&', parts);
    }
}
