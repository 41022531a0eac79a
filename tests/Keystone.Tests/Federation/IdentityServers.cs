using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Xml;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Nephos.Keystone.Federation.Saml;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>The OpenID provider and the SAML2 identity provider (by ECP) on a port of the loopback, by TLS with an authority of their own, for clients that are programs of their own.</summary>
internal sealed class IdentityServers : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _app;
    private readonly HttpMessageInvoker _openId;
    private readonly FakeSamlProvider _saml = new();

    public IdentityServers()
    {
        _certificate = _authority.Server();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel(k => k.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(_certificate)));
        _app = builder.Build();
        _app.MapPost("/saml/ecp", EcpAsync);
        _app.MapFallback(OpenIdAsync);
        _app.StartAsync().GetAwaiter().GetResult();
        Url = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        OpenId = new FakeOpenIdProvider(TimeProvider.System, Url);
        _openId = new HttpMessageInvoker(OpenId);
    }

    public string Url { get; }
    public string CaPem => _authority.Certificate.ExportCertificatePem();
    public string SamlMetadata => _saml.Metadata;
    public FakeOpenIdProvider OpenId { get; }
    /// <summary>Who may log in at either by password.</summary>
    public Dictionary<string, string> Passwords => OpenId.Passwords;
    /// <summary>The service provider's, to which assertions are encrypted.</summary>
    public X509Certificate2? SpCertificate { get; set; }

    private async Task OpenIdAsync(HttpContext http)
    {
        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), Url + http.Request.Path);
        if (AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out var authorization)) { request.Headers.Authorization = authorization; }
        if (http.Request.HasFormContentType)
        {
            using var reader = new StreamReader(http.Request.Body);
            request.Content = new StringContent(await reader.ReadToEndAsync(), Encoding.UTF8, "application/x-www-form-urlencoded");
        }
        using var response = await _openId.SendAsync(request, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await response.Content.CopyToAsync(http.Response.Body);
    }

    /// <summary>SAML profiles 4.2.4.2: who brings a request in an envelope and says who it is gets the answer in another.</summary>
    private async Task EcpAsync(HttpContext http)
    {
        var given = AuthenticationHeaderValue.TryParse(http.Request.Headers.Authorization, out var header) && header is { Scheme: "Basic", Parameter: { } basic } ? Encoding.UTF8.GetString(Convert.FromBase64String(basic)).Split(':', 2) : [];
        if (given is not [var user, var password] || !Passwords.TryGetValue(user, out var right) || right != password)
        {
            http.Response.StatusCode = 401;
            return;
        }
        using var reader = new StreamReader(http.Request.Body);
        var envelope = SamlXml.Parse(await reader.ReadToEndAsync())!.DocumentElement!;
        var request = envelope.Child("Body", SamlXml.Soap)!.Child("AuthnRequest", SamlXml.Protocol)!;
        var consumer = request.GetAttribute("AssertionConsumerServiceURL");
        var answer = new FakeSamlProvider.Answer(consumer, request.Child("Issuer", SamlXml.Assertion)!.InnerText, request.GetAttribute("ID"), TimeProvider.System.GetUtcNow().UtcDateTime) { NameId = user, SealAssertion = new Sealing(SpCertificate!) };
        http.Response.ContentType = "text/xml";
        await http.Response.WriteAsync($"""<S:Envelope xmlns:S="{SamlXml.Soap}"><S:Header><ecp:Response xmlns:ecp="{SamlXml.Ecp}" S:mustUnderstand="1" S:actor="{SamlXml.NextActor}" AssertionConsumerServiceURL="{consumer}"/></S:Header><S:Body>{_saml.Make(answer).OuterXml}</S:Body></S:Envelope>""");
    }

    public void Dispose()
    {
        _app.StopAsync().GetAwaiter().GetResult();
        ((IDisposable)_app).Dispose();
        _openId.Dispose();
        _saml.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
    }
}
