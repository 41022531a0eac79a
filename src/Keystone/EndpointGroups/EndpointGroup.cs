using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.EndpointGroups;

/// <summary>
/// Endpoints that have something in common, so that they can be given to projects together. Upstream: identity api-ref, "OS-EP-FILTER". A project that has any endpoint, itself or through a group,
/// sees only those in its catalog.
/// </summary>
public sealed class EndpointGroup
{
    public required string Id { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; }
    /// <summary>JSON object; each of <c>service_id</c>, <c>region_id</c>, <c>interface</c> that is named must be equal.</summary>
    public required string Filters { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<EndpointGroup>(group =>
        {
            group.ToTable("endpoint_groups");
            group.HasKey(g => g.Id);
            group.HasIndex(g => g.Name);
        });
        model.Entity<ProjectEndpointGroup>(member =>
        {
            member.ToTable("project_endpoint_groups");
            member.HasKey(m => new { m.ProjectId, m.EndpointGroupId });
            member.HasIndex(m => m.EndpointGroupId);
            member.HasOne<EndpointGroup>().WithMany().HasForeignKey(m => m.EndpointGroupId).OnDelete(DeleteBehavior.Cascade);
            member.HasOne<Project>().WithMany().HasForeignKey(m => m.ProjectId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A project that has the endpoints of a group.</summary>
public sealed class ProjectEndpointGroup
{
    public required string ProjectId { get; set; }
    public required string EndpointGroupId { get; set; }
}
