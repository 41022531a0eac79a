using FsCheck;
using FsCheck.Fluent;
using Nephos.Kernel.Policy;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests.Policy;

public sealed class PolicyRuleTests
{
    private static readonly Caller Dora = new(["Member", "reader"], "u1", "p1");

    [Theory]
    [InlineData("", true)]
    [InlineData("@", true)]
    [InlineData("!", false)]
    [InlineData("role:member", true)]
    [InlineData("role:MEMBER", true)]
    [InlineData("role:admin", false)]
    [InlineData("role:%(wanted)s", true)]
    [InlineData("role:%(absent)s", false)]
    [InlineData("not role:admin", true)]
    [InlineData("not not role:admin", false)]
    [InlineData("NOT role:admin AND @", true)]
    [InlineData("role:admin or role:reader", true)]
    [InlineData("role:admin and role:reader", false)]
    [InlineData("@ or ! and !", true)]
    [InlineData("! and ! or @", true)]
    [InlineData("(@ or !) and !", false)]
    [InlineData("not ! and !", false)]
    [InlineData("not (! and !)", true)]
    [InlineData("((role:reader and project_id:%(project_id)s) or !)", true)]
    [InlineData("user_id:u1", true)]
    [InlineData("user_id:%(target.user.id)s", true)]
    [InlineData("user_id:%(owner)s", false)]
    [InlineData("tenant_id:%(project_id)s", true)]
    [InlineData("project_id:%(network:project_id)s", false)]
    [InlineData("is_admin:True", false)]
    [InlineData("is_admin:False", true)]
    [InlineData("is_admin:1", false)]
    [InlineData("nonsense:1", false)]
    [InlineData("domain_id:%(none)s", true)]
    [InlineData("'public':%(visibility)s", true)]
    [InlineData("\"public\":%(visibility)s", true)]
    [InlineData("'private':%(visibility)s", false)]
    [InlineData("True:%(shared)s", true)]
    [InlineData("False:%(shared)s", false)]
    [InlineData("None:%(none)s", true)]
    [InlineData("None:%(absent)s", false)]
    [InlineData("42:%(number)s", true)]
    [InlineData("'a-public-42':a-%(visibility)s-%(number)s", true)]
    [InlineData("'100%':100%%", true)]
    [InlineData("roles:reader", true)]
    [InlineData("roles:Reader", false)]
    [InlineData("token.project.domain.id:d1", true)]
    [InlineData("token.project.domain.id:d2", false)]
    [InlineData("token.roles.name:member", true)]
    [InlineData("token.project.domain.id.more:d1", false)]
    [InlineData("field:networks:shared=True", true)]
    [InlineData("field:networks:shared=False", false)]
    [InlineData("field:networks:absent=True", false)]
    [InlineData("field:port:device_owner=~^network:", true)]
    [InlineData("field:port:device_owner=~work:", false)]
    [InlineData("http://policy.example/%(project_id)s", false)]
    public void Parse_Rule_AnswersAsUpstream(string rule, bool expected) => Ask(PolicyRule.Parse(rule)).ShouldBe(expected);

    [Theory]
    [InlineData("admin")]
    [InlineData("role:a role:b")]
    [InlineData("role:a and")]
    [InlineData("or role:a")]
    [InlineData("(role:a")]
    [InlineData("role:a)")]
    [InlineData("()")]
    [InlineData("   ")]
    [InlineData("not")]
    [InlineData("role:%(a")]
    [InlineData("user_id:%d")]
    [InlineData("'text'")]
    [InlineData("field:networks")]
    [InlineData("field:port:owner=~(")]
    public void Parse_Nonsense_Throws(string rule) => Should.Throw<PolicyParseException>(() => PolicyRule.Parse(rule));

    [Fact]
    public void Parse_NestedTooDeep_ThrowsInsteadOfExhaustingTheStack() =>
        Should.Throw<PolicyParseException>(() => PolicyRule.Parse(new string('(', 100_000) + "@" + new string(')', 100_000)));

    [Fact]
    public void Parse_ListOfLists_IsAnyOfAll()
    {
        Ask(PolicyRule.Parse([])).ShouldBeTrue();
        Ask(PolicyRule.Parse([[]])).ShouldBeFalse();
        Ask(PolicyRule.Parse([["role:admin"], ["role:member", "role:reader"]])).ShouldBeTrue();
        Ask(PolicyRule.Parse([["role:admin"], ["role:member", "role:other"]])).ShouldBeFalse();
    }

    [Fact]
    public void ToString_OfAParsedRule_ParsesToTheSame()
    {
        var leaves = Gen.Elements("@", "!", "role:admin", "user_id:%(target.user.id)s", "'public':%(visibility)s", "rule:other");
        var rules = Gen.Sized(size => Rule(leaves, Math.Min(size, 12)));
        Prop.ForAll(rules.ToArbitrary(), rule =>
        {
            var check = PolicyRule.Parse(rule);
            var again = PolicyRule.Parse(check.ToString()!);
            return again.ToString() == check.ToString() && Ask(again) == Ask(check) && Ask(check) == check.Explain(Question()).Passed;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Parse_AnyText_ThrowsOnlyItsOwnException() => Prop.ForAll<NonNull<string>>(text =>
    {
        try
        {
            _ = Ask(PolicyRule.Parse(text.Get));
        }
        catch (PolicyParseException)
        {
            // What an operator is to see.
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Passes_UsualRule_AllocatesNothing()
    {
        var check = PolicyRule.Parse(Rules.ProjectMember);
        var question = Question();
        check.Passes(question).ShouldBeTrue();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            check.Passes(question);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static Gen<string> Rule(Gen<string> leaves, int size) => size <= 1 ? leaves : Gen.OneOf(
        leaves,
        Rule(leaves, size / 2).Select(r => $"not ({r})"),
        Rule(leaves, size / 2).Two().Select(r => $"{r.Item1} and {r.Item2}"),
        Rule(leaves, size / 2).Two().Select(r => $"({r.Item1} or {r.Item2})"));

    private static bool Ask(IPolicyCheck check) => check.Passes(Question());

    private static PolicyQuestion Question() => new(Dora, Target, static name => name == "other" ? TrueCheck.Instance : null, "test");

    private static readonly Dictionary<string, object?> Target = new(StringComparer.Ordinal)
    {
        ["project_id"] = "p1",
        ["target.user.id"] = "u1",
        ["network:project_id"] = "p2",
        ["owner"] = "u2",
        ["visibility"] = "public",
        ["shared"] = true,
        ["none"] = null,
        ["number"] = 42,
        ["wanted"] = "member",
        ["device_owner"] = "network:dhcp",
    };
}

/// <summary>A caller for tests of the policy language.</summary>
internal sealed class Caller : PolicyCredentials
{
    private static readonly Dictionary<string, object?> Token = new(StringComparer.Ordinal)
    {
        ["project"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["domain"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = "d1" } },
        ["roles"] = new[] { new Dictionary<string, object?>(StringComparer.Ordinal) { ["name"] = "reader" }, new(StringComparer.Ordinal) { ["name"] = "member" } },
    };

    public Caller(string[] roles, string? user = null, string? project = null, string? domain = null, string? system = null) =>
        (Roles, UserId, ProjectId, DomainId, SystemScope) = (roles, user, project, domain, system);

    public override IReadOnlyList<string> Roles { get; }

    public override string? UserId { get; }

    public override string? UserDomainId => "default";

    public override string? ProjectId { get; }

    public override string? ProjectDomainId => "default";

    public override string? DomainId { get; }

    public override string? SystemScope { get; }

    public override bool IsAdmin => false;

    public override bool TryGet(string name, out object? value)
    {
        if (name == "token")
        {
            value = Token;
            return true;
        }

        return base.TryGet(name, out value);
    }
}
