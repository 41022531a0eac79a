using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Tasks;

/// <summary>
/// Work that takes time, as clients see it (image api-ref v2, "Tasks", "Show tasks associated with image"): a view beside the saga that does it. It ends in the transaction that ends the work, and goes
/// some days after.
/// </summary>
public sealed class ImageTask
{
    public const string Pending = "pending";
    public const string Processing = "processing";
    public const string Success = "success";
    public const string Failure = "failure";
    public static readonly IReadOnlyList<string> Statuses = [Pending, Processing, Success, Failure];

    /// <summary>The older call: makes an image of an address.</summary>
    public const string Import = "import";
    public const string ApiImport = "api_image_import";
    public const string LocationImport = "location_import";

    public required string Id { get; set; }
    public required string Type { get; set; }
    public string? ImageId { get; set; }
    public string Status { get; set; } = Pending;
    public string Message { get; set; } = "";
    public string? Owner { get; set; }
    public string? UserId { get; set; }
    public required string RequestId { get; set; }
    /// <summary>JSON, without secrets.</summary>
    public required string Input { get; set; }
    /// <summary>JSON; null before the end and after a failure.</summary>
    public string? Result { get; set; }
    public DateTime? ExpiresAt { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ImageTask>(task =>
    {
        task.ToTable("image_tasks");
        task.HasKey(t => t.Id);
        task.HasIndex(t => new { t.ImageId, t.CreatedAt }).HasDatabaseName("image_tasks_by_image");
        task.HasIndex(t => new { t.CreatedAt, t.Id }).HasDatabaseName("image_tasks_by_creation");
        task.HasIndex(t => new { t.Owner, t.CreatedAt, t.Id }).HasDatabaseName("image_tasks_by_owner");
        task.HasIndex(t => t.ExpiresAt).HasDatabaseName("image_tasks_by_expiry");
    });

    /// <summary>Takes a success back, when the work turned out not to be done; false when there was none.</summary>
    internal static async Task<bool> ReopenAsync(GlanceDb db, string taskId, DateTime now) => await db.Tasks.Where(t => t.Id == taskId && t.Status == Success).ExecuteUpdateAsync(u => u.SetProperty(t => t.Status, Processing)
        .SetProperty(t => t.Result, (string?)null).SetProperty(t => t.ExpiresAt, (DateTime?)null).SetProperty(t => t.UpdatedAt, now)).ConfigureAwait(false) == 1;

    /// <summary>Ends a task that has not ended, in the caller's transaction.</summary>
    internal static Task<int> EndAsync(GlanceDb db, string taskId, string status, string message, string? result, DateTime now, TimeSpan kept)
    {
        var expires = now + kept;
        return db.Tasks.Where(t => t.Id == taskId && (t.Status == Processing || t.Status == Pending)).ExecuteUpdateAsync(u => u.SetProperty(t => t.Status, status).SetProperty(t => t.Message, message)
            .SetProperty(t => t.Result, result).SetProperty(t => t.UpdatedAt, now).SetProperty(t => t.ExpiresAt, (DateTime?)expires));
    }
}

/// <summary>A task on its own, in the list of tasks, and in the list of an image's: upstream shows three shapes.</summary>
internal static class TaskView
{
    public static Dictionary<string, object?> Of(ImageTask task)
    {
        var view = Short(task);
        view["input"] = JsonNode.Parse(task.Input);
        view["message"] = task.Message;
        view["result"] = task.Result is { } result ? JsonNode.Parse(result) : null;
        if (task.ImageId is not null) { view["image_id"] = task.ImageId; }
        view["request_id"] = task.RequestId;
        if (task.UserId is not null) { view["user_id"] = task.UserId; }
        return view;
    }

    public static Dictionary<string, object?> Short(ImageTask task)
    {
        var view = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["id"] = task.Id, ["type"] = task.Type, ["status"] = task.Status, ["owner"] = task.Owner, ["created_at"] = WireTime.Seconds(task.CreatedAt), ["updated_at"] = WireTime.Seconds(task.UpdatedAt),
            ["self"] = "/v2/tasks/" + task.Id, ["schema"] = "/v2/schemas/task",
        };
        if (task.ExpiresAt is { } expires) { view["expires_at"] = WireTime.Seconds(expires); }
        return view;
    }

    /// <summary>The row, as upstream's <c>GET /v2/images/{id}/tasks</c> gives it.</summary>
    public static Dictionary<string, object?> OfImage(ImageTask task) => new(StringComparer.Ordinal)
    {
        ["id"] = task.Id, ["type"] = task.Type, ["status"] = task.Status, ["owner"] = task.Owner, ["image_id"] = task.ImageId, ["user_id"] = task.UserId, ["request_id"] = task.RequestId,
        ["input"] = JsonNode.Parse(task.Input), ["result"] = task.Result is { } result ? JsonNode.Parse(result) : null, ["message"] = task.Message,
        ["created_at"] = WireTime.Seconds(task.CreatedAt), ["updated_at"] = WireTime.Seconds(task.UpdatedAt), ["expires_at"] = WireTime.Seconds(task.ExpiresAt), ["deleted"] = false, ["deleted_at"] = null,
    };
}
