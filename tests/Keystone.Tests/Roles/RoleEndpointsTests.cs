using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Roles;

public sealed class RoleEndpointsTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    private const string Roles = V3 + "/roles";

    [Fact]
    public async Task Role_WholeLife_IsUpstreams()
    {
        var name = Name("role");
        var id = await Role(cloud.Admin, name);
        (await cloud.Admin.Get($"{Roles}/{id}")).Is(200)["role"].ToJsonString().ShouldBe($$$"""{"id":"{{{id}}}","name":"{{{name}}}","domain_id":null,"description":null,"options":{},"links":{"self":"http://localhost/identity/v3/roles/{{{id}}}"}}""");
        (await cloud.Admin.Post(Roles, new { role = new { name } })).Is(409).Message().ShouldBe($"Conflict occurred attempting to store role - Duplicate entry found with name {name}.");
        (await cloud.Admin.Patch($"{Roles}/{id}", new { role = new { name = name + "2" } })).Is(200)["role"]["name"]!.ToString().ShouldBe(name + "2");
        (await cloud.Admin.Get($"{Roles}?name={name}2")).Ids("roles").ShouldBe([id]);
        (await cloud.Admin.Delete($"{Roles}/{id}")).Is(204);
        (await cloud.Admin.Get($"{Roles}/{id}")).Is(404).Message().ShouldBe($"Could not find role: {id}.");
        (await cloud.NewUser().Get(Roles)).Is(403);
        (await cloud.NewUser().Post(Roles, new { role = new { name } })).Is(403).Message().ShouldBe("You are not authorized to perform the requested action: identity:create_role.");
    }

    [Fact]
    public async Task Role_Immutable_IsKept()
    {
        var reader = await RoleNamed(cloud.Admin, "reader");
        (await cloud.Admin.Delete($"{Roles}/{reader}")).Is(403).Message().ShouldBe($"Unable to delete immutable role resource: `{reader}. Set resource option \"immutable\" to false first.");
        (await cloud.Admin.Patch($"{Roles}/{reader}", new { role = new { name = "x" } })).Is(403);
        var id = await Role(cloud.Admin);
        (await cloud.Admin.Patch($"{Roles}/{id}", new { role = new { options = new { immutable = true } } })).Is(200);
        (await cloud.Admin.Delete($"{Roles}/{id}")).Is(403);
        (await cloud.Admin.Patch($"{Roles}/{id}", new { role = new { options = new { immutable = false }, name = "x" } })).Is(403);
        (await cloud.Admin.Patch($"{Roles}/{id}", new { role = new { options = new { immutable = false } } })).Is(200);
        (await cloud.Admin.Delete($"{Roles}/{id}")).Is(204);
    }

    [Theory]
    [InlineData("""{"role":{"name":"x","options":{"colour":1}}}""", "Additional properties are not allowed ('colour' was unexpected)")]
    [InlineData("""{"role":{"name":"x","options":{"immutable":"maybe"}}}""", "'maybe' is not of type 'boolean'")]
    [InlineData("""{"role":{"name":"x","domain_id":"no good"}}""", "'no good' does not match '^[a-zA-Z0-9-]+$'")]
    [InlineData("""{"role":{}}""", "'name' is a required property")]
    public async Task Create_BadBody_Is400(string body, string words) => (await cloud.Admin.Post(Roles, body)).Is(400).Message().ShouldContain(words);

    [Fact]
    public async Task Update_Nothing_Is400()
    {
        (await cloud.Admin.Patch($"{Roles}/{await Role(cloud.Admin)}", """{"role":{}}""")).Is(400).Message().ShouldBe("Invalid input for field/attribute role. Value: {}. {} does not have enough properties");
        (await cloud.Admin.Patch($"{Roles}/nope", """{"role":{"name":"x"}}""")).Is(404);
    }

    [Fact]
    public async Task Role_OfADomain_IsListedThereOnly()
    {
        var domain = await Domain(cloud.Admin);
        var name = Name("role");
        var global = await Role(cloud.Admin, name);
        var id = (await cloud.Admin.Post(Roles, new { role = new { name, domain_id = domain } })).Is(201)["role"]["id"]!.ToString();
        (await cloud.Admin.Get($"{Roles}?name={name}")).Ids("roles").ShouldBe([global]);
        (await cloud.Admin.Get($"{Roles}?name={name}&domain_id={domain}")).Ids("roles").ShouldBe([id]);
        (await cloud.Admin.Put($"{Roles}/{global}/implies/{id}")).Is(403);
    }

    [Fact]
    public async Task Implies_SetCheckDelete_IsSeenInTokens()
    {
        var admin = await cloud.LoginAdminAsync();
        var name = Name("role");
        var (prior, implied) = (await RoleNamed(admin, "member"), await Role(admin, name));
        var rule = $"{Roles}/{prior}/implies/{implied}";
        var user = await cloud.NewRealUserAsync();
        user.Identity.Roles.ShouldNotContain(name);
        (await admin.Head(rule)).Is(404);
        (await admin.Put(rule)).Is(201)["role_inference"]["implies"]!["name"]!.ToString().ShouldBe(name);
        (await admin.Put(rule)).Is(409);
        (await admin.Head(rule)).Is(204);
        (await admin.Get(rule)).Is(200)["role_inference"]["prior_role"]!["name"]!.ToString().ShouldBe("member");
        (await admin.Get($"{Roles}/{prior}/implies")).Is(200)["role_inference"]["implies"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldContain(name);
        (await admin.Get($"{V3}/role_inferences")).Is(200)["role_inferences"].AsArray().Count.ShouldBe(3);
        (await admin.Send(HttpMethod.Get, V3 + "/auth/tokens", null, ("X-Subject-Token", user.Token!))).Is(200)["token"]["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldContain(name);
        (await admin.Put($"{Roles}/{prior}/implies/{await RoleNamed(admin, "admin")}")).Is(403);
        (await admin.Delete(rule)).Is(204);
        (await admin.Delete(rule)).Is(404).Message().ShouldBe($"{prior} does not imply {implied}.");
    }
}
