using Microsoft.EntityFrameworkCore;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>
/// A set of rules that ports use: what is allowed to and from them. Upstream: networking api-ref, "Security groups (security-groups)".
/// <list type="bullet">
/// <item>Each project has one group <c>default</c>, made when the project first touches Neutron (<see cref="DefaultGroups"/>). Nobody renames it; only an admin deletes it.</item>
/// <item>A group that a port uses stays.</item>
/// <item><c>stateful</c> can only change while no port uses the group. Nodes treat every group as stateful.</item>
/// </list>
/// </summary>
public sealed class SecurityGroup
{
    public const string DefaultName = "default";
    public const string DefaultDescription = "Default security group";

    public required string Id { get; set; }
    public required string ProjectId { get; set; }
    public required string Name { get; set; }
    public string? Description { get; set; } = "";
    public bool Stateful { get; set; } = true;
    /// <summary>The project's default group: at most one a project, kept so by a unique index.</summary>
    public bool IsDefault { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    /// <summary>Upstream's <c>revision_number</c>: grows with each change of the group and of its rules.</summary>
    public long Generation { get; set; } = 1;

    internal static void Map(ModelBuilder model)
    {
        model.Entity<SecurityGroup>(group =>
        {
            group.ToTable("security_groups");
            group.HasKey(g => g.Id);
            group.Property(g => g.Generation).HasColumnName("revision_number");
            group.HasIndex(g => new { g.ProjectId, g.Id }).HasDatabaseName("security_groups_by_project");
            group.HasIndex(g => g.ProjectId).IsUnique().HasFilter("is_default").HasDatabaseName("security_groups_default");
            group.HasIndex(g => g.Name).HasDatabaseName("security_groups_by_name");
        });
    }
}
