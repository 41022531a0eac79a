using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>A small OpenID provider behind the back channel: metadata, keys, codes, introspection and userinfo, with real signatures. The browser's part is the test's.</summary>
internal sealed class FakeOpenIdProvider(TimeProvider clock, string issuer = FakeOpenIdProvider.Issuer) : HttpMessageHandler
{
    public const string Issuer = "https://op.example.com", ClientId = "cloud", Secret = "s3 cret";
    private readonly Dictionary<string, (string Challenge, Dictionary<string, object> Claims)> _codes = [];
    private RSA _key = RSA.Create(2048);
    private int _keyNumber = 1;

    public Dictionary<string, object> Userinfo { get; set; } = [];
    public string? Active { get; set; }
    public int MetadataAsked { get; private set; }

    /// <summary>Who may log in by password, and the subject that it is.</summary>
    public Dictionary<string, string> Passwords { get; } = [];

    public void ChangeKey() => (_key, _keyNumber) = (RSA.Create(2048), _keyNumber + 1);

    /// <summary>A token; claims over the usual ones, null takes one away.</summary>
    public string Token(Dictionary<string, object?>? claims = null, string algorithm = SecurityAlgorithms.RsaSha256, RSA? key = null, string? keyId = null, int seconds = 300)
    {
        var now = clock.GetUtcNow();
        var all = new Dictionary<string, object?> { ["iss"] = issuer, ["aud"] = ClientId, ["sub"] = "subject-1", ["iat"] = now.ToUnixTimeSeconds(), ["exp"] = now.ToUnixTimeSeconds() + seconds };
        foreach (var (name, value) in claims ?? []) { all[name] = value; }
        var payload = JsonSerializer.Serialize(all.Where(c => c.Value is not null).ToDictionary());
        var handler = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false };
        if (algorithm == "none") { return handler.CreateToken(payload); }
        if (algorithm == SecurityAlgorithms.HmacSha256) { return handler.CreateToken(payload, new SigningCredentials(new SymmetricSecurityKey(_key.ExportSubjectPublicKeyInfo()) { KeyId = Kid }, algorithm)); }
        return handler.CreateToken(payload, new SigningCredentials(new RsaSecurityKey(key ?? _key) { KeyId = keyId ?? Kid }, algorithm));
    }

    /// <summary>What the provider does when the user has logged in: a code that goes with the request.</summary>
    public string Code(Uri authorize, Dictionary<string, object?>? claims = null)
    {
        var query = QueryHelpers.ParseQuery(authorize.Query);
        var code = Nephos.Kernel.Ids.NewId.Hex();
        var all = new Dictionary<string, object> { ["nonce"] = query["nonce"].ToString() };
        foreach (var (name, value) in claims ?? []) { all[name] = value!; }
        _codes[code] = (query["code_challenge"].ToString(), all);
        return code;
    }

    /// <summary>A code that the user got in the browser for a program without PKCE.</summary>
    public string Code(string subject)
    {
        var code = Nephos.Kernel.Ids.NewId.Hex();
        _codes[code] = ("", new Dictionary<string, object> { ["sub"] = subject });
        return code;
    }

    private string Kid => "key-" + _keyNumber;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var form = request.Content is null ? [] : QueryHelpers.ParseQuery(await request.Content.ReadAsStringAsync(cancellationToken)).ToDictionary(f => f.Key, f => f.Value.ToString());
        // Programs by requests do not encode the secret.
        var isClient = new[] { Secret, Uri.EscapeDataString(Secret) }.Any(s => request.Headers.Authorization?.Parameter == Convert.ToBase64String(Encoding.UTF8.GetBytes($"{ClientId}:{s}")));
        object? answer = request.RequestUri!.AbsolutePath switch
        {
            "/.well-known/openid-configuration" => Metadata(),
            "/jwks" => new { keys = new[] { Jwk() } },
            "/token" when isClient => form["grant_type"] switch
            {
                "password" when Passwords.TryGetValue(form["username"], out var password) && form["password"] == password => Grant(form["username"]),
                "client_credentials" => Grant("service-" + ClientId),
                "authorization_code" => Exchange(form),
                _ => null,
            },
            "/introspect" when isClient && form["token"] == Active => new { active = true, iss = issuer, client_id = ClientId, sub = "opaque-1", groups = new[] { "a", "b" } },
            "/introspect" when isClient => new { active = false },
            "/userinfo" when request.Headers.Authorization?.Scheme == "Bearer" => Userinfo,
            _ => null,
        };
        return answer is null ? new HttpResponseMessage(HttpStatusCode.BadRequest) : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(JsonSerializer.Serialize(answer), Encoding.UTF8, "application/json") };
    }

    private object Metadata()
    {
        MetadataAsked++;
        return new { issuer, authorization_endpoint = issuer + "/authorize", token_endpoint = issuer + "/token", jwks_uri = issuer + "/jwks", introspection_endpoint = issuer + "/introspect", userinfo_endpoint = issuer + "/userinfo" };
    }

    private object Jwk()
    {
        var parameters = _key.ExportParameters(false);
        return new { kty = "RSA", use = "sig", kid = Kid, n = Base64UrlEncoder.Encode(parameters.Modulus), e = Base64UrlEncoder.Encode(parameters.Exponent) };
    }

    private object Grant(string subject) => new { access_token = Token(new() { ["sub"] = subject }), token_type = "Bearer" };

    /// <summary>A code is good once, and for whom knows the verifier.</summary>
    private object? Exchange(Dictionary<string, string> form)
    {
        if (!_codes.Remove(form["code"], out var code)) { return null; }
        if (code.Challenge.Length == 0) { return Grant((string)code.Claims["sub"]); }
        if (Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"]))) != code.Challenge) { return null; }
        return new { access_token = "opaque", token_type = "Bearer", id_token = Token(code.Claims.ToDictionary(c => c.Key, c => (object?)c.Value)) };
    }
}
