using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone;

/// <summary>
/// What goes with a user, a project or a role, where no foreign key sees to it: users may be of a directory, and have no row. Each call belongs into the transaction that deletes the thing, which also
/// says what tokens are worth.
/// </summary>
internal static class Dependents
{
    public static async Task OfUsersAsync(KeystoneDb db, IQueryable<string> ids)
    {
        await db.ApplicationCredentials.Where(c => ids.Contains(c.UserId)).ExecuteDeleteAsync();
        await db.AccessRules.Where(r => ids.Contains(r.UserId)).ExecuteDeleteAsync();
        await db.Credentials.Where(c => ids.Contains(c.UserId)).ExecuteDeleteAsync();
        await db.AccessTokens.Where(t => ids.Contains(t.AuthorizingUserId)).ExecuteDeleteAsync();
        await db.Trusts.Where(t => ids.Contains(t.TrustorUserId) || ids.Contains(t.TrusteeUserId)).ExecuteDeleteAsync();
    }

    public static async Task OfProjectsAsync(KeystoneDb db, IReadOnlyCollection<string> ids)
    {
        await db.ApplicationCredentials.Where(c => ids.Contains(c.ProjectId)).ExecuteDeleteAsync();
        await db.Credentials.Where(c => c.ProjectId != null && ids.Contains(c.ProjectId)).ExecuteDeleteAsync();
        await db.AccessTokens.Where(t => ids.Contains(t.ProjectId)).ExecuteDeleteAsync();
        await db.Trusts.Where(t => t.ProjectId != null && ids.Contains(t.ProjectId)).ExecuteDeleteAsync();
    }

    /// <summary>Application credentials of who has the role on their project: upstream ends them rather than let them go on with fewer rights.</summary>
    public static Task OfRoleAsync(KeystoneDb db, string id) =>
        db.ApplicationCredentials.Where(c => db.RoleAssignments.Any(a => a.RoleId == id && a.ActorId == c.UserId && a.TargetId == c.ProjectId)).ExecuteDeleteAsync();
}
