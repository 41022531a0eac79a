using System.Security.Cryptography;
using System.Text.Json;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>
/// What we have to remember of a login while its user is with the identity provider: encrypted with the key repository, with the browser (a cookie) or the client (SAML's RelayState), so that any
/// process can go on and nobody's half-finished logins fill a table.
/// </summary>
/// <param name="Id">Random; the browser brings it back in the address, and it must be that of its own cookie.</param>
/// <param name="Secret">OpenID: the nonce. SAML: the id of our request.</param>
/// <param name="Verifier">OpenID: the PKCE verifier.</param>
internal sealed record LoginState(string Id, string Idp, string Protocol, string? Origin, string Secret, string? Verifier)
{
    /// <summary>How long a user may take at the identity provider.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    public const string CookiePath = "/identity/v3/auth/OS-FEDERATION";

    public string CookieName => CookieOf(Id);

    public static string CookieOf(string id) => "nephos-login-" + id[..Math.Min(12, id.Length)];

    /// <summary>256 random bits for addresses.</summary>
    public static string Random() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public string Seal(FernetKeys keys, DateTime now) => keys.Current()[0].Encrypt(JsonSerializer.SerializeToUtf8Bytes(this), now);

    /// <summary>Null when it is none of ours, or too old.</summary>
    public static LoginState? Open(string? text, FernetKeys keys, DateTime now)
    {
        if (text is null || !FernetKey.TryDecode(text, out var bytes)) { return null; }
        foreach (var key in keys.Current())
        {
            if (!key.TryDecrypt(bytes, out var plain, out var issuedAt)) { continue; }
            if (now > issuedAt + Lifetime || plain.Length == 0 || plain[0] != (byte)'{') { return null; } // a token, for one, is no object
            return JsonSerializer.Deserialize<LoginState>(plain);
        }
        return null;
    }

    /// <summary>Scripts cannot read it. A SAML answer is a POST from elsewhere, to which browsers add only cookies that say they may be, and that only over TLS.</summary>
    public string Cookie(FernetKeys keys, DateTime now, bool https, bool crossSitePost) =>
        $"{CookieName}={Seal(keys, now)}; Path={CookiePath}; Max-Age={Lifetime.TotalSeconds:0}; HttpOnly{(https ? "; Secure" : "")}{(!crossSitePost ? "; SameSite=Lax" : https ? "; SameSite=None" : "")}";
}
