using Nephos.Kernel.Configuration;

namespace Nephos.Keystone.Federation.Oidc;

/// <summary>OpenID Connect; the key <c>keystone.oidc</c>. Upstream leaves it to mod_auth_openidc.</summary>
public sealed record OidcSettings
{
    [Setting("OpenID providers, by the id of the identity provider in OS-FEDERATION.", Example = "{corp: {issuer: https://login.example.com, client_id: cloud, client_secret: SECRET}}")]
    public IReadOnlyDictionary<string, OidcProviderSettings> Providers { get; init; } = new Dictionary<string, OidcProviderSettings>();
}

/// <summary>One OpenID provider.</summary>
public sealed record OidcProviderSettings
{
    [Setting("The identity provider's protocol that this is for.")]
    public string Protocol { get; init; } = "openid";

    [Setting("The provider's issuer, exactly as in its tokens. Its metadata are looked for below it (.well-known/openid-configuration). Https, but for this machine.")]
    public string Issuer { get; init; } = "";

    [Setting("File of the authorities (PEM) of which one must have signed the provider's TLS certificate, in place of the system's.", Example = "/etc/nephos/corp-ca.pem")]
    public string? CaFile { get; init; }

    [Setting("Our name at the provider.")]
    public string ClientId { get; init; } = "";

    [Setting("Our secret at the provider; none for a public client.", Secret = true)]
    public string? ClientSecret { get; init; }

    [Setting("What a login by the browser asks for.")]
    public IReadOnlyList<string> Scopes { get; init; } = ["openid", "email", "profile"];

    [Setting("Audiences of which a bearer token must name one; empty: the client_id.")]
    public IReadOnlyList<string> Audiences { get; init; } = [];

    [Setting("Ask the provider's userinfo for claims that the token does not have.")]
    public bool Userinfo { get; init; }

    [Setting("Ask the provider about bearer tokens that are no JWT (RFC 7662).")]
    public bool Introspection { get; init; }

    [Setting("Before each claim's name in mappings: OIDC-email, and HTTP_OIDC_EMAIL. As mod_auth_openidc's OIDCClaimPrefix.")]
    public string ClaimPrefix { get; init; } = "OIDC-";

    [Setting("The claim that is the user's name where the mapping gives none.")]
    public string RemoteUserClaim { get; init; } = "sub";

    [Setting("How far the clocks may differ.", Minimum = 0, Maximum = 600)]
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(1);
}
