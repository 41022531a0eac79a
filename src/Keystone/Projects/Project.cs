using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Projects;

/// <summary>
/// A project: what owns servers, networks, images. Upstream: identity api-ref, "Projects".
/// <list type="bullet">
/// <item>A domain is the row with <see cref="IsDomain"/>; its <see cref="DomainId"/> is <see cref="RootDomain"/>, as in upstream's tables, so that names of domains are unique by
/// the same index that keeps names of projects unique within their domain.</item>
/// <item><see cref="ParentId"/> of a project at the top is its domain's id; of a domain it is null.</item>
/// </list>
/// </summary>
public sealed class Project
{
    /// <summary>Upstream's <c>NULL_DOMAIN_ID</c>: the domain of domains, never shown.</summary>
    public const string RootDomain = "<<keystone.domain.root>>";

    public required string Id { get; set; }
    public required string DomainId { get; set; }
    public required string Name { get; set; }
    public string Description { get; set; } = "";
    public bool Enabled { get; set; } = true;
    public bool IsDomain { get; set; }
    public string? ParentId { get; set; }
    /// <summary>JSON object; <c>immutable</c> is the only option there is.</summary>
    public string Options { get; set; } = Keystone.Extra.None;
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Project>(project =>
        {
            project.ToTable("projects");
            project.HasKey(p => p.Id);
            project.HasIndex(p => new { p.DomainId, p.Name }).IsUnique();
            project.HasIndex(p => p.ParentId);
            project.HasIndex(p => p.Name);
            project.HasIndex(p => new { p.DomainId, p.Id });
        });
        model.Entity<ProjectTag>(tag =>
        {
            tag.ToTable("project_tags");
            tag.HasKey(t => new { t.ProjectId, t.Name });
            tag.HasIndex(t => t.Name);
            tag.HasOne<Project>().WithMany().HasForeignKey(t => t.ProjectId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A word by which projects are found.</summary>
public sealed class ProjectTag
{
    public required string ProjectId { get; set; }
    public required string Name { get; set; }
}
