using System.Text.Json.Nodes;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Tokens;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;
using static Nephos.Keystone.Tests.Federation.MakeFederation;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>Logins through a proxy that hands the assertion on as headers.</summary>
public sealed class MappedLoginTests(FederationCloud cloud) : IClassFixture<FederationCloud>
{
    private const string UserAndGroups = "[{`local`:[{`user`:{`name`:`{0}`,`email`:`{1}`}},{`groups`:`{2}`,`domain`:{`name`:`Default`}}],`remote`:[{`type`:`HTTP_SUB`},{`type`:`Mail`},{`type`:`Groups`}]}]";

    private Task<TestReply> Login(string path, params (string, string)[] headers) => cloud.Anonymous.Send(HttpMethod.Get, path, null, headers);

    [Fact]
    public async Task Login_WithGroups_GivesAShadowUserWithUpstreamsIdAndScopedTokens()
    {
        var (idp, auth) = await Provider(cloud.Admin, UserAndGroups);
        var domain = (await cloud.Admin.Get($"{Providers}/{idp}")).Is(200)["identity_provider"]["domain_id"]!.ToString();
        var (one, two) = (Name("g"), Name("g"));
        var (group, project) = (await Group(cloud.Admin, one), await Project(cloud.Admin));
        await Group(cloud.Admin, two);
        (await cloud.Admin.Put($"{V3}/projects/{project}/groups/{group}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        (await cloud.Admin.Put($"{V3}/domains/{domain}/groups/{group}/roles/{await RoleNamed(cloud.Admin, "reader")}")).Is(204);

        var login = (await Login(auth, ("Sub", "ann b@x"), ("Mail", "a@x"), ("Groups", one + ";nowhere"))).Is(201);
        var user = login["token"]["user"]!;
        user["id"]!.ToString().ShouldBe(ShadowUsers.IdOf(domain, "ann%20b%40x"));
        user["name"]!.ToString().ShouldBe("ann b@x");
        user["domain"]!["id"]!.ToString().ShouldBe(domain);
        user["OS-FEDERATION"]!.ToJsonString().ShouldBe($$$"""{"groups":[{"id":"{{{group}}}"}],"identity_provider":{"id":"{{{idp}}}"},"protocol":{"id":"mapped"}}""");
        user.AsObject().ContainsKey("password_expires_at").ShouldBeFalse();
        login["token"]["methods"]!.ToJsonString().ShouldBe("""["mapped"]""");
        login["token"].AsObject().ContainsKey("roles").ShouldBeFalse();
        var token = login.Header("X-Subject-Token")!;
        var me = TestUser.LoggedIn(cloud.Client(), login);
        foreach (var path in new[] { "/auth/projects", "/OS-FEDERATION/projects" }) { (await me.Get(V3 + path)).Ids("projects").ShouldBe([project]); }
        foreach (var path in new[] { "/auth/domains", "/OS-FEDERATION/domains" }) { (await me.Get(V3 + path)).Ids("domains").ShouldBe([domain]); }

        var scoped = (await cloud.Scoped(token, new { project = new { id = project } })).Is(201);
        scoped["token"]["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldBe(["member", "reader"]);
        scoped["token"]["expires_at"]!.ToString().ShouldBe(login["token"]["expires_at"]!.ToString());
        scoped["token"]["user"]!["OS-FEDERATION"]!["protocol"]!["id"]!.ToString().ShouldBe("mapped");
        (await cloud.Scoped(token, new { domain = new { id = domain } })).Is(201)["token"]["roles"]!.AsArray().Count.ShouldBe(1);
        (await cloud.Scoped(token, new { project = new { id = await Project(cloud.Admin) } })).Is(401);
        foreach (var method in new[] { "mapped", "saml2", "openid" })
        {
            var identity = new JsonObject { ["methods"] = new JsonArray(method), [method] = new JsonObject { ["id"] = token } };
            (await cloud.Anonymous.Post(V3 + "/auth/tokens", new JsonObject { ["auth"] = new JsonObject { ["identity"] = identity, ["scope"] = new JsonObject { ["project"] = new JsonObject { ["id"] = project } } } })).Is(201);
        }
        (await cloud.Admin.Get($"{V3}/users?idp_id={idp}&unique_id={Uri.EscapeDataString("ann%20b%40x")}")).Ids("users").ShouldBe([user["id"]!.ToString()]);
        (await cloud.Admin.Get($"{V3}/users/{user["id"]}")).Is(200)["user"]["email"]!.ToString().ShouldBe("a@x");
        // Read anew from its bytes, not from the cache.
        cloud.Get<TokenCache>().Clear();
        (await TestUser.LoggedIn(cloud.Client(), scoped).Get($"{V3}/auth/catalog")).Is(200);
    }

    [Fact]
    public async Task Login_Again_KeepsTheIdAndEndsOldTokensWhenGroupsChange()
    {
        var (_, auth) = await Provider(cloud.Admin, UserAndGroups);
        var (one, two) = (Name("g"), Name("g"));
        await Group(cloud.Admin, one);
        await Group(cloud.Admin, two);
        (string, string)[] Headers(string name, string groups) => [("Sub", name), ("Mail", name + "@x"), ("Groups", groups)];
        var first = (await Login(auth, Headers("bob", one))).Is(201);
        var second = (await Login(auth, Headers("bob", one))).Is(201);
        second["token"]["user"]!["id"]!.ToString().ShouldBe(first["token"]["user"]!["id"]!.ToString());
        (await TestUser.LoggedIn(cloud.Client(), first).Get($"{V3}/auth/projects")).Is(200);
        var third = (await Login(auth, Headers("bob", two))).Is(201);
        (await TestUser.LoggedIn(cloud.Client(), first).Get($"{V3}/auth/projects")).Is(401);
        (await TestUser.LoggedIn(cloud.Client(), third).Get($"{V3}/auth/projects")).Is(200);
        // The same name at another identity provider is another person, and a local user of that name a third.
        var (_, other) = await Provider(cloud.Admin, UserAndGroups);
        (await Login(other, Headers("bob", one))).Is(201)["token"]["user"]!["id"]!.ToString().ShouldNotBe(first["token"]["user"]!["id"]!.ToString());
    }

    [Fact]
    public async Task Login_SameNameAsALocalUser_LeavesThePasswordLoginAlone()
    {
        var name = Name("u");
        await User(cloud.Admin, name);
        var (_, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]", provider: new { enabled = true, domain_id = "default" });
        (await Login(auth, ("Sub", name))).Is(201);
        (await cloud.LoginAsync(name, name)).Identity.UserName.ShouldBe(name);
        (await cloud.Admin.Get($"{V3}/users?name={name}")).Ids("users").Count().ShouldBe(2);
    }

    [Fact]
    public async Task Login_OfALocalUser_IsThatUser()
    {
        var name = Name("u");
        var id = await User(cloud.Admin, name);
        var (_, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`,`type`:`local`,`domain`:{`name`:`Default`}}}],`remote`:[{`type`:`Sub`}]}]");
        var token = (await Login(auth, ("Sub", name))).Is(201)["token"];
        (token["user"]!["id"]!.ToString(), token["user"]!.AsObject().ContainsKey("OS-FEDERATION")).ShouldBe((id, false));
        (await Login(auth, ("Sub", "nobody"))).Is(401);
        (await cloud.Admin.Patch($"{V3}/users/{id}", new { user = new { enabled = false } })).Is(200);
        (await Login(auth, ("Sub", name))).Is(401);
    }

    [Fact]
    public async Task Projects_OfTheMapping_AreMadeOnceAndRolesKeptOrTaken()
    {
        string Rules(string roles) => "[{`local`:[{`user`:{`name`:`{0}`},`projects`:[{`name`:`P {0}`,`roles`:[ROLES]}]}],`remote`:[{`type`:`Sub`}]}]".Replace("ROLES", roles, StringComparison.Ordinal);
        var (idp, auth) = await Provider(cloud.Admin, Rules("{`name`:`member`}"), version: "3.0");
        var login = (await Login(auth, ("Sub", "eve"))).Is(201);
        var projects = (await TestUser.LoggedIn(cloud.Client(), login).Get($"{V3}/auth/projects")).Is(200)["projects"].AsArray();
        projects.Select(p => p!["name"]!.ToString()).ShouldBe(["P eve"]);
        var scope = new { project = new { id = projects[0]!["id"]!.ToString() } };
        (await cloud.Scoped(login.Header("X-Subject-Token")!, scope)).Is(201);
        await Login(auth, ("Sub", "eve"));
        (await TestUser.LoggedIn(cloud.Client(), login).Get($"{V3}/auth/projects")).Ids("projects").Count().ShouldBe(1);
        var map = (await cloud.Admin.Get($"{Providers}/{idp}/protocols/mapped")).Is(200)["protocol"]["mapping_id"]!.ToString();
        async Task Change(string roles) => (await cloud.Admin.Patch($"{V3}/OS-FEDERATION/mappings/{map}", new JsonObject { ["mapping"] = new JsonObject { ["rules"] = JsonNode.Parse(Rules(roles).Replace('`', '"')), ["schema_version"] = "3.0" } })).Is(200);
        await Change("{`name`:`reader`}");
        var again = (await Login(auth, ("Sub", "eve"))).Is(201);
        (await cloud.Scoped(again.Header("X-Subject-Token")!, scope)).Is(201)["token"]["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldBe(["reader"]);
        await Change("{`name`:`nope`}");
        (await Login(auth, ("Sub", "eve"))).Is(404).Message().ShouldBe("Could not find role: nope.");
    }

    [Fact]
    public async Task Tokens_ProviderDisabledOrMappingOrProtocolGone_AreWorthNothing()
    {
        const string Rules = "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]";
        foreach (var end in new[] { "disable", "delete", "protocol", "mapping" })
        {
            var (idp, auth) = await Provider(cloud.Admin, Rules);
            var login = (await Login(auth, ("Sub", "zoe"))).Is(201);
            var me = TestUser.LoggedIn(cloud.Client(), login);
            (await me.Get($"{V3}/auth/projects")).Is(200);
            var map = (await cloud.Admin.Get($"{Providers}/{idp}/protocols/mapped")).Is(200)["protocol"]["mapping_id"]!.ToString();
            switch (end)
            {
                case "disable": (await cloud.Admin.Patch($"{Providers}/{idp}", new { identity_provider = new { enabled = false } })).Is(200); break;
                case "delete": (await cloud.Admin.Delete($"{Providers}/{idp}")).Is(204); break;
                case "protocol": (await cloud.Admin.Delete($"{Providers}/{idp}/protocols/mapped")).Is(204); break;
                default: (await cloud.Admin.Delete($"{V3}/OS-FEDERATION/mappings/{map}")).Is(204); break;
            }
            (await me.Get($"{V3}/auth/projects")).Is(401);
            var reply = await Login(auth, ("Sub", "zoe"));
            reply.Is(end == "disable" ? 403 : 404);
            if (end == "disable") { reply.Message().ShouldBe($"Identity Provider {idp} is disabled"); }
            if (end is "delete" or "protocol") { (await cloud.Admin.Get($"{V3}/users/{me.UserId}")).Is(404); }
        }
    }

    [Fact]
    public async Task Login_WithoutSense_IsRefused()
    {
        var (idp, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]");
        (await Login(auth)).Is(401);
        (await Login(auth, ("Sub", new string('x', 300)))).Is(401);
        (await Login($"{Providers}/nope/protocols/mapped/auth", ("Sub", "a"))).Is(404).Message().ShouldBe("Could not find Identity Provider: nope.");
        (await Login($"{Providers}/{idp}/protocols/nope/auth", ("Sub", "a"))).Is(404);
        var (_, broken) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{3}`}}],`remote`:[{`type`:`Sub`}]}]");
        (await Login(broken, ("Sub", "a"))).Is(500).Message().ShouldBe("An unexpected error prevented the server from fulfilling your request.");
        var (_, gone) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`a`},`group`:{`id`:`nope`}}],`remote`:[{`type`:`Sub`}]}]");
        (await Login(gone, ("Sub", "a"))).Is(500);
        var (_, domain) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`a`,`domain`:{`name`:`nope`}}}],`remote`:[{`type`:`Sub`}]}]");
        (await Login(domain, ("Sub", "a"))).Is(404).Message().ShouldBe("Could not find domain: nope.");
        var (_, nameless) = await Provider(cloud.Admin, "[{`local`:[{`group`:{`name`:`x`,`domain`:{`id`:`default`}}}],`remote`:[{`type`:`Sub`}]}]");
        (await Login(nameless, ("Sub", "a"))).Is(401);
        (await Login(nameless, ("Sub", "a"), ("X-Remote-User", "rem"))).Is(201)["token"]["user"]!["name"]!.ToString().ShouldBe("rem");
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", """{"auth":{"identity":{"methods":["mapped"],"mapped":{"id":"gAAAnope"}}}}""")).Is(404);
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", """{"auth":{"identity":{"methods":["mapped"],"mapped":{"protocol":"x"}}}}""")).Is(400).Message().ShouldStartWith("Expecting to find identity_provider in mapped.");
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", """{"auth":{"identity":{"methods":["mapped"],"mapped":[]}}}""")).Is(400);
        var own = (await cloud.LoginAdminAsync()).Token;
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "mapped" }, mapped = new { id = own } } } })).Is(401);
    }

    [Fact]
    public async Task Issuer_NotAmongTheRemoteIds_Is403()
    {
        var (idp, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]", provider: new { enabled = true, remote_ids = new[] { Name("iss") } });
        var remote = (await cloud.Admin.Get($"{Providers}/{idp}")).Is(200)["identity_provider"]["remote_ids"]![0]!.ToString();
        var map = (await cloud.Admin.Get($"{Providers}/{idp}/protocols/mapped")).Is(200)["protocol"]["mapping_id"]!.ToString();
        // Nobody said where to look: upstream lets it pass.
        (await Login(auth, ("Sub", "a"))).Is(201);
        (await cloud.Admin.Patch($"{Providers}/{idp}/protocols/mapped", new { protocol = new { mapping_id = map, remote_id_attribute = "HTTP_ISS" } })).Is(200);
        (await Login(auth, ("Sub", "a"))).Is(401);
        (await Login(auth, ("Sub", "a"), ("Iss", "evil"))).Is(403).Message().ShouldBe("Incoming identity provider identifier not included among the accepted identifiers.");
        (await Login(auth, ("Sub", "a"), ("Iss", remote))).Is(201);
    }

    [Fact]
    public async Task Groups_WithAuthorizationTtl_CountBeyondTheTokenUntilItEnds()
    {
        var (idp, auth) = await Provider(cloud.Admin, UserAndGroups, provider: new { enabled = true, authorization_ttl = 10 });
        var name = Name("g");
        var (group, project) = (await Group(cloud.Admin, name), await Project(cloud.Admin));
        (await cloud.Admin.Put($"{V3}/projects/{project}/groups/{group}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        var user = (await Login(auth, ("Sub", "tim"), ("Mail", "t@x"), ("Groups", name))).Is(201)["token"]["user"]!["id"]!.ToString();
        async Task<int> Projects() => (await cloud.Admin.Get($"{V3}/users/{user}/projects")).Ids("projects").Count();
        (await Projects()).ShouldBe(1);
        var reconciler = cloud.Get<ExpiringMembershipReconciler>();
        await reconciler.ReconcileAsync(default);
        (await Projects()).ShouldBe(1);
        cloud.Clock.Advance(TimeSpan.FromMinutes(11));
        (await reconciler.ReconcileAsync(default)).ShouldBe("1 ended");
        (await Projects()).ShouldBe(0);
        idp.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("ann b@x/y", "ann%20b%40x/y")]
    [InlineData("é~_.-A0", "%C3%A9~_.-A0")]
    public void Quote_IsPythons(string text, string quoted) => FederatedLogin.Quote(text).ShouldBe(quoted);
}

/// <summary>Without a trusted proxy.</summary>
public sealed class UntrustedProxyTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    [Fact]
    public async Task Headers_FromAnybody_AreNoAssertion()
    {
        var (_, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]");
        (await cloud.Anonymous.Send(HttpMethod.Get, auth, null, ("Sub", "admin"))).Is(401);
        (await cloud.Anonymous.Send(HttpMethod.Post, auth, null, ("Sub", "admin"))).Is(401);
    }

    [Fact]
    public async Task ServiceProviders_Enabled_AreInEveryToken()
    {
        var id = Name("sp");
        (await cloud.Admin.Put($"{V3}/OS-FEDERATION/service_providers/{id}", new { service_provider = new { auth_url = "https://a/b", sp_url = "https://c/d", enabled = true } })).Is(201);
        var body = new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", password = "secret", domain = new { name = "Default" } } } } } };
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", body)).Is(201)["token"]["service_providers"]!.ToJsonString().ShouldBe($$$"""[{"auth_url":"https://a/b","id":"{{{id}}}","sp_url":"https://c/d"}]""");
        (await cloud.Admin.Delete($"{V3}/OS-FEDERATION/service_providers/{id}")).Is(204);
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", body)).Is(201)["token"].AsObject().ContainsKey("service_providers").ShouldBeFalse();
    }
}
