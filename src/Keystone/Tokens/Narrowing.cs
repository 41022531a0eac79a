using Microsoft.EntityFrameworkCore;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.OAuth1;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Trusts;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// What makes a token worth less than its user: the application credential, the trust or the OAuth1 access token that it came by. A token of such is never taken for a plain one: when the thing is
/// gone, so is the token.
/// </summary>
internal sealed record Narrowing
{
    public ApplicationCredential? Credential { get; init; }
    /// <summary>None: every call.</summary>
    public IReadOnlyList<AccessRule> Rules { get; init; } = [];
    /// <summary>The trust first, and those it was made from.</summary>
    public List<Trust>? Trusts { get; init; }

    public AccessToken? AccessToken { get; init; }

    public Trust? Trust => Trusts?[0];

    /// <summary>Null when the token names something that is gone or over.</summary>
    public static async Task<Narrowing?> OfAsync(KeystoneDb db, TokenPayload payload, DateTime now)
    {
        if (payload.ApplicationCredentialId is { } credentialId)
        {
            var credential = await db.ApplicationCredentials.FirstOrDefaultAsync(c => c.Id == credentialId && c.UserId == payload.UserId);
            return credential is null ? null : new Narrowing { Credential = credential, Rules = await db.AccessRules.Where(a => db.ApplicationCredentialRules.Any(r => r.CredentialId == credentialId && r.AccessRuleId == a.Id)).OrderBy(a => a.Id).ToListAsync() };
        }
        if (payload.AccessTokenId is { } accessId)
        {
            var access = await db.AccessTokens.FirstOrDefaultAsync(t => t.Id == accessId && t.AuthorizingUserId == payload.UserId && t.ProjectId == payload.ProjectId);
            return access is null ? null : new Narrowing { AccessToken = access };
        }
        if (payload.TrustId is { } trustId)
        {
            // One whose last login is used up lives as long as its tokens.
            var trust = await db.Trusts.FirstOrDefaultAsync(t => t.Id == trustId && t.TrusteeUserId == payload.UserId && t.ProjectId == payload.ProjectId && (t.ExpiresAt == null || t.ExpiresAt >= now));
            return trust is not null && await TrustChain.AboveAsync(db, trust, now) is { } chain && await TrustChain.AgentsEnabledAsync(db, chain) ? new Narrowing { Trusts = chain } : null;
        }
        return new Narrowing();
    }

    /// <summary>The roles of a token on a project; null when a trust does not hold any more. Groups are those that a federated token carries.</summary>
    public async Task<List<RoleName>?> RolesAsync(KeystoneDb db, string userId, Project project, IReadOnlyList<string>? groups)
    {
        if (Trusts is not null) { return await TrustChain.RolesAsync(db, Trusts, project) is { } ids ? await EffectiveRoles.NamesAsync(db, ids) : null; }
        var roles = await EffectiveRoles.OnProjectAsync(db, userId, project, groups);
        if (Credential is not null)
        {
            var most = await db.ApplicationCredentialRoles.Where(r => r.CredentialId == Credential.Id).Select(r => r.RoleId).ToListAsync();
            roles.RemoveAll(role => !most.Contains(role.Id));
        }
        if (AccessToken is not null)
        {
            var most = EffectiveRoles.Close(AccessToken.RoleIds.Split(','), await db.ImpliedRoles.ToListAsync());
            roles.RemoveAll(role => !most.Contains(role.Id));
        }
        return roles;
    }
}
