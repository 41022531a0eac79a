using FsCheck;
using FsCheck.Fluent;
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

    /// <summary>As upstream's generator makes it: the values of domain_id, entity_type and local_id one after the other.</summary>
    [Fact]
    public void PublicId_IsUpstreams() => IdMapping.IdOf("d", "user", "u").ShouldBe(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("duseru"u8)));
}
