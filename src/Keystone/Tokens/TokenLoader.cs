using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Federation.ServiceProviders;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// From a token's payload to what it stands for: user, scope and roles as they are now. Null when it is worth nothing: user or scope gone or disabled, no role left in the scope, revoked. The
/// time of expiry is the caller's to check, since some may look at expired tokens.
/// </summary>
internal sealed class TokenLoader(Store<KeystoneDb> store, TokenCache cache, AccountRules accounts, TimeProvider clock)
{
    /// <summary>
    /// For a token that is being made. When one of the same user and scope is known to be good, all is known without a query: what changes users, scopes and roles drops it. A new token cannot have been
    /// revoked by its own name, and its time of issue is past what was (<see cref="IssueTimeAsync"/>). With other processes at the database the rows are read.
    /// </summary>
    public Task<TokenModel?> LoadNewAsync(TokenPayload payload, DateTime issuedAt, CancellationToken cancel) => store.Exclusive && cache.Alike(payload) is { } like
        ? Task.FromResult<TokenModel?>(like with { Payload = payload, Identity = like.Identity with { Methods = payload.MethodList, ExpiresAt = payload.ExpiresAt, IssuedAt = issuedAt, AuditIds = payload.AuditIds } })
        : LoadAsync(payload, issuedAt, cancel);

    public Task<TokenModel?> LoadAsync(TokenPayload payload, DateTime issuedAt, CancellationToken cancel) => store.ReadAsync(db => LoadAsync(db, payload, issuedAt), cancel);

    private async Task<TokenModel?> LoadAsync(KeystoneDb db, TokenPayload payload, DateTime issuedAt)
    {
        var now = clock.Now();
        if (payload.Federation is { } source && !await FederatedSource.IsUsableAsync(db, source)) { return null; }
        if (await Narrowing.OfAsync(db, payload, now) is not { } narrowing || await UserAsync(db, payload.UserId, now) is not { } login) { return null; }
        var trustor = narrowing.Trust is { } trust ? await UserAsync(db, trust.TrustorUserId, now) : null;
        if (narrowing.Trust is not null && trustor is null) { return null; }
        var (user, userDomain) = narrowing.Trust is { Impersonation: true } ? trustor!.Value : login;
        var identity = new Identity
        {
            UserId = user.Id,
            UserName = user.Name,
            UserDomainId = userDomain.Id,
            UserDomainName = userDomain.Name,
            Methods = payload.MethodList,
            ApplicationCredentialId = payload.ApplicationCredentialId,
            IsUnrestricted = narrowing.Credential is { Unrestricted: true },
            AccessRules = narrowing.Rules.Count > 0 ? [.. narrowing.Rules.Select(r => new AccessRule(r.Service, r.Method, r.Path))] : null,
            TrustId = payload.TrustId,
            OAuthAccessTokenId = payload.AccessTokenId,
            SystemScope = payload.System,
            ExpiresAt = payload.ExpiresAt,
            IssuedAt = issuedAt,
            AuditIds = payload.AuditIds,
        };
        List<RoleName> roles = [];
        Project? project = null;
        if (payload.ProjectId is not null)
        {
            project = await db.Projects.FirstOrDefaultAsync(p => p.Id == payload.ProjectId);
            if (project is not { Enabled: true }) { return null; }
            var domain = project.IsDomain ? project : await EnabledDomainAsync(db, project.DomainId);
            if (domain is null) { return null; }
            if (await narrowing.RolesAsync(db, payload.UserId, project, payload.Federation?.GroupIds) is not { } found) { return null; }
            roles = found;
            identity = identity with { ProjectId = project.Id, ProjectName = project.Name, ProjectDomainId = domain.Id, ProjectDomainName = domain.Name };
        }
        else if (payload.DomainId is not null)
        {
            if (await EnabledDomainAsync(db, payload.DomainId) is not { } domain) { return null; }
            roles = await EffectiveRoles.OnDomainAsync(db, user.Id, domain.Id, payload.Federation?.GroupIds);
            identity = identity with { DomainId = domain.Id, DomainName = domain.Name };
        }
        else if (payload.System is not null) { roles = await EffectiveRoles.OnSystemAsync(db, user.Id, payload.Federation?.GroupIds); }
        var model = new TokenModel
        {
            Payload = payload,
            Identity = identity with { Roles = [.. roles.Select(r => r.Name)], RoleIds = [.. roles.Select(r => r.Id)] },
            Roles = roles,
            PasswordExpiresAt = await db.Passwords.Where(p => p.UserId == user.Id).OrderByDescending(p => p.Id).Select(p => p.ExpiresAt).FirstOrDefaultAsync(),
            ServiceProviders = await ServiceProviderOperations.EnabledAsync(db),
            ProjectIsDomain = project is { IsDomain: true },
            Narrowing = narrowing,
            UserOptions = login.User.Options,
        };
        return (model.IsScoped && roles.Count == 0) || await LatestRevocationAsync(db, model) >= issuedAt ? null : model;
    }

    /// <summary>A user who may act, with the domain.</summary>
    private async Task<(User User, Project Domain)?> UserAsync(KeystoneDb db, string id, DateTime now)
    {
        var user = await db.Users.FirstOrDefaultAsync(u => u.Id == id);
        return user is not null && accounts.IsEnabled(user, now) && await EnabledDomainAsync(db, user.DomainId) is { } domain ? (user, domain) : null;
    }

    private static Task<Project?> EnabledDomainAsync(KeystoneDb db, string id) => db.Projects.FirstOrDefaultAsync(p => p.Id == id && p.IsDomain && p.Enabled);

    /// <summary>The time up to which tokens like this one are revoked; null when they never were.</summary>
    private static Task<DateTime?> LatestRevocationAsync(KeystoneDb db, TokenModel model)
    {
        var (identity, payload) = (model.Identity, model.Payload);
        var ids = new[] { payload.UserId, model.Narrowing.Trust?.TrustorUserId, identity.UserDomainId, payload.ProjectId, identity.ProjectDomainId, payload.DomainId, payload.AuditIds[0] }.OfType<string>().Distinct().ToList();
        var chain = payload.ChainId;
        return db.Revocations.Where(r => (r.Kind != Revocation.Chain && ids.Contains(r.Id)) || (r.Kind == Revocation.Chain && r.Id == chain)).MaxAsync(r => (DateTime?)r.IssuedBefore);
    }

    /// <summary>
    /// When a token of this user and scope has to say it was issued: now, or a second later when something it names was revoked within this very second. Times of issue are whole seconds, so a
    /// login right after a change of the password would otherwise be dead at birth.
    /// </summary>
    public async Task<DateTime> IssueTimeAsync(TokenPayload payload, DateTime now, CancellationToken cancel)
    {
        if (store.Exclusive && cache.IsAfterRevocations(TokenInvalidation.Second(now))) { return TokenInvalidation.Second(now); }
        var ids = new[] { payload.UserId, payload.ProjectId, payload.DomainId }.OfType<string>().ToList();
        if (store.Exclusive) { cache.StartCounting(await store.ReadAsync(db => db.Revocations.MaxAsync(r => (DateTime?)r.IssuedBefore), cancel) ?? DateTime.MinValue); }
        var revoked = await store.ReadAsync(db => db.Revocations.Where(r => ids.Contains(r.Id)).MaxAsync(r => (DateTime?)r.IssuedBefore), cancel);
        var second = TokenInvalidation.Second(now);
        return revoked >= second ? revoked.Value.AddSeconds(1) : second;
    }
}
