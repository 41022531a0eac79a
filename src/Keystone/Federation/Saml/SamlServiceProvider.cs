using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Nephos.Kernel.Api;
using Nephos.Keystone.Federation.Logins;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>We as a service provider: our name, the key that identity providers encrypt to, and our metadata (SAML metadata 2.4.4), as mod_shib and mod_auth_mellon give them.</summary>
internal sealed class SamlServiceProvider(KeystoneSettings keystone, CloudFacts facts, FederationUrls urls, TimeProvider clock)
{
    private readonly SamlKeyPair _keys = new(Path.Combine(facts.StateDirectory, "saml"), "sp-", keystone.Saml.SpCertificateFile, keystone.Saml.SpKeyFile, clock);

    public string EntityId => keystone.Saml.SpEntityId ?? urls.V3 + "/OS-FEDERATION/saml2/sp";

    /// <summary>The key of what is encrypted to us.</summary>
    public RSA Key() => _keys.Certificate().GetRSAPrivateKey() ?? throw new CryptographicException("the service provider's key (saml.sp_key_file) is no RSA key");

    public string Metadata()
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("md", "EntityDescriptor", SamlXml.Metadata);
            xml.WriteAttributeString("entityID", EntityId);
            xml.WriteStartElement("md", "SPSSODescriptor", SamlXml.Metadata);
            xml.WriteAttributeString("AuthnRequestsSigned", "false");
            xml.WriteAttributeString("WantAssertionsSigned", "true");
            xml.WriteAttributeString("protocolSupportEnumeration", SamlXml.Protocol);
            xml.WriteStartElement("md", "KeyDescriptor", SamlXml.Metadata);
            xml.WriteAttributeString("use", "encryption");
            SamlXml.WriteKeyInfo(xml, _keys.Certificate());
            foreach (var method in SamlEncryption.Offered)
            {
                xml.WriteStartElement("md", "EncryptionMethod", SamlXml.Metadata);
                xml.WriteAttributeString("Algorithm", method);
                xml.WriteEndElement();
            }
            xml.WriteEndElement();
            var index = 0;
            foreach (var (idp, provider) in keystone.Saml.Providers)
            {
                foreach (var (binding, location) in new[] { (SamlXml.PostBinding, urls.Websso(idp, provider.Protocol)), (SamlXml.PaosBinding, urls.Auth(idp, provider.Protocol)) })
                {
                    xml.WriteStartElement("md", "AssertionConsumerService", SamlXml.Metadata);
                    xml.WriteAttributeString("Binding", binding);
                    xml.WriteAttributeString("Location", location);
                    xml.WriteAttributeString("index", (index++).ToString(System.Globalization.CultureInfo.InvariantCulture));
                    xml.WriteEndElement();
                }
            }
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return text.ToString();
    }
}
