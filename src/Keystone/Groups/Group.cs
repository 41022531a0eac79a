using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Groups;

/// <summary>Users who get roles together. Upstream: identity api-ref, "Groups". Names are unique within the domain.</summary>
public sealed class Group
{
    public required string Id { get; set; }
    public required string DomainId { get; set; }
    public required string Name { get; set; }
    public string Description { get; set; } = "";
    public string Extra { get; set; } = Keystone.Extra.None;
    /// <summary>As of a user: null is our own.</summary>
    public string? Source { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Group>(group =>
        {
            group.ToTable("groups");
            group.HasKey(g => g.Id);
            group.HasIndex(g => new { g.DomainId, g.Name }).IsUnique().HasFilter("source IS NULL");
            group.HasIndex(g => g.Name);
            group.HasIndex(g => new { g.DomainId, g.Id });
        });
        model.Entity<Membership>(membership =>
        {
            membership.ToTable("memberships");
            membership.HasKey(m => new { m.UserId, m.GroupId });
            membership.HasIndex(m => new { m.GroupId, m.UserId });
            membership.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
            membership.HasOne<Group>().WithMany().HasForeignKey(m => m.GroupId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A user in a group.</summary>
public sealed class Membership
{
    public required string UserId { get; set; }
    public required string GroupId { get; set; }
}
