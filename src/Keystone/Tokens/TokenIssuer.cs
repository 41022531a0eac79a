using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Trusts;

namespace Nephos.Keystone.Tokens;

/// <summary>Makes tokens for whom something has vouched. Upstream: <c>issue_token</c> in <c>keystone/token/provider.py</c>.</summary>
internal sealed class TokenIssuer(TokenLoader loader, TrustOperations trusts, TokenCache cache, ITokenFormat format, KeystoneSettings settings)
{
    /// <summary>The token's text and what it stands for; 401 when that is nothing: the user or the scope disabled, or no role on it.</summary>
    public async Task<(string Text, TokenModel Model)> IssueAsync(RequestContext context, AuthResult who, Scope scope, CancellationToken cancel)
    {
        context.Notes?.LoginOf(who.UserId);
        var audit = NewAuditId();
        var end = Earlier(Earlier(who.ExpiresAt ?? TokenInvalidation.Second(context.Now + settings.TokenExpiration), who.EndsAt), scope.EndsAt);
        var payload = new TokenPayload
        {
            UserId = who.UserId,
            Methods = TokenPayload.MethodsOf(who.Methods),
            ExpiresAt = format.WholeSeconds ? TokenInvalidation.Second(end) : end,
            AuditIds = who.ChainId is null ? [audit] : [audit, who.ChainId],
            ProjectId = scope.ProjectId,
            DomainId = scope.DomainId,
            System = scope.System,
            TrustId = scope.TrustId,
            Federation = who.Federation,
            AccessTokenId = who.AccessTokenId,
            ApplicationCredentialId = who.ApplicationCredentialId,
            Thumbprint = who.Thumbprint,
        };
        var changes = cache.Changes;
        var issuedAt = await loader.IssueTimeAsync(payload, context.Now, cancel);
        var model = await loader.LoadNewAsync(payload, issuedAt, cancel) ?? throw (scope.TrustId is null ? Faults.Unauthorized() : Faults.Forbidden());
        // Requests signed with keys that a trust made count as no login, as upstream has it.
        if (scope.TrustId is { } trust && payload.Methods != 0 && !await trusts.UseAsync(trust)) { throw new ForbiddenError($"No remaining uses for trust: {trust}."); }
        var text = format.Write(payload, issuedAt);
        cache.Keep(text, model, changes);
        context.Notes?.Login(model.Identity.UserId, model.Identity.UserName, model.Identity.UserDomainId, model.Identity.UserDomainName);
        return (text, model);
    }

    private static DateTime Earlier(DateTime one, DateTime? other) => other < one ? other.Value : one;

    /// <summary>16 random bytes in URL-safe Base64, as upstream's <c>random_urlsafe_str</c>.</summary>
    private static string NewAuditId() => System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(16));
}
