using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml;
using Nephos.Keystone.Federation.Saml;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>A small SAML2 identity provider with a key of its own: metadata, and answers that the test may spoil.</summary>
internal sealed class FakeSamlProvider : IDisposable
{
    public const string EntityId = "https://idp.example.com/saml", Sso = "https://idp.example.com/sso";
    public X509Certificate2 Certificate { get; } = NewCertificate();
    /// <summary>More keys of the provider, by their bits.</summary>
    public IReadOnlyDictionary<int, X509Certificate2> Curves { get; } = new Dictionary<int, X509Certificate2>
    {
        [256] = NewCurve(ECCurve.NamedCurves.nistP256), [384] = NewCurve(ECCurve.NamedCurves.nistP384), [521] = NewCurve(ECCurve.NamedCurves.nistP521),
    };

    public static X509Certificate2 NewCurve(ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return new CertificateRequest("CN=idp", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(30), DateTimeOffset.UnixEpoch.AddYears(130));
    }

    public static X509Certificate2 NewCertificate()
    {
        using var key = RSA.Create(2048);
        return new CertificateRequest("CN=idp", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch.AddYears(30), DateTimeOffset.UnixEpoch.AddYears(130));
    }

    public string Metadata => $"""
        <md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{EntityId}"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
        {string.Concat(Curves.Values.Prepend(Certificate).Select(c => $"""<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{Convert.ToBase64String(c.RawData)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"""))}
        <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{Sso}"/></md:IDPSSODescriptor></md:EntityDescriptor>
        """;

    public void Dispose()
    {
        foreach (var certificate in Curves.Values.Prepend(Certificate)) { certificate.Dispose(); }
    }

    /// <summary>An answer as a good provider gives it, but for what is set otherwise.</summary>
    public sealed record Answer(string Consumer, string Audience, string? InResponseTo, DateTime Now)
    {
        public string Issuer { get; init; } = EntityId;
        public string Id { get; init; } = "_" + Nephos.Kernel.Ids.NewId.Hex();
        public string? Recipient { get; init; }
        public string? Destination { get; init; }
        public string Status { get; init; } = SamlXml.Success;
        public TimeSpan NotBefore { get; init; } = TimeSpan.Zero;
        public TimeSpan NotOnOrAfter { get; init; } = TimeSpan.FromMinutes(5);
        public TimeSpan Confirmed { get; init; } = TimeSpan.FromMinutes(5);
        public string Method { get; init; } = SamlXml.Bearer;
        public string NameId { get; init; } = "ann";
        public X509Certificate2? SignedBy { get; init; }
        public bool SignResponse { get; init; }
        public bool Unsigned { get; init; }
        public bool NoConditions { get; init; }
        public bool NoAuthn { get; init; }
        /// <summary>To whom, and how; each is done before the assertion is signed, but for the assertion itself.</summary>
        public Sealing? SealAssertion { get; init; }
        public Sealing? SealName { get; init; }
        public Sealing? SealAttribute { get; init; }
    }

    public XmlDocument Make(Answer a)
    {
        static string T(DateTime time) => SamlXml.Time(time);
        var conditions = a.NoConditions ? "" : $"""<saml:Conditions NotBefore="{T(a.Now + a.NotBefore)}" NotOnOrAfter="{T(a.Now + a.NotOnOrAfter)}"><saml:AudienceRestriction><saml:Audience>{a.Audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>""";
        var answered = a.InResponseTo is null ? "" : $"InResponseTo=\"{a.InResponseTo}\"";
        var authn = a.NoAuthn ? "" : $"""<saml:AuthnStatement AuthnInstant="{T(a.Now)}"><saml:AuthnContext/></saml:AuthnStatement>""";
        var text = $"""
            <samlp:Response xmlns:samlp="{SamlXml.Protocol}" xmlns:saml="{SamlXml.Assertion}" ID="_r{Nephos.Kernel.Ids.NewId.Hex()}" Version="2.0" IssueInstant="{T(a.Now)}" Destination="{a.Destination ?? a.Consumer}" {answered}>
            <saml:Issuer>{a.Issuer}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{a.Status}"/></samlp:Status>
            <saml:Assertion ID="{a.Id}" Version="2.0" IssueInstant="{T(a.Now)}"><saml:Issuer>{a.Issuer}</saml:Issuer>
            <saml:Subject><saml:NameID>{a.NameId}</saml:NameID><saml:SubjectConfirmation Method="{a.Method}"><saml:SubjectConfirmationData NotOnOrAfter="{T(a.Now + a.Confirmed)}" Recipient="{a.Recipient ?? a.Consumer}" {answered}/></saml:SubjectConfirmation></saml:Subject>
            {conditions}{authn}
            <saml:AttributeStatement><saml:Attribute Name="urn:oid:1" FriendlyName="mail"><saml:AttributeValue>ann@example.com</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b;c</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>
            </saml:Assertion></samlp:Response>
            """;
        var document = new XmlDocument { PreserveWhitespace = true };
        document.LoadXml(text);
        var assertion = document.DocumentElement!.Child("Assertion", SamlXml.Assertion)!;
        a.SealName?.Close(assertion.Child("Subject", SamlXml.Assertion)!.Child("NameID", SamlXml.Assertion)!, "EncryptedID");
        a.SealAttribute?.Close(assertion.Child("AttributeStatement", SamlXml.Assertion)!.Child("Attribute", SamlXml.Assertion)!, "EncryptedAttribute");
        if (!a.SignResponse) { Sign(assertion, a); }
        a.SealAssertion?.Close(assertion, "EncryptedAssertion");
        if (a.SignResponse) { Sign(document.DocumentElement!, a); }
        return document;
    }

    private void Sign(XmlElement target, Answer a)
    {
        var certificate = a.SignedBy ?? Certificate;
        using var key = (AsymmetricAlgorithm?)certificate.GetRSAPrivateKey() ?? certificate.GetECDsaPrivateKey()!;
        if (!a.Unsigned) { SamlXml.Sign(target, target.Child("Issuer", SamlXml.Assertion)!, certificate, key); }
    }
}
