using System.Security.Cryptography;
using System.Xml;
using Nephos.Keystone.Federation.Mappings;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>What an answer has to fit.</summary>
/// <param name="Consumer">The address it came to.</param>
/// <param name="Audience">Our name.</param>
/// <param name="Key">Ours, for what is encrypted.</param>
/// <param name="RequestId">The request it answers; null when we remember none.</param>
internal sealed record SamlExpectation(SamlProvider Provider, string Consumer, string Audience, string? RequestId, DateTime Now, TimeSpan Skew, Func<RSA> Key);

/// <summary>A good assertion.</summary>
/// <param name="Id">With the issuer, what is used once.</param>
internal sealed record SamlStatement(string Id, string? NameId, IReadOnlyDictionary<string, IReadOnlyList<string>> Attributes, DateTime EndsAt);

/// <summary>
/// Checks an answer of an identity provider (SAML profiles 4.1.4.2, 4.1.4.3; SAML core 2.4, 2.5). Only what lies within the signed element is believed. Pure but for the time of reading; using it once
/// is the caller's. The reasons are for the log, the client gets the 401 of all failed logins.
/// </summary>
internal static class SamlResponse
{
    /// <summary>The statement, or why there is none.</summary>
    public static (SamlStatement? Statement, string? Reason) Read(XmlElement response, SamlExpectation expected)
    {
        if (response.LocalName != "Response" || response.NamespaceURI != SamlXml.Protocol || response.Value("Version") != "2.0") { return (null, "it is no SAML2 response"); }
        if (response.Child("Status", SamlXml.Protocol)?.Child("StatusCode", SamlXml.Protocol)?.Value("Value") != SamlXml.Success) { return (null, "its status is not success"); }
        if (response.Value("Destination") is { } destination && destination != expected.Consumer) { return (null, $"it is for {destination}"); }
        if (response.Child("Issuer", SamlXml.Assertion) is { } sender && sender.InnerText.Trim() != expected.Provider.EntityId) { return (null, $"it is from {sender.InnerText}"); }
        // One assertion in the whole document, so that there is no second one to mistake it for.
        if (Assertions(response.OwnerDocument, "Assertion") + Assertions(response.OwnerDocument, "EncryptedAssertion") != 1
            || response.Children("Assertion", SamlXml.Assertion).Concat(response.Children("EncryptedAssertion", SamlXml.Assertion)).ToList() is not [var assertion]) { return (null, "it has not exactly one assertion"); }
        // What is signed around is the cipher text; within is the assertion as it was before.
        var isSigned = SamlXml.IsSigned(response, expected.Provider.Certificates);
        if (assertion.LocalName == "EncryptedAssertion")
        {
            if (Open(assertion, expected, "Assertion") is not { } opened) { return (null, "its assertion is not encrypted to our key, or not as we can read it (AES-GCM or -CBC, RSA-OAEP)"); }
            if (Assertions(opened.OwnerDocument, "Assertion") + Assertions(opened.OwnerDocument, "EncryptedAssertion") != 1) { return (null, "there are assertions in its assertion"); }
            assertion = opened;
        }
        return isSigned || SamlXml.IsSigned(assertion, expected.Provider.Certificates) ? ReadAssertion(assertion, expected) : (null, "it bears no good signature");
    }

    private static int Assertions(XmlDocument document, string name) => document.GetElementsByTagName(name, SamlXml.Assertion).Count;

    private static XmlElement? Open(XmlElement holder, SamlExpectation expected, string name)
    {
        using var key = expected.Key();
        return SamlEncryption.Open(holder, key) is { } opened && opened.LocalName == name && opened.NamespaceURI == SamlXml.Assertion ? opened : null;
    }

    private static (SamlStatement?, string?) ReadAssertion(XmlElement assertion, SamlExpectation expected)
    {
        if (assertion.Value("ID") is not { } id || assertion.Value("Version") != "2.0") { return (null, "the assertion has no id or another version"); }
        if (assertion.Child("Issuer", SamlXml.Assertion)?.InnerText.Trim() is var issuer && issuer != expected.Provider.EntityId) { return (null, $"the assertion is from {issuer}"); }
        if (Conditions(assertion, expected) is { } condition) { return (null, condition); }
        if (assertion.Child("Subject", SamlXml.Assertion) is not { } subject) { return (null, "the assertion has no subject"); }
        string? wrong = "the subject is not confirmed by bearer";
        DateTime? ends = null;
        foreach (var data in subject.Children("SubjectConfirmation", SamlXml.Assertion).Where(c => c.Value("Method") == SamlXml.Bearer).Select(c => c.Child("SubjectConfirmationData", SamlXml.Assertion)).OfType<XmlElement>())
        {
            wrong = Confirmation(data, expected);
            if (wrong is not null) { continue; }
            ends = data.Time("NotOnOrAfter");
            break;
        }
        if (ends is not { } endsAt) { return (null, wrong); }
        if (assertion.Child("AuthnStatement", SamlXml.Assertion) is not { } authn) { return (null, "the assertion does not say that anybody was authenticated"); }
        if (authn.Time("SessionNotOnOrAfter") is { } session && expected.Now >= session + expected.Skew) { return (null, "the session is over"); }
        var nameId = subject.Child("NameID", SamlXml.Assertion);
        if (nameId is null && subject.Child("EncryptedID", SamlXml.Assertion) is { } closed && (nameId = Open(closed, expected, "NameID")) is null) { return (null, "its subject is not encrypted to our key, or not as we can read it"); }
        if (Attributes(assertion, expected) is not { } attributes) { return (null, "an attribute is not encrypted to our key, or not as we can read it"); }
        return (new SamlStatement(id, nameId?.InnerText.Trim(), attributes, endsAt + expected.Skew), null);
    }

    private static string? Conditions(XmlElement assertion, SamlExpectation expected)
    {
        var conditions = assertion.Children("Conditions", SamlXml.Assertion).ToList();
        if (conditions.Count > 1) { return "the assertion has two sets of conditions"; }
        if (conditions is [var only])
        {
            if (only.Time("NotBefore") is { } start && expected.Now < start - expected.Skew) { return "the assertion is not good yet"; }
            if (only.Time("NotOnOrAfter") is { } end && expected.Now >= end + expected.Skew) { return "the assertion has run out"; }
            // Each restriction must hold (SAML core 2.5.1.4).
            var restrictions = only.Children("AudienceRestriction", SamlXml.Assertion).ToList();
            if (restrictions.Exists(r => !r.Children("Audience", SamlXml.Assertion).Any(a => a.InnerText.Trim() == expected.Audience))) { return "the assertion is for another audience"; }
            if (restrictions.Count > 0) { return null; }
        }
        return expected.Provider.Settings.RequireAudience ? "the assertion names no audience" : null;
    }

    private static string? Confirmation(XmlElement data, SamlExpectation expected)
    {
        if (data.Value("Recipient") != expected.Consumer) { return $"it is for {data.Value("Recipient")}"; }
        if (data.Value("NotBefore") is not null) { return "a bearer has no beginning"; }
        if (data.Time("NotOnOrAfter") is not { } end || expected.Now >= end + expected.Skew) { return "the confirmation has run out"; }
        if (data.Value("InResponseTo") is { } answered) { return answered == expected.RequestId ? null : "it answers another request"; }
        return expected.Provider.Settings.AllowUnsolicited ? null : "nobody asked for it";
    }

    /// <summary>Null when one cannot be opened: whom it would have kept out is not known.</summary>
    private static Dictionary<string, IReadOnlyList<string>>? Attributes(XmlElement assertion, SamlExpectation expected)
    {
        var attributes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var statements = assertion.Children("AttributeStatement", SamlXml.Assertion).ToList();
        var opened = statements.SelectMany(s => s.Children("EncryptedAttribute", SamlXml.Assertion)).Select(a => Open(a, expected, "Attribute")).ToList();
        foreach (var attribute in statements.SelectMany(s => s.Children("Attribute", SamlXml.Assertion)).Concat(opened))
        {
            if (attribute is null) { return null; }
            var values = attribute.Children("AttributeValue", SamlXml.Assertion).Select(v => v.InnerText.Trim()).ToList();
            foreach (var name in new[] { attribute.Value("Name"), attribute.Value("FriendlyName") }.OfType<string>().Distinct())
            {
                attributes[name] = attributes.TryGetValue(name, out var before) ? [.. before, .. values] : values;
            }
        }
        return attributes;
    }

    /// <summary>Attributes under their own names and as mod_auth_mellon and mod_shib call them.</summary>
    public static Assertion ToAssertion(SamlStatement statement, string issuer)
    {
        var all = new Dictionary<string, IReadOnlyList<string>>(statement.Attributes, StringComparer.Ordinal);
        foreach (var (name, values) in statement.Attributes) { all["MELLON_" + name] = values; }
        all["MELLON_IDP"] = all["Shib-Identity-Provider"] = [issuer];
        if (statement.NameId is { Length: > 0 } nameId) { all["MELLON_NAME_ID"] = all["NAME_ID"] = all["REMOTE_USER"] = [nameId]; }
        return new Assertion(all);
    }
}
