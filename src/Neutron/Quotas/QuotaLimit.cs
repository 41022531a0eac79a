using Microsoft.EntityFrameworkCore;

namespace Nephos.Neutron.Quotas;

/// <summary>A project's own limit for a resource; where there is none, <see cref="QuotaResources"/> has the default.</summary>
internal sealed class QuotaLimit
{
    public required string ProjectId { get; set; }
    /// <summary>Upstream's name: network, floatingip.</summary>
    public required string Resource { get; set; }
    /// <summary>-1: no limit.</summary>
    public required int Limit { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<QuotaLimit>(limit =>
    {
        limit.ToTable("quotas");
        limit.HasKey(q => new { q.ProjectId, q.Resource });
        limit.Property(q => q.Limit).HasColumnName("quota_limit");
    });
}
