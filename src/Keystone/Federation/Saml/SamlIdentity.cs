using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Nephos.Kernel.Api;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Federation.Logins;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>We as an identity provider (Keystone-to-Keystone): our name, our key and our metadata. Without configured files a key and a certificate are made in the state directory when first needed.</summary>
internal sealed class SamlIdentity(KeystoneSettings keystone, CloudFacts facts, FederationUrls urls, TimeProvider clock)
{
    private static readonly TimeSpan CertificateLife = TimeSpan.FromDays(3650);
    private readonly Lock _lock = new();
    private readonly SamlSettings _settings = keystone.Saml;
    private X509Certificate2? _certificate;

    public string EntityId => _settings.IdpEntityId ?? urls.V3 + "/OS-FEDERATION/saml2/idp";

    private string SsoEndpoint => _settings.IdpSsoEndpoint ?? urls.V3 + "/OS-FEDERATION/saml2/sso";

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate()
    {
        lock (_lock)
        {
            if (_certificate is not null) { return _certificate; }
            var folder = Path.Combine(facts.StateDirectory, "saml");
            var (certificate, key) = (_settings.CertificateFile ?? Path.Combine(folder, "certificate.pem"), _settings.KeyFile ?? Path.Combine(folder, "key.pem"));
            if (_settings.KeyFile is null && _settings.CertificateFile is null && !File.Exists(key)) { Make(folder, certificate, key); }
            return _certificate = X509Certificate2.CreateFromPemFile(certificate, key);
        }
    }

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
            const string Signature = "http://www.w3.org/2000/09/xmldsig#";
            xml.WriteStartElement("ds", "KeyInfo", Signature);
            xml.WriteStartElement("ds", "X509Data", Signature);
            xml.WriteElementString("ds", "X509Certificate", Signature, Convert.ToBase64String(Certificate().RawData));
            xml.WriteEndElement();
            xml.WriteEndElement();
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

    private void Make(string folder, string certificateFile, string keyFile)
    {
        if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(folder); }
        else { Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
        using var key = RSA.Create(3072);
        var now = clock.Now();
        var request = new CertificateRequest("CN=nephos", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now + CertificateLife);
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        using var file = new StreamWriter(keyFile, Encoding.ASCII, options);
        file.Write(key.ExportPkcs8PrivateKeyPem());
    }
}
