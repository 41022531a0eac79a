using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml;
using Nephos.Kernel.Ids;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>Whom we vouch for to another cloud.</summary>
internal sealed record SamlSubject(string User, string UserDomain, IReadOnlyList<string> Roles, string Project, string ProjectDomain, IReadOnlyList<string> Groups);

/// <summary>
/// Makes the assertions of Keystone-to-Keystone. Upstream: <c>SAMLGenerator</c> and <c>ECPGenerator</c> in <c>keystone/federation/idp.py</c>: the same elements and attributes; signed with SHA-256,
/// where upstream takes SHA-1.
/// </summary>
internal sealed class SamlAssertions(SamlIdentity identity, KeystoneSettings settings)
{
    private const string EntityFormat = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity", Schema = "http://www.w3.org/2001/XMLSchema", Instance = "http://www.w3.org/2001/XMLSchema-instance";

    /// <summary>A response with one signed assertion.</summary>
    public XmlDocument Make(SamlSubject subject, string recipient, DateTime now)
    {
        var document = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        XmlElement Add(XmlElement? parent, string prefix, string name, string space, string? text = null)
        {
            var element = document.CreateElement(prefix, name, space);
            if (text is not null) { element.InnerText = text; }
            if (parent is null) { document.AppendChild(element); } else { parent.AppendChild(element); }
            return element;
        }
        XmlElement Saml(XmlElement parent, string name, string? text = null) => Add(parent, "saml", name, SamlXml.Assertion, text);

        var ends = SamlXml.TimeMicros(now + settings.Saml.AssertionExpirationTime);
        var response = Add(null, "samlp", "Response", SamlXml.Protocol);
        response.SetAttribute("Destination", recipient);
        response.SetAttribute("ID", NewId.Hex());
        response.SetAttribute("IssueInstant", SamlXml.Time(now));
        response.SetAttribute("Version", "2.0");
        Saml(response, "Issuer", identity.EntityId).SetAttribute("Format", EntityFormat);
        Add(Add(response, "samlp", "Status", SamlXml.Protocol), "samlp", "StatusCode", SamlXml.Protocol).SetAttribute("Value", SamlXml.Success);

        var assertion = Saml(response, "Assertion");
        assertion.SetAttribute("ID", NewId.Hex());
        assertion.SetAttribute("IssueInstant", SamlXml.Time(now));
        assertion.SetAttribute("Version", "2.0");
        var issuer = Saml(assertion, "Issuer", identity.EntityId);
        issuer.SetAttribute("Format", EntityFormat);
        var who = Saml(assertion, "Subject");
        Saml(who, "NameID", subject.User);
        var confirmation = Saml(who, "SubjectConfirmation");
        confirmation.SetAttribute("Method", SamlXml.Bearer);
        var data = Saml(confirmation, "SubjectConfirmationData");
        data.SetAttribute("NotOnOrAfter", ends);
        data.SetAttribute("Recipient", recipient);
        var authn = Saml(assertion, "AuthnStatement");
        authn.SetAttribute("AuthnInstant", SamlXml.Time(now));
        authn.SetAttribute("SessionIndex", NewId.Hex());
        authn.SetAttribute("SessionNotOnOrAfter", ends);
        var context = Saml(authn, "AuthnContext");
        Saml(context, "AuthnContextClassRef", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password");
        Saml(context, "AuthenticatingAuthority", identity.EntityId);

        var statement = Saml(assertion, "AttributeStatement");
        var attributes = new List<(string Name, IReadOnlyList<string> Values)>
        {
            ("openstack_user", [subject.User]), ("openstack_roles", subject.Roles), ("openstack_project", [subject.Project]), ("openstack_project_domain", [subject.ProjectDomain]), ("openstack_user_domain", [subject.UserDomain]),
        };
        if (subject.Groups.Count > 0) { attributes.Add(("openstack_groups", subject.Groups)); }
        foreach (var (name, values) in attributes)
        {
            var attribute = Saml(statement, "Attribute");
            attribute.SetAttribute("Name", name);
            foreach (var value in values)
            {
                var element = Saml(attribute, "AttributeValue", value);
                element.SetAttribute("xmlns:xs", Schema);
                // With its prefix: one that is only chosen when the document is written would not be in what was signed.
                var type = document.CreateAttribute("xsi", "type", Instance);
                type.Value = "xs:string";
                element.SetAttributeNode(type);
            }
        }
        using var key = (AsymmetricAlgorithm?)identity.Certificate().GetRSAPrivateKey() ?? identity.Certificate().GetECDsaPrivateKey() ?? throw new CryptographicException("the key of our assertions (saml.key_file) is neither RSA nor elliptic-curve");
        SamlXml.Sign(assertion, issuer, identity.Certificate(), key);
        return document;
    }

    /// <summary>The same in the envelope of ECP.</summary>
    public static string Envelope(XmlDocument response, string relayState)
    {
        var envelope = new XmlDocument { PreserveWhitespace = true, XmlResolver = null };
        var root = envelope.CreateElement("soap", "Envelope", SamlXml.Soap);
        envelope.AppendChild(root);
        var header = envelope.CreateElement("soap", "Header", SamlXml.Soap);
        root.AppendChild(header);
        var relay = envelope.CreateElement("ecp", "RelayState", SamlXml.Ecp);
        relay.SetAttribute("actor", SamlXml.Soap, SamlXml.NextActor);
        relay.SetAttribute("mustUnderstand", SamlXml.Soap, "1");
        relay.InnerText = relayState;
        header.AppendChild(relay);
        var body = envelope.CreateElement("soap", "Body", SamlXml.Soap);
        root.AppendChild(body);
        body.AppendChild(envelope.ImportNode(response.DocumentElement!, true));
        return envelope.OuterXml;
    }
}
