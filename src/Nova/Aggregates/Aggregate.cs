using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.Aggregates;

/// <summary>
/// A host aggregate (api-ref compute, "Host aggregates"): a set of hosts, which may make them an availability zone. Invariants:
/// <list type="bullet">
/// <item>Names are unique.</item>
/// <item>A host is in one zone: two aggregates with different zones share no host.</item>
/// <item>A host with servers on it never changes its zone.</item>
/// </list>
/// On the wire the zone is also metadata, <c>availability_zone</c>.
/// </summary>
internal sealed class Aggregate
{
    /// <summary>The id in the API.</summary>
    public long Number { get; set; }
    /// <summary>UUID, shown since 2.41.</summary>
    public required string Id { get; set; }
    public required string Name { get; set; }
    /// <summary>Null: it makes no zone.</summary>
    public string? Zone { get; set; }
    public Dictionary<string, string> Metadata { get; set; } = [];
    public required DateTime CreatedAt { get; set; }
    public DateTime? UpdatedAt { get; set; }

    public static void Map(ModelBuilder model)
    {
        model.Entity<Aggregate>(aggregate =>
        {
            aggregate.ToTable("aggregates");
            aggregate.HasKey(a => a.Number);
            aggregate.Property(a => a.Number).ValueGeneratedOnAdd();
            aggregate.HasIndex(a => a.Id).IsUnique().HasDatabaseName("aggregates_id");
            aggregate.HasIndex(a => a.Name).IsUnique().HasDatabaseName("aggregates_name");
            aggregate.Property(a => a.Metadata).HasJson();
        });
        model.Entity<AggregateHost>(host =>
        {
            host.ToTable("aggregate_hosts");
            host.HasKey(h => new { h.AggregateNumber, h.Host });
            host.HasIndex(h => h.Host).HasDatabaseName("aggregate_hosts_by_host");
            host.HasOne<Aggregate>().WithMany().HasForeignKey(h => h.AggregateNumber).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A host in an aggregate.</summary>
internal sealed class AggregateHost
{
    public required long AggregateNumber { get; set; }
    public required string Host { get; set; }
}
