using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Nephos.Kernel.Api;
using Nephos.Keystone.Federation.Logins;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>We as an identity provider (Keystone-to-Keystone): our name, our key and our metadata. Without configured files a key and a certificate are made in the state directory when first needed.</summary>
internal sealed class SamlIdentity(KeystoneSettings keystone, CloudFacts facts, FederationUrls urls, TimeProvider clock)
{
    private readonly SamlSettings _settings = keystone.Saml;
    private readonly SamlKeyPair _keys = new(Path.Combine(facts.StateDirectory, "saml"), "", keystone.Saml.CertificateFile, keystone.Saml.KeyFile, clock);

    public string EntityId => _settings.IdpEntityId ?? urls.V3 + "/OS-FEDERATION/saml2/idp";

    private string SsoEndpoint => _settings.IdpSsoEndpoint ?? urls.V3 + "/OS-FEDERATION/saml2/sso";

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate() => _keys.Certificate();

    /// <summary>SAML metadata 2.4.3. Upstream has them made by <c>keystone-manage saml_idp_metadata</c>; <c>keystone/federation/idp.py</c>.</summary>
    public string Metadata()
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("md", "EntityDescriptor", SamlXml.Metadata);
            xml.WriteAttributeString("entityID", EntityId);
            xml.WriteStartElement("md", "IDPSSODescriptor", SamlXml.Metadata);
            xml.WriteAttributeString("protocolSupportEnumeration", SamlXml.Protocol);
            xml.WriteStartElement("md", "KeyDescriptor", SamlXml.Metadata);
            xml.WriteAttributeString("use", "signing");
            SamlXml.WriteKeyInfo(xml, Certificate());
            xml.WriteEndElement();
            xml.WriteElementString("md", "NameIDFormat", SamlXml.Metadata, "urn:oasis:names:tc:SAML:2.0:nameid-format:transient");
            xml.WriteStartElement("md", "SingleSignOnService", SamlXml.Metadata);
            xml.WriteAttributeString("Binding", "urn:oasis:names:tc:SAML:2.0:bindings:URI");
            xml.WriteAttributeString("Location", SsoEndpoint);
            xml.WriteEndElement();
            xml.WriteEndElement();
            if (_settings is { IdpOrganizationName: { } name, IdpOrganizationDisplayName: { } shown, IdpOrganizationUrl: { } url })
            {
                xml.WriteStartElement("md", "Organization", SamlXml.Metadata);
                foreach (var (element, value) in new[] { ("OrganizationName", name), ("OrganizationDisplayName", shown), ("OrganizationURL", url) })
                {
                    xml.WriteStartElement("md", element, SamlXml.Metadata);
                    xml.WriteAttributeString("xml", "lang", null, _settings.IdpLang);
                    xml.WriteString(value);
                    xml.WriteEndElement();
                }
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
        }
        return text.ToString();
    }
}
