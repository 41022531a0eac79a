using Microsoft.EntityFrameworkCore;

namespace Nephos.Placement.Aggregates;

/// <summary>A provider's membership of an aggregate; the aggregate is nothing but its id (placement api-ref, "Resource provider aggregates").</summary>
public sealed class ProviderAggregate
{
    public required string ProviderId { get; set; }
    public required string AggregateId { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ProviderAggregate>(aggregate =>
    {
        aggregate.ToTable("provider_aggregates");
        aggregate.HasKey(a => new { a.ProviderId, a.AggregateId });
        aggregate.HasIndex(a => a.AggregateId).HasDatabaseName("provider_aggregates_by_aggregate");
    });
}
