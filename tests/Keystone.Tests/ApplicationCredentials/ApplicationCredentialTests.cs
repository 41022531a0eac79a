using System.Globalization;
using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.ApplicationCredentials;

/// <summary>Application credentials: made, used, limited, ended.</summary>
public sealed class ApplicationCredentialTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private sealed record Maker(TestUser User, string Id, string Name, string Project)
    {
        public string Path => $"{Make.V3}/users/{Id}/application_credentials";
        public async Task<JsonNode> CreateAsync(object credential) => (await User.Post(Path, new { application_credential = credential })).Is(201)["application_credential"];
    }

    private async Task<Maker> MakerAsync(string role = "member")
    {
        var (id, name, project) = await cloud.NewMemberAsync(role);
        return new(cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name)))), id, name, project);
    }

    private Task<TestReply> Login(JsonNode credential, string? secret = null) => cloud.ByCredentialAsync(credential["id"]!.ToString(), secret ?? credential["secret"]!.ToString());

    [Fact]
    public async Task Create_WithANameAlone_HasTheTokensRolesAndASecretOnce()
    {
        var maker = await MakerAsync();
        var made = await maker.CreateAsync(new { name = "backup" });
        made["secret"]!.ToString().Length.ShouldBe(86);
        made["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldBe(["member", "reader"]);
        (made["project_id"]!.ToString(), made["expires_at"], made["unrestricted"], made.AsObject().ContainsKey("user_id")).ShouldBe((maker.Project, null, null, false));
        made["links"]!["self"]!.ToString().ShouldBe($"http://localhost/identity/v3/application_credentials/{made["id"]}");
        var shown = (await maker.User.Get($"{maker.Path}/{made["id"]}")).Is(200)["application_credential"].AsObject();
        (shown.ContainsKey("secret"), shown["user_id"]!.ToString()).ShouldBe((false, maker.Id));
        (await maker.User.Get(maker.Path + "?name=backup")).Ids("application_credentials").ShouldBe([made["id"]!.ToString()]);
        (await maker.User.Get(maker.Path + "?name=other")).Ids("application_credentials").ShouldBeEmpty();
        (await maker.User.Post(maker.Path, new { application_credential = new { name = "backup" } })).Is(409).Message().ShouldStartWith("Conflict occurred attempting to store application_credential");
    }

    [Fact]
    public async Task Login_ByIdOrName_IsForTheProjectWithTheRoles()
    {
        var maker = await MakerAsync();
        var made = await maker.CreateAsync(new { name = "ci", secret = "chosen", roles = new[] { new { name = "reader" } } });
        made["secret"]!.ToString().ShouldBe("chosen");
        var token = (await Login(made)).Is(201)["token"];
        (token["project"]!["id"]!.ToString(), token["methods"]!.ToJsonString(), token["application_credential"]!.ToJsonString())
            .ShouldBe((maker.Project, """["application_credential"]""", $$"""{"id":"{{made["id"]}}","name":"ci","restricted":true}"""));
        token["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldBe(["reader"]);
        foreach (var user in new object[] { new { id = maker.Id }, new { name = maker.Name, domain = new { name = "Default" } } })
        {
            (await cloud.LoginAsync(null, ("application_credential", new { name = "ci", secret = "chosen", user }))).Is(201);
            (await cloud.LoginAsync(null, ("application_credential", new { name = "none", secret = "chosen", user }))).Is(401);
        }
        (await Login(made, "wrong")).Is(401).Message().ShouldBe("The request you have made requires authentication.");
        (await cloud.ByCredentialAsync("none", "chosen")).Is(404).Message().ShouldBe("Could not find Application Credential: none.");
        (await cloud.LoginAsync(null, ("application_credential", new { name = "ci", secret = "chosen" }))).Is(400);
        (await cloud.LoginAsync(null, ("application_credential", new { secret = "chosen" }))).Is(400);
        (await cloud.LoginAsync(null, ("application_credential", new { id = made["id"]!.ToString() }))).Is(401);
        (await cloud.LoginAsync(null, ("application_credential", "text"))).Is(400);
        var scoped = await cloud.ByCredentialAsync(made["id"]!.ToString(), "chosen", Logins.ProjectScope(maker.Project));
        scoped.Is(401).Message().ShouldBe("Error authenticating with application credential: Application credentials cannot request a scope.");
    }

    [Fact]
    public async Task Expiry_OfACredential_EndsItAndItsTokens()
    {
        var maker = await MakerAsync();
        var end = cloud.Clock.GetUtcNow().UtcDateTime.AddMinutes(10).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        var made = await maker.CreateAsync(new { name = "short", expires_at = end });
        made["expires_at"]!.ToString().ShouldBe(end);
        (await Login(made)).Is(201)["token"]["expires_at"]!.ToString().ShouldBe(end + "Z");
        (await maker.User.Post(maker.Path, new { application_credential = new { name = "x", expires_at = "tomorrow" } })).Is(400).Message().ShouldStartWith("Timestamp not in expected format.");
        (await maker.User.Post(maker.Path, new { application_credential = new { name = "x", expires_at = "2001-01-01T00:00:00Z" } })).Is(400).Message().ShouldStartWith("The 'expires_at' must not be before now.");
        cloud.Clock.Advance(TimeSpan.FromMinutes(11));
        (await Login(made)).Is(401);
    }

    [Fact]
    public async Task Token_OfARestrictedCredential_ManagesNoneAndOfAnUnrestrictedDoes()
    {
        var maker = await MakerAsync();
        var (bound, free) = (await maker.CreateAsync(new { name = "bound" }), await maker.CreateAsync(new { name = "free", unrestricted = true }));
        var (byBound, byFree) = (cloud.User(await Login(bound)), cloud.User(await Login(free)));
        (await byBound.Post(maker.Path, new { application_credential = new { name = "more" } })).Is(403).Message()
            .ShouldBe("You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials..");
        (await byBound.Delete($"{maker.Path}/{free["id"]}")).Is(403);
        (await byBound.Get(maker.Path)).Is(200);
        (await byFree.Post(maker.Path, new { application_credential = new { name = "more" } })).Is(201);
        (await byFree.Delete($"{maker.Path}/{bound["id"]}")).Is(204);
        (await byBound.Get(maker.Path)).Is(401);
        // A token from such a token keeps its bounds, and gets no scope of its own.
        (await cloud.ByTokenAsync(byFree.Token!, Logins.ProjectScope(maker.Project))).Is(403);
        var again = (await cloud.ByTokenAsync(byFree.Token!)).Is(201)["token"];
        (again["project"], again["application_credential"]!["id"]!.ToString()).ShouldBe((null, free["id"]!.ToString()));
    }

    [Fact]
    public async Task Create_WhatOneHasNot_Is400Or403Or404()
    {
        var (maker, admin) = (await MakerAsync("reader"), await cloud.LoginAdminAsync());
        Task<TestReply> Post(object credential) => maker.User.Post(maker.Path, new { application_credential = credential });
        (await Post(new { name = "x", roles = new[] { new { name = "admin" } } })).Is(400).Message().ShouldBe("Invalid application credential: Cannot create an application credential with unassigned role");
        (await Post(new { name = "x", roles = new[] { new { name = "no-such-role" } } })).Is(404);
        (await Post(new { name = "x", roles = new[] { new { } } })).Is(400);
        (await Post(new { description = "no name" })).Is(400);
        (await Post(new { name = "x", color = "blue" })).Is(400);
        (await Post(new { name = new string('x', 256) })).Is(400);
        (await Post(new { name = "x", access_rules = new[] { new { path = "relative", method = "GET", service = "compute" } } })).Is(400);
        (await Post(new { name = "x", access_rules = new[] { new { path = "/v2", method = "FETCH", service = "compute" } } })).Is(400);
        (await admin.Post(maker.Path, new { application_credential = new { name = "x" } })).Is(403);
        (await maker.User.Get(maker.Path)).Ids("application_credentials").ShouldBeEmpty();
        var other = await MakerAsync();
        var made = await maker.CreateAsync(new { name = "mine" });
        (await other.User.Get($"{other.Path}/{made["id"]}")).Is(403);
        (await other.User.Delete($"{other.Path}/{made["id"]}")).Is(403);
        (await other.User.Get($"{other.Path}/none")).Is(404);
        (await other.User.Get(maker.Path)).Is(403);
        (await admin.Get(maker.Path)).Ids("application_credentials").ShouldBe([made["id"]!.ToString()]);
    }

    [Fact]
    public async Task Roles_TakenFromTheUser_AreGoneFromTheCredential()
    {
        var (maker, admin) = (await MakerAsync(), await cloud.LoginAdminAsync());
        var role = await Make.Role(admin);
        (await admin.Put($"{Make.V3}/projects/{maker.Project}/users/{maker.Id}/roles/{role}")).Is(204);
        var user = cloud.User(await cloud.LoginAsync(Logins.ProjectScope(maker.Project), ("password", Logins.Password(maker.Name))));
        var made = (await user.Post(maker.Path, new { application_credential = new { name = "r", roles = new[] { new { id = role } } } })).Is(201)["application_credential"];
        var token = cloud.User(await Login(made));
        (await admin.Delete($"{Make.V3}/projects/{maker.Project}/users/{maker.Id}/roles/{role}")).Is(204);
        (await token.Get($"{Make.V3}/auth/catalog")).Is(401);
        (await Login(made)).Is(401);
        (await admin.Put($"{Make.V3}/projects/{maker.Project}/users/{maker.Id}/roles/{role}")).Is(204);
        (await Login(made)).Is(201);
        (await admin.Delete($"{Make.V3}/roles/{role}")).Is(204);
        (await Login(made)).Is(404);
    }

    [Fact]
    public async Task User_DisabledOrDeleted_TakesTheCredentialAlong()
    {
        var (maker, admin) = (await MakerAsync(), await cloud.LoginAdminAsync());
        var made = await maker.CreateAsync(new { name = "c", access_rules = new[] { new { service = "compute", method = "GET", path = "/v2.1/servers" } } });
        (await admin.Patch($"{Make.V3}/users/{maker.Id}", new { user = new { enabled = false } })).Is(200);
        (await Login(made)).Is(401);
        (await admin.Delete($"{Make.V3}/users/{maker.Id}")).Is(204);
        (await Login(made)).Is(404);
    }

    [Fact]
    public async Task AccessRules_OfAUser_AreSharedAndStayUntilUnused()
    {
        var maker = await MakerAsync();
        var rule = new { service = "compute", method = "GET", path = "/v2.1/servers/*/ips" };
        var one = await maker.CreateAsync(new { name = "one", access_rules = new[] { rule } });
        var id = one["access_rules"]![0]!["id"]!.ToString();
        var two = await maker.CreateAsync(new { name = "two", access_rules = new[] { rule } });
        var three = await maker.CreateAsync(new { name = "three", access_rules = new[] { new { id } } });
        foreach (var made in new[] { two, three }) { made["access_rules"]![0]!["id"]!.ToString().ShouldBe(id); }
        var rules = $"{Make.V3}/users/{maker.Id}/access_rules";
        (await maker.User.Get(rules)).Ids("access_rules").ShouldBe([id]);
        (await maker.User.Get(rules + "?method=POST")).Ids("access_rules").ShouldBeEmpty();
        (await maker.User.Get($"{rules}/{id}")).Is(200)["access_rule"]["links"]!["self"]!.ToString().ShouldBe($"http://localhost/identity/v3/access_rules/{id}");
        (await maker.User.Delete($"{rules}/{id}")).Is(403).Message().ShouldBe("May not delete access rule in use");
        foreach (var made in new[] { one, two, three }) { (await maker.User.Delete($"{maker.Path}/{made["id"]}")).Is(204); }
        (await (await MakerAsync()).User.Get(rules)).Is(403);
        (await maker.User.Delete($"{rules}/{id}")).Is(204);
        (await maker.User.Get($"{rules}/{id}")).Is(404).Message().ShouldBe($"Could not find Access Rule: {id}.");
    }
}
