using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Bootstrap;
using Nephos.Keystone.Ldap;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Ldap;

/// <summary>Keystone whose default domain is a directory: <c>identity_driver: ldap</c>.</summary>
public sealed class DefaultDirectoryCloud : TestCloud
{
    public Slapd Slapd { get; } = new(LdapCloud.Tree("uid=ann,ou=Users,dc=example,dc=org", "uid=ben,ou=Users,dc=example,dc=org"));
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new KeystoneSettings
    {
        PasswordHashRounds = 4,
        IdentityDriver = "ldap",
        Ldap = new LdapSettings { Url = Slapd.Url, Suffix = "dc=example,dc=org", UserIdAttribute = "uid", UserNameAttribute = "uid", GroupNameAttribute = "cn" },
    });

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Slapd.Dispose();
    }
}

public sealed class DefaultDomainTests(DefaultDirectoryCloud cloud) : IClassFixture<DefaultDirectoryCloud>
{
    private static readonly string Ann = IdMapping.IdOf("default", "user", "ann"), Ben = IdMapping.IdOf("default", "user", "ben");

    private Task<IReadOnlyList<string>> Bootstrap(params (string Name, string Value)[] arguments) => cloud.Get<KeystoneMaintenance>().RunAsync("bootstrap", arguments.ToDictionary(a => a.Name, a => a.Value), default);

    [Fact]
    public async Task Users_OfTheDefaultDomain_AreTheDirectorys()
    {
        foreach (var query in new[] { "", "?domain_id=default" }) { (await cloud.Admin.Get(V3 + "/users" + query)).Ids("users").Order(StringComparer.Ordinal).ShouldBe(new[] { Ann, Ben }.Order(StringComparer.Ordinal)); }
        (await cloud.LoginAsync("ben", "benpw")).UserId.ShouldBe(Ben);
        (await cloud.Admin.Post(V3 + "/users", new { user = new { name = "x" } })).Is(403);
        (await cloud.Admin.Post(V3 + "/groups", new { group = new { name = "x" } })).Is(403);
        (await cloud.Admin.Get(V3 + "/domains/config/identity/driver/default")).Is(200)["config"]["driver"]!.ToString().ShouldBe("ldap");
        (await cloud.Admin.Get(V3 + "/domains/config/ldap/suffix/default")).Is(200)["config"]["suffix"]!.ToString().ShouldBe("dc=example,dc=org");
        // Another domain is here.
        var domain = await Domain(cloud.Admin);
        var id = await User(cloud.Admin, "ann", domain);
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Ids("users").ShouldBe([id]);
        (await cloud.Admin.Get($"{V3}/groups?domain_id={domain}")).Ids("groups").ShouldBeEmpty();
    }

    [Fact]
    public async Task Administrator_IsOneOfTheDirectorys()
    {
        var body = (string name, string password) => new { auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { name, password, domain = new { id = "default" } } } } } };
        // The one of the first start has no name here any more.
        (await cloud.Anonymous.Post(V3 + "/auth/tokens", body("admin", "secret"))).Is(401);
        (await Bootstrap(("username", "ann"))).ShouldBe(["gave the role admin on the project admin", "gave the role admin on the system"]);
        (await Bootstrap(("username", "ann"))).ShouldBe(["all is there"]);
        var ann = await cloud.LoginAsync("ann", "annpw", "admin");
        (ann.UserId, ann.Identity.Roles.Contains("admin")).ShouldBe((Ann, true));
        (await ann.Get(V3 + "/projects")).Is(200);
        (await Should.ThrowAsync<BadRequestError>(() => Bootstrap(("username", "ann"), ("password", "x")))).Message.ShouldContain("directory");
        (await Should.ThrowAsync<BadRequestError>(() => Bootstrap(("username", "nobody")))).Message.ShouldContain("no user nobody");
        (await Should.ThrowAsync<BadRequestError>(() => Bootstrap())).Message.ShouldContain("no user admin");
    }

    [Fact]
    public void Settings_ThatCannotBe_AreSaidAtTheStart()
    {
        static string[] Faults(LdapSettings ldap) => [.. new KeystoneSettings { IdentityDriver = "ldap", Ldap = ldap }.Check().Select(f => $"{f.Key}: {f.Message}")];
        Faults(new LdapSettings()).ShouldBeEmpty();
        Faults(new LdapSettings { Url = "http://a" }).ShouldBe(["identity_driver: 'http://a' is no URL of a directory: ldap://HOST, ldaps://HOST or ldapi://PATH"]);
        Faults(new LdapSettings { Url = "ldaps://a", UseTls = true }).Single().ShouldContain("use_tls");
        Faults(new LdapSettings { UseTls = true, TlsCacertfile = "/nonexistent" }).ShouldBe(["identity_driver: tls_cacertfile /nonexistent not found or is not a file"]);
        new KeystoneSettings { Ldap = new LdapSettings { Url = "http://a" } }.Check().ShouldBeEmpty();
    }
}

/// <summary>A machine without libldap.</summary>
public sealed class NoLibraryCloud : TestCloud
{
    public string ConfigFolder { get; } = Directory.CreateTempSubdirectory("nephos-domains-").FullName;
    protected override IReadOnlyList<INephosService> Services_ => [new KeystoneService()];
    protected override void Configure(IServiceCollection services) => services.AddSingleton(new LdapLibrary(["libnothing.so.9"])).AddSingleton(new KeystoneSettings { PasswordHashRounds = 4, DomainConfigDir = ConfigFolder });

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(ConfigFolder, recursive: true);
    }
}

public sealed class NoLibraryTests(NoLibraryCloud cloud) : IClassFixture<NoLibraryCloud>
{
    [Fact]
    public async Task Driver_WithoutLibldap_IsRefusedWithThePackagesName()
    {
        var config = $"{V3}/domains/{await Domain(cloud.Admin)}/config";
        var refused = (await cloud.Admin.Put(config, """{"config":{"ldap":{"url":"ldap://a"},"identity":{"driver":"ldap"}}}""")).Is(403).Message();
        refused.ShouldContain("apt-get install libldap");
        refused.ShouldNotContain("\n");
        (await cloud.Admin.Get(config)).Is(404);
        (await cloud.Admin.Put(config, """{"config":{"ldap":{"url":"ldap://a"},"identity":{"driver":"sql"}}}""")).Is(201);
        (await cloud.Admin.Patch(config + "/identity/driver", """{"config":{"driver":"ldap"}}""")).Is(403).Message().ShouldBe(refused);
        (await cloud.Admin.Get(config + "/identity/driver")).Is(200)["config"]["driver"]!.ToString().ShouldBe("sql");
    }

    [Fact]
    public async Task File_WithoutLibldap_FailsItsDomainOnly()
    {
        var name = Name("file");
        var domain = await Domain(cloud.Admin, name);
        await File.WriteAllTextAsync(Path.Combine(cloud.ConfigFolder, $"keystone.{name}.conf"), "[identity]\ndriver = ldap\n");
        cloud.Get<DomainDirectories>().Close(domain);
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Is(500);
        (await cloud.Admin.Get($"{V3}/users?domain_id=default")).Is(200);
        (await cloud.Get<DirectoryRefresh>().ReconcileAsync(default)).ShouldContain("no answer for " + domain);
    }
}
