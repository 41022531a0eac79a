using Nephos.Kernel.Errors;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>
/// By a token that one has, for another scope. Upstream: <c>keystone/auth/plugins/token.py</c>. The new token is part of the old one's chain and ends with it. Tokens that somebody else's rights
/// are in (trusts, OAuth) beget none, and that of an application credential none with a scope of its own.
/// </summary>
internal sealed class TokenMethod(TokenValidator validator, KeystoneSettings settings) : IAuthMethod
{
    public string Name => "token";

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        // 404, as upstream: who brings a token knows it already, so that there is nothing to hide, and clients tell a dead token from a wrong password by it.
        var token = await validator.FindAsync(attempt.Request.Identity.Token!.Id, TimeSpan.Zero, cancel) ?? throw new NotFoundError("Failed to validate token");
        var payload = token.Payload;
        EnsureAllowed(payload, attempt.Request.Scope);
        return new AuthResult(payload.UserId)
        {
            Methods = payload.MethodList,
            ExpiresAt = payload.ExpiresAt,
            ChainId = payload.ChainId,
            ApplicationCredentialId = payload.ApplicationCredentialId,
            Federation = payload.Federation,
            UserOptions = token.UserOptions,
        };
    }

    private void EnsureAllowed(TokenPayload payload, System.Text.Json.JsonElement? scope)
    {
        bool Asks(string name) => scope is { ValueKind: System.Text.Json.JsonValueKind.Object } asked && asked.TryGetProperty(name, out _);
        if (payload.AccessTokenId is not null) { throw Faults.Forbidden("Using OAuth-scoped token to create another token. Create a new OAuth-scoped token instead"); }
        if (payload.TrustId is not null) { throw Faults.Forbidden("Using trust-scoped token to create another token. Create a new trust-scoped token instead"); }
        if (payload.System is not null && (Asks("project") || Asks("domain"))) { throw Faults.Forbidden("Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed."); }
        if (payload.ApplicationCredentialId is not null && scope is { ValueKind: not System.Text.Json.JsonValueKind.Null }) { throw Faults.Forbidden("Using an application credential token to create a scoped token is not allowed."); }
        if (!settings.Auth.AllowRescopeScopedToken && (payload.ProjectId ?? payload.DomainId ?? payload.System) is not null) { throw Faults.Forbidden("rescope a scoped token"); }
    }
}
