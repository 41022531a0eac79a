using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;

namespace Nephos.Nova.InstanceActions;

/// <summary>What was done to a server, by whom (api-ref compute, "Servers actions"). Written in the transaction that begins it; <c>FinishAsync</c> in the one that ends it.</summary>
internal sealed class InstanceAction
{
    public long Number { get; set; }
    public required string ServerId { get; set; }
    /// <summary>create, delete, start, stop, reboot, ... (<c>nova/compute/instance_actions.py</c>).</summary>
    public required string Action { get; set; }
    public required string RequestId { get; set; }
    public string? ProjectId { get; set; }
    public string? UserId { get; set; }
    public required DateTime StartTime { get; set; }
    public required DateTime UpdatedAt { get; set; }
    /// <summary><c>Error</c> when it failed, the reason when nobody asked for it, else null.</summary>
    public string? Message { get; set; }

    public static void Map(ModelBuilder model)
    {
        model.Entity<InstanceAction>(action =>
        {
            action.ToTable("instance_actions");
            action.HasKey(a => a.Number);
            action.Property(a => a.Number).ValueGeneratedOnAdd();
            action.HasIndex(a => new { a.ServerId, a.Number }).HasDatabaseName("instance_actions_by_server");
            action.HasIndex(a => new { a.ServerId, a.RequestId }).HasDatabaseName("instance_actions_by_request");
        });
        model.Entity<InstanceActionEvent>(entry =>
        {
            entry.ToTable("instance_action_events");
            entry.HasKey(e => e.Number);
            entry.Property(e => e.Number).ValueGeneratedOnAdd();
            entry.HasIndex(e => e.ActionNumber).HasDatabaseName("instance_action_events_by_action");
            entry.HasOne<InstanceAction>(e => e.Action).WithMany().HasForeignKey(e => e.ActionNumber).OnDelete(DeleteBehavior.Cascade);
        });
    }

    /// <summary>Begins an action with its one event, in the caller's transaction.</summary>
    public static void Begin(NovaDb db, RequestContext context, string serverId, string action, string happening, string? host, DateTime now)
    {
        var row = new InstanceAction
        {
            ServerId = serverId,
            Action = action,
            RequestId = context.RequestId,
            ProjectId = context.Identity?.ProjectId,
            UserId = context.Identity?.UserId,
            StartTime = now,
            UpdatedAt = now,
        };
        db.ActionEvents.Add(new InstanceActionEvent { Action = row, Event = happening, StartTime = now, Host = host });
    }

    /// <summary>An action that is over with the caller's transaction.</summary>
    /// <param name="trouble">Why it happened, when that is what the user must see: shown as the action's message.</param>
    public static void Done(NovaDb db, RequestContext context, string serverId, string action, DateTime now, string? happening = null, string? host = null, string? trouble = null)
    {
        var row = new InstanceAction
        {
            ServerId = serverId,
            Action = action,
            RequestId = context.RequestId,
            ProjectId = context.Identity?.ProjectId,
            UserId = context.Identity?.UserId,
            StartTime = now,
            UpdatedAt = now,
            Message = trouble,
        };
        if (happening is null) { db.Actions.Add(row); }
        else { db.ActionEvents.Add(new InstanceActionEvent { Action = row, Event = happening, StartTime = now, FinishTime = now, Result = trouble is null ? "Success" : "Error", Host = host, Details = trouble }); }
    }

    /// <summary>Ends all that is under way on the server, in the caller's transaction.</summary>
    public static async Task FinishAsync(NovaDb db, string serverId, DateTime now, string? error = null, string? host = null)
    {
        var open = await db.ActionEvents.AsTracking().Include(e => e.Action).Where(e => e.Action!.ServerId == serverId && e.FinishTime == null).ToListAsync();
        foreach (var entry in open)
        {
            entry.FinishTime = now;
            entry.Result = error is null ? "Success" : "Error";
            entry.Details = error;
            entry.Host = host ?? entry.Host;
            entry.Action!.UpdatedAt = now;
            entry.Action.Message = error is null ? null : "Error";
        }
    }
}

/// <summary>A part of an action, on a host.</summary>
internal sealed class InstanceActionEvent
{
    public long Number { get; set; }
    public long ActionNumber { get; set; }
    public InstanceAction? Action { get; set; }
    /// <summary>Upstream's names: <c>compute_stop_instance</c>.</summary>
    public required string Event { get; set; }
    public required DateTime StartTime { get; set; }
    public DateTime? FinishTime { get; set; }
    /// <summary>Success or Error; null while it goes on.</summary>
    public string? Result { get; set; }
    public string? Host { get; set; }
    public string? Details { get; set; }
}
