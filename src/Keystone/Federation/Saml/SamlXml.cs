using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Xml;
using System.Xml.XPath;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>XML as SAML2 has it: names, reading without surprises, signatures.</summary>
internal static class SamlXml
{
    public const string Assertion = "urn:oasis:names:tc:SAML:2.0:assertion", Protocol = "urn:oasis:names:tc:SAML:2.0:protocol", Metadata = "urn:oasis:names:tc:SAML:2.0:metadata";
    public const string Soap = "http://schemas.xmlsoap.org/soap/envelope/", Paos = "urn:liberty:paos:2003-08", Ecp = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp";
    public const string Success = "urn:oasis:names:tc:SAML:2.0:status:Success", Bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    public const string PostBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", RedirectBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", PaosBinding = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS";
    public const string NextActor = "http://schemas.xmlsoap.org/soap/actor/next", PaosMedia = "application/vnd.paos+xml";
    private const string DigSig = SignedXml.XmlDsigNamespaceUrl;
    private const int Largest = 1 << 20;

    private const string RsaSha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    private static readonly HashSet<string> SignatureMethods = [RsaSha256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", .. EcdsaSignature.Names.Values];
    private static readonly HashSet<string> DigestMethods = ["http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"];
    private static readonly HashSet<string> Transforms = [SignedXml.XmlDsigExcC14NTransformUrl, "http://www.w3.org/2000/09/xmldsig#enveloped-signature"];

    static SamlXml() => EcdsaSignature.Register();

    /// <summary>No document types, nothing fetched from elsewhere. Null when it is no such XML.</summary>
    public static XmlDocument? Parse(string text)
    {
        if (text.Length > Largest) { return null; }
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        try
        {
            using var reader = XmlReader.Create(new StringReader(text), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = Largest });
            document.Load(reader);
            return document;
        }
        catch (XmlException) { return null; }
    }

    public static IEnumerable<XmlElement> Children(this XmlElement parent, string name, string space) => parent.ChildNodes.OfType<XmlElement>().Where(e => e.LocalName == name && e.NamespaceURI == space);

    public static XmlElement? Child(this XmlElement parent, string name, string space) => parent.Children(name, space).FirstOrDefault();

    /// <summary>An attribute, null when absent or empty.</summary>
    public static string? Value(this XmlElement element, string name) => element.GetAttribute(name) is { Length: > 0 } value ? value : null;

    /// <summary>A time of SAML, always UTC; null when absent, and never for one that cannot be read.</summary>
    public static DateTime? Time(this XmlElement element, string name) => element.Value(name) is not { } text ? null
        : DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time) ? time : DateTime.MinValue;

    public static string Time(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string TimeMicros(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>
    /// True when the element itself bears a good signature by one of the certificates: a child <c>Signature</c> with one reference, to the element's own ID, which no other element has, and with none but
    /// the usual transforms. What the signature says of its key is not looked at. So nothing but this very element is what was signed (signature wrapping, SAML core 5.4).
    /// </summary>
    public static bool IsSigned(XmlElement element, IEnumerable<X509Certificate2> certificates)
    {
        if (element.Children("Signature", DigSig).ToList() is not [var signature] || element.Value("ID") is not { } id) { return false; }
        if (element.OwnerDocument.SelectNodes("//*[@ID]")!.OfType<XmlElement>().Count(e => e.GetAttribute("ID") == id) != 1) { return false; }
        var signed = new OneElementSignature(element);
        try
        {
            signed.LoadXml(signature);
            if (signed.SignedInfo is not { References: [Reference reference] } info || reference.Uri != "#" + id) { return false; }
            if (info.CanonicalizationMethod is not (SignedXml.XmlDsigExcC14NTransformUrl or SignedXml.XmlDsigC14NTransformUrl) || !SignatureMethods.Contains(info.SignatureMethod ?? "") || !DigestMethods.Contains(reference.DigestMethod)) { return false; }
            var transforms = Enumerable.Range(0, reference.TransformChain.Count).Select(i => reference.TransformChain[i].Algorithm ?? "").ToList();
            if (transforms.Count > 2 || transforms.Exists(t => !Transforms.Contains(t)) || !transforms.Contains("http://www.w3.org/2000/09/xmldsig#enveloped-signature")) { return false; }
            return certificates.Any(certificate => Check(signed, (AsymmetricAlgorithm?)certificate.GetRSAPublicKey() ?? certificate.GetECDsaPublicKey()));
        }
        // A signature that cannot be read is none. .NET says so in many ways: of what is no base64, no XPath, no URI or no known name.
        catch (Exception unreadable) when (unreadable is CryptographicException or FormatException or XmlException or XPathException or ArgumentException or NotSupportedException) { return false; }
    }

    /// <summary>A key of another kind than the signature's method fits none.</summary>
    private static bool Check(SignedXml signed, AsymmetricAlgorithm? key)
    {
        using (key) { return key is not null && signed.CheckSignature(key); }
    }

    /// <summary>A certificate as metadata have it.</summary>
    public static void WriteKeyInfo(XmlWriter xml, X509Certificate2 certificate)
    {
        xml.WriteStartElement("ds", "KeyInfo", DigSig);
        xml.WriteStartElement("ds", "X509Data", DigSig);
        xml.WriteElementString("ds", "X509Certificate", DigSig, Convert.ToBase64String(certificate.RawData));
        xml.WriteEndElement();
        xml.WriteEndElement();
    }

    /// <summary>Signs the element; the signature becomes its child after <paramref name="after"/>, where SAML's schema wants it.</summary>
    public static void Sign(XmlElement element, XmlElement after, X509Certificate2 certificate, AsymmetricAlgorithm key)
    {
        var signed = new OneElementSignature(element) { SigningKey = key };
        var reference = new Reference("#" + element.GetAttribute("ID")) { DigestMethod = "http://www.w3.org/2001/04/xmlenc#sha256" };
        reference.AddTransform(new XmlDsigEnvelopedSignatureTransform());
        reference.AddTransform(new XmlDsigExcC14NTransform());
        signed.AddReference(reference);
        signed.SignedInfo!.CanonicalizationMethod = SignedXml.XmlDsigExcC14NTransformUrl;
        signed.SignedInfo.SignatureMethod = key is ECDsa curve ? EcdsaSignature.Names[curve.KeySize switch { <= 256 => 256, <= 384 => 384, _ => 512 }] : RsaSha256;
        signed.KeyInfo = new KeyInfo();
        signed.KeyInfo.AddClause(new KeyInfoX509Data(certificate));
        signed.ComputeSignature();
        element.InsertAfter(element.OwnerDocument.ImportNode(signed.GetXml(), true), after);
    }

    /// <summary>Knows one element by its ID, whatever else the document holds.</summary>
    private sealed class OneElementSignature(XmlElement element) : SignedXml(element.OwnerDocument)
    {
        public override XmlElement? GetIdElement(XmlDocument? document, string idValue) => element.GetAttribute("ID") == idValue ? element : null;
    }
}
