using Microsoft.EntityFrameworkCore;

namespace Nephos.Placement.Allocations;

/// <summary>What one consumer has of one resource class of one provider (placement api-ref, "Allocations").</summary>
public sealed class Allocation
{
    public required string ConsumerId { get; set; }
    public required string ProviderId { get; set; }
    public required string ResourceClass { get; set; }
    public long Used { get; set; }
    public required DateTime CreatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<Allocation>(allocation =>
    {
        allocation.ToTable("allocations");
        allocation.HasKey(a => new { a.ConsumerId, a.ProviderId, a.ResourceClass });
        allocation.HasIndex(a => a.ProviderId).HasDatabaseName("allocations_by_provider");
    });
}

/// <summary>Who has allocations: a server, a migration, a volume. Exists as long as it has any.</summary>
public sealed class Consumer
{
    /// <summary>What a consumer is whose type nobody said (clients before microversion 1.38).</summary>
    public const string UnknownType = "unknown";

    public required string Id { get; set; }
    public required string ProjectId { get; set; }
    public required string UserId { get; set; }
    public string ConsumerType { get; set; } = UnknownType;
    public long Generation { get; set; }
    public required DateTime CreatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<Consumer>(consumer =>
    {
        consumer.ToTable("consumers");
        consumer.HasKey(c => c.Id);
        consumer.HasIndex(c => new { c.ProjectId, c.UserId }).HasDatabaseName("consumers_by_project");
    });
}
