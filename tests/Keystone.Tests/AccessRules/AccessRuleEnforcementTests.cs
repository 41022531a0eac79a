using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.AccessRules;

/// <summary>All services hold to the rules of a token's application credential.</summary>
public sealed class AccessRuleEnforcementTests(TestCloud cloud) : IClassFixture<TestCloud>
{
    [Fact]
    public async Task Token_WithRules_IsGoodForTheseCallsAlone()
    {
        var (id, name, project) = await cloud.NewMemberAsync();
        var user = cloud.User(await cloud.LoginAsync(Logins.ProjectScope(project), ("password", Logins.Password(name))));
        var rules = new[] { new { service = "compute", method = "GET", path = "/v2.1/servers" }, new { service = "network", method = "GET", path = "/v2.0/networks/{id}" } };
        var credential = (await user.Post($"{Make.V3}/users/{id}/application_credentials", new { application_credential = new { name = "limited", access_rules = rules } })).Is(201)["application_credential"];
        var login = await cloud.ByCredentialAsync(credential["id"]!.ToString(), credential["secret"]!.ToString());
        login.Is(201)["token"]["application_credential"]!["access_rules"]!.AsArray().Count.ShouldBe(2);
        var limited = cloud.User(login);
        (await limited.Get("/compute/v2.1/servers")).Is(200);
        (await limited.Get("/compute/v2.1/servers/detail")).Is(401);
        (await limited.Post("/compute/v2.1/servers", new { server = new { } })).Is(401);
        (await limited.Get("/networking/v2.0/networks")).Is(401);
        (await limited.Get("/networking/v2.0/networks/none")).Is(404);
        (await limited.Get("/image/v2/images")).Is(401);
        (await limited.Get($"{Make.V3}/users/{id}/application_credentials")).Is(401);
        // Who asks about another's limited token has to know what rules are.
        var admin = await cloud.LoginAdminAsync();
        (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", limited.Token!))).Is(404);
        (await admin.Send(HttpMethod.Get, Logins.Tokens, null, ("X-Subject-Token", limited.Token!), ("OpenStack-Identity-Access-Rules", "1.0"))).Is(200)["token"]["application_credential"]!["restricted"]!.GetValue<bool>().ShouldBeTrue();
        // What a service passes on is not what the user asked first; nobody but a service passes on.
        var service = cloud.NewUser("service");
        Task<TestReply> PassedOn(string path, string by) => limited.Send(HttpMethod.Get, path, null, ("X-Service-Token", by));
        (await PassedOn("/image/v2/images", service.Token!)).Is(200);
        (await PassedOn("/image/v2/images", cloud.Admin.Token!)).Is(401);
        (await PassedOn("/image/v2/images", "nonsense")).Is(401);
        (await PassedOn("/compute/v2.1/servers", cloud.Admin.Token!)).Is(401);
        (await cloud.Anonymous.Send(HttpMethod.Get, "/image/v2/images", null, ("X-Service-Token", service.Token!))).Is(401);
    }
}
