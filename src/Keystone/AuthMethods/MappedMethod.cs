using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>
/// By what an identity provider says. Upstream: <c>keystone/auth/plugins/mapped.py</c>, which is also registered as <c>saml2</c> and <c>openid</c>. The payload is either a federated token to be scoped
/// (<c>{"id": ...}</c>), or names identity provider and protocol, with the assertion in headers of a trusted proxy. Tokens say <c>mapped</c> whatever the name.
/// </summary>
internal sealed class MappedMethod(string name, TokenValidator validator, FederatedLogin logins, ProxyStatements proxies) : IAuthMethod
{
    public const string Mapped = "mapped";
    public static readonly IReadOnlyList<string> Names = [Mapped, "saml2", "openid"];

    public string Name => name;

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        if (attempt.Payload.ValueKind != JsonValueKind.Object) { throw Faults.Expecting(name, "identity"); }
        if (Text(attempt.Payload, "id") is { } token)
        {
            var model = await validator.FindAsync(token, TimeSpan.Zero, cancel) ?? throw new NotFoundError("Failed to validate token");
            if (model.Payload.Federation is not { } federation) { throw Faults.Unauthorized(); }
            return new AuthResult(model.Payload.UserId) { Methods = [Mapped], ExpiresAt = model.Payload.ExpiresAt, ChainId = model.Payload.ChainId, Federation = federation };
        }
        var provider = Text(attempt.Payload, "identity_provider") ?? throw Faults.Expecting("identity_provider", Mapped);
        var protocol = Text(attempt.Payload, "protocol") ?? throw Faults.Expecting("protocol", Mapped);
        await logins.FindAsync(provider, protocol);
        return await logins.LoginAsync(attempt.Context, provider, protocol, proxies.Read(attempt.Http) ?? throw Faults.Unauthorized());
    }

    private static string? Text(JsonElement payload, string member) => payload.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
