using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Users;

/// <summary>
/// A person or a program that logs in. Upstream: identity api-ref, "Users".
/// <list type="bullet">
/// <item>Names are unique within the domain, but for users who came through an identity provider: those have the name that it gave them. The domain never changes.</item>
/// <item><c>description</c> and <c>email</c> are no attributes of ours, they are kept in <see cref="Extra"/>, as upstream does.</item>
/// </list>
/// </summary>
public sealed class User
{
    public required string Id { get; set; }
    public required string DomainId { get; set; }
    public required string Name { get; set; }
    public bool Enabled { get; set; } = true;
    /// <summary>The identity provider through which the user came first; null for users of our own. Who looks for a user by name wants one of our own.</summary>
    public string? IdpId { get; set; }
    public string? DefaultProjectId { get; set; }
    /// <summary>JSON object of upstream's user options (<c>lock_password</c>, <c>multi_factor_auth_rules</c>, ...).</summary>
    public string Options { get; set; } = Keystone.Extra.None;
    public string Extra { get; set; } = Keystone.Extra.None;
    public required DateTime CreatedAt { get; set; }
    /// <summary>The day of the last login, for accounts that end by inactivity. Null: never.</summary>
    public DateTime? LastActiveAt { get; set; }
    /// <summary>Failed logins by password since the last good one; counted only where there is a lockout.</summary>
    public int FailedAuthCount { get; set; }
    public DateTime? FailedAuthAt { get; set; }
    /// <summary>Null: of our own database. Else where it comes from, and the row only says what was seen there last (<see cref="Ldap.ShadowRows"/>).</summary>
    public string? Source { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<User>(user =>
        {
            user.ToTable("users");
            user.HasKey(u => u.Id);
            user.HasIndex(u => new { u.DomainId, u.Name }).IsUnique().HasFilter("source IS NULL AND idp_id IS NULL");
            user.HasIndex(u => u.Name);
            user.HasIndex(u => new { u.DomainId, u.Id });
            user.HasIndex(u => u.DefaultProjectId);
        });
        model.Entity<Password>(password =>
        {
            password.ToTable("passwords");
            password.HasKey(p => p.Id);
            password.Property(p => p.Id).ValueGeneratedOnAdd();
            password.HasIndex(p => new { p.UserId, p.Id });
            password.HasOne<User>().WithMany().HasForeignKey(p => p.UserId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A password's hash. The newest of a user counts, older ones are the history; a user without one cannot log in by password.</summary>
public sealed class Password
{
    public long Id { get; set; }
    public required string UserId { get; set; }
    /// <summary>In crypt's notation: <c>$2b$12$...</c>. Null: an administrator took the password away.</summary>
    public string? Hash { get; set; }
    public required DateTime CreatedAt { get; set; }
    /// <summary>Null: never.</summary>
    public DateTime? ExpiresAt { get; set; }
    /// <summary>The user chose it, not an administrator: only then a minimum age holds.</summary>
    public bool SelfService { get; set; }
}
