using FsCheck;
using FsCheck.Fluent;
using Nephos.Keystone.DomainConfigs;
using Nephos.Keystone.Ldap;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Ldap;

/// <summary>Names, filters and entries: pure.</summary>
public sealed class LdapTextTests
{
    [Theory]
    [InlineData("cn=Ann,ou=Users,dc=x", "CN=ann, OU=users , dc=X")]
    [InlineData(@"cn=Doe\, Jane,dc=x", @"cn=doe\2c  jane,dc=x")]
    [InlineData("cn=\"Doe, Jane\",dc=x", @"cn=Doe\, Jane,dc=x")]
    [InlineData("cn=a+uid=b,dc=x", "cn=a,dc=x")]
    [InlineData(@"cn=\c3\a4,dc=x", "cn=ä,dc=x")]
    public void Normalize_WaysToWriteOneName_AreOne(string one, string other) => DistinguishedName.Normalize(one).ShouldBe(DistinguishedName.Normalize(other));

    [Fact]
    public void Parse_WhatIsNoName_Throws() => Should.Throw<FormatException>(() => DistinguishedName.Parse("what,is=this"));

    [Fact]
    public void EscapedValue_ReadBack_IsTheValue() => Prop.ForAll<NonNull<string>>(value =>
        value.Get.Any(char.IsSurrogate) || DistinguishedName.Parse($"cn={DistinguishedName.Escape(value.Get)},dc=x") is [("cn", var read), ("dc", "x")] && read == value.Get).QuickCheckThrowOnFailure();

    [Fact]
    public void EscapedFilter_HasNoWordOfItsOwn() => Prop.ForAll<NonNull<string>>(value => LdapFilter.Escape(value.Get).IndexOfAny(['(', ')', '*', '\0']) < 0).QuickCheckThrowOnFailure();

    [Fact]
    public void Filter_OfAQuery_TakesTheCaseAfterwards()
    {
        (string, string)[] query = [("name__contains", "A(b"), ("domain_id", "x"), ("name__istartswith", "q")];
        LdapFilter.OfQuery(query, "uid").ShouldBe(@"(uid=*A\28b*)(uid=q*)");
        LdapFilter.Names("qA(b", query).ShouldBeTrue();
        LdapFilter.Names("qa(b", query).ShouldBeFalse();
    }

    [Theory]
    [InlineData("TRUE", 0, false, true)]
    [InlineData("false", 0, false, false)]
    [InlineData("true", 0, true, false)]
    [InlineData("1", 0, false, true)]
    [InlineData(null, 0, false, true)]
    [InlineData("512", 2, false, true)]
    [InlineData("514", 2, false, false)]
    [InlineData("nonsense", 2, false, false)]
    public void Enabled_IsReadAsConfigured(string? value, int mask, bool invert, bool wanted)
    {
        var attributes = new Dictionary<string, IReadOnlyList<string>> { ["cn"] = ["u"], ["sn"] = ["U"] };
        if (value is not null) { attributes["enabled"] = [value]; }
        LdapEntries.User(new("cn=u,dc=x", attributes), new LdapSettings { UserEnabledMask = mask, UserEnabledInvert = invert })!.Enabled.ShouldBe(wanted);
    }

    [Fact]
    public void Entry_WithoutName_IsNone()
    {
        LdapEntries.User(new("cn=u,dc=x", new Dictionary<string, IReadOnlyList<string>> { ["cn"] = ["u"], ["sn"] = ["  "] }), new LdapSettings()).ShouldBeNull();
        LdapEntries.User(new("cn=u,dc=x", new Dictionary<string, IReadOnlyList<string>> { ["sn"] = ["U"] }), new LdapSettings()).ShouldBeNull();
        LdapEntries.User(new("cn=b,dc=x", new Dictionary<string, IReadOnlyList<string>> { ["cn"] = ["a", "b"], ["sn"] = ["U"] }), new LdapSettings())!.LocalId.ShouldBe("b");
    }

    [Fact]
    public void Nesting_AsksByActiveDirectorysRule()
    {
        static LdapIdentity Entry(string id, string dn) => new(id, dn, id, true, null, null, new Dictionary<string, string>());
        var (user, group) = (Entry("ann", "cn=a(n)n,dc=x"), Entry("devs", "cn=devs*,dc=x"));
        LdapFilter.GroupsOf(user, new LdapSettings { GroupAdNesting = true }).ShouldBe(@"(member:1.2.840.113556.1.4.1941:=cn=a\28n\29n,dc=x)");
        LdapFilter.GroupsOf(user, new LdapSettings()).ShouldBe(@"(member=cn=a\28n\29n,dc=x)");
        LdapFilter.GroupsOf(user, new LdapSettings { GroupMembersAreIds = true, GroupMemberAttribute = "memberUid" }).ShouldBe("(memberUid=ann)");
        LdapFilter.NestedMembersOf(group).ShouldBe(@"(memberOf:1.2.840.113556.1.4.1941:=cn=devs\2a,dc=x)");
    }

    /// <summary>Upstream's <c>keystone/conf/ldap.py</c>: each option is here by its name, with its default.</summary>
    [Fact]
    public void Options_OfUpstream_AreThereWithTheirDefaults()
    {
        var upstream = new Dictionary<string, object?>
        {
            ["url"] = "ldap://localhost", ["randomize_urls"] = false, ["user"] = null, ["password"] = null, ["suffix"] = "cn=example,cn=com", ["query_scope"] = "one", ["page_size"] = 0, ["alias_dereferencing"] = "default",
            ["debug_level"] = null, ["chase_referrals"] = null, ["user_tree_dn"] = null, ["user_filter"] = null, ["user_objectclass"] = "inetOrgPerson", ["user_id_attribute"] = "cn", ["user_name_attribute"] = "sn",
            ["user_description_attribute"] = "description", ["user_mail_attribute"] = "mail", ["user_pass_attribute"] = "userPassword", ["user_enabled_attribute"] = "enabled", ["user_enabled_invert"] = false,
            ["user_enabled_mask"] = 0, ["user_enabled_default"] = "True", ["user_attribute_ignore"] = "default_project_id", ["user_default_project_id_attribute"] = null, ["user_enabled_emulation"] = false,
            ["user_enabled_emulation_dn"] = null, ["user_enabled_emulation_use_group_config"] = false, ["user_additional_attribute_mapping"] = "", ["group_tree_dn"] = null, ["group_filter"] = null,
            ["group_objectclass"] = "groupOfNames", ["group_id_attribute"] = "cn", ["group_name_attribute"] = "ou", ["group_member_attribute"] = "member", ["group_members_are_ids"] = false, ["group_desc_attribute"] = "description",
            ["group_attribute_ignore"] = "", ["group_additional_attribute_mapping"] = "", ["group_ad_nesting"] = false, ["tls_cacertfile"] = null, ["tls_cacertdir"] = null, ["use_tls"] = false, ["tls_req_cert"] = "demand",
            ["connection_timeout"] = -1, ["use_pool"] = true, ["pool_size"] = 10, ["pool_retry_max"] = 3, ["pool_retry_delay"] = 0.1, ["pool_connection_timeout"] = -1, ["pool_connection_lifetime"] = 600,
            ["use_auth_pool"] = true, ["auth_pool_size"] = 100, ["auth_pool_connection_lifetime"] = 60,
        };
        foreach (var (option, wanted) in upstream)
        {
            var value = ConfigOptions.Property(option).ShouldNotBeNull(option).GetValue(new LdapSettings());
            (value is IReadOnlyList<string> list ? string.Join(',', list) : value).ShouldBe(wanted, option);
        }
        typeof(LdapSettings).GetProperties().Count(p => p.CanWrite).ShouldBe(upstream.Count);
    }

    [Theory]
    [InlineData("ldap://a", "ldap://a:389")]
    [InlineData("ldaps://a:1", "ldaps://a:1")]
    [InlineData("ldap://[::1]:390", "ldap://[::1]:390")]
    [InlineData("ldapi://%2Frun%2Fslapd", "ldapi://%2Frun%2Fslapd")]
    [InlineData("ldapi:///", "ldapi://")]
    [InlineData("ldap://a,ldapi://%2fb  ldap://c", "ldap://a:389 ldapi://%2Fb ldap://c:389")]
    public void Urls_AreAsLibldapTakesThem(string given, string wanted) => string.Join(' ', LdapUrl.Of(new LdapSettings { Url = given }).Select(u => u.Text)).ShouldBe(wanted);

    [Theory]
    [InlineData("")]
    [InlineData("http://a")]
    [InlineData("ldap:")]
    [InlineData("ldapi://socket")]
    [InlineData("a")]
    public void Urls_OfSomethingElse_Throw(string given) => Should.Throw<FormatException>(() => LdapUrl.Of(new LdapSettings { Url = given }));

    /// <summary>As upstream's generator makes it: the values of domain_id, entity_type and local_id one after the other.</summary>
    [Fact]
    public void PublicId_IsUpstreams() => IdMapping.IdOf("d", "user", "u").ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("duseru"u8)));
}
