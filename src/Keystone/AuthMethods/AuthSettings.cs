using Nephos.Kernel.Configuration;

namespace Nephos.Keystone.AuthMethods;

/// <summary>Ways to log in, and what they need.</summary>
public sealed record AuthSettings
{
    [Setting("Ways to log in that are offered. Upstream: [auth] methods.", Allowed = ["external", "password", "token", "oauth1", "mapped", "application_credential", "totp"])]
    public IReadOnlyList<string> Methods { get; init; } = ["external", "password", "token", "oauth1", "mapped", "application_credential"];

    [Setting("Whether a token that has a scope may be exchanged for one with another. Upstream: [token] allow_rescope_scoped_token.")]
    public bool AllowRescopeScopedToken { get; init; } = true;

    [Setting("Most application credentials that a user may have; -1: any number. Upstream: [application_credential] user_limit.", Minimum = -1)]
    public int ApplicationCredentialUserLimit { get; init; } = -1;

    [Setting("How often a trust may be handed on. Upstream: [trust] max_redelegation_count.", Minimum = 0)]
    public int MaxRedelegationCount { get; init; } = 3;

    [Setting("How long the receipt of a login that lacks a further method is good for. Upstream: [receipt] expiration.", Minimum = 0, Maximum = 86400)]
    public TimeSpan ReceiptExpiration { get; init; } = TimeSpan.FromMinutes(5);

    [Setting("Half-minutes before the present one whose one-time password is taken too. Upstream: [totp] included_previous_windows.", Minimum = 0, Maximum = 10)]
    public int TotpIncludedPreviousWindows { get; init; } = 1;

    [Setting("Most credentials that a user may have; -1: any number. Upstream: [credential] user_limit.", Minimum = -1)]
    public int CredentialUserLimit { get; init; } = -1;

    [Setting("How old a signed EC2 or S3 request may be. Upstream: [credential] auth_ttl, in minutes.", Minimum = 0)]
    public TimeSpan CredentialAuthTtl { get; init; } = TimeSpan.FromMinutes(15);

    [Setting("How long a user has to authorize an OAuth1 request token; zero: for ever. Upstream: [oauth1] request_token_duration.", Minimum = 0)]
    public TimeSpan Oauth1RequestTokenDuration { get; init; } = TimeSpan.FromHours(8);

    [Setting("How long an OAuth1 access token is good for; zero: for ever. Upstream: [oauth1] access_token_duration.", Minimum = 0)]
    public TimeSpan Oauth1AccessTokenDuration { get; init; } = TimeSpan.FromHours(24);

    [Setting("Ways in which clients of OAuth2 say who they are. Upstream: [oauth2] oauth2_authn_methods.", Allowed = ["tls_client_auth", "client_secret_basic"])]
    public IReadOnlyList<string> Oauth2AuthnMethods { get; init; } = ["tls_client_auth", "client_secret_basic"];

    [Setting("Mapping whose rules the certificate of an OAuth2 client must fit. Upstream: [oauth2] oauth2_cert_dn_mapping_id.")]
    public string Oauth2CertDnMappingId { get; init; } = "oauth2_mapping";

    [Setting("Header in which a proxy hands on the certificate of a TLS client that it has checked, as URL-encoded PEM (nginx: $ssl_client_escaped_cert). The proxy must remove what clients send under this name. None: no certificates.", Example = "X-Ssl-Client-Cert")]
    public string? ClientCertificateHeader { get; init; }

    [Setting("Header in which a proxy hands on the name of a user that it has authenticated, for the method external (upstream: REMOTE_USER). The proxy must remove what clients send under this name. None: the method is of no use.", Example = "X-Remote-User")]
    public string? ExternalUserHeader { get; init; }

    [Setting("Header in which a proxy hands on the domain's name of that user (upstream: REMOTE_DOMAIN with [auth] external = Domain). None: the default domain.", Example = "X-Remote-Domain")]
    public string? ExternalDomainHeader { get; init; }

    [Setting("Format of new tokens. Tokens of the other are not read. Upstream: [token] provider.", Allowed = ["fernet", "jws"])]
    public string TokenProvider { get; init; } = "fernet";

    [Setting("How jws tokens are signed. Another algorithm needs another key: move jws-keys/private/private.pem away, and the next start makes one. Upstream: [jwt_tokens] jws_algorithm, where EdDSA is offered too.", Allowed = ["ES256", "ES384", "ES512"])]
    public string JwsAlgorithm { get; init; } = "ES256";

    [Setting("Signatures of jws tokens that are taken; for a change-over name the old and the new one. Upstream: [jwt_tokens] jws_accepted_algorithms.", Allowed = ["ES256", "ES384", "ES512"])]
    public IReadOnlyList<string> JwsAcceptedAlgorithms { get; init; } = ["ES256"];
}
