using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Security.Cryptography.Xml;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Federation.Saml;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;
using static Nephos.Keystone.Tests.Federation.MakeFederation;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>Keystone with a SAML2 identity provider (<c>corp</c>), and with itself as another (<c>k2k</c>).</summary>
public sealed class SamlCloud : FederationCloud
{
    public const string Sp = "http://localhost" + V3 + "/OS-FEDERATION/saml2/sp";
    internal FakeSamlProvider Idp { get; } = new();
    private string File_(string name) => Path.Combine(StateDirectory, name);

    protected override KeystoneSettings Settings => new()
    {
        PasswordHashRounds = 4,
        Federation = new FederationSettings { TrustedDashboards = [Dashboard] },
        Saml = new SamlSettings
        {
            Providers = new Dictionary<string, SamlProviderSettings>
            {
                ["corp"] = new() { MetadataFile = File_("corp.xml") },
                ["k2k"] = new() { MetadataFile = File_("k2k.xml"), AllowUnsolicited = true, RequireAudience = false },
            },
        },
    };

    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        File.WriteAllText(File_("corp.xml"), Idp.Metadata);
    }

    public async Task CorpAsync()
    {
        if ((await Admin.Get($"{Providers}/corp")).Status == 404)
        {
            await MakeFederation.Provider(Admin, "[{`local`:[{`user`:{`name`:`{0}`,`email`:`{1}`}}],`remote`:[{`type`:`MELLON_NAME_ID`},{`type`:`mail`}]}]", "saml2", id: "corp", provider: new { enabled = true, remote_ids = new[] { FakeSamlProvider.EntityId } });
        }
    }

    public async Task K2kAsync()
    {
        if (File.Exists(File_("k2k.xml"))) { return; }
        await File.WriteAllTextAsync(File_("k2k.xml"), (await Anonymous.Get($"{V3}/OS-FEDERATION/saml2/metadata")).Is(200).Text);
        await MakeFederation.Provider(Admin, "[{`local`:[{`user`:{`name`:`{0}@{1}`}},{`groups`:`{2}`}],`remote`:[{`type`:`openstack_user`},{`type`:`openstack_user_domain`},{`type`:`openstack_groups`},{`type`:`openstack_roles`,`any_one_of`:[`member`]}]}]", "saml2", id: "k2k");
    }
}

public sealed partial class SamlLoginTests(SamlCloud cloud) : IClassFixture<SamlCloud>
{
    private const string Websso = V3 + "/auth/OS-FEDERATION/identity_providers/corp/protocols/saml2/websso", Auth = Providers + "/corp/protocols/saml2/auth";
    private static readonly string Origin = "?origin=" + Uri.EscapeDataString(FederationCloud.Dashboard);

    private DateTime Now => cloud.Clock.GetUtcNow().UtcDateTime;

    private async Task<(string RequestId, string RelayState, string Cookie)> Start()
    {
        await cloud.CorpAsync();
        var start = (await cloud.Anonymous.Get(Websso + Origin)).Is(302);
        var address = new Uri(start.Header("Location")!);
        address.GetLeftPart(UriPartial.Path).ShouldBe(FakeSamlProvider.Sso);
        var query = QueryHelpers.ParseQuery(address.Query);
        using var inflate = new DeflateStream(new MemoryStream(Convert.FromBase64String(query["SAMLRequest"].ToString())), CompressionMode.Decompress);
        var request = new XmlDocument();
        request.Load(inflate);
        var root = request.DocumentElement!;
        (root.LocalName, root.GetAttribute("AssertionConsumerServiceURL"), root.Child("Issuer", SamlXml.Assertion)!.InnerText).ShouldBe(("AuthnRequest", "http://localhost" + Websso, SamlCloud.Sp));
        return (root.GetAttribute("ID"), query["RelayState"].ToString(), start.Header("Set-Cookie")!.Split(';')[0]);
    }

    private Task<TestReply> Post(string xml, string relayState, string? cookie)
    {
        var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["SAMLResponse"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(xml)), ["RelayState"] = relayState });
        return cloud.Anonymous.Send(HttpMethod.Post, Websso, form, cookie is null ? [] : [("Cookie", cookie)]);
    }

    private FakeSamlProvider.Answer Good(string? requestId) => new("http://localhost" + Websso, SamlCloud.Sp, requestId, Now);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Websso_WholeFlow_PostsATokenToTheDashboard(bool signResponse)
    {
        var (id, relay, cookie) = await Start();
        var xml = cloud.Idp.Make(Good(id) with { SignResponse = signResponse }).OuterXml;
        var page = (await Post(xml, relay, cookie)).Is(200);
        page.Text.ShouldContain($"action=\"{FederationCloud.Dashboard}\"");
        var token = page.Text.Split("id=\"token\" value=\"")[1].Split('"')[0];
        var look = (await cloud.Admin.Send(HttpMethod.Get, $"{V3}/auth/tokens", null, ("X-Subject-Token", token))).Is(200);
        look["token"]["user"]!["name"]!.ToString().ShouldBe("ann");
        // The same again.
        (await Post(xml, relay, cookie)).Is(401);
    }

    [Fact]
    public async Task Answer_AnythingWrong_Is401()
    {
        using var evil = FakeSamlProvider.NewCertificate();
        var wrong = new Dictionary<string, Func<FakeSamlProvider.Answer, FakeSamlProvider.Answer>>
        {
            ["unsigned"] = a => a with { Unsigned = true },
            ["another key"] = a => a with { SignedBy = evil },
            ["another key on the response"] = a => a with { SignedBy = evil, SignResponse = true },
            ["another issuer"] = a => a with { Issuer = "https://evil.example.com" },
            ["another audience"] = a => a with { Audience = "https://other.example.com" },
            ["no audience"] = a => a with { NoConditions = true },
            ["another recipient"] = a => a with { Recipient = "http://localhost/other" },
            ["another destination"] = a => a with { Destination = "http://localhost/other" },
            ["another request"] = a => a with { InResponseTo = "_other" },
            ["no request"] = a => a with { InResponseTo = null },
            ["failed"] = a => a with { Status = "urn:oasis:names:tc:SAML:2.0:status:Responder" },
            ["run out"] = a => a with { NotOnOrAfter = TimeSpan.FromSeconds(-61) },
            ["not yet"] = a => a with { NotBefore = TimeSpan.FromSeconds(90) },
            ["confirmation run out"] = a => a with { Confirmed = TimeSpan.FromSeconds(-61) },
            ["no bearer"] = a => a with { Method = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key" },
            ["nobody authenticated"] = a => a with { NoAuthn = true },
        };
        var (id, relay, cookie) = await Start();
        foreach (var (what, spoil) in wrong) { (await Post(cloud.Idp.Make(spoil(Good(id))).OuterXml, relay, cookie)).Status.ShouldBe(401, what); }
        (await Post("<x", relay, cookie)).Is(401);
        (await Post("<x/>", relay, cookie)).Is(401);
        (await Post("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>", relay, cookie)).Is(401);
        (await Post(cloud.Idp.Make(Good(id)).OuterXml, relay, null)).Is(401);
        // Within what clocks may differ, and after all that the login is still good.
        (await Post(cloud.Idp.Make(Good(id) with { NotBefore = TimeSpan.FromSeconds(30) }).OuterXml, relay, cookie)).Is(200);
        (await Post(cloud.Idp.Make(Good(id) with { NotOnOrAfter = TimeSpan.FromSeconds(-30), Confirmed = TimeSpan.FromSeconds(-30) }).OuterXml, relay, cookie)).Is(200);
    }

    [Theory]
    [InlineData(256)]
    [InlineData(384)]
    [InlineData(521)]
    public async Task Signature_OnACurve_IsAsGoodAsAnother(int bits)
    {
        var (id, relay, cookie) = await Start();
        (await Post(cloud.Idp.Make(Good(id) with { SignedBy = cloud.Idp.Curves[bits] }).OuterXml, relay, cookie)).Is(200);
        (await Post(cloud.Idp.Make(Good(id) with { SignedBy = cloud.Idp.Curves[bits], SignResponse = true }).OuterXml, relay, cookie)).Is(200);
        var changed = cloud.Idp.Make(Good(id) with { SignedBy = cloud.Idp.Curves[bits] });
        changed.GetElementsByTagName("NameID", SamlXml.Assertion)[0]!.InnerText = "admin";
        (await Post(changed.OuterXml, relay, cookie)).Is(401);
        using var evil = FakeSamlProvider.NewCurve(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        (await Post(cloud.Idp.Make(Good(id) with { SignedBy = evil }).OuterXml, relay, cookie)).Is(401);
    }

    /// <summary>Our certificate, as an identity provider reads it from our metadata.</summary>
    private async Task<X509Certificate2> SpCertificate()
    {
        var metadata = new XmlDocument();
        metadata.LoadXml((await cloud.Anonymous.Get($"{V3}/OS-FEDERATION/saml2/sp")).Is(200).Text);
        var root = metadata.DocumentElement!;
        root.GetAttribute("entityID").ShouldBe(SamlCloud.Sp);
        var services = root.GetElementsByTagName("AssertionConsumerService", SamlXml.Metadata).OfType<XmlElement>().Select(s => s.GetAttribute("Location")).ToList();
        services.ShouldContain("http://localhost" + Websso);
        services.ShouldContain("http://localhost" + Auth);
        if (!OperatingSystem.IsWindows()) { File.GetUnixFileMode(Path.Combine(cloud.StateDirectory, "saml", "sp-key.pem")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite); }
        return X509CertificateLoader.LoadCertificate(Convert.FromBase64String(root.GetElementsByTagName("X509Certificate", SignedXml.XmlDsigNamespaceUrl)[0]!.InnerText));
    }

    [Theory]
    [InlineData(Sealing.Gcm256, Sealing.OaepMgf1, null, null)]
    [InlineData(Sealing.Gcm192, Sealing.OaepMgf1, Sealing.Sha1, null)]
    [InlineData(Sealing.Gcm128, Sealing.Oaep, Sealing.Sha256, Sealing.Mgf256)]
    [InlineData(Sealing.Cbc256, Sealing.Oaep, null, null)]
    [InlineData(Sealing.Cbc192, Sealing.Oaep, Sealing.Sha1, Sealing.Mgf1)]
    [InlineData(Sealing.Cbc128, Sealing.OaepMgf1, null, null)]
    public async Task Encrypted_ByEachMethod_IsRead(string content, string method, string? digest, string? mask)
    {
        using var sp = await SpCertificate();
        var seal = new Sealing(sp) { Content = content, Method = method, Digest = digest, Mask = mask };
        foreach (var answer in new Func<FakeSamlProvider.Answer, FakeSamlProvider.Answer>[]
        {
            a => a with { SealAssertion = seal },
            a => a with { SealAssertion = seal, SignResponse = true },
            a => a with { SealAssertion = seal with { KeyBeside = true, InContext = true } },
            a => a with { SealName = seal, SealAttribute = seal },
            a => a with { SealName = seal, SealAttribute = seal, SealAssertion = seal },
        })
        {
            var (id, relay, cookie) = await Start();
            var page = (await Post(cloud.Idp.Make(answer(Good(id))).OuterXml, relay, cookie)).Is(200);
            var token = page.Text.Split("id=\"token\" value=\"")[1].Split('"')[0];
            var user = (await cloud.Admin.Send(HttpMethod.Get, $"{V3}/auth/tokens", null, ("X-Subject-Token", token))).Is(200)["token"]["user"]!["id"]!.ToString();
            var shown = (await cloud.Admin.Get($"{V3}/users/{user}")).Is(200)["user"];
            (shown["name"]!.ToString(), shown["email"]!.ToString()).ShouldBe(("ann", "ann@example.com"));
        }
    }

    /// <summary>By .NET's own writer of XML encryption.</summary>
    [Fact]
    public async Task Encrypted_ByAnotherWriter_IsRead()
    {
        using var sp = await SpCertificate();
        var (id, relay, cookie) = await Start();
        var document = cloud.Idp.Make(Good(id));
        var assertion = document.DocumentElement!.Child("Assertion", SamlXml.Assertion)!;
        var writer = new EncryptedXml();
        using var aes = Aes.Create();
        using var key = sp.GetRSAPublicKey()!;
        var data = new EncryptedData { Type = EncryptedXml.XmlEncElementUrl, EncryptionMethod = new EncryptionMethod(EncryptedXml.XmlEncAES256Url), CipherData = new CipherData(writer.EncryptData(assertion, aes, false)), KeyInfo = new KeyInfo() };
        data.KeyInfo.AddClause(new KeyInfoEncryptedKey(new EncryptedKey { EncryptionMethod = new EncryptionMethod(EncryptedXml.XmlEncRSAOAEPUrl), CipherData = new CipherData(EncryptedXml.EncryptKey(aes.Key, key, true)) }));
        var holder = document.CreateElement("saml", "EncryptedAssertion", SamlXml.Assertion);
        holder.AppendChild(document.ImportNode(data.GetXml(), true));
        assertion.ParentNode!.ReplaceChild(holder, assertion);
        (await Post(document.OuterXml, relay, cookie)).Is(200);
    }

    [Fact]
    public async Task Encrypted_AnythingWrong_Is401()
    {
        using var sp = await SpCertificate();
        using var other = FakeSamlProvider.NewCertificate();
        var (id, relay, cookie) = await Start();
        var seal = new Sealing(sp);
        var wrong = new Dictionary<string, XmlDocument>
        {
            ["to another's key"] = cloud.Idp.Make(Good(id) with { SealAssertion = new Sealing(other) }),
            ["by a method that leaks"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Method = "http://www.w3.org/2001/04/xmlenc#rsa-1_5" } }),
            ["by a method without authentication that nobody knows"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Named = "http://www.w3.org/2001/04/xmlenc#tripledes-cbc" } }),
            ["another digest than was used"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Method = Sealing.Oaep, Digest = Sealing.Sha256, Mask = Sealing.Mgf1 } }),
            ["another size of key"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Content = Sealing.Gcm128, Named = Sealing.Gcm256 } }),
            ["changed"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Spoil = true } }),
            ["changed in CBC"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Content = Sealing.Cbc256, Spoil = true } }),
            ["unsigned"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal, Unsigned = true }),
            ["signed by another"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal, SignedBy = other }),
            ["the name to another's key"] = cloud.Idp.Make(Good(id) with { SealName = new Sealing(other) }),
            ["an attribute to another's key"] = cloud.Idp.Make(Good(id) with { SealAttribute = new Sealing(other) }),
            ["run out"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal, NotOnOrAfter = TimeSpan.FromSeconds(-61) }),
            ["something else"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Instead = "<x/>" } }),
            ["two"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Instead = "<x xmlns='urn:y'/><x xmlns='urn:y'/>" } }),
            ["no XML"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Instead = "</opened><opened>" } }),
            ["an entity"] = cloud.Idp.Make(Good(id) with { SealAssertion = seal with { Instead = "&e;" } }),
        };
        // A good assertion that anybody may have got, sealed again around a bad one; and a bad one beside a sealed good one.
        var good = cloud.Idp.Make(Good(id)).DocumentElement!.Child("Assertion", SamlXml.Assertion)!.OuterXml;
        wrong["one within another"] = cloud.Idp.Make(Good(id) with { Unsigned = true, NameId = "admin", SealAssertion = seal with { Within = good } });
        var beside = cloud.Idp.Make(Good(id) with { SealAssertion = seal });
        beside.DocumentElement!.AppendChild(beside.ImportNode(cloud.Idp.Make(Good(id) with { Unsigned = true, NameId = "admin" }).DocumentElement!.Child("Assertion", SamlXml.Assertion)!, true));
        wrong["one beside another"] = beside;
        var twice = cloud.Idp.Make(Good(id) with { SealAssertion = seal });
        twice.DocumentElement!.AppendChild(twice.DocumentElement.Child("EncryptedAssertion", SamlXml.Assertion)!.CloneNode(true));
        wrong["twice"] = twice;
        var empty = cloud.Idp.Make(Good(id) with { SealAssertion = seal });
        empty.DocumentElement!.Child("EncryptedAssertion", SamlXml.Assertion)!.InnerXml = "";
        wrong["empty"] = empty;
        foreach (var (what, document) in wrong) { (await Post(document.OuterXml, relay, cookie)).Status.ShouldBe(401, what); }
        (await Post(cloud.Idp.Make(Good(id) with { SealAssertion = seal }).OuterXml, relay, cookie)).Is(200);
    }

    [Fact]
    public async Task Ecp_WholeFlow_GivesAToken()
    {
        await cloud.CorpAsync();
        (await cloud.Anonymous.Get(Auth)).Is(401);
        var start = (await cloud.Anonymous.Send(HttpMethod.Get, Auth, null, ("Accept", "application/json,application/vnd.paos+xml"), ("PAOS", "ver=\"urn:liberty:paos:2003-08\";\"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp\""))).Is(200);
        start.Header("Content-Type").ShouldBe("application/vnd.paos+xml");
        var envelope = new XmlDocument();
        envelope.LoadXml(start.Text);
        var header = envelope.DocumentElement!.Child("Header", SamlXml.Soap)!;
        header.Child("Request", SamlXml.Paos)!.GetAttribute("responseConsumerURL").ShouldBe("http://localhost" + Auth);
        var request = envelope.DocumentElement!.Child("Body", SamlXml.Soap)!.Child("AuthnRequest", SamlXml.Protocol)!;
        var relay = header.Child("RelayState", SamlXml.Ecp)!.OuterXml;
        var answer = cloud.Idp.Make(Good(request.GetAttribute("ID")) with { Consumer = "http://localhost" + Auth }).OuterXml;
        string Envelope(string headers) => $"<S:Envelope xmlns:S=\"{SamlXml.Soap}\"><S:Header>{headers}</S:Header><S:Body>{answer}</S:Body></S:Envelope>";
        Task<TestReply> Send(string xml) => cloud.Anonymous.Send(HttpMethod.Post, Auth, new StringContent(xml, Encoding.UTF8, "application/vnd.paos+xml"));
        (await Send(Envelope(""))).Is(401);
        (await Send("<S:Fault/>")).Is(401);
        (await Send(Envelope(relay))).Is(201)["token"]["user"]!["name"]!.ToString().ShouldBe("ann");
        (await Send(Envelope(relay))).Is(401);
    }

    private static object Ask(string token, string sp) => new { auth = new { identity = new { methods = new[] { "token" }, token = new { id = token } }, scope = new { service_provider = new { id = sp } } } };

    [Fact]
    public async Task K2k_OurAssertion_IsTakenByOurOwnOtherSide()
    {
        await cloud.K2kAsync();
        var auth = $"{Providers}/k2k/protocols/saml2/auth";
        var sp = Name("sp");
        (await cloud.Admin.Put($"{V3}/OS-FEDERATION/service_providers/{sp}", new { service_provider = new { auth_url = "http://localhost" + auth, sp_url = "http://localhost" + auth, enabled = true } })).Is(201);
        var user = await cloud.NewRealUserAsync();
        var group = Name("g");
        (await cloud.Admin.Put($"{V3}/groups/{await Group(cloud.Admin, group)}/users/{user.UserId}")).Is(204);
        var plain = (await cloud.Anonymous.Post(V3 + "/auth/OS-FEDERATION/saml2", Ask(user.Token!, sp))).Is(200);
        (plain.Header("Content-Type"), plain.Header("X-sp-url"), plain.Header("X-auth-url")).ShouldBe(("text/xml", "http://localhost" + auth, "http://localhost" + auth));
        var document = new XmlDocument();
        document.LoadXml(plain.Text);
        var attributes = document.GetElementsByTagName("Attribute", SamlXml.Assertion).OfType<XmlElement>().ToDictionary(a => a.GetAttribute("Name"), a => string.Join('|', a.ChildNodes.OfType<XmlElement>().Select(v => v.InnerText)));
        attributes.Keys.ShouldBe(["openstack_user", "openstack_roles", "openstack_project", "openstack_project_domain", "openstack_user_domain", "openstack_groups"]);
        (attributes["openstack_user_domain"], attributes["openstack_groups"]).ShouldBe(("Default", $$$"""JSON:{"name": "{{{group}}}", "domain": {"name": "Default"}}"""));

        var ecp = (await cloud.Anonymous.Post(V3 + "/auth/OS-FEDERATION/saml2/ecp", Ask(user.Token!, sp))).Is(200);
        ecp.Text.ShouldContain("ss:mem:");
        Task<TestReply> Send(string xml) => cloud.Anonymous.Send(HttpMethod.Post, auth, new StringContent(xml, Encoding.UTF8, "application/vnd.paos+xml"));
        (await Send(ecp.Text.Replace(">member<", ">admin<", StringComparison.Ordinal))).Is(401);
        var token = (await Send(ecp.Text)).Is(201)["token"];
        token["user"]!["name"]!.ToString().ShouldBe(user.Identity.UserName + "@Default");
        token["user"]!["OS-FEDERATION"]!["groups"]!.AsArray().Count.ShouldBe(1);
        (await Send(ecp.Text)).Is(401);
        var late = (await cloud.Anonymous.Post(V3 + "/auth/OS-FEDERATION/saml2/ecp", Ask(user.Token!, sp))).Is(200).Text;
        // Another identity provider's assertion at this door, and ours at another's.
        var alien = cloud.Idp.Make(new("http://localhost" + auth, SamlCloud.Sp, null, Now)).OuterXml;
        (await Send($"<S:Envelope xmlns:S=\"{SamlXml.Soap}\"><S:Header/><S:Body>{alien}</S:Body></S:Envelope>")).Is(401);
        (await cloud.Anonymous.Send(HttpMethod.Post, Auth, new StringContent(late, Encoding.UTF8, "application/vnd.paos+xml"))).Is((await cloud.Admin.Get($"{Providers}/corp")).Status == 404 ? 404 : 401);
        cloud.Clock.Advance(TimeSpan.FromMinutes(62));
        (await Send(late)).Is(401);
    }

    [Fact]
    public async Task K2k_WithoutSense_IsRefused()
    {
        var sp = Name("sp");
        var user = await cloud.NewRealUserAsync();
        var path = V3 + "/auth/OS-FEDERATION/saml2";
        (await cloud.Anonymous.Post(path, Ask(user.Token!, sp))).Is(404).Message().ShouldBe($"Could not find Service Provider: {sp}.");
        (await cloud.Admin.Put($"{V3}/OS-FEDERATION/service_providers/{sp}", new { service_provider = new { auth_url = "https://a/b", sp_url = "https://a/c" } })).Is(201);
        (await cloud.Anonymous.Post(path, Ask(user.Token!, sp))).Is(403).Message().ShouldBe($"Service Provider {sp} is disabled");
        (await cloud.Admin.Patch($"{V3}/OS-FEDERATION/service_providers/{sp}", new { service_provider = new { enabled = true } })).Is(200);
        (await cloud.Anonymous.Post(path, Ask("gAAAAnope", sp))).Is(404);
        var unscoped = (await cloud.Scoped(user.Token!, "unscoped")).Is(201).Header("X-Subject-Token")!;
        (await cloud.Anonymous.Post(path, Ask(unscoped, sp))).Is(403).Message().ShouldContain("Use a project scoped token when attempting to create a SAML assertion");
        (await cloud.Anonymous.Post(path, """{"auth":{"identity":{"methods":["token"]},"scope":{"service_provider":{"id":"x"}}}}""")).Is(400).Message().ShouldContain("'token' is a required property");
        (await cloud.Anonymous.Post(path, """{"auth":{"identity":{"token":{"id":"x"}},"scope":{"service_provider":{"id":"x"},"more":1}}}""")).Is(400);
        (await cloud.Anonymous.Get(path)).Is(405);
        var metadata = new XmlDocument();
        metadata.LoadXml((await cloud.Anonymous.Get($"{V3}/OS-FEDERATION/saml2/metadata")).Is(200).Text);
        metadata.DocumentElement!.GetAttribute("entityID").ShouldBe("http://localhost" + V3 + "/OS-FEDERATION/saml2/idp");
        if (!OperatingSystem.IsWindows()) { File.GetUnixFileMode(Path.Combine(cloud.StateDirectory, "saml", "key.pem")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite); }
    }
}
