using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Xml;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>A SAML2 identity provider as its metadata tell it. Several certificates are those of a change of keys.</summary>
internal sealed record SamlProvider(SamlProviderSettings Settings, string EntityId, string? SsoUrl, IReadOnlyList<X509Certificate2> Certificates)
{
    /// <exception cref="InvalidDataException">The metadata say no such thing; the message is for the operator.</exception>
    public static SamlProvider Read(SamlProviderSettings settings)
    {
        var root = SamlXml.Parse(File.ReadAllText(settings.MetadataFile))?.DocumentElement ?? throw new InvalidDataException($"{settings.MetadataFile} is not XML");
        var entities = (root.LocalName == "EntityDescriptor" ? [root] : root.GetElementsByTagName("EntityDescriptor", SamlXml.Metadata).OfType<XmlElement>())
            .Where(e => e.NamespaceURI == SamlXml.Metadata && (settings.EntityId is null || e.Value("entityID") == settings.EntityId) && e.Child("IDPSSODescriptor", SamlXml.Metadata) is not null).ToList();
        if (entities is not [var entity]) { throw new InvalidDataException($"{settings.MetadataFile} has {entities.Count} identity providers{(settings.EntityId is null ? "" : " of the name " + settings.EntityId)}; one is wanted"); }
        var descriptor = entity.Child("IDPSSODescriptor", SamlXml.Metadata)!;
        var certificates = descriptor.Children("KeyDescriptor", SamlXml.Metadata).Where(k => k.Value("use") is null or "signing")
            .SelectMany(k => k.GetElementsByTagName("X509Certificate", SignedXml.XmlDsigNamespaceUrl).OfType<XmlElement>()).Select(c => Certificate(c.InnerText, settings.MetadataFile)).ToList();
        if (certificates.Count == 0) { throw new InvalidDataException($"{settings.MetadataFile} has no certificate that signs"); }
        var sso = descriptor.Children("SingleSignOnService", SamlXml.Metadata).FirstOrDefault(s => s.Value("Binding") == SamlXml.RedirectBinding)?.Value("Location");
        return new(settings, entity.Value("entityID") ?? throw new InvalidDataException($"{settings.MetadataFile} has no entityID"), sso, certificates);
    }

    private static X509Certificate2 Certificate(string text, string file)
    {
        try { return X509CertificateLoader.LoadCertificate(Convert.FromBase64String(text.Trim())); }
        catch (Exception error) when (error is FormatException or CryptographicException) { throw new InvalidDataException($"{file} has a certificate that cannot be read"); }
    }
}
