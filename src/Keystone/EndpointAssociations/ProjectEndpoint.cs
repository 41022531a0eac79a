using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Projects;
using Nephos.Keystone.ServiceEndpoints;

namespace Nephos.Keystone.EndpointAssociations;

/// <summary>An endpoint that a project has in its catalog. Upstream: identity api-ref, "OS-EP-FILTER". A project without any has all.</summary>
public sealed class ProjectEndpoint
{
    public required string ProjectId { get; set; }
    public required string EndpointId { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ProjectEndpoint>(member =>
    {
        member.ToTable("project_endpoints");
        member.HasKey(m => new { m.ProjectId, m.EndpointId });
        member.HasIndex(m => m.EndpointId);
        member.HasOne<ServiceEndpoint>().WithMany().HasForeignKey(m => m.EndpointId).OnDelete(DeleteBehavior.Cascade);
        member.HasOne<Project>().WithMany().HasForeignKey(m => m.ProjectId).OnDelete(DeleteBehavior.Cascade);
    });
}
