using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.Federation.Protocols;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Federation.FederatedUsers;

/// <summary>
/// What an identity provider calls a user of ours. Upstream: table <c>federated_user</c>. A user who came through federation first has one of these and no password ("shadow user"); an administrator
/// can give one to a user of our own, who may then log in either way.
/// </summary>
public sealed class FederatedUser
{
    public long Id { get; set; }
    public required string UserId { get; set; }
    public required string IdpId { get; set; }
    public required string ProtocolId { get; set; }
    /// <summary>The mapping's user id, quoted as in URLs.</summary>
    public required string UniqueId { get; set; }
    public required string DisplayName { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<FederatedUser>(federated =>
        {
            federated.ToTable("federated_users");
            federated.HasKey(f => f.Id);
            federated.Property(f => f.Id).ValueGeneratedOnAdd();
            federated.HasIndex(f => new { f.IdpId, f.ProtocolId, f.UniqueId }).IsUnique();
            federated.HasIndex(f => f.UserId);
            federated.HasIndex(f => f.DisplayName);
            federated.HasOne<User>().WithMany().HasForeignKey(f => f.UserId).OnDelete(DeleteBehavior.Cascade);
        });
        model.Entity<ExpiringMembership>(membership =>
        {
            membership.ToTable("expiring_memberships");
            membership.HasKey(m => new { m.UserId, m.GroupId, m.IdpId });
            membership.HasIndex(m => m.GroupId);
            membership.HasIndex(m => new { m.IdpId, m.LastVerified });
            membership.HasOne<User>().WithMany().HasForeignKey(m => m.UserId).OnDelete(DeleteBehavior.Cascade);
            membership.HasOne<Group>().WithMany().HasForeignKey(m => m.GroupId).OnDelete(DeleteBehavior.Cascade);
            membership.HasOne<IdentityProviders.IdentityProvider>().WithMany().HasForeignKey(m => m.IdpId).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>
/// A group that a mapping gave at the last login. Upstream: table <c>expiring_user_group_membership</c>. It counts beyond the token of that login (for application credentials and trusts of the user)
/// until the identity provider's <c>authorization_ttl</c> has passed.
/// </summary>
public sealed class ExpiringMembership
{
    public required string UserId { get; set; }
    public required string GroupId { get; set; }
    public required string IdpId { get; set; }
    public required DateTime LastVerified { get; set; }
    /// <summary>False once the time has passed, or at once where none is allowed; kept for the comparison with the next login.</summary>
    public bool Active { get; set; }
}
