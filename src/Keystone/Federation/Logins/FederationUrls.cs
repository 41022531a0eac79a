using Nephos.Kernel.Api;

namespace Nephos.Keystone.Federation.Logins;

/// <summary>Our addresses as identity providers know them: under the cloud's public one, whatever name a request used.</summary>
internal sealed class FederationUrls(CloudFacts facts)
{
    public string V3 => facts.PublicUrl + "/identity/v3";
    public bool IsHttps => facts.PublicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    /// <summary>Where a browser's login begins, and where the identity provider sends it back to.</summary>
    public string Websso(string idpId, string protocolId) => $"{V3}/auth/OS-FEDERATION/identity_providers/{Uri.EscapeDataString(idpId)}/protocols/{Uri.EscapeDataString(protocolId)}/websso";

    /// <summary>Where programs log in.</summary>
    public string Auth(string idpId, string protocolId) => $"{V3}/OS-FEDERATION/identity_providers/{Uri.EscapeDataString(idpId)}/protocols/{Uri.EscapeDataString(protocolId)}/auth";
}
