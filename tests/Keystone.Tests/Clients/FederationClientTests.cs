using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Xml;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Keystone.Federation.Oidc;
using Nephos.Keystone.Federation.Saml;
using Nephos.Keystone.Tests.Federation;
using Nephos.Testing;
using Nephos.Testing.Clients;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Clients;

/// <summary>Keystone on a port of the loopback, with identity providers on another; and it is its own other cloud.</summary>
public sealed class FederationClientCloud : TestCloud
{
    private readonly IdentityServers _servers = new();
    internal IdentityServers Servers => _servers;
    protected override bool Listens => true;
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    public string FileOf(string name) => Path.Combine(StateDirectory, name);

    protected override void Configure(IServiceCollection services)
    {
        File.WriteAllText(FileOf("ca.pem"), _servers.CaPem);
        File.WriteAllText(FileOf("shib.xml"), _servers.SamlMetadata);
        var openId = new OidcProviderSettings { Issuer = _servers.Url, ClientId = FakeOpenIdProvider.ClientId, ClientSecret = FakeOpenIdProvider.Secret, CaFile = FileOf("ca.pem") };
        services.AddSingleton(new KeystoneSettings
        {
            PasswordHashRounds = 4,
            Oidc = new OidcSettings { Providers = new Dictionary<string, OidcProviderSettings> { ["corp"] = openId, ["distrusted"] = openId with { CaFile = null } } },
            Saml = new SamlSettings
            {
                Providers = new Dictionary<string, SamlProviderSettings>
                {
                    ["shib"] = new() { MetadataFile = FileOf("shib.xml") },
                    ["first"] = new() { MetadataFile = FileOf("first.xml"), AllowUnsolicited = true, RequireAudience = false },
                },
            },
        });
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _servers.Dispose();
    }
}

/// <summary>The federation plugins of the real client (Debian's python3-keystoneauth1), as its users say them: <c>federation-conversation.txt</c>.</summary>
public sealed class FederationClientTests(FederationClientCloud cloud) : IClassFixture<FederationClientCloud>
{
    [Fact]
    public async Task Client_EachPlugin_LogsIn()
    {
        foreach (var user in new[] { "ann", "ben" }) { cloud.Servers.Passwords[user] = user + "pw"; }
        var metadata = new XmlDocument();
        metadata.LoadXml(cloud.Get<SamlServiceProvider>().Metadata());
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String(metadata.GetElementsByTagName("X509Certificate", SignedXml.XmlDsigNamespaceUrl)[0]!.InnerText));
        cloud.Servers.SpCertificate = certificate;
        await ClientConversation.SayAsync(cloud, "Keystone.Tests/Clients/federation-conversation.txt", commands: null,
            "op=" + cloud.Servers.Url, "ca=" + cloud.FileOf("ca.pem"), "goodcode=" + cloud.Servers.OpenId.Code("cathy"), "access=" + cloud.Servers.OpenId.Token(new() { ["sub"] = "dan" }),
            "badaccess=" + cloud.Servers.OpenId.Token(new() { ["aud"] = "other" }));
    }

    [Fact]
    public async Task Client_KeystoneToKeystone_IsTheSameUserOnTheOtherSide()
    {
        await File.WriteAllTextAsync(cloud.FileOf("first.xml"), cloud.Get<SamlIdentity>().Metadata());
        (await ClientConversation.RunAsync(cloud, "Keystone.Tests/Clients/k2k.py", cloud.Url + V3, "secret")).ShouldContain("traveller@Default has member in home of traveller");
    }
}
