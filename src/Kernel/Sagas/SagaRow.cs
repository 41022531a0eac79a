using Microsoft.EntityFrameworkCore;

namespace Nephos.Kernel.Sagas;

/// <summary>Numbers are stored: append only.</summary>
public enum SagaState
{
    /// <summary>Another saga works on the resource; this one starts when it has ended.</summary>
    Waiting = 0,
    Running = 1,
    /// <summary>A step failed or the saga was aborted; what was done is undone in reverse.</summary>
    Unwinding = 2,
    Done = 3,
    Undone = 4,
    /// <summary>An undo failed again and again: an operator must look. <c>nephos saga resume</c> tries on.</summary>
    Stuck = 5,
}

/// <summary>A saga's durable state. Written only by its owner while the lease holds.</summary>
public sealed class SagaRow
{
    public required string Id { get; set; }
    /// <summary>The definition's stored name (<c>nova.build-server</c>), not a CLR type's.</summary>
    public required string Name { get; set; }
    public required int Version { get; set; }
    /// <summary>What it works on: <c>server/ID</c>.</summary>
    public required string Resource { get; set; }
    /// <summary>The same while the saga is active, null otherwise: its unique index lets one saga at a time work on a resource.</summary>
    public string? ActiveResource { get; set; }
    public required SagaState State { get; set; }
    /// <summary>JSON; never holds tokens or passwords.</summary>
    public required string Parameters { get; set; }
    public required string RequestId { get; set; }
    public string? ProjectId { get; set; }
    public string? UserId { get; set; }
    /// <summary>Why it unwound, for the user.</summary>
    public string? Error { get; set; }
    public bool AbortRequested { get; set; }
    public string? Owner { get; set; }
    public DateTime? LeaseUntil { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<SagaRow>(saga =>
        {
            saga.ToTable("sagas");
            saga.HasKey(s => s.Id);
            saga.HasIndex(s => s.ActiveResource).IsUnique().HasDatabaseName("sagas_one_per_resource");
            saga.HasIndex(s => new { s.State, s.LeaseUntil }).HasDatabaseName("sagas_by_state");
            saga.HasIndex(s => new { s.Resource, s.State }).HasDatabaseName("sagas_by_resource");
        });
        model.Entity<SagaStepRow>(step =>
        {
            step.ToTable("saga_steps");
            step.HasKey(s => new { s.SagaId, s.Position });
        });
    }
}

/// <summary>Numbers are stored: append only.</summary>
public enum SagaStepState
{
    Done = 1,
    Failed = 2,
    Undone = 3,
}

/// <summary>The log of one step. A step without a row has not ended: it may have happened, partly or wholly, or not.</summary>
public sealed class SagaStepRow
{
    public required string SagaId { get; set; }
    public required int Position { get; set; }
    public required string Name { get; set; }
    public required SagaStepState State { get; set; }
    /// <summary>JSON of what the step handed on; null when nothing.</summary>
    public string? Output { get; set; }
    public string? Error { get; set; }
    public required DateTime StartedAt { get; set; }
    public required DateTime FinishedAt { get; set; }
}
