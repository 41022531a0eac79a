using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Images;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Tasks;

/// <summary>
/// An import of staged bytes, as <c>GET /v2/images/{id}/tasks</c> tells of it (image api-ref v2, "Show tasks associated with image"). It begins with the import, and ends in the
/// transaction that ends it; one whose process died is failed with its upload. Goes with its image.
/// </summary>
public sealed class ImageTask
{
    public const string Processing = "processing";
    public const string Success = "success";
    public const string Failure = "failure";

    public required string Id { get; set; }
    public required string ImageId { get; set; }
    public string Status { get; set; } = Processing;
    public string Message { get; set; } = "";
    public string? Owner { get; set; }
    public string? UserId { get; set; }
    public required string RequestId { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ImageTask>(task =>
    {
        task.ToTable("image_tasks");
        task.HasKey(t => t.Id);
        task.HasIndex(t => new { t.ImageId, t.CreatedAt }).HasDatabaseName("image_tasks_by_image");
    });
}

internal static class TaskEndpoints
{
    private sealed record TaskView(string Id, string Type, string Status, string? Owner, string ImageId, string? UserId, string RequestId, object Input, object? Result, string Message, string CreatedAt, string UpdatedAt)
    {
        public string? ExpiresAt => null;
        public bool Deleted => false;
        public string? DeletedAt => null;

        public static TaskView Of(ImageTask task) => new(task.Id, "api_image_import", task.Status, task.Owner, task.ImageId, task.UserId, task.RequestId,
            new { ImageId = task.ImageId, ImportReq = new { Method = new { Name = "glance-direct" } } }, null, task.Message, WireTime.Seconds(task.CreatedAt), WireTime.Seconds(task.UpdatedAt));
    }

    public static void Map(ResourceGroup image) => image.Get("/tasks", List).PolicyOnRow("get_image", ImagePolicy.GetImage).NotPaged("one per import");

    private static async Task<Reply> List(Call call)
    {
        var id = (await ImageEndpoints.SeeAsync(call).ConfigureAwait(false)).Image.Row.Id;
        var tasks = await call.Get<Store<GlanceDb>>().ReadAsync(db => db.Tasks.Where(t => t.ImageId == id).OrderByDescending(t => t.CreatedAt).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Member("tasks", tasks.ConvertAll(TaskView.Of));
    }
}
