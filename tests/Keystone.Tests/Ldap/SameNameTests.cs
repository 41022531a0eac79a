using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Ldap;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Federation.MakeFederation;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Ldap;

/// <summary>Users and groups of one name in the database, in a directory and with an identity provider: nobody is taken for another.</summary>
public sealed class SameNameTests(LdapCloud cloud) : IClassFixture<LdapCloud>
{
    private const string Sub = "[{`local`:[{`user`:{`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]";

    private static string Local(string domain) => "[{`local`:[{`user`:{`name`:`{0}`,`type`:`local`,`domain`:{`id`:`DOMAIN`}}}],`remote`:[{`type`:`Sub`}]}]".Replace("DOMAIN", domain, StringComparison.Ordinal);

    private Task<TestReply> Come(string auth, string sub) => cloud.Anonymous.Send(HttpMethod.Get, auth, null, ("Sub", sub));

    private static string UserOf(TestReply login) => login.Is(201)["token"]["user"]!["id"]!.ToString();

    private Task<TestReply> External(string domainName, string name) =>
        cloud.Anonymous.Send(HttpMethod.Post, V3 + "/auth/tokens", """{"auth":{"identity":{"methods":["external"],"external":{}}}}""", ("X-Remote-User", name), ("X-Remote-Domain", domainName));

    /// <summary>A domain that had its own user ann, and then got a directory with another.</summary>
    private async Task<(string Domain, string Name, string Own)> BothAsync()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        var config = (await cloud.Admin.Get($"{V3}/domains/{domain}/config/ldap")).Is(200)["config"]!.DeepClone().AsObject();
        config["ldap"]!["password"] = Slapd.Secret;
        (await cloud.Admin.Delete($"{V3}/domains/{domain}/config")).Is(204);
        var own = await User(cloud.Admin, "ann", domain);
        config["identity"] = new JsonObject { ["driver"] = "ldap" };
        (await cloud.Admin.Put($"{V3}/domains/{domain}/config", new JsonObject { ["config"] = config })).Is(201);
        return (domain, name, own);
    }

    [Fact]
    public async Task Name_WhileTheDomainHasADirectory_IsTheDirectorysUserInEveryLogin()
    {
        var (domain, name, own) = await BothAsync();
        var theirs = IdMapping.IdOf(domain, "user", "ann");
        var (_, mapped) = await Provider(cloud.Admin, Local(domain));
        UserOf(await Come(mapped, "ann")).ShouldBe(theirs);
        UserOf(await External(name, "ann")).ShouldBe(theirs);
        UserOf(await cloud.Login(name, "ann", "annpw")).ShouldBe(theirs);
        (await cloud.Login(name, "ann", "ann")).Is(401);
        // Our own is known by the id.
        UserOf(await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = own, password = "ann" } } } } })).ShouldBe(own);
        // With both, the name counts.
        UserOf(await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = own, name = "ann", password = "annpw", domain = new { id = domain } } } } } })).ShouldBe(theirs);
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id = own, name = "ann", password = "ann" } } } } })).Is(400);
        // Not seen before, and not there.
        UserOf(await Come(mapped, "carl")).ShouldBe(IdMapping.IdOf(domain, "user", "carl"));
        (await Come(mapped, "nobody")).Is(401);
        (await Come(mapped, "*")).Is(401);
        (await Come(mapped, "bob")).Is(401); // disabled there
    }

    [Fact]
    public async Task Name_WhenTheDirectoryIsTakenAway_IsOurOwnUserAgain()
    {
        var (domain, name, own) = await BothAsync();
        var theirs = UserOf(await cloud.Login(name, "ann", "annpw"));
        (await cloud.Admin.Delete($"{V3}/domains/{domain}/config")).Is(204);
        var (_, mapped) = await Provider(cloud.Admin, Local(domain));
        UserOf(await Come(mapped, "ann")).ShouldBe(own);
        UserOf(await External(name, "ann")).ShouldBe(own);
        UserOf(await cloud.Login(name, "ann", "ann")).ShouldBe(own);
        (await cloud.Login(name, "ann", "annpw")).Is(401);
        (await Come(mapped, "carl")).Is(401);
        (await External(name, "carl")).Is(401);
        own.ShouldNotBe(theirs);
    }

    [Fact]
    public async Task Name_OfAUserWhoLeftTheDirectory_IsNobodys()
    {
        var (domain, name) = await cloud.LdapDomainAsync(new { user_tree_dn = "ou=Many,dc=example,dc=org" });
        UserOf(await cloud.Login(name, "m7", "m7pw")).ShouldBe(IdMapping.IdOf(domain, "user", "m7"));
        cloud.Slapd.Modify("dn: uid=m7,ou=Many,dc=example,dc=org\nchangetype: delete\n");
        var (_, mapped) = await Provider(cloud.Admin, Local(domain));
        (await Come(mapped, "m7")).Is(401);
        (await External(name, "m7")).Is(401);
    }

    [Fact]
    public async Task ApplicationCredential_ByNameOfItsUser_IsTheDirectorysUsers()
    {
        var (domain, name, _) = await BothAsync();
        var project = await Project(cloud.Admin);
        var theirs = UserOf(await cloud.Login(name, "ann", "annpw"));
        (await cloud.Admin.Put($"{V3}/projects/{project}/users/{theirs}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        var ann = TestUser.LoggedIn(cloud.Client(), (await cloud.Login(name, "ann", "annpw", project)).Is(201));
        (await ann.Post($"{V3}/users/{theirs}/application_credentials", new { application_credential = new { name = "robot", secret = "shh" } })).Is(201);
        Task<TestReply> Log(string user) => cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "application_credential" }, application_credential = new { name = "robot", secret = "shh", user = new { name = user, domain = new { id = domain } } } } } });
        UserOf(await Log("ann")).ShouldBe(theirs);
        (await Log("carl")).Is(401);
        (await cloud.Admin.Delete($"{V3}/domains/{domain}/config")).Is(204);
        (await Log("ann")).Is(401);
    }

    [Fact]
    public async Task Federated_NameOfADirectorysUser_IsFoundByIdOnly()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        var (idp, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`id`:`x-{0}`,`name`:`{0}`}}],`remote`:[{`type`:`Sub`}]}]", provider: new { enabled = true, domain_id = domain });
        var federated = UserOf(await Come(auth, "ann"));
        federated.ShouldBe(ShadowUsers.IdOf(domain, "x-ann"));
        var (_, mapped) = await Provider(cloud.Admin, Local(domain));
        UserOf(await Come(mapped, "ann")).ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        UserOf(await cloud.Login(name, "ann", "annpw")).ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        UserOf(await Come(auth, "zoe"));
        (await Come(mapped, "zoe")).Is(401);
        (await External(name, "zoe")).Is(401);
        // The directory's list has its own; who asks for an identity provider's users gets those of the domain.
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}&name=ann")).Ids("users").ShouldBe([IdMapping.IdOf(domain, "user", "ann")]);
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}&idp_id={idp}&name=ann")).Ids("users").ShouldBe([federated]);
        (await cloud.Admin.Get($"{V3}/users?domain_id=default&idp_id={idp}")).Ids("users").ShouldBeEmpty();
        (await cloud.Admin.Get($"{V3}/users/{federated}")).Is(200)["user"]["name"]!.ToString().ShouldBe("ann");
    }

    /// <summary>By upstream's rule both have the same id, in one domain; whoever comes second must not become the first.</summary>
    [Fact]
    public async Task Federated_SameIdAsADirectorysEntry_StaysAnotherPerson()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        var (_, auth) = await Provider(cloud.Admin, Sub, provider: new { enabled = true, domain_id = domain });
        var federated = UserOf(await Come(auth, "ann"));
        federated.ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        var project = await Project(cloud.Admin);
        (await cloud.Admin.Put($"{V3}/projects/{project}/users/{federated}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        var directorys = UserOf(await cloud.Login(name, "ann", "annpw"));
        directorys.ShouldNotBe(federated);
        (await cloud.Login(name, "ann", "annpw", project)).Is(401);
        UserOf(await cloud.Login(name, "ann", "annpw")).ShouldBe(directorys);
        (await cloud.UserId(domain, "ann")).ShouldBe(directorys);
        (await cloud.Admin.Get($"{V3}/users/{federated}")).Is(200)["user"].AsObject().ContainsKey("email").ShouldBeFalse();
        UserOf(await Come(auth, "ann")).ShouldBe(federated);
        // The other way round.
        UserOf(await cloud.Login(name, "carl", "carlpw"));
        (await Come(auth, "carl")).Is(409).Message().ShouldBe("Conflict occurred attempting to store federated_user - Duplicate entry.");
        (await cloud.Get<Store<KeystoneDb>>().ReadAsync(db => db.FederatedUsers.CountAsync(f => f.UniqueId == "carl" && f.UserId == IdMapping.IdOf(domain, "user", "carl")))).ShouldBe(0);
    }

    [Fact]
    public async Task Federated_SameNameThroughAnotherProtocolOrProvider_Is409()
    {
        var domain = await Domain(cloud.Admin);
        var (idp, auth) = await Provider(cloud.Admin, Sub, provider: new { enabled = true, domain_id = domain });
        UserOf(await Come(auth, "ann"));
        var (_, other) = await Provider(cloud.Admin, Sub, provider: new { enabled = true, domain_id = domain });
        (await Come(other, "ann")).Is(409);
        var map = (await cloud.Admin.Get($"{Providers}/{idp}/protocols/mapped")).Is(200)["protocol"]["mapping_id"]!.ToString();
        (await cloud.Admin.Put($"{Providers}/{idp}/protocols/second", new { protocol = new { mapping_id = map } })).Is(201);
        (await Come($"{Providers}/{idp}/protocols/second/auth", "ann")).Is(409);
        UserOf(await Come($"{Providers}/{idp}/protocols/second/auth", "ben")).ShouldBe(ShadowUsers.IdOf(domain, "ben"));
    }

    [Fact]
    public async Task GroupName_InAMapping_IsTheDirectorysWhileThereIsOne()
    {
        var (domain, _) = await cloud.LdapDomainAsync();
        var (_, auth) = await Provider(cloud.Admin, "[{`local`:[{`user`:{`name`:`{0}`}},{`group`:{`name`:`devs`,`domain`:{`id`:`DOMAIN`}}},{`group`:{`name`:`ops`,`domain`:{`id`:`DOMAIN`}}}],`remote`:[{`type`:`Sub`}]}]".Replace("DOMAIN", domain, StringComparison.Ordinal));
        async Task<string[]> Groups() => [.. (await Come(auth, "ann")).Is(201)["token"]["user"]!["OS-FEDERATION"]!["groups"]!.AsArray().Select(g => g!["id"]!.ToString())];
        (await Groups()).ShouldBe(new[] { IdMapping.IdOf(domain, "group", "devs"), IdMapping.IdOf(domain, "group", "ops") }.Order(StringComparer.Ordinal));
        (await cloud.Admin.Delete($"{V3}/domains/{domain}/config")).Is(204);
        (await Groups()).ShouldBeEmpty();
        var own = await Group(cloud.Admin, "devs", domain);
        (await Groups()).ShouldBe([own]);
    }
}
