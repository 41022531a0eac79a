using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Services;

namespace Nephos.Keystone.ServiceEndpoints;

/// <summary>An address of a service for one interface and region. Upstream: identity api-ref, "Endpoints".</summary>
public sealed class ServiceEndpoint
{
    public required string Id { get; set; }
    public required string ServiceId { get; set; }
    /// <summary><c>public</c>, <c>internal</c> or <c>admin</c>.</summary>
    public required string Interface { get; set; }
    public string? RegionId { get; set; }
    /// <summary>May hold <c>$(project_id)s</c> and the like, filled in when the catalog is shown.</summary>
    public required string Url { get; set; }
    public bool Enabled { get; set; } = true;
    /// <summary>Made and kept by the cloud itself: follows the public URL at each start.</summary>
    public bool Own { get; set; }
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model) => model.Entity<ServiceEndpoint>(endpoint =>
    {
        endpoint.ToTable("endpoints");
        endpoint.HasKey(e => e.Id);
        endpoint.HasIndex(e => e.ServiceId);
        endpoint.HasIndex(e => e.RegionId);
        endpoint.HasOne<Service>().WithMany().HasForeignKey(e => e.ServiceId).OnDelete(DeleteBehavior.Cascade);
    });
}
