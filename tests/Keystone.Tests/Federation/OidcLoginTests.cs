using System.Security.Cryptography;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Federation.Oidc;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;
using static Nephos.Keystone.Tests.Federation.MakeFederation;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>Keystone with an OpenID provider.</summary>
public sealed class OidcCloud : FederationCloud
{
    private FakeOpenIdProvider? _provider;
    private static readonly OidcProviderSettings Corp = new() { Issuer = FakeOpenIdProvider.Issuer, ClientId = FakeOpenIdProvider.ClientId, ClientSecret = FakeOpenIdProvider.Secret };
    internal FakeOpenIdProvider Provider => _provider ??= new(Clock);
    protected override KeystoneSettings Settings => new()
    {
        PasswordHashRounds = 4,
        Federation = new FederationSettings { TrustedDashboards = [Dashboard, "https://UPPER.example.com/Auth/"] },
        Oidc = new OidcSettings { Providers = new Dictionary<string, OidcProviderSettings> { ["corp"] = Corp, ["rich"] = Corp with { Userinfo = true, Introspection = true, Protocol = "rich" } } },
    };

    protected override void Configure(IServiceCollection services)
    {
        base.Configure(services);
        services.AddSingleton(new OidcBackchannel(Provider));
    }

    public async Task<string> CorpAsync(string id = "corp", string protocol = "openid")
    {
        if ((await Admin.Get($"{Providers}/{id}")).Status == 404)
        {
            await MakeFederation.Provider(Admin, "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`OIDC-sub`},{`type`:`HTTP_OIDC_ISS`}]}]", protocol, id: id, provider: new { enabled = true, remote_ids = id == "corp" ? new[] { FakeOpenIdProvider.Issuer } : [] });
        }
        return $"{Providers}/{id}/protocols/{protocol}/auth";
    }
}

public sealed class OidcLoginTests(OidcCloud cloud) : IClassFixture<OidcCloud>
{
    private const string Websso = V3 + "/auth/OS-FEDERATION/identity_providers/corp/protocols/openid/websso";
    private static readonly string Origin = "?origin=" + Uri.EscapeDataString(FederationCloud.Dashboard);
    private Task<TestReply> Bearer(string path, string token) => cloud.Anonymous.Send(HttpMethod.Post, path, null, ("Authorization", "Bearer " + token));

    [Fact]
    public async Task Bearer_GoodToken_IsAFederatedLogin()
    {
        var auth = await cloud.CorpAsync();
        var login = (await Bearer(auth, cloud.Provider.Token())).Is(201);
        login["token"]["user"]!["name"]!.ToString().ShouldBe("subject-1");
        login["token"]["user"]!["OS-FEDERATION"]!["identity_provider"]!["id"]!.ToString().ShouldBe("corp");
        (await cloud.Anonymous.Send(HttpMethod.Get, auth, null, ("Authorization", "Bearer " + cloud.Provider.Token()))).Is(201);
        (await TestUser.LoggedIn(cloud.Client(), login).Get($"{V3}/auth/projects")).Is(200);
        // A provider's new key is found; an unknown one does not make us ask again and again.
        cloud.Clock.Advance(TimeSpan.FromMinutes(1));
        cloud.Provider.ChangeKey();
        (await Bearer(auth, cloud.Provider.Token())).Is(201);
        var asked = cloud.Provider.MetadataAsked;
        for (var i = 0; i < 5; i++) { (await Bearer(auth, cloud.Provider.Token(key: RSA.Create(2048), keyId: "unknown" + i))).Is(401); }
        (cloud.Provider.MetadataAsked - asked).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task Bearer_AnythingWrong_Is401()
    {
        var auth = await cloud.CorpAsync();
        var provider = cloud.Provider;
        var good = provider.Token();
        var wrong = new Dictionary<string, string>
        {
            ["another key"] = provider.Token(key: RSA.Create(2048)),
            ["no signature"] = provider.Token(algorithm: "none"),
            ["a symmetric signature with the public key"] = provider.Token(algorithm: SecurityAlgorithms.HmacSha256),
            ["another audience"] = provider.Token(new() { ["aud"] = "other" }),
            ["no audience"] = provider.Token(new() { ["aud"] = null }),
            ["another issuer"] = provider.Token(new() { ["iss"] = "https://evil.example.com" }),
            ["run out"] = provider.Token(seconds: -61),
            ["no end"] = provider.Token(new() { ["exp"] = null }),
            ["not yet"] = provider.Token(new() { ["nbf"] = cloud.Clock.GetUtcNow().ToUnixTimeSeconds() + 120 }),
            ["changed"] = good[..^4] + "AAAA",
            ["opaque"] = "opaque",
            ["three parts"] = "YQ.YQ.YQ",
            ["a token of ours"] = (await cloud.LoginAdminAsync()).Token!,
            ["nothing"] = "",
        };
        foreach (var (what, token) in wrong) { (await Bearer(auth, token)).Status.ShouldBe(401, what); }
        (await cloud.Anonymous.Get(auth)).Is(401);
        (await cloud.Anonymous.Send(HttpMethod.Get, auth, null, ("OIDC-sub", "admin"), ("HTTP_OIDC_ISS", "x"))).Is(401);
        // Within what clocks may differ.
        (await Bearer(auth, provider.Token(seconds: -30))).Is(201);
        (await Bearer(auth, provider.Token(new() { ["nbf"] = cloud.Clock.GetUtcNow().ToUnixTimeSeconds() + 30 }))).Is(201);
    }

    [Fact]
    public async Task Bearer_OpaqueWithIntrospectionAndUserinfo_IsLookedUp()
    {
        var auth = await cloud.CorpAsync("rich", "rich");
        cloud.Provider.Active = "opaque-token";
        (await Bearer(auth, "opaque-token")).Is(201)["token"]["user"]!["name"]!.ToString().ShouldBe("opaque-1");
        (await Bearer(auth, "another")).Is(401);
        var map = (await cloud.Admin.Get($"{Providers}/rich/protocols/rich")).Is(200)["protocol"]["mapping_id"]!.ToString();
        (await cloud.Admin.Patch($"{V3}/OS-FEDERATION/mappings/{map}", """{"mapping":{"rules":[{"local":[{"user":{"name":"{0}"}}],"remote":[{"type":"OIDC-nick"}]}]}}""")).Is(200);
        cloud.Provider.Userinfo = new() { ["sub"] = "subject-1", ["nick"] = "nick" };
        (await Bearer(auth, cloud.Provider.Token())).Is(201)["token"]["user"]!["name"]!.ToString().ShouldBe("nick");
        cloud.Provider.Userinfo = new() { ["sub"] = "somebody-else", ["nick"] = "nick" };
        (await Bearer(auth, cloud.Provider.Token())).Is(401);
    }

    private async Task<(Uri Authorize, string State, string Cookie)> Start(string path = Websso)
    {
        var start = (await cloud.Anonymous.Get(path + Origin)).Is(302);
        var authorize = new Uri(start.Header("Location")!);
        var cookie = start.Header("Set-Cookie")!;
        cookie.ShouldContain("; HttpOnly; SameSite=Lax");
        return (authorize, QueryHelpers.ParseQuery(authorize.Query)["state"].ToString(), cookie.Split(';')[0]);
    }

    private Task<TestReply> Back(string code, string state, string? cookie, string more = "") => cloud.Anonymous.Send(HttpMethod.Get, $"{Websso}?code={code}&state={Uri.EscapeDataString(state)}{more}", null, cookie is null ? [] : [("Cookie", cookie)]);

    [Fact]
    public async Task Websso_WholeFlow_PostsATokenToTheDashboard()
    {
        await cloud.CorpAsync();
        foreach (var path in new[] { Websso, V3 + "/auth/OS-FEDERATION/websso/openid" })
        {
            var (authorize, state, cookie) = await Start(path);
            authorize.GetLeftPart(UriPartial.Path).ShouldBe(FakeOpenIdProvider.Issuer + "/authorize");
            var query = QueryHelpers.ParseQuery(authorize.Query);
            (query["response_type"].ToString(), query["client_id"].ToString(), query["redirect_uri"].ToString(), query["scope"].ToString(), query["code_challenge_method"].ToString())
                .ShouldBe(("code", "cloud", "http://localhost" + Websso, "openid email profile", "S256"));
            var page = (await Back(cloud.Provider.Code(authorize), state, cookie)).Is(200);
            page.Header("Content-Type").ShouldStartWith("text/html");
            page.Header("Cache-Control").ShouldBe("no-store");
            page.Text.ShouldContain($"<form id=\"sso\" name=\"sso\" action=\"{FederationCloud.Dashboard}\" method=\"post\">");
            var token = page.Text.Split("id=\"token\" value=\"")[1].Split('"')[0];
            (await cloud.Anonymous.Send(HttpMethod.Get, $"{V3}/auth/projects", null, ("X-Auth-Token", token))).Is(200);
        }
    }

    [Fact]
    public async Task Websso_StateOrNonceOfAnother_Is401()
    {
        await cloud.CorpAsync();
        var (authorize, state, cookie) = await Start();
        var (other, otherState, otherCookie) = await Start();
        (await Back(cloud.Provider.Code(authorize), state, null)).Is(401);
        (await Back(cloud.Provider.Code(authorize), state, otherCookie)).Is(401);
        (await Back(cloud.Provider.Code(authorize), state, cookie[..^6] + "AAAAAA")).Is(401);
        (await Back(cloud.Provider.Code(authorize), "nope", cookie)).Is(401);
        (await Back(cloud.Provider.Code(authorize), state, cookie, "&iss=https%3A%2F%2Fevil.example.com")).Is(401);
        // A code that the provider made for another login: neither verifier nor nonce fit.
        (await Back(cloud.Provider.Code(authorize), otherState, otherCookie)).Is(401);
        var used = cloud.Provider.Code(authorize);
        (await Back(used, state, cookie)).Is(200);
        (await Back(cloud.Provider.Code(authorize), state, cookie)).Is(401);
        (authorize, state, cookie) = await Start();
        (await Back(cloud.Provider.Code(authorize, new() { ["nonce"] = "another" }), state, cookie)).Is(401);
        (authorize, state, cookie) = await Start();
        (await Back(cloud.Provider.Code(authorize, new() { ["azp"] = "another" }), state, cookie)).Is(401);
        (authorize, state, cookie) = await Start();
        (await cloud.Anonymous.Send(HttpMethod.Get, $"{Websso}?error=access_denied&state={state}", null, ("Cookie", cookie))).Is(401);
        (authorize, state, cookie) = await Start();
        cloud.Clock.Advance(TimeSpan.FromMinutes(11));
        (await Back(cloud.Provider.Code(authorize), state, cookie)).Is(401);
        other.ShouldNotBe(authorize);
    }

    [Fact]
    public async Task Websso_OriginMissingOrUntrusted_Is400And401()
    {
        await cloud.CorpAsync();
        foreach (var path in new[] { Websso, V3 + "/auth/OS-FEDERATION/websso/openid" })
        {
            (await cloud.Anonymous.Get(path)).Is(400).Message().ShouldBe("Request must have an origin query parameter");
            (await cloud.Anonymous.Get(path + "?origin=https%3A%2F%2Fevil.example.com")).Is(401);
            (await cloud.Anonymous.Get(path + Origin + "x")).Is(401);
            (await cloud.Anonymous.Post(path + Origin)).Is(302);
        }
        (await cloud.Anonymous.Get(Websso + "?origin=" + Uri.EscapeDataString("https://upper.example.com/Auth/"))).Is(302);
        (await cloud.Anonymous.Get(V3 + "/auth/OS-FEDERATION/websso/nope" + Origin)).Is(401);
        (await cloud.Anonymous.Get(V3 + "/auth/OS-FEDERATION/identity_providers/nope/protocols/openid/websso" + Origin)).Is(404);
    }
}
