using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Users;

public sealed class UserEndpointsTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Users = V3 + "/users";

    [Fact]
    public async Task Create_ThenShow_HasExtraAndNoSecret()
    {
        var name = Name();
        var reply = (await cloud.Admin.Post(Users, new { user = new { name, password = "pässword", email = "a@b", description = "d", default_project_id = "p", options = new { ignore_password_expiry = true } } })).Is(201);
        var id = reply["user"]["id"]!.ToString();
        reply["user"].ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","name":"{{{name}}}","domain_id":"default","enabled":true,"password_expires_at":null,"options":{"ignore_password_expiry":true},"links":{"self":"http://localhost/identity/v3/users/{{{id}}}"},"default_project_id":"p","email":"a@b","description":"d"}""");
        (await cloud.Admin.Get($"{Users}/{id}")).Is(200).Text.ShouldBe(reply.Text);
        reply.Text.ShouldNotContain("pässword");
        (await cloud.Admin.Post(Users, new { user = new { name } })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store user - Duplicate entry found with name {name} at domain ID default.");
    }

    [Theory]
    [InlineData("""{"user":{}}""", "'name' is a required property")]
    [InlineData("""{"user":{"name":""}}""", "'' is too short")]
    [InlineData("""{"user":{"name":"x","enabled":3}}""", "3 is not of type 'boolean'")]
    [InlineData("""{"user":{"name":"x","password":12345}}""", "the value is not of type 'string'")]
    [InlineData("""{"user":{"name":"x","default_project_id":"default"}}""", "User's default project ID cannot be a domain ID: default")]
    [InlineData("""{"user":{"name":"x","options":{"nope":true}}}""", "('nope' was unexpected)")]
    [InlineData("""{"user":{"name":"x","options":{"multi_factor_auth_rules":"password"}}}""", "'password' is not of type 'array'")]
    public async Task Create_BadBody_Is400(string body, string words) => (await cloud.Admin.Post(Users, body)).Is(400).Message().ShouldContain(words);

    [Fact]
    public async Task Create_UnknownDomainOrLongName_Is404And400()
    {
        (await cloud.Admin.Post(Users, new { user = new { name = Name(), domain_id = "nope" } })).Is(404).Message().ShouldBe("Could not find domain: nope.");
        (await cloud.Admin.Post(Users, new { user = new { name = new string('x', 256) } })).Is(400);
    }

    [Fact]
    public async Task Rights_SelfAndOthers_AreToldApart()
    {
        var (one, two) = (await cloud.NewRealUserAsync(), await cloud.NewRealUserAsync("reader"));
        (await one.Get($"{Users}/{one.UserId}")).Is(200);
        (await one.Get($"{Users}/{two.UserId}")).Is(403);
        (await one.Get($"{Users}/nope")).Is(403);
        (await one.Get(Users)).Is(403);
        (await one.Patch($"{Users}/{one.UserId}", new { user = new { enabled = false } })).Is(403);
        (await one.Get($"{Users}/{one.UserId}/projects")).Ids("projects").ShouldBe([one.ProjectId]);
        (await one.Get($"{Users}/{one.UserId}/groups")).Ids("groups").ShouldBeEmpty();
        (await one.Get($"{Users}/{two.UserId}/projects")).Is(403);
        (await one.Get($"{V3}/auth/projects")).Ids("projects").ShouldBe([one.ProjectId]);
        (await one.Get($"{V3}/auth/system")).Is(200)["system"].AsArray().Count.ShouldBe(0);
        (await (await cloud.LoginAdminAsync()).Get($"{V3}/auth/system")).Is(200)["system"].ToJsonString().ShouldBe("""[{"all":true}]""");
    }

    [Fact]
    public async Task Password_ChangedByUser_EndsOldTokensAndOldPassword()
    {
        var user = await cloud.NewRealUserAsync();
        var name = user.Identity.UserName;
        (await cloud.Anonymous.Post($"{Users}/{user.UserId}/password", new { user = new { original_password = "wrong", password = "new" } })).Is(401);
        (await cloud.Anonymous.Post($"{Users}/nope/password", new { user = new { original_password = "wrong", password = "new" } })).Is(401);
        (await cloud.Anonymous.Post($"{Users}/{user.UserId}/password", new { user = new { password = "new" } })).Is(400);
        (await user.Get($"{V3}/auth/catalog")).Is(200);
        (await cloud.Anonymous.Post($"{Users}/{user.UserId}/password", new { user = new { original_password = name, password = "new" } })).Is(204);
        (await user.Get($"{V3}/auth/catalog")).Is(401);
        // At once, within the same second as the revocation.
        (await (await cloud.LoginAsync(name, "new", name)).Get($"{V3}/auth/catalog")).Is(200);
        (await cloud.Admin.Patch($"{Users}/{user.UserId}", new { user = new { options = new { lock_password = true } } })).Is(200)["user"]["options"]!.ToJsonString().ShouldBe("""{"lock_password":true}""");
        (await cloud.Anonymous.Post($"{Users}/{user.UserId}/password", new { user = new { original_password = "new", password = "newer" } })).Is(400);
        (await cloud.Admin.Patch($"{Users}/{user.UserId}", """{"user":{"options":{"lock_password":null}}}""")).Is(200)["user"]["options"]!.ToJsonString().ShouldBe("{}");
    }

    [Fact]
    public async Task Token_UserDisabledOrDeletedOrPasswordReset_EndsAtOnceAndStaysEnded()
    {
        var (one, two, three) = (await cloud.NewRealUserAsync(), await cloud.NewRealUserAsync(), await cloud.NewRealUserAsync());
        foreach (var user in new[] { one, two, three }) { (await user.Get($"{V3}/auth/catalog")).Is(200); }
        (await cloud.Admin.Patch($"{Users}/{one.UserId}", new { user = new { enabled = false } })).Is(200);
        (await cloud.Admin.Delete($"{Users}/{two.UserId}")).Is(204);
        (await cloud.Admin.Patch($"{Users}/{three.UserId}", new { user = new { password = "other" } })).Is(200);
        foreach (var user in new[] { one, two, three }) { (await user.Get($"{V3}/auth/catalog")).Is(401); }
        (await cloud.Admin.Patch($"{Users}/{one.UserId}", new { user = new { enabled = true } })).Is(200);
        (await one.Get($"{V3}/auth/catalog")).Is(401);
        (await cloud.LoginAsync(one.Identity.UserName, one.Identity.UserName, one.Identity.UserName)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Token_RoleOrProjectTaken_EndsAtOnce()
    {
        var admin = await cloud.LoginAdminAsync();
        var (one, two) = (await cloud.NewRealUserAsync(), await cloud.NewRealUserAsync());
        (await one.Get($"{V3}/auth/catalog")).Is(200);
        var grant = $"{V3}/projects/{one.ProjectId}/users/{one.UserId}/roles/{await RoleNamed(admin, "member")}";
        (await admin.Delete(grant)).Is(204);
        (await one.Get($"{V3}/auth/catalog")).Is(401);
        (await admin.Put(grant)).Is(204);
        (await one.Get($"{V3}/auth/catalog")).Is(200);
        (await two.Get($"{V3}/auth/catalog")).Is(200);
        (await admin.Patch($"{V3}/projects/{two.ProjectId}", new { project = new { enabled = false } })).Is(200);
        (await two.Get($"{V3}/auth/catalog")).Is(401);
        (await admin.Patch($"{V3}/projects/{two.ProjectId}", new { project = new { enabled = true } })).Is(200);
        (await two.Get($"{V3}/auth/catalog")).Is(401);
    }

    [Fact]
    public async Task Login_DefaultProject_IsTheScopeWhenUsable()
    {
        var user = await cloud.NewRealUserAsync();
        var name = user.Identity.UserName;
        (await cloud.LoginAsync(name, name)).Identity.ProjectId.ShouldBeNull();
        (await cloud.Admin.Patch($"{Users}/{user.UserId}", new { user = new { default_project_id = user.ProjectId } })).Is(200);
        (await cloud.LoginAsync(name, name)).ProjectId.ShouldBe(user.ProjectId);
        (await cloud.Admin.Patch($"{Users}/{user.UserId}", new { user = new { default_project_id = await Project(cloud.Admin) } })).Is(200);
        (await cloud.LoginAsync(name, name)).Identity.ProjectId.ShouldBeNull();
    }

    [Fact]
    public async Task Login_FactorRules_AskForAllMethodsOfOne()
    {
        var user = await cloud.NewRealUserAsync();
        var name = user.Identity.UserName;
        async Task<int> Login(params string[] methods) => (await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods, password = new { user = new { id = user.UserId, password = name } }, token = new { id = user.Token } } } })).Status;
        async Task Set(string options) => (await cloud.Admin.Patch($"{Users}/{user.UserId}", $$$"""{"user":{"options":{{{options}}}}}""")).Is(200);
        await Set("""{"multi_factor_auth_rules":[["password","token"]]}""");
        (await Login("password")).ShouldBe(401);
        (await Login("password", "token")).ShouldBe(201);
        await Set("""{"multi_factor_auth_enabled":false}""");
        (await Login("password")).ShouldBe(201);
        await Set("""{"multi_factor_auth_enabled":true,"multi_factor_auth_rules":[["password","kerberos"]]}""");
        (await Login("password")).ShouldBe(201, "kerberos is not offered, so it is not asked for");
    }

    [Fact]
    public async Task List_Filters_GiveWhatTheyName()
    {
        var prefix = Name("list");
        var (one, two) = (await User(cloud.Admin, prefix + "-1"), await User(cloud.Admin, prefix + "-2"));
        (await cloud.Admin.Patch($"{Users}/{two}", new { user = new { enabled = false } })).Is(200);
        (await cloud.Admin.Get($"{Users}?name__startswith={prefix}")).Ids("users").ShouldBe([.. new[] { one, two }.Order()]);
        (await cloud.Admin.Get($"{Users}?name__startswith={prefix}&enabled=0")).Ids("users").ShouldBe([two]);
        (await cloud.Admin.Get($"{Users}?name={prefix}-1&domain_id=default")).Ids("users").ShouldBe([one]);
        (await cloud.Admin.Get($"{Users}?password_expires_at=lt:2030-01-01T00:00:00Z")).Ids("users").ShouldBeEmpty();
        (await cloud.Admin.Get($"{Users}?password_expires_at=x:2030-01-01T00:00:00Z")).Is(400).Message().ShouldStartWith("The given operator x is not valid.");
        (await cloud.Admin.Get($"{Users}?password_expires_at=lt:never")).Is(400).Message().ShouldStartWith("Timestamp not in expected format.");
    }
}

public sealed class GroupEndpointsTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Groups = V3 + "/groups";

    [Fact]
    public async Task Group_WholeLife_GivesItsRolesToItsMembers()
    {
        var admin = await cloud.LoginAdminAsync();
        var (name, userName) = (Name("group"), Name("user"));
        var (group, user, project) = (await Group(admin, name), await User(admin, userName), await Project(admin, userName));
        (await admin.Get($"{Groups}/{group}")).Is(200)["group"].ToJsonString().ShouldBe($$$"""{"id":"{{{group}}}","name":"{{{name}}}","domain_id":"default","description":"","links":{"self":"http://localhost/identity/v3/groups/{{{group}}}"}}""");
        (await admin.Post(Groups, new { group = new { name } })).Is(409);
        (await admin.Patch($"{Groups}/{group}", new { group = new { description = "d" } })).Is(200)["group"]["description"]!.ToString().ShouldBe("d");
        (await admin.Put($"{V3}/projects/{project}/groups/{group}/roles/{await RoleNamed(admin, "member")}")).Is(204);
        (await admin.Head($"{Groups}/{group}/users/{user}")).Is(404);
        (await admin.Put($"{Groups}/{group}/users/{user}")).Is(204);
        (await admin.Put($"{Groups}/{group}/users/{user}")).Is(204);
        (await admin.Head($"{Groups}/{group}/users/{user}")).Is(204);
        (await admin.Get($"{Groups}/{group}/users")).Ids("users").ShouldBe([user]);
        (await admin.Get($"{V3}/users/{user}/groups")).Ids("groups").ShouldBe([group]);
        var member = await cloud.LoginAsync(userName, userName, userName);
        member.Identity.Roles.ShouldBe(["member", "reader"]);
        (await member.Get($"{V3}/auth/catalog")).Is(200);
        (await admin.Delete($"{Groups}/{group}/users/{user}")).Is(204);
        (await member.Get($"{V3}/auth/catalog")).Is(401);
        (await admin.Delete($"{Groups}/{group}/users/{user}")).Is(404).Message().ShouldBe($"User '{user}' not found in group '{group}'");
        (await admin.Put($"{Groups}/{group}/users/nope")).Is(404).Message().ShouldBe("Could not find user: nope.");
        (await admin.Put($"{Groups}/{group}/users/{user}")).Is(204);
        (await member.Get($"{V3}/auth/catalog")).Is(200);
        (await admin.Delete($"{Groups}/{group}")).Is(204);
        (await member.Get($"{V3}/auth/catalog")).Is(401);
        (await admin.Get($"{Groups}/{group}")).Is(404).Message().ShouldBe($"Could not find group: {group}.");
    }
}
