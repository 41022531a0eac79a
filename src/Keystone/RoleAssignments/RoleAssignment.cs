using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>
/// A role that a user or group has on a project, a domain or the system. Upstream: identity api-ref, "Role assignments". Actors and targets are no foreign keys: each is one of
/// several tables; who deletes one deletes its assignments in the same transaction.
/// </summary>
public sealed class RoleAssignment
{
    public const string User = "user", Group = "group", Project = "project", Domain = "domain", System = "system";
    /// <summary>Target of all system assignments.</summary>
    public const string WholeSystem = "system";

    /// <summary><c>user</c> or <c>group</c>.</summary>
    public required string ActorType { get; set; }
    public required string ActorId { get; set; }
    /// <summary><c>project</c>, <c>domain</c> or <c>system</c>.</summary>
    public required string TargetType { get; set; }
    public required string TargetId { get; set; }
    public required string RoleId { get; set; }
    /// <summary>Holds on the projects below the target, not on the target itself (OS-INHERIT).</summary>
    public bool Inherited { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<RoleAssignment>(assignment =>
    {
        assignment.ToTable("role_assignments");
        assignment.HasKey(a => new { a.ActorId, a.TargetId, a.RoleId, a.Inherited, a.ActorType, a.TargetType });
        assignment.HasIndex(a => a.TargetId);
        assignment.HasIndex(a => a.RoleId);
        assignment.HasOne<Role>().WithMany().HasForeignKey(a => a.RoleId).OnDelete(DeleteBehavior.Cascade);
    });
}
