using System.Net;
using Nephos.Kernel.Configuration;

namespace Nephos.Keystone.Federation;

/// <summary>What of federation can be chosen; the key <c>keystone.federation</c>. Upstream: <c>keystone/conf/federation.py</c>.</summary>
public sealed record FederationSettings
{
    [Setting("Addresses to which a web login may hand its token: exactly as the dashboard sends them as origin. Upstream: [federation] trusted_dashboard.", Example = "[https://cloud.example.com/auth/websso/]")]
    public IReadOnlyList<string> TrustedDashboards { get; init; } = [];

    [Setting("For how long after a login the groups that a mapping gave stay the user's beyond the token, where the identity provider does not say (authorization_ttl); 0 is not at all. Upstream: [federation] default_authorization_ttl.", Minimum = 0)]
    public TimeSpan DefaultAuthorizationTtl { get; init; }

    [Setting("The attribute of an assertion that names the identity provider, where the protocol does not say. Compared with the identity provider's remote_ids. Upstream: [federation] remote_id_attribute.", Example = "HTTP_OIDC_ISS")]
    public string? RemoteIdAttribute { get; init; }

    [Setting("Schema version of mappings that name none. Upstream: [federation] attribute_mapping_default_schema_version.", Allowed = ["1.0", "2.0", "3.0"])]
    public string MappingSchemaVersion { get; init; } = Mappings.MappingSchema.V1;

    [Setting("Networks of proxies in front (mod_shib, mod_auth_mellon, mod_auth_openidc) that authenticate users and send their attributes as headers. From these addresses headers are taken for an assertion: the proxy has to drop such headers of its clients. Empty: from nobody.", Example = "[127.0.0.1/32]")]
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    [Setting("Only headers whose variable (HTTP_OIDC_SUB for OIDC-sub) begins so are part of the assertion; empty takes all. Upstream: [federation] assertion_prefix.")]
    public string AssertionPrefix { get; init; } = "";

    /// <summary>For how long the groups of a login count beyond its token.</summary>
    internal TimeSpan TtlOf(IdentityProviders.IdentityProvider provider) => provider.AuthorizationTtl is { } minutes and > 0 ? TimeSpan.FromMinutes(minutes) : DefaultAuthorizationTtl;
}
