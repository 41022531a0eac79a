using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Tokens;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.OAuth;

/// <summary>OAuth2 clients, and users whom a proxy has authenticated.</summary>
public sealed class OAuth2Tests(OAuth2Tests.ProxiedCloud cloud) : IClassFixture<OAuth2Tests.ProxiedCloud>
{
    private const string Path = Make.V3 + "/OS-OAUTH2/token";

    public sealed class ProxiedCloud : TestCloud
    {
        protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
        protected override void Configure(IServiceCollection services) => services.AddSingleton(new KeystoneSettings
        {
            PasswordHashRounds = 4,
            Auth = new AuthSettings { ClientCertificateHeader = "X-Ssl-Client-Cert", ExternalUserHeader = "X-Remote-User", ExternalDomainHeader = "X-Remote-Domain" },
        });
    }

    private static FormUrlEncodedContent Form(params (string, string)[] fields) => new(fields.Select(f => KeyValuePair.Create(f.Item1, f.Item2)));
    private static (string, string) Basic(string id, string secret) => ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}")));
    private Task<TestReply> Ask(HttpContent form, params (string, string)[] headers) => cloud.Anonymous.Send(HttpMethod.Post, Path, form, headers);

    [Fact]
    public async Task Client_WithAnApplicationCredential_GetsItsToken()
    {
        var (id, name, project) = await cloud.NewMemberAsync();
        var user = cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name))));
        var app = (await user.Post($"{Make.V3}/users/{id}/application_credentials", new { application_credential = new { name = "client" } })).Is(201)["application_credential"];
        var (client, secret) = (app["id"]!.ToString(), app["secret"]!.ToString());
        foreach (var reply in new[]
        {
            await Ask(Form(("grant_type", "client_credentials")), Basic(client, secret)),
            await Ask(Form(("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret))),
        })
        {
            (reply.Is(200)["token_type"].ToString(), reply["expires_in"].GetValue<int>()).ShouldBe(("Bearer", 3600));
            var shown = (await (await cloud.LoginAdminAsync()).Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", reply["access_token"].ToString()))).Is(200)["token"];
            (shown["project"]!["id"]!.ToString(), shown["application_credential"]!["id"]!.ToString()).ShouldBe((project, client));
        }
        (await Ask(Form(("grant_type", "client_credentials")), Basic(client, "wrong"))).Is(401)["error"].ToString().ShouldBe("invalid_client");
        (await Ask(Form(("grant_type", "client_credentials")), Basic("nobody", secret))).Is(401);
        (await Ask(Form(("grant_type", "client_credentials")), ("Authorization", "Basic %"))).Is(401);
        (await Ask(Form(("grant_type", "client_credentials")))).Is(401).Text.ShouldBe("""{"error":"invalid_client","error_description":"Client authentication failed."}""");
        (await Ask(Form(("grant_type", "password")))).Is(400).Text.ShouldBe("""{"error":"unsupported_grant_type","error_description":"The parameter grant_type password is not supported."}""");
        (await Ask(Form())).Is(400)["error"].ToString().ShouldBe("invalid_request");
        (await cloud.Anonymous.Post(Path, new { grant_type = "client_credentials" })).Is(400);
        (await cloud.Anonymous.Get(Path)).Is(405)["error"].ToString().ShouldBe("other_error");
    }

    [Fact]
    public async Task Client_WithACertificateThatTheMappingKnows_GetsATokenBoundToIt()
    {
        var admin = await cloud.LoginAdminAsync();
        var (id, name, project) = await cloud.NewMemberAsync();
        (await admin.Patch($"{Make.V3}/users/{id}", new { user = new { default_project_id = project } })).Is(200);
        var rules = new object[] { new { local = new object[] { new { user = new { name = "{0}", domain = new { name = "{1}" } } } }, remote = new object[] { new { type = "SSL_CLIENT_SUBJECT_DN_CN" }, new { type = "SSL_CLIENT_SUBJECT_DN_O" }, new { type = "SSL_CLIENT_ISSUER_DN_CN", any_one_of = new[] { name, "other" } } } } };
        string Certificate(string subject)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            using var made = new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
            return made.ExportCertificatePem();
        }
        var pem = Certificate($"CN={name}, O=Default");
        var form = ("grant_type", "client_credentials");
        (await Ask(Form(form, ("client_id", id)), ("X-Ssl-Client-Cert", Uri.EscapeDataString(pem)))).Is(401);
        (await admin.Put(Make.V3 + "/OS-FEDERATION/mappings/oauth2_mapping", new { mapping = new { rules } })).Is(201);
        var reply = (await Ask(Form(form, ("client_id", id)), ("X-Ssl-Client-Cert", Uri.EscapeDataString(pem)))).Is(200);
        var text = reply["access_token"].ToString();
        cloud.Get<TokenCache>().Clear();
        var shown = (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", text))).Is(200)["token"];
        (shown["user"]!["id"]!.ToString(), shown["project"]!["id"]!.ToString(), shown["oauth2_credential"]!["x5t#S256"]!.ToString())
            .ShouldBe((id, project, Convert.ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(pem))).Replace('+', '-').Replace('/', '_')));
        foreach (var subject in new[] { $"CN={name}, O=Elsewhere", "CN=other, O=Default", $"CN=stranger, O=Default", "O=Default" })
        {
            (await Ask(Form(form, ("client_id", id)), ("X-Ssl-Client-Cert", Uri.EscapeDataString(Certificate(subject))))).Is(401)["error"].ToString().ShouldBe("invalid_client");
        }
        (await Ask(Form(form, ("client_id", id)), ("X-Ssl-Client-Cert", "no certificate"))).Is(401);
        (await Ask(Form(form, ("client_id", "nobody")), ("X-Ssl-Client-Cert", Uri.EscapeDataString(pem)))).Is(401);
    }

    [Fact]
    public async Task External_ByTheProxysHeader_LogsIn()
    {
        var (id, name, project) = await cloud.NewMemberAsync();
        Task<TestReply> Login(params (string, string)[] headers) => cloud.Anonymous.Send(HttpMethod.Post, Logins.Tokens, Logins.Body(Logins.ProjectScope(project), ("external", new { })), headers);
        var token = (await Login(("X-Remote-User", name))).Is(201)["token"];
        (token["user"]!["id"]!.ToString(), token["methods"]!.ToJsonString()).ShouldBe((id, """["external"]"""));
        (await Login(("X-Remote-User", name), ("X-Remote-Domain", "Default"))).Is(201);
        (await Login(("X-Remote-User", name), ("X-Remote-Domain", "Other"))).Is(401);
        (await Login(("X-Remote-User", "nobody"))).Is(401);
        (await Login()).Is(401);
    }
}

/// <summary>Without a proxy's header in the configuration.</summary>
public sealed class ExternalOffTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    [Fact]
    public async Task External_NotConfigured_TakesNoHeader()
    {
        foreach (var header in new[] { "REMOTE_USER", "Remote-User", "X-Remote-User" })
        {
            (await cloud.Anonymous.Send(HttpMethod.Post, Logins.Tokens, Logins.Body(null, ("external", new { })), (header, "admin"))).Is(401);
        }
    }
}
