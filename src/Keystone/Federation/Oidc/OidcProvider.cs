using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.Oidc;

/// <summary>
/// What we know of an OpenID provider: its addresses and keys (OpenID Connect Discovery 1.0), got when first needed and again when old or when a token names a key that we do not have; and whether
/// a token is one of its. Only asymmetric signatures count: with a shared secret, or none, whoever has our secret could write tokens.
/// </summary>
internal sealed class OidcProvider(OidcProviderSettings settings, OidcBackchannel backchannel, TimeProvider clock) : IDisposable
{
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(1), RetryAfter = TimeSpan.FromSeconds(30);
    private readonly SemaphoreSlim _one = new(1, 1);
    private Metadata? _metadata;

    private sealed record Metadata(JsonElement Document, IReadOnlyList<SecurityKey> Keys, DateTime At);

    public OidcProviderSettings Settings => settings;

    /// <summary>An address of the provider's metadata; null when it has no such.</summary>
    public async Task<string?> EndpointAsync(string name, CancellationToken cancel) =>
        (await GetAsync(false, cancel)).Document.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && IsSafe(value.GetString()!) ? value.GetString() : null;

    /// <summary>Asks the provider something (<see cref="OidcBackchannel"/>).</summary>
    public Task<JsonElement?> AskAsync(HttpMethod method, string url, IReadOnlyDictionary<string, string>? form, AuthenticationHeaderValue? authorization, CancellationToken cancel) =>
        backchannel.AskAsync(settings.CaFile, method, url, form, authorization, cancel);

    /// <summary>The claims of a token of this provider; null when it is none, or has run out.</summary>
    public async Task<JsonElement?> ValidateAsync(string token, IReadOnlyList<string> audiences, CancellationToken cancel)
    {
        var handler = new JsonWebTokenHandler();
        if (Read(handler, token) is not { } read) { return null; }
        var keys = (await GetAsync(false, cancel)).Keys;
        // A key that we have not seen: the provider may have changed its keys.
        if (read.Kid is { Length: > 0 } kid && !keys.Any(k => k.KeyId == kid)) { keys = (await GetAsync(true, cancel)).Keys; }
        var result = await handler.ValidateTokenAsync(token, Rules(keys, audiences));
        return result.IsValid ? JsonSerializer.Deserialize<JsonElement>(Base64UrlEncoder.DecodeBytes(((JsonWebToken)result.SecurityToken).EncodedPayload)) : null;
    }

    private static JsonWebToken? Read(JsonWebTokenHandler handler, string token)
    {
        try { return handler.CanReadToken(token) ? handler.ReadJsonWebToken(token) : null; }
        catch (ArgumentException) { return null; } // of three parts, but no JSON in them
    }

    /// <summary>Whether a time claim is well; a token without an end is not.</summary>
    public bool IsInTime(DateTime? notBefore, DateTime? expires)
    {
        var now = clock.Now();
        return expires is { } end && now < end + settings.ClockSkew && (notBefore is not { } start || now >= start - settings.ClockSkew);
    }

    private TokenValidationParameters Rules(IReadOnlyList<SecurityKey> keys, IReadOnlyList<string> audiences) => new()
    {
        ValidIssuer = settings.Issuer,
        ValidAudiences = audiences,
        IssuerSigningKeys = keys,
        ValidAlgorithms = Algorithms,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        LifetimeValidator = (notBefore, expires, _, _) => IsInTime(notBefore, expires),
    };

    private async Task<Metadata> GetAsync(bool renew, CancellationToken cancel)
    {
        bool IsGood(Metadata? known) => known is not null && clock.Now() - known.At < (renew ? RetryAfter : Fresh);
        if (_metadata is { } known && IsGood(known)) { return known; }
        await _one.WaitAsync(cancel);
        try
        {
            if (_metadata is { } other && IsGood(other)) { return other; }
            return _metadata = await FetchAsync(cancel) ?? _metadata ?? throw new UnavailableError("The identity provider does not answer.");
        }
        finally { _one.Release(); }
    }

    private async Task<Metadata?> FetchAsync(CancellationToken cancel)
    {
        if (!IsSafe(settings.Issuer)) { return null; }
        if (await AskAsync(HttpMethod.Get, settings.Issuer.TrimEnd('/') + "/.well-known/openid-configuration", null, null, cancel) is not { } document) { return null; }
        // Discovery 4.3: the issuer of the document is the one that was asked for, or anybody could stand in.
        if (!document.TryGetProperty("issuer", out var issuer) || issuer.ValueKind != JsonValueKind.String || issuer.GetString() != settings.Issuer) { return null; }
        if (!document.TryGetProperty("jwks_uri", out var jwks) || jwks.ValueKind != JsonValueKind.String || !IsSafe(jwks.GetString()!)) { return null; }
        if (await AskAsync(HttpMethod.Get, jwks.GetString()!, null, null, cancel) is not { } keys) { return null; }
        try { return new Metadata(document, [.. new JsonWebKeySet(keys.GetRawText()).GetSigningKeys()], clock.Now()); }
        catch (ArgumentException) { return null; }
    }

    /// <summary>Over TLS, or on this machine.</summary>
    private static bool IsSafe(string url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    public void Dispose() => _one.Dispose();
}
