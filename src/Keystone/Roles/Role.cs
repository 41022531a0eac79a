using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Roles;

/// <summary>
/// A right by name, which policies ask for. Upstream: identity api-ref, "Roles". A role of a domain (<see cref="DomainId"/>) has its name for itself and
/// shows in no token: it only stands for the roles that it implies.
/// </summary>
public sealed class Role
{
    /// <summary>Upstream's <c>NULL_DOMAIN_ID</c> of roles, so that the unique index also covers the cloud's own.</summary>
    public const string NoDomain = "<<null>>";

    public required string Id { get; set; }
    public required string Name { get; set; }
    public string DomainId { get; set; } = NoDomain;
    public string? Description { get; set; }
    public string Options { get; set; } = Keystone.Extra.None;
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Role>(role =>
        {
            role.ToTable("roles");
            role.HasKey(r => r.Id);
            role.HasIndex(r => new { r.Name, r.DomainId }).IsUnique();
        });
        model.Entity<ImpliedRole>(implied =>
        {
            implied.ToTable("implied_roles");
            implied.HasKey(i => new { i.PriorRoleId, i.ImpliedRoleId });
            implied.HasIndex(i => i.ImpliedRoleId);
            implied.HasOne<Role>().WithMany().HasForeignKey(i => i.PriorRoleId).OnDelete(DeleteBehavior.Cascade);
            implied.HasOne<Role>().WithMany().HasForeignKey(i => i.ImpliedRoleId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>Who has the first role has the second too.</summary>
public sealed class ImpliedRole
{
    public required string PriorRoleId { get; set; }
    public required string ImpliedRoleId { get; set; }
}
