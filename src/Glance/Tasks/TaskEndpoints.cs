using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Images;
using Nephos.Glance.Imports;
using Nephos.Glance.Metadefs;
using Nephos.Glance.Schemas;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Tasks;

/// <summary>Tasks (image api-ref v2, "Tasks"): administrators' older way to import, and a look at all work that takes time.</summary>
internal static class TaskEndpoints
{
    private static readonly IReadOnlyList<SortKey<ImageTask>> Keys =
    [
        SortKey<ImageTask>.Of("created_at", t => t.CreatedAt), SortKey<ImageTask>.Of("updated_at", t => t.UpdatedAt), SortKey<ImageTask>.Of("expires_at", t => t.ExpiresAt), SortKey<ImageTask>.Of("status", t => t.Status),
        SortKey<ImageTask>.Of("type", t => t.Type), SortKey<ImageTask>.Of("owner", t => t.Owner), SortKey<ImageTask>.Of("id", t => t.Id),
    ];

    public static void Map(ResourceGroup tasks)
    {
        tasks.Post("", Create).Policy("tasks_api_access", ImagePolicy.Admin).Answers(201).Starts(ImportSaga.SagaName);
        tasks.Get("", List).Policy("tasks_api_access", ImagePolicy.Admin).Paged();
        tasks.Get("/{task_id}", Show).Policy("tasks_api_access", ImagePolicy.Admin);
        tasks.Delete("/{task_id}", Delete).Policy("tasks_api_access", ImagePolicy.Admin);
    }

    public static void MapOfImage(ResourceGroup image) => image.Get("/tasks", ListOfImage).PolicyOnRow("get_image", ImagePolicy.GetImage).NotPaged("one per import");

    private static async Task<Reply> Create(Call call)
    {
        var request = call.Http.Request;
        if (request.ContentLength is null or 0 && !request.Headers.TransferEncoding.Contains("chunked")) { throw new BadRequestError("Body expected in request."); }
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw Invalid($"{WireSchema.Show(body)} is not of type 'object'"); }
        foreach (var name in new[] { "type", "input" })
        {
            if (!body.TryGetProperty(name, out _)) { throw new BadRequestError($"Task '{name}' is required"); }
        }
        if (ShapeSchema.Of("task").Fault(body) is { } fault) { throw Invalid(fault); }
        var unknown = body.EnumerateObject().FirstOrDefault(m => !ShapeSchema.Of("task").Knows(m.Name));
        if (unknown.Value.ValueKind != JsonValueKind.Undefined) { throw Invalid($"Additional properties are not allowed ('{unknown.Name}' was unexpected)"); }
        var (type, input) = (body.GetProperty("type").GetString()!, body.GetProperty("input"));
        if (input.ValueKind != JsonValueKind.Object) { throw Invalid($"{WireSchema.Show(input)} is not of type 'object'"); }
        var task = type == ImageTask.Import ? await ImportAsync(call, input).ConfigureAwait(false) : await RefuseAsync(call, type, input).ConfigureAwait(false);
        return Reply.Json(TaskView.Of(task)).With("Location", "/v2/tasks/" + task.Id);
    }

    private static Task<ImageTask> ImportAsync(Call call, JsonElement input)
    {
        var uri = input.TryGetProperty("import_from", out var from) && from.ValueKind == JsonValueKind.String ? from.GetString()! : "";
        if (uri.Length == 0) { throw new BadRequestError($"Invalid location: {(from.ValueKind == JsonValueKind.Undefined ? "None" : from.ToString())}"); }
        if (uri.StartsWith("file:///", StringComparison.Ordinal) || uri.StartsWith("filesystem:///", StringComparison.Ordinal)) { throw new BadRequestError("File based imports are not allowed. Please use a non-local source of image data."); }
        if (!uri.StartsWith("http://", StringComparison.Ordinal) && !uri.StartsWith("https://", StringComparison.Ordinal)) { throw new BadRequestError("The given uri is not valid. Please specify a valid uri from the following list of supported uri ['http']"); }
        if (!WebGuard.Allows(call.Get<GlanceSettings>(), uri)) { throw new BadRequestError($"URI for legacy import task does not pass filtering: {uri}"); }
        foreach (var name in new[] { "import_from_format", "image_properties" })
        {
            if (!input.TryGetProperty(name, out _)) { throw new BadRequestError($"Input does not contain '{name}' field"); }
        }
        var properties = input.GetProperty("image_properties");
        var wanted = ImageEndpoints.Read(call, properties);
        // Without formats upstream takes these.
        (wanted.Row.DiskFormat, wanted.Row.ContainerFormat) = (wanted.Row.DiskFormat ?? "qcow2", wanted.Row.ContainerFormat ?? "bare");
        ImagePolicy.EnforceCreate(call, wanted.Row.Owner, wanted.Row.Visibility);
        var import = new ImportParameters(wanted.Row.Id, NewId.Uuid(), wanted.Row.Owner, "web-download", [call.Get<ImageStores>().Default.Id], AllMustSucceed: true, uri, null, Inject: false, OwnImage: true);
        return call.Get<ImportOperations>().StartLegacyAsync(call.Context, wanted, import, input.GetRawText(), call.Cancel);
    }

    /// <summary>Tasks that only Glance itself starts, asked for by a client: upstream makes one that fails.</summary>
    private static Task<ImageTask> RefuseAsync(Call call, string type, JsonElement input) => call.Get<Store<GlanceDb>>().WriteAsync(db =>
    {
        var now = call.Context.Now;
        var task = new ImageTask
        {
            Id = NewId.Uuid(), Type = type, Owner = call.Context.Who.ProjectId, UserId = call.Context.UserId, RequestId = call.Context.RequestId, Input = input.GetRawText(), Status = ImageTask.Failure,
            Message = "Tasks of this type are started by the import and location calls of an image.", CreatedAt = now, UpdatedAt = now, ExpiresAt = now + call.Get<GlanceSettings>().TaskTimeToLive,
        };
        db.Tasks.Add(task);
        return Task.FromResult(task);
    }, call.Cancel);

    private static async Task<Reply> List(Call call)
    {
        var query = call.Query;
        var sorts = NamespaceEndpoints.Sorts(query, Keys);
        var (status, type, marker) = (query["status"], query["type"], query["marker"]);
        if (status is { Length: > 0 } && !ImageTask.Statuses.Contains(status)) { throw new BadRequestError($"Invalid status value: {status}"); }
        if (type is { Length: > 0 } and not ImageTask.Import) { throw new BadRequestError($"Invalid type value: {type}"); }
        if (marker is { Length: > 0 } && !Guid.TryParse(marker, out _)) { throw new BadRequestError("Invalid marker format"); }
        var limit = NamespaceEndpoints.Limit(query["limit"]) is { } some ? Math.Min(some, Limits.MaxPage) : Limits.DefaultPage;
        var rows = await call.Get<Store<GlanceDb>>().ReadAsync(async db =>
        {
            var tasks = Visible(db, call);
            if (status is { Length: > 0 }) { tasks = tasks.Where(t => t.Status == status); }
            if (type is { Length: > 0 }) { tasks = tasks.Where(t => t.Type == type); }
            tasks = tasks.OrderByKeys(sorts);
            if (marker is { Length: > 0 }) { tasks = tasks.After(sorts, await Visible(db, call).FirstOrDefaultAsync(t => t.Id == marker, call.Cancel).ConfigureAwait(false) ?? throw new BadRequestError($"No task found with ID {marker}")); }
            return await tasks.Take(limit).ToListAsync(call.Cancel).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        var members = new List<(string, object?)> { ("tasks", rows.ConvertAll(TaskView.Short)), ("first", Link(call, null)), ("schema", "/v2/schemas/tasks") };
        if (rows.Count > 0 && rows.Count == limit) { members.Add(("next", Link(call, rows[^1].Id))); }
        return Reply.Members(members);
    }

    private static async Task<Reply> Show(Call call)
    {
        var id = call.Route("task_id");
        return Reply.Json(TaskView.Of(await call.Get<Store<GlanceDb>>().ReadAsync(db => Visible(db, call).FirstOrDefaultAsync(t => t.Id == id, call.Cancel), call.Cancel).ConfigureAwait(false) ?? throw new NotFoundError($"No task found with ID {id}")));
    }

    private static Task<Reply> Delete(Call call) => throw new ApiError(405, "This operation is currently not permitted on Glance Tasks. They are auto deleted after reaching the time based on their expires_at property.")
    {
        Headers = new Dictionary<string, string> { ["Allow"] = "GET" },
    };

    private static async Task<Reply> ListOfImage(Call call)
    {
        var id = (await ImageEndpoints.SeeAsync(call).ConfigureAwait(false)).Image.Row.Id;
        var tasks = await call.Get<Store<GlanceDb>>().ReadAsync(db => db.Tasks.Where(t => t.ImageId == id).OrderByDescending(t => t.CreatedAt).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Member("tasks", tasks.ConvertAll(TaskView.OfImage));
    }

    /// <summary>Administrators see all; to others that a changed policy lets in, their project's.</summary>
    private static IQueryable<ImageTask> Visible(GlanceDb db, Call call)
    {
        var project = call.Context.Who.ProjectId;
        return call.Context.IsAdmin ? db.Tasks : db.Tasks.Where(t => project != null && t.Owner == project);
    }

    private static string Link(Call call, string? marker)
    {
        var parts = call.Query.Names.Where(n => n != "marker").Select(n => $"{Uri.EscapeDataString(n)}={Uri.EscapeDataString(call.Query[n]!)}").ToList();
        if (marker is not null) { parts.Add("marker=" + marker); }
        return parts.Count == 0 ? "/v2/tasks" : "/v2/tasks?" + string.Join('&', parts);
    }

    private static BadRequestError Invalid(string fault) => new("Provided object does not match schema 'task': " + fault);
}
