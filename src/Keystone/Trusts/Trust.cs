using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Trusts;

/// <summary>
/// A user (the trustor) lets another (the trustee) act with some of their roles on a project. Upstream: identity api-ref, "Trusts" (OS-TRUST).
/// <list type="bullet">
/// <item>With <see cref="Impersonation"/> tokens show the trustor as their user, else the trustee.</item>
/// <item>Tokens of a trust hold all its roles or are worth nothing: a role that the first trustor of the chain loses ends it.</item>
/// <item>A trust can be handed on, as often as <see cref="RedelegationCount"/> says; with it end those made from it.</item>
/// </list>
/// </summary>
public sealed class Trust
{
    public required string Id { get; set; }
    public required string TrustorUserId { get; set; }
    public required string TrusteeUserId { get; set; }
    public string? ProjectId { get; set; }
    public bool Impersonation { get; set; }
    /// <summary>Null: never.</summary>
    public DateTime? ExpiresAt { get; set; }
    /// <summary>Logins left; null: any number.</summary>
    public int? RemainingUses { get; set; }
    /// <summary>The trust from which this one was made.</summary>
    public string? RedelegatedTrustId { get; set; }
    /// <summary>How many more may follow each other after it; null as given by the client.</summary>
    public int? RedelegationCount { get; set; }
    public string Extra { get; set; } = Keystone.Extra.None;

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Trust>(trust =>
        {
            trust.ToTable("trusts");
            trust.HasKey(t => t.Id);
            trust.HasIndex(t => new { t.TrustorUserId, t.TrusteeUserId, t.ProjectId, t.Impersonation, t.ExpiresAt }).IsUnique();
            trust.HasIndex(t => t.TrusteeUserId);
            trust.HasIndex(t => t.ProjectId);
            trust.HasIndex(t => t.RedelegatedTrustId);
            trust.HasIndex(t => t.ExpiresAt);
        });
        // No foreign key to the role: a trust whose role is gone has to stay worthless, not to become one of fewer roles.
        model.Entity<TrustRole>(role =>
        {
            role.ToTable("trust_roles");
            role.HasKey(r => new { r.TrustId, r.RoleId });
            role.HasOne<Trust>().WithMany().HasForeignKey(r => r.TrustId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A role that a trust hands over.</summary>
public sealed class TrustRole
{
    public required string TrustId { get; set; }
    public required string RoleId { get; set; }
}
