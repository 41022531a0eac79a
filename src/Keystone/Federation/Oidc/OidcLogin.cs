using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Nephos.Kernel.Api;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Oidc;

/// <summary>
/// OpenID Connect Core 1.0, as the relying party: the authorization-code flow of browsers, with state, nonce and PKCE (RFC 7636), and bearer tokens that programs got themselves. Claims become
/// attributes under the names that mod_auth_openidc gives them, so that mappings written for it work.
/// </summary>
internal sealed class OidcLogin(KeystoneSettings settings, OidcBackchannel backchannel, FederationUrls urls, UsedStatements used, FernetKeys keys, TimeProvider clock) : IDisposable
{
    private readonly Dictionary<string, OidcProvider> _providers = settings.Oidc.Providers.ToDictionary(p => p.Key, p => new OidcProvider(p.Value, backchannel, clock), StringComparer.Ordinal);

    /// <summary>The provider that is configured for it; null when there is none.</summary>
    public OidcProvider? Find(string idpId, string protocolId) => _providers.TryGetValue(idpId, out var provider) && provider.Settings.Protocol == protocolId ? provider : null;

    /// <summary>Identity providers whose browsers may log in by a protocol.</summary>
    public IEnumerable<string> Offers(string protocolId) => _providers.Where(p => p.Value.Settings.Protocol == protocolId).Select(p => p.Key);

    /// <summary>What a bearer token says; null when there is none, or it is not good.</summary>
    public async Task<Statement?> BearerAsync(Call call, OidcProvider provider)
    {
        if (!AuthenticationHeaderValue.TryParse(call.Http.Request.Headers.Authorization, out var given) || !"Bearer".Equals(given.Scheme, StringComparison.OrdinalIgnoreCase) || given.Parameter is not { Length: > 0 } token) { return null; }
        var audiences = provider.Settings.Audiences is { Count: > 0 } own ? own : [provider.Settings.ClientId];
        var claims = await provider.ValidateAsync(token, audiences, call.Cancel) ?? (provider.Settings.Introspection ? await IntrospectAsync(provider, token, audiences, call.Cancel) : null);
        return claims is { } known ? await StateAsync(provider, known, token, call.Cancel) : null;
    }

    /// <summary>Sends the browser to the provider.</summary>
    public async Task<Reply> StartAsync(Call call, OidcProvider provider, string idpId, string protocolId, string origin)
    {
        var authorize = await provider.EndpointAsync("authorization_endpoint", call.Cancel) ?? throw new Kernel.Errors.UnavailableError("The identity provider does not answer.");
        var state = new LoginState(LoginState.Random(), idpId, protocolId, origin, LoginState.Random(), LoginState.Random());
        var address = QueryHelpers.AddQueryString(authorize, new Dictionary<string, string?>
        {
            ["response_type"] = "code",
            ["client_id"] = provider.Settings.ClientId,
            ["redirect_uri"] = urls.Websso(idpId, protocolId),
            ["scope"] = string.Join(' ', provider.Settings.Scopes),
            ["state"] = state.Id,
            ["nonce"] = state.Secret,
            ["code_challenge"] = System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(state.Verifier!))),
            ["code_challenge_method"] = "S256",
        });
        return Reply.Empty(302).With("Location", address).With("Cache-Control", "no-store").With("Set-Cookie", state.Cookie(keys, call.Context.Now, urls.IsHttps, crossSitePost: false));
    }

    /// <summary>The browser is back: its state must be that of its own cookie and used once; then the code is exchanged for the id token, which must hold the nonce of this very login.</summary>
    public async Task<(Statement Statement, string Origin)> FinishAsync(Call call, OidcProvider provider, string idpId, string protocolId)
    {
        var id = call.Query["state"] ?? "";
        var state = LoginState.Open(call.Http.Request.Cookies[LoginState.CookieOf(id)], keys, call.Context.Now);
        if (state is null || state.Id != id || state.Idp != idpId || state.Protocol != protocolId || state.Origin is null) { throw Faults.Unauthorized(); }
        // RFC 9207: an answer that says who it is from must be from whom was asked.
        if (call.Query["iss"] is { } issuer && issuer != provider.Settings.Issuer) { throw Faults.Unauthorized(); }
        await used.UseAsync("oidc " + id, call.Context.Now + LoginState.Lifetime);
        if (call.Query["code"] is not { Length: > 0 } code) { throw Faults.Unauthorized(); } // the user said no, or the provider did
        var claims = await ExchangeAsync(provider, code, state, call.Cancel) ?? throw Faults.Unauthorized();
        return (claims, state.Origin);
    }

    private async Task<Statement?> ExchangeAsync(OidcProvider provider, string code, LoginState state, CancellationToken cancel)
    {
        var own = provider.Settings;
        var form = new Dictionary<string, string> { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = urls.Websso(state.Idp, state.Protocol), ["code_verifier"] = state.Verifier! };
        if (own.ClientSecret is null) { form["client_id"] = own.ClientId; }
        if (await provider.EndpointAsync("token_endpoint", cancel) is not { } endpoint) { return null; }
        if (await provider.AskAsync(HttpMethod.Post, endpoint, form, own.ClientSecret is { } secret ? OidcBackchannel.Basic(own.ClientId, secret) : null, cancel) is not { } answer) { return null; }
        if (Text(answer, "id_token") is not { } idToken || await provider.ValidateAsync(idToken, [own.ClientId], cancel) is not { } claims) { return null; }
        if (Text(claims, "nonce") is not { } nonce || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(nonce), Encoding.UTF8.GetBytes(state.Secret))) { return null; }
        // Core 3.1.3.7: who the token was made for, when it has several audiences.
        if (Text(claims, "azp") is { } party && party != own.ClientId) { return null; }
        return await StateAsync(provider, claims, Text(answer, "access_token"), cancel);
    }

    private async Task<JsonElement?> IntrospectAsync(OidcProvider provider, string token, IReadOnlyList<string> audiences, CancellationToken cancel)
    {
        var own = provider.Settings;
        if (own.ClientSecret is not { } secret || await provider.EndpointAsync("introspection_endpoint", cancel) is not { } endpoint) { return null; }
        var form = new Dictionary<string, string> { ["token"] = token, ["token_type_hint"] = "access_token" };
        if (await provider.AskAsync(HttpMethod.Post, endpoint, form, OidcBackchannel.Basic(own.ClientId, secret), cancel) is not { } claims) { return null; }
        if (!claims.TryGetProperty("active", out var active) || active.ValueKind != JsonValueKind.True) { return null; }
        if (Text(claims, "iss") is { } issuer && issuer != own.Issuer) { return null; }
        if (claims.TryGetProperty("exp", out var end) && (!end.TryGetInt64(out var seconds) || seconds is < 0 or > 253402300799 || !provider.IsInTime(null, DateTime.UnixEpoch.AddSeconds(seconds)))) { return null; }
        var named = claims.TryGetProperty("aud", out var audience) ? Values(audience) : Text(claims, "client_id") is { } client ? [client] : [];
        return named.Intersect(audiences, StringComparer.Ordinal).Any() ? claims : null;
    }

    private async Task<Statement> StateAsync(OidcProvider provider, JsonElement claims, string? accessToken, CancellationToken cancel)
    {
        var own = provider.Settings;
        var all = claims.EnumerateObject().ToDictionary(c => c.Name, c => c.Value, StringComparer.Ordinal);
        if (own.Userinfo && accessToken is not null && await provider.EndpointAsync("userinfo_endpoint", cancel) is { } endpoint
            && await provider.AskAsync(HttpMethod.Get, endpoint, null, new AuthenticationHeaderValue("Bearer", accessToken), cancel) is { } more
            // Core 5.3.4: it may be somebody else's.
            && Text(more, "sub") is { } subject && subject == Text(claims, "sub"))
        {
            foreach (var claim in more.EnumerateObject()) { all.TryAdd(claim.Name, claim.Value); }
        }
        var values = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (name, value) in all)
        {
            var attribute = own.ClaimPrefix + name;
            values[attribute] = Values(value);
            values["HTTP_" + new string([.. attribute.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToUpperInvariant(c) : '_')])] = values[attribute];
        }
        // The issuer is who signed, also where a claim says nothing of it (introspection).
        values[own.ClaimPrefix + "iss"] = values["HTTP_OIDC_ISS"] = [own.Issuer];
        var user = all.TryGetValue(own.RemoteUserClaim, out var named) && Values(named) is [var first, ..] ? first : null;
        if (user is not null) { values["REMOTE_USER"] = [user]; }
        return new Statement(new Assertion(values), own.Issuer, user);
    }

    private static IReadOnlyList<string> Values(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Array => [.. value.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.Array ? [item.GetRawText()] : Values(item))],
        JsonValueKind.String => [value.GetString()!],
        _ => [value.GetRawText()],
    };

    private static string? Text(JsonElement owner, string name) => owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public void Dispose()
    {
        foreach (var provider in _providers.Values) { provider.Dispose(); }
    }
}
