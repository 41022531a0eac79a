using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using System.Xml;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Api;
using Nephos.Kernel.Ids;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Federation.Saml;

/// <summary>
/// SAML2 as the service provider: single sign-on of browsers (request by redirect, answer by POST; SAML profiles 4.1), programs that carry the messages themselves (ECP, 4.2), and assertions that come
/// unasked where allowed (Keystone-to-Keystone). A program that brings an assertion to the protocol's address gets the token at once, where web server modules send it there a second time.
/// </summary>
internal sealed partial class SamlLogin(KeystoneSettings settings, SamlServiceProvider sp, FederationUrls urls, UsedStatements used, FernetKeys keys, ILogger<SamlLogin> log)
{
    /// <summary>Read when first needed, so that unreadable metadata of one stop no other.</summary>
    private readonly ConcurrentDictionary<string, SamlProvider> _providers = new(StringComparer.Ordinal);

    /// <summary>The provider that is configured for it; null when there is none.</summary>
    public SamlProvider? Find(string idpId, string protocolId) =>
        settings.Saml.Providers.TryGetValue(idpId, out var own) && own.Protocol == protocolId ? _providers.GetOrAdd(idpId, static (_, settings) => SamlProvider.Read(settings), own) : null;

    public IEnumerable<string> Offers(string protocolId) => settings.Saml.Providers.Where(p => p.Value.Protocol == protocolId).Select(p => p.Key);

    /// <summary>Sends the browser to the identity provider.</summary>
    public Reply Start(Call call, SamlProvider provider, string idpId, string protocolId, string origin)
    {
        if (provider.SsoUrl is not { } sso) { throw new Kernel.Errors.UnavailableError("The identity provider has no address for logins by the browser."); }
        var state = new LoginState(LoginState.Random(), idpId, protocolId, origin, "_" + NewId.Hex(), null);
        var request = Request(state.Secret, urls.Websso(idpId, protocolId), SamlXml.PostBinding, sso, call.Context.Now);
        using var packed = new MemoryStream();
        using (var deflate = new DeflateStream(packed, CompressionLevel.Optimal, leaveOpen: true)) { deflate.Write(Encoding.UTF8.GetBytes(request)); }
        var address = QueryHelpers.AddQueryString(sso, new Dictionary<string, string?> { ["SAMLRequest"] = Convert.ToBase64String(packed.ToArray()), ["RelayState"] = state.Id });
        return Reply.Empty(302).With("Location", address).With("Cache-Control", "no-store").With("Set-Cookie", state.Cookie(keys, call.Context.Now, urls.IsHttps, crossSitePost: true));
    }

    /// <summary>The browser is back with an answer. Without a login of its own under way it is one that nobody asked for.</summary>
    public async Task<(Statement Statement, string? Origin)> FinishAsync(Call call, SamlProvider provider, string idpId, string protocolId)
    {
        var form = await call.Http.Request.ReadFormAsync(call.Cancel);
        var id = form["RelayState"].ToString();
        var state = LoginState.Open(call.Http.Request.Cookies[LoginState.CookieOf(id)], keys, call.Context.Now);
        if (state is not null && (state.Id != id || state.Idp != idpId || state.Protocol != protocolId)) { state = null; }
        var statement = await ReadAsync(call, provider, Decode(form["SAMLResponse"].ToString()), urls.Websso(idpId, protocolId), state?.Secret);
        return (statement, state?.Origin);
    }

    /// <summary>True when the client says that it can carry messages to the identity provider by itself.</summary>
    public static bool SpeaksEcp(Call call) => call.Http.Request.Headers["PAOS"].ToString().Contains(SamlXml.Paos, StringComparison.Ordinal) && call.Http.Request.Headers.Accept.ToString().Contains(SamlXml.PaosMedia, StringComparison.Ordinal);

    /// <summary>The request that an ECP client carries to the identity provider. What we have to remember goes along in RelayState.</summary>
    public Reply EcpRequest(Call call, string idpId, string protocolId)
    {
        var state = new LoginState(LoginState.Random(), idpId, protocolId, null, "_" + NewId.Hex(), null);
        var consumer = urls.Auth(idpId, protocolId);
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("S", "Envelope", SamlXml.Soap);
            xml.WriteStartElement("S", "Header", SamlXml.Soap);
            Header(xml, "paos", "Request", SamlXml.Paos);
            xml.WriteAttributeString("responseConsumerURL", consumer);
            xml.WriteAttributeString("service", SamlXml.Ecp);
            xml.WriteEndElement();
            Header(xml, "ecp", "Request", SamlXml.Ecp);
            xml.WriteAttributeString("IsPassive", "0");
            xml.WriteElementString("saml", "Issuer", SamlXml.Assertion, sp.EntityId);
            xml.WriteEndElement();
            Header(xml, "ecp", "RelayState", SamlXml.Ecp);
            xml.WriteString(state.Seal(keys, call.Context.Now));
            xml.WriteEndElement();
            xml.WriteEndElement();
            xml.WriteStartElement("S", "Body", SamlXml.Soap);
            xml.WriteRaw(Request(state.Secret, consumer, SamlXml.PaosBinding, null, call.Context.Now));
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return Reply.Text(text.ToString(), SamlXml.PaosMedia, 200);
    }

    /// <summary>The identity provider's answer, brought by the client in an envelope.</summary>
    public async Task<Statement> EcpAnswerAsync(Call call, SamlProvider provider, string idpId, string protocolId)
    {
        using var reader = new StreamReader(call.Http.Request.Body);
        var envelope = SamlXml.Parse(await reader.ReadToEndAsync(call.Cancel))?.DocumentElement;
        var response = envelope?.Child("Body", SamlXml.Soap)?.Child("Response", SamlXml.Protocol);
        var state = LoginState.Open(envelope?.Child("Header", SamlXml.Soap)?.Child("RelayState", SamlXml.Ecp)?.InnerText.Trim(), keys, call.Context.Now);
        var known = state is { Origin: null } && state.Idp == idpId && state.Protocol == protocolId;
        return await ReadAsync(call, provider, response, urls.Auth(idpId, protocolId), known ? state!.Secret : null);
    }

    private async Task<Statement> ReadAsync(Call call, SamlProvider provider, XmlElement? response, string consumer, string? requestId)
    {
        var (statement, reason) = response is null ? (null, "it is no XML of SAML2")
            : SamlResponse.Read(response, new SamlExpectation(provider, consumer, sp.EntityId, requestId, call.Context.Now, settings.Saml.ClockSkew, sp.Key));
        if (statement is null)
        {
            LogRefused(provider.EntityId, reason!);
            throw Faults.Unauthorized();
        }
        await used.UseAsync($"saml {provider.EntityId} {statement.Id}", statement.EndsAt);
        return new Statement(SamlResponse.ToAssertion(statement, provider.EntityId), provider.EntityId, statement.NameId);
    }

    private static XmlElement? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? SamlXml.Parse(Encoding.UTF8.GetString(bytes, 0, length))?.DocumentElement : null;
    }

    private static void Header(XmlWriter xml, string prefix, string name, string space)
    {
        xml.WriteStartElement(prefix, name, space);
        xml.WriteAttributeString("S", "mustUnderstand", SamlXml.Soap, "1");
        xml.WriteAttributeString("S", "actor", SamlXml.Soap, SamlXml.NextActor);
    }

    /// <summary>SAML core 3.4.1.</summary>
    private string Request(string id, string consumer, string binding, string? destination, DateTime now)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { OmitXmlDeclaration = true }))
        {
            xml.WriteStartElement("samlp", "AuthnRequest", SamlXml.Protocol);
            xml.WriteAttributeString("ID", id);
            xml.WriteAttributeString("Version", "2.0");
            xml.WriteAttributeString("IssueInstant", SamlXml.Time(now));
            if (destination is not null) { xml.WriteAttributeString("Destination", destination); }
            xml.WriteAttributeString("ProtocolBinding", binding);
            xml.WriteAttributeString("AssertionConsumerServiceURL", consumer);
            xml.WriteElementString("saml", "Issuer", SamlXml.Assertion, sp.EntityId);
            xml.WriteStartElement("samlp", "NameIDPolicy", SamlXml.Protocol);
            xml.WriteAttributeString("AllowCreate", "true");
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return text.ToString();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An answer of {EntityId} is refused: {Reason}")]
    private partial void LogRefused(string entityId, string reason);
}
