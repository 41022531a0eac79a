using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Passwords;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Ldap;

/// <summary>Keystone with a directory beside it.</summary>
public sealed class LdapCloud : TestCloud
{
    public const int Many = 250;
    public ShiftedClock Clock { get; } = new();
    public Slapd Slapd { get; } = new(Ldif());
    public string ConfigFolder { get; } = Directory.CreateTempSubdirectory("nephos-domains-").FullName;
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton<TimeProvider>(Clock).AddSingleton(new KeystoneSettings
    {
        PasswordHashRounds = 4,
        DomainConfigDir = ConfigFolder,
        Auth = new AuthSettings { ExternalUserHeader = "X-Remote-User", ExternalDomainHeader = "X-Remote-Domain" },
        Federation = new FederationSettings { TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] },
    });

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Slapd.Dispose();
        Directory.Delete(ConfigFolder, recursive: true);
    }

    /// <summary>A domain whose users are in the directory.</summary>
    public async Task<(string Id, string Name)> LdapDomainAsync(object? more = null)
    {
        var name = Name("ldap");
        var id = await Domain(Admin, name);
        var options = new JsonObject
        {
            ["url"] = Slapd.Url, ["suffix"] = "dc=example,dc=org", ["user"] = Slapd.Root, ["password"] = Slapd.Secret, ["user_id_attribute"] = "uid", ["user_name_attribute"] = "uid", ["group_name_attribute"] = "cn",
        };
        foreach (var (option, value) in (more is null ? [] : System.Text.Json.JsonSerializer.SerializeToNode(more)!.AsObject())) { options[option] = value?.DeepClone(); }
        (await Admin.Put($"{V3}/domains/{id}/config", new JsonObject { ["config"] = new JsonObject { ["identity"] = new JsonObject { ["driver"] = "ldap" }, ["ldap"] = options } })).Is(201);
        return (id, name);
    }

    /// <summary>Names of the users whom the options show.</summary>
    public async Task<string[]> UserNamesAsync(object options, string query = "")
    {
        var (domain, _) = await LdapDomainAsync(options);
        return [.. (await Admin.Get($"{V3}/users?domain_id={domain}{query}")).Is(200)["users"].AsArray().Select(u => u!["name"]!.ToString()).Order(StringComparer.Ordinal)];
    }

    public Task<TestReply> Login(string domain, string name, string password, string? project = null) => Anonymous.Post(V3 + "/auth/tokens", new
    {
        auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { name, password, domain = new { name = domain } } } }, scope = project is null ? "unscoped" : (object)new { project = new { id = project } } },
    });

    public async Task<string> UserId(string domain, string name) => (await Admin.Get($"{V3}/users?domain_id={domain}&name={name}")).Ids("users").Single();

    /// <summary>A directory of a few people in their trees.</summary>
    public static string Tree(params string[] people)
    {
        var text = new StringBuilder("dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n");
        foreach (var tree in people.Select(p => p.Split(',', 2)[1]).Append("ou=Users,dc=example,dc=org").Distinct()) { text.Append(CultureInfo.InvariantCulture, $"\ndn: {tree}\nobjectClass: organizationalUnit\n"); }
        foreach (var person in people)
        {
            var uid = person.Split('=', ',')[1];
            text.Append(CultureInfo.InvariantCulture, $"\ndn: {person}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\nuserPassword: {uid}pw\n");
        }
        return text.ToString();
    }

    private static string Ldif()
    {
        var text = new StringBuilder("""
            dn: dc=example,dc=org
            objectClass: dcObject
            objectClass: organization
            dc: example
            o: Example

            dn: ou=Users,dc=example,dc=org
            objectClass: organizationalUnit
            ou: Users

            dn: ou=Deep,ou=Users,dc=example,dc=org
            objectClass: organizationalUnit
            ou: Deep

            dn: ou=UserGroups,dc=example,dc=org
            objectClass: organizationalUnit
            ou: UserGroups

            dn: ou=Many,dc=example,dc=org
            objectClass: organizationalUnit
            ou: Many

            """);
        void User(string uid, string under, string more) => text.Append(CultureInfo.InvariantCulture, $"\ndn: uid={uid},{under}dc=example,dc=org\nobjectClass: inetOrgPerson\nobjectClass: cloudUser\nuid: {uid}\ncn: {uid}\nsn: {uid}\nuserPassword: {uid}pw\n{more}");
        User("ann", "ou=Users,", "mail: ann@example.org\ndescription: A person\nenabled: TRUE\nuserAccountControl: 512\nemployeeNumber: 7\n");
        User("bob", "ou=Users,", "enabled: FALSE\nuserAccountControl: 514\n");
        User("carl", "ou=Users,", "");
        User("deep", "ou=Deep,ou=Users,", "");
        User("O'Neil (x)*", "ou=Users,", "");
        for (var i = 0; i < Many; i++) { User("m" + i, "ou=Many,", ""); }
        void Group(string cn, params string[] members) => text.Append(CultureInfo.InvariantCulture, $"\ndn: cn={cn},ou=UserGroups,dc=example,dc=org\nobjectClass: groupOfNames\ncn: {cn}\ndescription: group {cn}\n{string.Concat(members.Select(m => $"member: {m}\n"))}");
        Group("devs", "uid=ann,ou=Users,dc=example,dc=org", "UID=Carl, ou=users,dc=example,dc=org", "uid=gone,ou=Users,dc=example,dc=org");
        Group("ops", "uid=ann,ou=Users,dc=example,dc=org");
        Group("moving", "uid=carl,ou=Users,dc=example,dc=org");
        text.Append("\ndn: cn=enabled_users,ou=Users,dc=example,dc=org\nobjectClass: groupOfNames\ncn: enabled_users\nmember: UID=bob,ou=Users,dc=example,dc=org\n");
        text.Append("\ndn: cn=posix,ou=UserGroups,dc=example,dc=org\nobjectClass: posixGroup\ncn: posix\ngidNumber: 5\nmemberUid: ann\nmemberUid: carl\n");
        return text.ToString();
    }
}

public sealed class LdapDomainTests(LdapCloud cloud) : IClassFixture<LdapCloud>
{
    private const string ReadOnly = "You are not authorized to perform the requested action.";

    [Fact]
    public async Task Users_OfADirectory_AreListedShownAndFiltered()
    {
        var (domain, _) = await cloud.LdapDomainAsync(new { user_additional_attribute_mapping = new[] { "employeeNumber:number" } });
        var listed = (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Is(200)["users"].AsArray();
        listed.Select(u => u!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["O'Neil (x)*", "ann", "bob", "carl"]);
        var ann = listed.Single(u => u!["name"]!.ToString() == "ann")!["id"]!.ToString();
        ann.ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        (await cloud.Admin.Get($"{V3}/users/{ann}")).Is(200)["user"].ToJsonString().ShouldBe(
            $$$"""{"id":"{{{ann}}}","name":"ann","domain_id":"{{{domain}}}","enabled":true,"password_expires_at":null,"options":{},"links":{"self":"http://localhost/identity/v3/users/{{{ann}}}"},"number":"7","description":"A person","email":"ann@example.org"}""");
        async Task Names(string query, params string[] wanted) =>
            (await cloud.Admin.Get($"{V3}/users?domain_id={domain}&{query}")).Is(200)["users"].AsArray().Select(u => u!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(wanted);
        await Names("name=ann", "ann");
        await Names("name=" + Uri.EscapeDataString("O'Neil (x)*"), "O'Neil (x)*");
        await Names("name=*");
        await Names("name__contains=AR");
        await Names("name__icontains=AR", "carl");
        await Names("name__startswith=b", "bob");
        await Names("enabled=0", "bob");
        await Names("name__endswith=l", "carl");
        await Names("password_expires_at=gt:2020-01-01T00:00:00Z");
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}&limit=2")).Is(200)["users"].AsArray().Count.ShouldBe(2);
        (await cloud.Admin.Get($"{V3}/users?domain_id=default&name=ann")).Ids("users").ShouldBeEmpty();
        (await cloud.Admin.Get($"{V3}/users?name=ann")).Ids("users").ShouldBeEmpty();
        (await cloud.Admin.Get($"{V3}/users/{IdMapping.IdOf(domain, "user", "nobody")}")).Is(404);
    }

    [Fact]
    public async Task Login_ByBind_GivesTheGroupsRoles()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        var project = await Project(cloud.Admin);
        var member = await RoleNamed(cloud.Admin, "member");
        var devs = (await cloud.Admin.Get($"{V3}/groups?domain_id={domain}&name=devs")).Ids("groups").Single();
        (await cloud.Admin.Put($"{V3}/projects/{project}/groups/{devs}/roles/{member}")).Is(204);
        var token = (await cloud.Login(name, "ann", "annpw", project)).Is(201)["token"];
        token["user"]!["id"]!.ToString().ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        token["roles"]!.AsArray().Select(r => r!["name"]!.ToString()).ShouldContain("member");
        (await cloud.Login(name, "bob", "bobpw")).Is(401);
        foreach (var (user, password) in new[] { ("ann", "wrong"), ("ann", ""), ("nobody", "x"), ("*", "annpw"), ("deep", "deeppw") }) { (await cloud.Login(name, user, password)).Is(401).Message().ShouldBe("The request you have made requires authentication."); }
        (await cloud.Login(name, "O'Neil (x)*", "O'Neil (x)*pw")).Is(201);
        var id = IdMapping.IdOf(domain, "user", "ann");
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { id, password = "annpw" } } } } })).Is(201);
        (await cloud.Admin.Get($"{V3}/role_assignments?user.id={id}&effective&include_names")).Is(200)["role_assignments"].AsArray().Count.ShouldBeGreaterThan(0);
        (await cloud.Admin.Patch($"{V3}/domains/{domain}", new { domain = new { enabled = false } })).Is(200);
        (await cloud.Login(name, "ann", "annpw")).Is(401);
    }

    [Fact]
    public async Task Groups_OfADirectory_KnowTheirMembersBothWays()
    {
        var (domain, _) = await cloud.LdapDomainAsync();
        var groups = (await cloud.Admin.Get($"{V3}/groups?domain_id={domain}")).Is(200)["groups"].AsArray();
        groups.Select(g => g!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["devs", "moving", "ops"]);
        var devs = groups.Single(g => g!["name"]!.ToString() == "devs")!;
        devs["description"]!.ToString().ShouldBe("group devs");
        var id = devs["id"]!.ToString();
        id.ShouldBe(IdMapping.IdOf(domain, "group", "devs"));
        (await cloud.Admin.Get($"{V3}/groups/{id}/users")).Is(200)["users"].AsArray().Select(u => u!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["ann", "carl"]);
        var (ann, bob) = (await cloud.UserId(domain, "ann"), await cloud.UserId(domain, "bob"));
        (await cloud.Admin.Get($"{V3}/users/{ann}/groups")).Is(200)["groups"].AsArray().Select(g => g!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["devs", "ops"]);
        (await cloud.Admin.Head($"{V3}/groups/{id}/users/{ann}")).Is(204);
        (await cloud.Admin.Head($"{V3}/groups/{id}/users/{bob}")).Is(404);
    }

    [Fact]
    public async Task Writes_ToADirectory_Are403AndChangeNothing()
    {
        var (domain, _) = await cloud.LdapDomainAsync();
        var ann = await cloud.UserId(domain, "ann");
        var devs = (await cloud.Admin.Get($"{V3}/groups?domain_id={domain}&name=devs")).Ids("groups").Single();
        var (ours, ourGroup) = (await User(cloud.Admin, Name()), await Group(cloud.Admin));
        (await cloud.Admin.Post(V3 + "/users", new { user = new { name = "new", domain_id = domain } })).Is(403).Message().ShouldBe(ReadOnly);
        (await cloud.Admin.Patch($"{V3}/users/{ann}", new { user = new { description = "x" } })).Is(403).Message().ShouldBe(ReadOnly);
        (await cloud.Admin.Delete($"{V3}/users/{ann}")).Is(403);
        (await cloud.Anonymous.Post($"{V3}/users/{ann}/password", new { user = new { original_password = "annpw", password = "x" } })).Is(403);
        (await cloud.Anonymous.Post($"{V3}/users/{ann}/password", new { user = new { original_password = "wrong", password = "x" } })).Is(401);
        (await cloud.Admin.Post(V3 + "/groups", new { group = new { name = "new", domain_id = domain } })).Is(403);
        (await cloud.Admin.Patch($"{V3}/groups/{devs}", new { group = new { description = "x" } })).Is(403);
        (await cloud.Admin.Delete($"{V3}/groups/{devs}")).Is(403);
        (await cloud.Admin.Put($"{V3}/groups/{devs}/users/{ann}")).Is(403).Message().ShouldBe(ReadOnly);
        (await cloud.Admin.Delete($"{V3}/groups/{devs}/users/{ann}")).Is(403);
        (await cloud.Admin.Put($"{V3}/groups/{ourGroup}/users/{ann}")).Is(403).Message().ShouldBe($"Group membership across backend boundaries is not allowed. Group in question is {ourGroup}, user is {ann}.");
        (await cloud.Admin.Put($"{V3}/groups/{devs}/users/{ours}")).Is(403);
        (await cloud.Admin.Put($"{V3}/groups/{ourGroup}/users/{ours}")).Is(204);
        (await cloud.Admin.Get($"{V3}/users/{ann}")).Is(200)["user"]["description"]!.ToString().ShouldBe("A person");
    }

    [Fact]
    public async Task Directory_TakenAway_TakesItsUsersTokensAndCredentials()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        var project = await Project(cloud.Admin);
        var id = await cloud.UserId(domain, "ann");
        (await cloud.Admin.Put($"{V3}/projects/{project}/users/{id}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        var ann = TestUser.LoggedIn(cloud.Client(), (await cloud.Login(name, "ann", "annpw", project)).Is(201));
        var credential = (await ann.Post($"{V3}/users/{id}/application_credentials", new { application_credential = new { name = "robot", secret = "shh" } })).Is(201)["application_credential"]["id"]!.ToString();
        Task<TestReply> Robot() => cloud.Anonymous.Post(V3 + "/auth/tokens", new { auth = new { identity = new { methods = new[] { "application_credential" }, application_credential = new { id = credential, secret = "shh" } } } });
        (await Robot()).Is(201);
        (await cloud.Admin.Patch($"{V3}/domains/{domain}/config/identity/driver", new { config = new { driver = "sql" } })).Is(200);
        (await ann.Get(V3 + "/auth/catalog")).Is(401);
        (await Robot()).Is(401);
        (await cloud.Admin.Get($"{V3}/users/{id}")).Is(404);
        (await cloud.Admin.Patch($"{V3}/domains/{domain}/config/identity/driver", new { config = new { driver = "ldap" } })).Is(200);
        (await cloud.Admin.Get($"{V3}/users/{id}")).Is(200);
        (await Robot()).Is(201);
        // Of a file that is gone, the next round finds out.
        (await cloud.Admin.Delete($"{V3}/domains/{domain}/config")).Is(204);
        (await Robot()).Is(401);
        await cloud.Get<DirectoryRefresh>().ReconcileAsync(default);
    }

    [Fact]
    public async Task Directory_ThatDoesNotAnswer_Is500AndTheNextUrlIsTried()
    {
        var (dead, name) = await cloud.LdapDomainAsync(new { url = "ldap://127.0.0.1:1", pool_retry_max = 1 });
        (await cloud.Admin.Get($"{V3}/users?domain_id={dead}")).Is(500).Message().ShouldBe("An unexpected error prevented the server from fulfilling your request.");
        (await cloud.Login(name, "ann", "annpw")).Is(500);
        (await cloud.Admin.Patch($"{V3}/domains/{dead}/config/ldap/url", new { config = new { url = "ldap://127.0.0.1:1," + cloud.Slapd.Url } })).Is(200);
        (await cloud.Login(name, "ann", "annpw")).Is(201);
        var (refused, _) = await cloud.LdapDomainAsync(new { password = "wrong" });
        (await cloud.Admin.Get($"{V3}/users?domain_id={refused}")).Is(500).Message().ShouldBe("Unable to authenticate against Identity backend - Invalid username or password");
        var (broken, _) = await cloud.LdapDomainAsync(new { query_scope = "everything" });
        (await cloud.Admin.Get($"{V3}/users?domain_id={broken}")).Is(500);
        (await cloud.Admin.Delete($"{V3}/domains/{broken}/config/ldap/query_scope")).Is(204);
        (await cloud.Admin.Get($"{V3}/users?domain_id={broken}")).Is(200);
        var (unknown, _) = await cloud.LdapDomainAsync();
        (await cloud.Admin.Patch($"{V3}/domains/{unknown}/config/identity/driver", new { config = new { driver = "nonsense" } })).Is(200);
        (await cloud.Admin.Get($"{V3}/users?domain_id={unknown}")).Ids("users").ShouldBeEmpty();
    }

    [Fact]
    public async Task Refresh_TakesTokensFromWhoLostTheirPlace()
    {
        var (domain, name) = await cloud.LdapDomainAsync(new { user_tree_dn = "ou=Many,dc=example,dc=org" });
        var project = await Project(cloud.Admin);
        (await cloud.Admin.Put($"{V3}/projects/{project}/users/{await cloud.UserId(domain, "m1")}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        var m1 = TestUser.LoggedIn(cloud.Client(), (await cloud.Login(name, "m1", "m1pw", project)).Is(201));
        var m2 = TestUser.LoggedIn(cloud.Client(), (await cloud.Login(name, "m2", "m2pw")).Is(201));
        var refresh = cloud.Get<DirectoryRefresh>();
        await refresh.ReconcileAsync(default);
        (await m1.Get(V3 + "/auth/catalog")).Is(200);
        (await m2.Get($"{V3}/users/{m2.UserId}")).Is(200);
        cloud.Slapd.Modify("dn: uid=m1,ou=Many,dc=example,dc=org\nchangetype: modify\nreplace: enabled\nenabled: FALSE\n\ndn: uid=m2,ou=Many,dc=example,dc=org\nchangetype: delete\n");
        (await refresh.ReconcileAsync(default)).ShouldNotContain(" 0 gone");
        (await m1.Get(V3 + "/auth/catalog")).Is(401);
        (await m2.Get($"{V3}/users/{m2.UserId}")).Is(401);
        (await cloud.Login(name, "m1", "m1pw")).Is(401);
        cloud.Slapd.Modify("dn: uid=m1,ou=Many,dc=example,dc=org\nchangetype: modify\nreplace: enabled\nenabled: TRUE\n");
        (await cloud.Login(name, "m1", "m1pw", project)).Is(201);
    }

    [Fact]
    public async Task Refresh_GroupLost_TakesItsRoles()
    {
        var (domain, name) = await cloud.LdapDomainAsync();
        var project = await Project(cloud.Admin);
        var moving = (await cloud.Admin.Get($"{V3}/groups?domain_id={domain}&name=moving")).Ids("groups").Single();
        (await cloud.Admin.Put($"{V3}/projects/{project}/groups/{moving}/roles/{await RoleNamed(cloud.Admin, "member")}")).Is(204);
        var carl = TestUser.LoggedIn(cloud.Client(), (await cloud.Login(name, "carl", "carlpw", project)).Is(201));
        (await carl.Get(V3 + "/auth/catalog")).Is(200);
        cloud.Slapd.Modify("dn: cn=moving,ou=UserGroups,dc=example,dc=org\nchangetype: modify\nreplace: member\nmember: uid=bob,ou=Users,dc=example,dc=org\n");
        await cloud.Get<DirectoryRefresh>().ReconcileAsync(default);
        (await carl.Get(V3 + "/auth/catalog")).Is(401);
    }

    [Fact]
    public async Task File_OfADomain_IsItsConfiguration()
    {
        var name = Name("file");
        var domain = await Domain(cloud.Admin, name);
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Ids("users").ShouldBeEmpty();
        await File.WriteAllTextAsync(Path.Combine(cloud.ConfigFolder, $"keystone.{name}.conf"), $"[identity]\ndriver = ldap\n[ldap]\nurl = {cloud.Slapd.Url}\nsuffix = dc=example,dc=org\nuser_id_attribute = uid\nuser_name_attribute = uid\nuse_pool = false\nconnection_timeout = 5\n");
        cloud.Get<DomainDirectories>().Close(domain);
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}&name=ann")).Ids("users").Single().ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        (await cloud.Login(name, "ann", "annpw")).Is(201);
    }

    [Fact]
    public async Task Logins_ManyAtOnce_AllSucceedWithoutAHash()
    {
        var (_, name) = await cloud.LdapDomainAsync(new { auth_pool_size = 4 });
        var before = cloud.Get<PasswordHasher>().Checks;
        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => cloud.Login(name, "ann", "annpw")));
        replies.ShouldAllBe(r => r.Status == 201);
        (cloud.Get<PasswordHasher>().Checks - before).ShouldBe(0);
    }
}
