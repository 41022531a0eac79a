using System.Text.Json.Nodes;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Trusts;

/// <summary>Trusts: given, used, handed on, ended.</summary>
public sealed class TrustTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Path = Make.V3 + "/OS-TRUST/trusts";

    private async Task<(TestUser User, string Id, string Name, string Project)> PersonAsync(string role = "member", string? project = null)
    {
        var (id, name, on) = await cloud.NewMemberAsync(role, project);
        return (cloud.User(await cloud.LoginAsync(Logins.ProjectScope(on), ("password", Logins.Password(name)))), id, name, on);
    }

    private static JsonObject Trust(string trustor, string trustee, string? project, bool impersonation = false, params string[] roles) => new()
    {
        ["trustor_user_id"] = trustor,
        ["trustee_user_id"] = trustee,
        ["project_id"] = project,
        ["impersonation"] = impersonation,
        ["roles"] = new JsonArray([.. roles.Select(r => new JsonObject { ["name"] = r })]),
    };

    private static Task<TestReply> Create(TestUser by, JsonObject trust) => by.Post(Path, new JsonObject { ["trust"] = trust.DeepClone() });

    private Task<TestReply> Login(string name, string trust) => cloud.LoginAsync(new JsonObject { ["OS-TRUST:trust"] = new JsonObject { ["id"] = trust } }, ("password", Logins.Password(name)));

    [Fact]
    public async Task Trust_GivenAndUsed_IsTheTrusteesTokenOnTheTrustorsProject()
    {
        var (trustor, trustee) = (await PersonAsync(), await PersonAsync());
        var made = (await Create(trustor.User, Trust(trustor.Id, trustee.Id, trustor.Project, false, "member"))).Is(201)["trust"];
        var id = made["id"]!.ToString();
        (made["redelegation_count"]!.GetValue<int>(), made["remaining_uses"], made["expires_at"], made["deleted_at"], made["roles"]![0]!["name"]!.ToString()).ShouldBe((0, null, null, null, "member"));
        var token = (await Login(trustee.Name, id)).Is(201)["token"].AsObject();
        (token["user"]!["id"]!.ToString(), token["project"]!["id"]!.ToString(), token.ContainsKey("is_domain")).ShouldBe((trustee.Id, trustor.Project, false));
        token["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldBe(["member", "reader"]);
        token["OS-TRUST:trust"]!.ToJsonString().ShouldBe($$"""{"id":"{{id}}","trustor_user":{"id":"{{trustor.Id}}"},"trustee_user":{"id":"{{trustee.Id}}"},"impersonation":false}""");
        foreach (var who in new[] { trustor, trustee })
        {
            (await who.User.Get($"{Path}/{id}")).Is(200);
            (await who.User.Get($"{Path}/{id}/roles")).Ids("roles").Count().ShouldBe(1);
        }
        (await trustor.User.Get($"{Path}?trustor_user_id={trustor.Id}")).Ids("trusts").ShouldBe([id]);
        (await trustee.User.Get($"{Path}?trustee_user_id={trustee.Id}")).Ids("trusts").ShouldBe([id]);
        (await trustee.User.Get(Path)).Is(403);
        (await trustee.User.Get($"{Path}?trustor_user_id={trustor.Id}")).Is(403);
        (await (await cloud.LoginAdminAsync()).Get(Path)).Ids("trusts").ShouldContain(id);
        (await trustor.User.Get($"{Path}/{id}/roles/{made["roles"]![0]!["id"]}")).Is(200);
        (await trustor.User.Get($"{Path}/{id}/roles/none")).Is(404);
        var stranger = await PersonAsync();
        (await stranger.User.Get($"{Path}/{id}")).Is(403);
        (await stranger.User.Get($"{Path}/none")).Is(404).Message().ShouldBe("Could not find trust: none.");
        (await Login(stranger.Name, id)).Is(403);
        (await Login(trustee.Name, "none")).Is(401);
        (await trustee.User.Delete($"{Path}/{id}")).Is(403);
    }

    [Fact]
    public async Task Trust_WithImpersonation_ShowsTheTrustorAndBegetsNoOtherToken()
    {
        var (trustor, trustee) = (await PersonAsync(), await PersonAsync());
        var id = (await Create(trustor.User, Trust(trustor.Id, trustee.Id, trustor.Project, true, "reader"))).Is(201)["trust"]["id"]!.ToString();
        var login = await Login(trustee.Name, id);
        login.Is(201)["token"]["user"]!["id"]!.ToString().ShouldBe(trustor.Id);
        var token = cloud.User(login);
        (await cloud.ByTokenAsync(token.Token!)).Is(403).Message().ShouldStartWith("You are not authorized to perform the requested action: Using trust-scoped token to create another token.");
        (await token.Post($"{Make.V3}/users/{trustor.Id}/application_credentials", new { application_credential = new { name = "x" } })).Is(403);
        (await token.Get($"{Make.V3}/auth/catalog")).Is(200);
        (await trustor.User.Delete($"{Path}/{id}")).Is(204);
        (await token.Get($"{Make.V3}/auth/catalog")).Is(401);
        (await trustor.User.Get($"{Path}/{id}")).Is(404);
    }

    [Fact]
    public async Task Uses_OfATrust_AreCounted()
    {
        var (trustor, trustee) = (await PersonAsync(), await PersonAsync());
        var trust = Trust(trustor.Id, trustee.Id, trustor.Project, false, "member");
        trust["remaining_uses"] = 2;
        var id = (await Create(trustor.User, trust)).Is(201)["trust"]["id"]!.ToString();
        (await Login(trustee.Name, id)).Is(201);
        (await trustor.User.Get($"{Path}/{id}")).Is(200)["trust"]["remaining_uses"]!.GetValue<int>().ShouldBe(1);
        var last = cloud.User(await Login(trustee.Name, id));
        (await Login(trustee.Name, id)).Is(401);
        (await trustor.User.Get($"{Path}/{id}")).Is(404);
        (await last.Get($"{Make.V3}/auth/catalog")).Is(200);
        trust["remaining_uses"] = 0;
        (await Create(trustor.User, trust)).Is(400);
        trust["remaining_uses"] = "many";
        (await Create(trustor.User, trust)).Is(400);
    }

    [Fact]
    public async Task Trust_WhoseTrustorLostTheRoleOrIsGone_IsWorthNothing()
    {
        var (trustor, trustee, admin) = (await PersonAsync(), await PersonAsync(), await cloud.LoginAdminAsync());
        var id = (await Create(trustor.User, Trust(trustor.Id, trustee.Id, trustor.Project, true, "member"))).Is(201)["trust"]["id"]!.ToString();
        var token = cloud.User(await Login(trustee.Name, id));
        var grant = $"{Make.V3}/projects/{trustor.Project}/users/{trustor.Id}/roles/{await Make.RoleNamed(admin, "member")}";
        (await admin.Delete(grant)).Is(204);
        (await token.Get($"{Make.V3}/auth/catalog")).Is(401);
        (await Login(trustee.Name, id)).Is(403);
        (await admin.Put(grant)).Is(204);
        (await Login(trustee.Name, id)).Is(201);
        (await admin.Patch($"{Make.V3}/users/{trustor.Id}", new { user = new { enabled = false } })).Is(200);
        (await Login(trustee.Name, id)).Is(403);
        (await admin.Delete($"{Make.V3}/users/{trustor.Id}")).Is(204);
        (await admin.Get($"{Path}/{id}")).Is(404);
        (await Login(trustee.Name, id)).Is(401);
    }

    [Fact]
    public async Task Create_WhatMayNotBe_IsRefused()
    {
        var (trustor, trustee) = (await PersonAsync("reader"), await PersonAsync());
        (await Create(trustee.User, Trust(trustor.Id, trustee.Id, trustor.Project, false, "reader"))).Is(403);
        (await Create(trustor.User, Trust(trustor.Id, "nobody", trustor.Project, false, "reader"))).Is(404).Message().ShouldBe("Could not find user: nobody.");
        (await Create(trustor.User, Trust(trustor.Id, trustee.Id, trustor.Project, false, "admin"))).Is(404);
        (await Create(trustor.User, Trust(trustor.Id, trustee.Id, trustor.Project, false, "no-such-role"))).Is(404);
        (await Create(trustor.User, Trust(trustor.Id, trustee.Id, trustor.Project))).Is(403).Message().ShouldContain("At least one role should be specified");
        (await Create(trustor.User, Trust(trustor.Id, trustee.Id, "no-such-project", false, "reader"))).Is(404);
        var past = Trust(trustor.Id, trustee.Id, trustor.Project, false, "reader");
        past["expires_at"] = "2001-01-01T00:00:00.000000Z";
        (await Create(trustor.User, past)).Is(400);
        past["expires_at"] = "soon";
        (await Create(trustor.User, past)).Is(400);
        (await trustor.User.Post(Path, new { trust = new { impersonation = true } })).Is(400);
        (await trustor.User.Post(Path, new { trust = new { trustor_user_id = trustor.Id, trustee_user_id = trustee.Id, impersonation = "perhaps" } })).Is(400);
        (await trustor.User.Get($"{Path}?trustor_user_id={trustor.Id}")).Ids("trusts").ShouldBeEmpty();
        var made = (await trustor.User.Post($"{Make.V3}/users/{trustor.Id}/application_credentials", new { application_credential = new { name = "a", unrestricted = true } })).Is(201)["application_credential"];
        var program = cloud.User(await cloud.ByCredentialAsync(made["id"]!.ToString(), made["secret"]!.ToString()));
        (await Create(program, Trust(trustor.Id, trustee.Id, trustor.Project, false, "reader"))).Is(403).Message().ShouldContain("is not allowed for managing trusts");
    }

    [Fact]
    public async Task Chain_OfTrusts_IsAsDeepAsAllowedAndEndsTogether()
    {
        var (first, second, third) = (await PersonAsync(), await PersonAsync(), await PersonAsync());
        var trust = Trust(first.Id, second.Id, first.Project, true, "member");
        (trust["allow_redelegation"], trust["redelegation_count"]) = (true, 4);
        (await Create(first.User, trust)).Is(403);
        trust["redelegation_count"] = 1;
        var root = (await Create(first.User, trust)).Is(201)["trust"];
        root["redelegation_count"]!.GetValue<int>().ShouldBe(1);
        var bySecond = cloud.User(await Login(second.Name, root["id"]!.ToString()));
        var next = Trust(first.Id, third.Id, first.Project, true, "member");
        next["remaining_uses"] = 1;
        (await Create(bySecond, next)).Is(403);
        next.Remove("remaining_uses");
        next["allow_redelegation"] = true;
        var child = (await Create(bySecond, next)).Is(201)["trust"];
        (child["redelegated_trust_id"]!.ToString(), child["redelegation_count"]!.GetValue<int>()).ShouldBe((root["id"]!.ToString(), 0));
        var byThird = cloud.User(await Login(third.Name, child["id"]!.ToString()));
        byThird.UserId.ShouldBe(first.Id);
        (await Create(byThird, Trust(first.Id, second.Id, first.Project, true, "member"))).Is(403);
        (await first.User.Delete($"{Path}/{root["id"]}")).Is(204);
        (await byThird.Get($"{Make.V3}/auth/catalog")).Is(401);
        (await third.User.Get($"{Path}/{child["id"]}")).Is(404);
    }
}
