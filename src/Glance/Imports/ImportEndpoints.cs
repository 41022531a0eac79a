using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Glance.Images;
using Nephos.Glance.Quotas;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;

namespace Nephos.Glance.Imports;

/// <summary>Imports (image api-ref v2, "Interoperable image import"). The call starts a saga and answers at once; its task tells how it goes.</summary>
internal static class ImportEndpoints
{
    public static void Map(ResourceGroup image) => image.Post("/import", Import).PolicyOnRow("modify_image", ImagePolicy.Member).Answers(202).Starts(ImportSaga.SagaName);

    private static async Task<Reply> Import(Call call)
    {
        var settings = call.Get<GlanceSettings>();
        var body = await call.JsonAsync().ConfigureAwait(false);
        var method = Method(body, settings);
        var mustSucceed = Flag(body, "all_stores_must_succeed") ?? true;
        var all = Flag(body, "all_stores") ?? false;
        await call.Get<ImageQuotas>().EnforceAsync(call.Context.Who.ProjectId, ImageQuotas.Size, 0, call.Cancel).ConfigureAwait(false);
        var id = call.Route("image_id");
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        CheckState(seen.Image.Row, method);
        var remote = method == "glance-download" ? Remote(body.GetProperty("method")) : null;
        var target = ImagePolicy.Target(seen.Image.Row, seen.IsMember ? call.Context.Who.ProjectId : null);
        if (!call.Allows("get_image", target)) { throw GlanceErrors.NoImage(id); }
        call.Enforce(method == ImportSaga.CopyImage ? "copy_image" : "modify_image", target);
        if (seen.Image.Row.ImportTaskId is not null) { throw new ConflictError("Image has active task"); }
        var stores = Stores(call, body, all);
        if (method == ImportSaga.CopyImage)
        {
            var there = seen.Image.Locations.Select(l => l.Store).ToHashSet(StringComparer.Ordinal);
            if (all) { stores = [.. stores.Where(s => !there.Contains(s))]; }
            if (stores.Count == 0)
            {
                await call.Get<ImportOperations>().NothingToCopyAsync(id, call.Cancel).ConfigureAwait(false);
                return Reply.Empty();
            }
            if (stores.FirstOrDefault(there.Contains) is { } twice) { throw new BadRequestError($"Image is already present at store '{twice}'"); }
        }
        var uri = body.GetProperty("method").TryGetProperty("uri", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        if (method == "web-download" && !WebGuard.Allows(settings, uri)) { throw new BadRequestError($"URI for web-download does not pass filtering: {uri ?? "None"}"); }
        var taskId = NewId.Uuid();
        var inject = settings.ImageImportPlugins.Contains("inject_image_metadata") && method != ImportSaga.CopyImage && !call.Context.Who.Roles.Intersect(settings.InjectIgnoresRoles, StringComparer.OrdinalIgnoreCase).Any();
        var import = new ImportParameters(id, taskId, seen.Image.Row.Owner, method, stores, mustSucceed, uri, remote, inject, OwnImage: false);
        var input = new JsonObject { ["image_id"] = id, ["import_req"] = JsonNode.Parse(body.GetRawText()), ["backend"] = new JsonArray([.. stores.Select(s => (JsonNode?)s)]) };
        await call.Get<ImportOperations>().StartAsync(call.Context, import, input.ToJsonString(), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static string Method(JsonElement body, GlanceSettings settings)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("method", out var method)) { throw new BadRequestError("Import request requires a 'method' field."); }
        if (method.ValueKind != JsonValueKind.Object || !method.TryGetProperty("name", out var name)) { throw new BadRequestError("Import request requires a 'name' field."); }
        return name.ValueKind == JsonValueKind.String && settings.EnabledImportMethods.Contains(name.GetString()!) ? name.GetString()! : throw new BadRequestError($"Unknown import method name '{name}'.");
    }

    private static bool? Flag(JsonElement body, string name) => !body.TryGetProperty(name, out var value) ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw new BadRequestError($"'{name}' must be boolean value only");

    /// <summary>Upstream's order of questions.</summary>
    private static void CheckState(Image row, string method)
    {
        if (row.Status == ImageStatus.Active && method != ImportSaga.CopyImage) { throw new ConflictError("Image with status active cannot be target for import"); }
        if (row.Status != ImageStatus.Active && method == ImportSaga.CopyImage) { throw new ConflictError("Only images with status active can be targeted for copying"); }
        if (method is "web-download" or "glance-download" && row.Status != ImageStatus.Queued) { throw new ConflictError($"Image needs to be in 'queued' state to use '{method}' method"); }
        if (method == "glance-direct" && (row.Status != ImageStatus.Uploading || row.UploadId is not null)) { throw new ConflictError("Image needs to be staged before 'glance-direct' method can be used"); }
        if (row.ContainerFormat is null) { throw new ConflictError("'container_format' needs to be set before import"); }
        if (row.DiskFormat is null) { throw new ConflictError("'disk_format' needs to be set before import"); }
    }

    private static RemoteImage Remote(JsonElement method)
    {
        string Text(string name) => method.TryGetProperty(name, out var value) ? value.ToString() : throw new BadRequestError($"'{name}' needs to be set for glance-download import method");
        var (region, id) = (Text("glance_region"), Text("glance_image_id"));
        if (!Guid.TryParse(id, out var parsed)) { throw new BadRequestError($"Remote image id does not look like a UUID: {id}"); }
        return new RemoteImage(region, method.TryGetProperty("glance_service_interface", out var kind) ? kind.ToString() : "public", parsed.ToString());
    }

    private static IReadOnlyList<string> Stores(Call call, JsonElement body, bool all)
    {
        var stores = call.Get<ImageStores>();
        var header = call.Http.Request.Headers["x-image-meta-store"].FirstOrDefault();
        var named = body.TryGetProperty("stores", out var list);
        if (all)
        {
            if (named || header is not null) { throw new BadRequestError("All_stores parameter can't be used with x-image-meta-store header or stores parameter"); }
            return [.. stores.All.Select(s => s.Id)];
        }
        if (named && header is not null) { throw new BadRequestError("Stores parameter and x-image-meta-store header can't be both specified"); }
        if (named && (list.ValueKind != JsonValueKind.Array || list.EnumerateArray().Any(s => s.ValueKind != JsonValueKind.String))) { throw new BadRequestError("'stores' must be a list of names"); }
        IReadOnlyList<string> wanted = named ? [.. list.EnumerateArray().Select(s => s.GetString()!).Distinct(StringComparer.Ordinal)] : [header ?? stores.Default.Id];
        if (wanted.Count == 0) { throw new BadRequestError("'stores' must be a list of names"); }
        return wanted.FirstOrDefault(name => stores.Find(name) is null) is { } unknown ? throw new ConflictError(ImageStores.Unknown(unknown)) : wanted;
    }
}
