using Nephos.Kernel.Configuration;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>SAML2 on both sides; the key <c>keystone.saml</c>. Upstream has the identity provider's side (<c>keystone/conf/saml.py</c>) and leaves the other to mod_shib and mod_auth_mellon.</summary>
public sealed record SamlSettings
{
    [Setting("SAML2 identity providers, by the id of the identity provider in OS-FEDERATION.", Example = "{corp: {metadata_file: /etc/nephos/corp.xml}}")]
    public IReadOnlyDictionary<string, SamlProviderSettings> Providers { get; init; } = new Dictionary<string, SamlProviderSettings>();

    [Setting("Our name as a service provider.", DefaultText = "the cloud's address with /identity/v3/OS-FEDERATION/saml2/sp")]
    public string? SpEntityId { get; init; }

    [Setting("Certificate that identity providers encrypt to, PEM.", DefaultText = "saml/sp-certificate.pem in the state directory, made when first needed")]
    public string? SpCertificateFile { get; init; }

    [Setting("Its RSA key, PEM.", DefaultText = "saml/sp-key.pem in the state directory, made when first needed")]
    public string? SpKeyFile { get; init; }

    [Setting("How far the clocks of identity providers may differ from ours.", Minimum = 0, Maximum = 600)]
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromMinutes(1);

    [Setting("How long our own assertions are good for (Keystone-to-Keystone). Upstream: [saml] assertion_expiration_time.", Minimum = 1)]
    public TimeSpan AssertionExpirationTime { get; init; } = TimeSpan.FromHours(1);

    [Setting("Certificate that goes with our own assertions, RSA or elliptic-curve, PEM. Upstream: [saml] certfile.", DefaultText = "saml/certificate.pem in the state directory, made when first needed")]
    public string? CertificateFile { get; init; }

    [Setting("Key that signs our own assertions, PEM. Upstream: [saml] keyfile.", DefaultText = "saml/key.pem in the state directory, made when first needed")]
    public string? KeyFile { get; init; }

    [Setting("Our name as an identity provider. Upstream: [saml] idp_entity_id.", DefaultText = "the cloud's address with /identity/v3/OS-FEDERATION/saml2/idp")]
    public string? IdpEntityId { get; init; }

    [Setting("Our single sign-on service in the metadata. Upstream: [saml] idp_sso_endpoint.", DefaultText = "the cloud's address with /identity/v3/OS-FEDERATION/saml2/sso")]
    public string? IdpSsoEndpoint { get; init; }

    [Setting("Language of the organization's names. Upstream: [saml] idp_lang.")]
    public string IdpLang { get; init; } = "en";

    [Setting("Our organization in the metadata; none leaves it out. Upstream: [saml] idp_organization_name.", Example = "Example")]
    public string? IdpOrganizationName { get; init; }

    [Setting("How it is shown. Upstream: [saml] idp_organization_display_name.", Example = "Example, Inc.")]
    public string? IdpOrganizationDisplayName { get; init; }

    [Setting("Its address. Upstream: [saml] idp_organization_url.", Example = "https://example.com/")]
    public string? IdpOrganizationUrl { get; init; }
}

/// <summary>One SAML2 identity provider.</summary>
public sealed record SamlProviderSettings
{
    [Setting("The identity provider's protocol that this is for.")]
    public string Protocol { get; init; } = "saml2";

    [Setting("File with its SAML2 metadata: name, addresses and certificates.")]
    public string MetadataFile { get; init; } = "";

    [Setting("Its name, when the metadata are of several. None: the only one.")]
    public string? EntityId { get; init; }

    [Setting("Take assertions that we did not ask for, as those of Keystone-to-Keystone are.")]
    public bool AllowUnsolicited { get; init; }

    [Setting("Refuse assertions that do not name us as their audience. Those of upstream's Keystone-to-Keystone name nobody, only the address that they are for.")]
    public bool RequireAudience { get; init; } = true;
}
