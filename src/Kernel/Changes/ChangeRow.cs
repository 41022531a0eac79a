using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;

namespace Nephos.Kernel.Changes;

/// <summary>One line of a service's log of changes: audit record and event at once. The revision grows by commit order within a service.</summary>
public sealed class ChangeRow
{
    public long Revision { get; set; }
    public required DateTime At { get; set; }
    /// <summary>create, update, delete, or an action's name (<c>reboot</c>).</summary>
    public required string Action { get; set; }
    /// <summary>Singular, upstream's word: server, port, floatingip.</summary>
    public required string ResourceType { get; set; }
    public required string ResourceId { get; set; }
    /// <summary>Whose resource; null for the cloud's own.</summary>
    public string? ProjectId { get; set; }
    /// <summary>Who did it.</summary>
    public string? UserId { get; set; }
    public required string RequestId { get; set; }
    public string? RemoteAddress { get; set; }

    internal static ChangeRow Of(RequestContext context, string action, string resourceType, string resourceId, string? projectId) => new()
    {
        At = context.Now,
        Action = action,
        ResourceType = resourceType,
        ResourceId = resourceId,
        ProjectId = projectId ?? context.Identity?.ProjectId,
        UserId = context.Identity?.UserId,
        RequestId = context.RequestId,
        RemoteAddress = context.RemoteAddress,
    };

    internal static void Map(ModelBuilder model) => model.Entity<ChangeRow>(change =>
    {
        change.ToTable("changes");
        change.HasKey(c => c.Revision);
        change.Property(c => c.Revision).ValueGeneratedOnAdd();
        change.HasIndex(c => c.ResourceId).HasDatabaseName("changes_by_resource");
        change.HasIndex(c => c.At).HasDatabaseName("changes_by_time");
    });
}
