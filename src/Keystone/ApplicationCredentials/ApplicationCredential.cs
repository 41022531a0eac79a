using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.AccessRules;

namespace Nephos.Keystone.ApplicationCredentials;

/// <summary>
/// A name and a secret with which a program logs in as the user who made it, with some of that user's roles on one project. Upstream: identity api-ref, "Application credentials".
/// <list type="bullet">
/// <item>Names are unique for a user. Nothing of it ever changes.</item>
/// <item>Its roles count only as long as the user has them on the project.</item>
/// <item>With <see cref="AccessRule"/>s its tokens are good for these calls alone; every service holds to that (<see cref="Kernel.Auth.AccessRule"/>).</item>
/// </list>
/// </summary>
public sealed class ApplicationCredential
{
    public required string Id { get; set; }
    public required string UserId { get; set; }
    public required string ProjectId { get; set; }
    public required string Name { get; set; }
    public required string SecretHash { get; set; }
    public string? Description { get; set; }
    /// <summary>Null: never.</summary>
    public DateTime? ExpiresAt { get; set; }
    /// <summary>Whether its tokens may make and delete application credentials; null is no.</summary>
    public bool? Unrestricted { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<ApplicationCredential>(credential =>
        {
            credential.ToTable("application_credentials");
            credential.HasKey(c => c.Id);
            credential.HasIndex(c => new { c.UserId, c.Name }).IsUnique();
            credential.HasIndex(c => c.ProjectId);
        });
        model.Entity<ApplicationCredentialRole>(role =>
        {
            role.ToTable("application_credential_roles");
            role.HasKey(r => new { r.CredentialId, r.RoleId });
            role.HasIndex(r => r.RoleId);
            role.HasOne<ApplicationCredential>().WithMany().HasForeignKey(r => r.CredentialId).OnDelete(DeleteBehavior.Cascade);
            role.HasOne<Roles.Role>().WithMany().HasForeignKey(r => r.RoleId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ApplicationCredentialRule>(rule =>
        {
            rule.ToTable("application_credential_access_rules");
            rule.HasKey(r => new { r.CredentialId, r.AccessRuleId });
            rule.HasIndex(r => r.AccessRuleId);
            rule.HasOne<ApplicationCredential>().WithMany().HasForeignKey(r => r.CredentialId).OnDelete(DeleteBehavior.Cascade);
            rule.HasOne<AccessRule>().WithMany().HasForeignKey(r => r.AccessRuleId).OnDelete(DeleteBehavior.Restrict);
        });
    }
}

/// <summary>A role of a credential.</summary>
public sealed class ApplicationCredentialRole
{
    public required string CredentialId { get; set; }
    public required string RoleId { get; set; }
}

/// <summary>A rule of a credential. A rule in use cannot be deleted.</summary>
public sealed class ApplicationCredentialRule
{
    public required string CredentialId { get; set; }
    public required string AccessRuleId { get; set; }
}
