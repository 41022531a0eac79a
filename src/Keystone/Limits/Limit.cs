using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.RegisteredLimits;

namespace Nephos.Keystone.Limits;

/// <summary>
/// How much of something one project, or one domain, may have in place of the registered default. Upstream: identity api-ref, "Unified Limits". Exactly one of <see cref="ProjectId"/> and
/// <see cref="DomainId"/> is set; a limit that names a project that acts as a domain is the domain's.
/// </summary>
public sealed class Limit
{
    public required string Id { get; set; }
    public required string RegisteredLimitId { get; set; }
    public string? ProjectId { get; set; }
    public string? DomainId { get; set; }
    /// <summary>-1: no limit.</summary>
    public required int ResourceLimit { get; set; }
    public string? Description { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<Limit>(limit =>
    {
        limit.ToTable("limits");
        limit.HasKey(l => l.Id);
        limit.HasIndex(l => new { l.RegisteredLimitId, l.ProjectId }).IsUnique();
        limit.HasIndex(l => new { l.RegisteredLimitId, l.DomainId }).IsUnique();
        limit.HasIndex(l => l.ProjectId);
        limit.HasIndex(l => l.DomainId);
        limit.HasOne<RegisteredLimit>().WithMany().HasForeignKey(l => l.RegisteredLimitId).OnDelete(DeleteBehavior.Restrict);
    });
}
