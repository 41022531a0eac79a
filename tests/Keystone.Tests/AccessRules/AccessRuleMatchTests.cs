using Nephos.Kernel.Auth;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.AccessRules;

/// <summary>Which paths a rule means.</summary>
public sealed class AccessRuleMatchTests
{
    [Theory]
    [InlineData("/v2.1/servers", "/v2.1/servers", true)]
    [InlineData("/v2.1/servers", "/v2.1/servers/", false)]
    [InlineData("/v2.1/servers", "/v2x1/servers", false)]
    [InlineData("/v2.1/servers/{id}", "/v2.1/servers/42", true)]
    [InlineData("/v2.1/servers/{id}", "/v2.1/servers/42/ips", false)]
    [InlineData("/v2.1/servers/{id}", "/v2.1/servers/", false)]
    [InlineData("/v2.1/servers/*/ips", "/v2.1/servers/42/ips", true)]
    [InlineData("/v2.1/servers/*/ips", "/v2.1/servers/4/2/ips", false)]
    [InlineData("/v2.1/servers/a*c", "/v2.1/servers/abbc", true)]
    [InlineData("/v2.1/**", "/v2.1/servers/42/ips", true)]
    [InlineData("/v2.1/**", "/v2.1/", true)]
    [InlineData("/v2.1/**/ips", "/v2.1/servers/42/ips", true)]
    [InlineData("**", "/anything/at/all", true)]
    [InlineData("/a/***", "/a/b/c", true)]
    [InlineData("/a/}b", "/a/b", true)]
    [InlineData("", "/a", false)]
    public void Pattern_AgainstAPath_FitsWhereUpstreamDoes(string pattern, string path, bool fits) => AccessRule.Matches(pattern, path).ShouldBe(fits);

    [Fact]
    public void Pattern_WithoutMarks_FitsItselfAlone()
    {
        var random = new Random(7);
        string Text() => new([.. Enumerable.Range(0, random.Next(6)).Select(_ => "/ab."[random.Next(4)])]);
        for (var i = 0; i < 5000; i++)
        {
            var (one, other) = (Text(), Text());
            AccessRule.Matches(one, other).ShouldBe(one == other, $"{one} against {other}");
            AccessRule.Matches(one + "**", one + other).ShouldBeTrue();
            AccessRule.Matches(one + "*", one + other).ShouldBe(other.Length > 0 && !other.Contains('/', StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Allow_ByServiceAndMethod_HoldsToBoth()
    {
        AccessRule[] rules = [new("compute", "GET", "/v2.1/servers")];
        AccessRule.Allow(rules, "compute", "GET", "/compute", "/v2.1/servers").ShouldBeTrue();
        AccessRule.Allow(rules, "compute", "POST", "/compute", "/v2.1/servers").ShouldBeFalse();
        AccessRule.Allow(rules, "image", "GET", "/image", "/v2.1/servers").ShouldBeFalse();
        AccessRule.Allow([new("compute", "GET", "/compute/v2.1/servers")], "compute", "GET", "/compute", "/v2.1/servers").ShouldBeTrue();
        AccessRule.Allow([], "identity", "GET", "/identity", "/v3/auth/tokens").ShouldBeTrue();
        AccessRule.Allow([], "identity", "DELETE", "/identity", "/v3/auth/tokens").ShouldBeFalse();
    }
}
