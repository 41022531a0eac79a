using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Services;

namespace Nephos.Keystone.RegisteredLimits;

/// <summary>
/// How much of something a project may have where no other limit is set. Upstream: identity api-ref, "Unified Limits".
/// <list type="bullet">
/// <item>One per service, region (or all regions, when it is null) and name of the resource.</item>
/// <item>It neither changes nor goes while a <see cref="Limits.Limit"/> stands on it.</item>
/// </list>
/// </summary>
public sealed class RegisteredLimit
{
    public required string Id { get; set; }
    public required string ServiceId { get; set; }
    public string? RegionId { get; set; }
    public required string ResourceName { get; set; }
    /// <summary>-1: no limit.</summary>
    public required int DefaultLimit { get; set; }
    public string? Description { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<RegisteredLimit>(limit =>
    {
        limit.ToTable("registered_limits");
        limit.HasKey(l => l.Id);
        // Null is distinct from null in a unique index, so the limits of all regions have an index of their own.
        limit.HasIndex(l => new { l.ServiceId, l.ResourceName, l.RegionId }).IsUnique();
        limit.HasIndex(l => new { l.ServiceId, l.ResourceName }, "ix_registered_limits_no_region").IsUnique().HasFilter("region_id IS NULL");
        limit.HasIndex(l => l.RegionId);
        limit.HasOne<Service>().WithMany().HasForeignKey(l => l.ServiceId).OnDelete(DeleteBehavior.Restrict);
    });
}
