using System.Xml;
using Nephos.Keystone.Federation.Mappings;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>What an answer has to fit.</summary>
/// <param name="Consumer">The address it came to.</param>
/// <param name="Audience">Our name.</param>
/// <param name="RequestId">The request it answers; null when we remember none.</param>
internal sealed record SamlExpectation(SamlProvider Provider, string Consumer, string Audience, string? RequestId, DateTime Now, TimeSpan Skew);

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
        var all = response.OwnerDocument.GetElementsByTagName("Assertion", SamlXml.Assertion);
        if (response.Children("Assertion", SamlXml.Assertion).ToList() is not [var assertion] || all.Count != 1) { return (null, "it has not exactly one plain assertion"); }
        if (!SamlXml.IsSigned(assertion, expected.Provider.Certificates) && !SamlXml.IsSigned(response, expected.Provider.Certificates)) { return (null, "it bears no good signature"); }
        return ReadAssertion(assertion, expected);
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
        var nameId = subject.Child("NameID", SamlXml.Assertion)?.InnerText.Trim();
        return (new SamlStatement(id, nameId, Attributes(assertion), endsAt + expected.Skew), null);
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

    private static Dictionary<string, IReadOnlyList<string>> Attributes(XmlElement assertion)
    {
        var attributes = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var attribute in assertion.Children("AttributeStatement", SamlXml.Assertion).SelectMany(s => s.Children("Attribute", SamlXml.Assertion)))
        {
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
