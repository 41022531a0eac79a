using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using Nephos.Kernel.Auth;

namespace Nephos.Neutron;

/// <summary>What upstream calls standard attributes: every resource that clients make has them.</summary>
internal abstract class StandardRow
{
    public required string Id { get; set; }
    /// <summary>Owner; empty for what belongs to the cloud (<c>network:dhcp</c> ports of upstream have the network's owner).</summary>
    public required string ProjectId { get; set; }
    public string Description { get; set; } = "";
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    /// <summary><c>revision_number</c>: grows with every change, also of parts; the condition of <c>If-Match: revision_number=N</c>.</summary>
    public long Revision { get; set; } = 1;

    /// <summary>Marks a change of a tracked row.</summary>
    public void Touch(RequestContext context) => (UpdatedAt, Revision) = (context.Now, Revision + 1);

    /// <summary>Table, key, and the index that lists of a project use.</summary>
    public static void Map<T>(EntityTypeBuilder<T> row, string table) where T : StandardRow
    {
        row.ToTable(table);
        row.HasKey(r => r.Id);
        row.HasIndex(r => new { r.ProjectId, r.Id }).HasDatabaseName(table + "_by_project");
        row.Property(r => r.Revision).HasColumnName("revision_number");
    }
}
