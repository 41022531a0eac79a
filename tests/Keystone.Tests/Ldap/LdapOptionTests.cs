using System.Text.Json.Nodes;
using Nephos.Keystone.Ldap;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Ldap;

/// <summary>What upstream's options do to a real directory.</summary>
public sealed class LdapOptionTests(LdapCloud cloud) : IClassFixture<LdapCloud>
{
    [Fact]
    public async Task Enabled_MaskInvertAndEmulation_AreAsConfigured()
    {
        Task<string[]> Enabled(object more) => cloud.UserNamesAsync(more, "&enabled=1");
        (await Enabled(new { user_enabled_attribute = "userAccountControl", user_enabled_mask = 2, user_enabled_default = "512" })).ShouldBe(["O'Neil (x)*", "ann", "carl"]);
        (await Enabled(new { user_enabled_invert = true, user_enabled_default = "True" })).ShouldBe(["bob"]);
        (await Enabled(new { user_enabled_emulation = true })).ShouldBe(["bob"]);
        (await Enabled(new { user_attribute_ignore = new[] { "enabled" } })).ShouldBe(["O'Neil (x)*", "ann", "bob", "carl"]);
    }

    [Fact]
    public async Task Scope_Filter_Pages_AndMembersById_AreAsConfigured()
    {
        var (sub, _) = await cloud.LdapDomainAsync(new { query_scope = "sub", user_filter = "(!(uid=bob))", page_size = 100, user_tree_dn = "dc=example,dc=org" });
        var all = (await cloud.Admin.Get($"{V3}/users?domain_id={sub}")).Is(200)["users"].AsArray().Select(u => u!["name"]!.ToString()).ToList();
        all.Count.ShouldBe(LdapCloud.Many + 4);
        all.ShouldContain("deep");
        all.ShouldNotContain("bob");
        var (posix, _) = await cloud.LdapDomainAsync(new { group_objectclass = "posixGroup", group_member_attribute = "memberUid", group_members_are_ids = true });
        var group = (await cloud.Admin.Get($"{V3}/groups?domain_id={posix}")).Ids("groups").Single();
        (await cloud.Admin.Get($"{V3}/groups/{group}/users")).Is(200)["users"].AsArray().Select(u => u!["name"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["ann", "carl"]);
        (await cloud.Admin.Get($"{V3}/users/{await cloud.UserId(posix, "carl")}/groups")).Ids("groups").ShouldBe([group]);
        var (filtered, _) = await cloud.LdapDomainAsync(new { group_filter = "(cn=o*)" });
        (await cloud.Admin.Get($"{V3}/groups?domain_id={filtered}")).Is(200)["groups"].AsArray().Select(g => g!["name"]!.ToString()).ShouldBe(["ops"]);
    }

    [Fact]
    public async Task Tls_ChecksTheServersCertificate()
    {
        async Task<int> List(object more)
        {
            var (domain, _) = await cloud.LdapDomainAsync(more);
            return (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Status;
        }
        var ldaps = $"ldaps://127.0.0.1:{cloud.Slapd.TlsPort}";
        (await List(new { url = ldaps, tls_cacertfile = cloud.Slapd.CaFile })).ShouldBe(200);
        (await List(new { use_tls = true, tls_cacertfile = cloud.Slapd.CaFile })).ShouldBe(200);
        (await List(new { url = ldaps, tls_req_cert = "never" })).ShouldBe(200);
        (await List(new { url = ldaps, pool_retry_max = 1 })).ShouldBe(500);
        (await List(new { use_tls = true, pool_retry_max = 1 })).ShouldBe(500);
        (await List(new { url = ldaps, tls_req_cert = "allow" })).ShouldBe(200);
        (await List(new { url = ldaps, tls_cacertdir = cloud.Slapd.CaFolder })).ShouldBe(200);
        // The authority is right, the name is not.
        (await List(new { url = $"ldaps://localhost:{cloud.Slapd.TlsPort}", tls_cacertfile = cloud.Slapd.CaFile, pool_retry_max = 1 })).ShouldBe(500);
        // What cannot be, whatever the server says.
        (await List(new { url = ldaps, use_tls = true, tls_cacertfile = cloud.Slapd.CaFile })).ShouldBe(500);
        (await List(new { url = ldaps, tls_cacertfile = "/nonexistent/ca.pem", tls_req_cert = "never" })).ShouldBe(500);
        (await List(new { url = ldaps, tls_cacertdir = "/nonexistent", tls_req_cert = "never" })).ShouldBe(500);
    }

    [Fact]
    public async Task Socket_OfThisMachine_IsADirectoryToo()
    {
        var (domain, name) = await cloud.LdapDomainAsync(new { url = cloud.Slapd.SocketUrl });
        (await cloud.UserId(domain, "ann")).ShouldBe(IdMapping.IdOf(domain, "user", "ann"));
        (await cloud.Login(name, "ann", "annpw")).Is(201);
        (await cloud.Login(name, "ann", "wrong")).Is(401);
        var (second, _) = await cloud.LdapDomainAsync(new { url = "ldapi://%2Fnonexistent," + cloud.Slapd.SocketUrl, pool_retry_max = 1 });
        (await cloud.Admin.Get($"{V3}/users?domain_id={second}")).Is(200);
        var (relative, _) = await cloud.LdapDomainAsync(new { url = "ldapi://socket" });
        (await cloud.Admin.Get($"{V3}/users?domain_id={relative}")).Is(500);
    }

    [Fact]
    public async Task ListLimit_OfTheDomain_CutsItsLists()
    {
        var (domain, _) = await cloud.LdapDomainAsync(new { user_tree_dn = "ou=Many,dc=example,dc=org" });
        async Task<int> Count() => (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Ids("users").Count();
        (await Count()).ShouldBeGreaterThan(200);
        (await cloud.Admin.Patch($"{V3}/domains/{domain}/config", new { config = new { identity = new { list_limit = 7 } } })).Is(200);
        var cut = (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Is(200);
        (cut.Ids("users").Count(), cut["truncated"].GetValue<bool>()).ShouldBe((7, true));
        (await cloud.Admin.Get($"{V3}/groups?domain_id={domain}")).Ids("groups").Count().ShouldBe(3);
        (await cloud.Admin.Patch($"{V3}/domains/{domain}/config/identity/list_limit", new { config = new { list_limit = "many" } })).Is(200);
        (await cloud.Admin.Get($"{V3}/users?domain_id={domain}")).Is(500);
    }

    [Fact]
    public async Task Referrals_AreFollowedAsConfigured()
    {
        using var far = new Slapd(LdapCloud.Tree("uid=far,ou=Users,dc=example,dc=org"));
        using var near = new Slapd(LdapCloud.Tree("uid=near,ou=Users,dc=example,dc=org"));
        near.Modify($"dn: ou=Far,dc=example,dc=org\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\nou: Far\nref: {far.Url}/ou=Users,dc=example,dc=org\n");
        Task<string[]> Names(bool? chase) => cloud.UserNamesAsync(new { url = near.Url, query_scope = "sub", user_tree_dn = "dc=example,dc=org", chase_referrals = chase });
        (await Names(false)).ShouldBe(["near"]);
        (await Names(true)).ShouldBe(["far", "near"]);
        (await Names(null)).ShouldBe(["far", "near"]); // libldap's own default
    }

    [Fact]
    public async Task Aliases_AreFollowedAsConfigured()
    {
        using var slapd = new Slapd(LdapCloud.Tree("uid=near,ou=Users,dc=example,dc=org", "uid=aside,ou=Aside,dc=example,dc=org"));
        slapd.Modify("dn: cn=alias,ou=Users,dc=example,dc=org\nchangetype: add\nobjectClass: alias\nobjectClass: extensibleObject\ncn: alias\naliasedObjectName: uid=aside,ou=Aside,dc=example,dc=org\n");
        Task<string[]> Names(string how) => cloud.UserNamesAsync(new { url = slapd.Url, alias_dereferencing = how });
        (await Names("never")).ShouldBe(["near"]);
        (await Names("finding")).ShouldBe(["near"]);
        (await Names("default")).ShouldBe(["near"]);
        (await Names("always")).ShouldBe(["aside", "near"]);
        (await Names("searching")).ShouldBe(["aside", "near"]);
    }

    [Fact]
    public async Task Emulation_MayLookAsGroupsDo()
    {
        Task<string[]> Enabled(object more) => cloud.UserNamesAsync(more, "&enabled=1");
        var posix = new { user_enabled_emulation = true, user_enabled_emulation_dn = "cn=posix,ou=UserGroups,dc=example,dc=org", user_enabled_emulation_use_group_config = true, group_member_attribute = "memberUid", group_members_are_ids = true };
        (await Enabled(posix)).ShouldBe(["ann", "carl"]);
        (await Enabled(posix with { user_enabled_emulation_use_group_config = false })).ShouldBeEmpty();
        (await Enabled(posix with { user_enabled_emulation_dn = "cn=nowhere,ou=UserGroups,dc=example,dc=org" })).ShouldBeEmpty();
    }

    [Fact]
    public async Task Attributes_IgnoredOrNamedOtherwise_AreAsConfigured()
    {
        async Task<JsonNode> Ann(object more)
        {
            var (domain, _) = await cloud.LdapDomainAsync(more);
            return (await cloud.Admin.Get($"{V3}/users?domain_id={domain}&name=ann")).Is(200)["users"][0]!;
        }
        var plain = await Ann(new { });
        (plain["email"]?.ToString(), plain["description"]?.ToString(), plain["default_project_id"]?.ToString()).ShouldBe(("ann@example.org", "A person", null));
        var ignored = await Ann(new { user_attribute_ignore = new[] { "email", "description", "default_project_id" } });
        (ignored["email"]?.ToString(), ignored["description"]?.ToString()).ShouldBe((null, null));
        var named = await Ann(new { user_mail_attribute = "description", user_description_attribute = "mail", user_default_project_id_attribute = "employeeNumber", user_attribute_ignore = Array.Empty<string>() });
        (named["email"]?.ToString(), named["description"]?.ToString(), named["default_project_id"]?.ToString()).ShouldBe(("A person", "ann@example.org", "7"));
        var texts = await Ann(new { user_attribute_ignore = "email, description", user_additional_attribute_mapping = "employeeNumber:number,uid:nick" });
        (texts["email"]?.ToString(), texts["number"]?.ToString(), texts["nick"]?.ToString()).ShouldBe((null, "7", "ann"));
        var (groups, _) = await cloud.LdapDomainAsync(new { group_attribute_ignore = new[] { "description" }, group_additional_attribute_mapping = new[] { "cn:short" } });
        var devs = (await cloud.Admin.Get($"{V3}/groups?domain_id={groups}&name=devs")).Is(200)["groups"][0]!;
        (devs["description"]!.ToString(), devs["short"]!.ToString()).ShouldBe(("", "devs"));
    }
}
