using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;

namespace Nephos.Neutron.NodeFeed;

/// <summary>
/// The newest change of one record that nodes work from. There is one row per record: a new change takes a new, higher sequence, so that the table is
/// never longer than the records there are (and lately were). It carries no content: a node's pull builds the record as it is then.
/// </summary>
internal sealed class FeedChange
{
    /// <summary>Marks the one row whose sequence says how far forgotten records reach: who pulled last before it must pull all.</summary>
    public const NetworkRecordKind FloorKind = 0;

    public long Sequence { get; set; }
    public required NetworkRecordKind Kind { get; set; }
    public required string RecordId { get; set; }
    public required DateTime At { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<FeedChange>(change =>
    {
        change.ToTable("feed_changes");
        change.HasKey(c => c.Sequence);
        change.Property(c => c.Sequence).ValueGeneratedOnAdd();
        change.HasIndex(c => new { c.Kind, c.RecordId }).IsUnique().HasDatabaseName("feed_changes_by_record");
    });
}
