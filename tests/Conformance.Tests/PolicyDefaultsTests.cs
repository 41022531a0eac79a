using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>
/// The rules that services declare are upstream's: names, defaults and scopes. The facts are in <c>Upstream/policies-SERVICE.tsv</c> (name, scopes, check string; a dash: any scope), taken from
/// what upstream's services register. Two expressions are equal when they allow by the same alternatives.
/// </summary>
public sealed class PolicyDefaultsTests
{
    /// <summary>Rules that upstream does not have, or has otherwise, each with the reason. May only shrink.</summary>
    private static readonly Dictionary<string, string> Ours = new(StringComparer.Ordinal)
    {
    };

    public static TheoryData<string> Services => [.. ServiceList.All().Select(s => s.Api.Name).Where(name => File.Exists(FileOf(name)))];

    [Theory]
    [MemberData(nameof(Services))]
    public void Rules_OfAService_AreUpstreams(string service)
    {
        var upstream = Read(service);
        var engine = new PolicyEngine();
        ServiceList.All().Single(s => s.Api.Name == service).Api.RegisterPolicies(engine);
        Differences(service, engine.Defaults, upstream).ShouldBeEmpty("the cure is in the declaration; a rule that upstream lacks needs its reason in the list above");
    }

    [Fact]
    public void Comparison_GivenOtherRules_Bites()
    {
        var upstream = new Dictionary<string, (string Scopes, string Check)> { ["a"] = ("project", "role:x or (role:y and rule:z)") };
        Differences("nova", [new PolicyDefault("a", "((rule:z and role:y)) or role:x", null, PolicyScopes.Project)], upstream).ShouldBeEmpty();
        Differences("nova", [new PolicyDefault("a", "role:x or role:y and not rule:z", null, PolicyScopes.Project)], upstream).Count.ShouldBe(1);
        Differences("nova", [new PolicyDefault("a", "role:x or (role:y and rule:z)", null, PolicyScopes.System)], upstream).Count.ShouldBe(1);
        Differences("nova", [new PolicyDefault("b", "role:x", null, PolicyScopes.Project)], upstream).Count.ShouldBe(1);
    }

    private static List<string> Differences(string service, IEnumerable<PolicyDefault> rules, Dictionary<string, (string Scopes, string Check)> upstream)
    {
        var faults = new List<string>();
        foreach (var rule in rules.Where(r => !Ours.ContainsKey($"{service} {r.Name}")).OrderBy(r => r.Name, StringComparer.Ordinal))
        {
            if (!upstream.TryGetValue(rule.Name, out var theirs))
            {
                faults.Add($"{rule.Name}: upstream has no such rule");
                continue;
            }
            var scopes = rule.Scopes == PolicyScopes.Any ? "-" : string.Join(',', rule.Scopes.ToString().ToLowerInvariant().Split(", ").Order(StringComparer.Ordinal));
            if (scopes != theirs.Scopes) { faults.Add($"{rule.Name}: scopes {scopes}, upstream {theirs.Scopes}"); }
            if (Canonical(PolicyRule.Parse(rule.Text)) != Canonical(PolicyRule.Parse(theirs.Check))) { faults.Add($"{rule.Name}:\n  ours     {rule.Text}\n  upstream {theirs.Check}"); }
        }
        return faults;
    }

    /// <summary>The expression as its alternatives (disjunctive normal form), without those that a shorter one covers: equal texts mean the same.</summary>
    private static string Canonical(IPolicyCheck check)
    {
        var all = Alternatives(check, negated: false).DistinctBy(Text).ToList();
        return string.Join(" | ", all.Where(one => !all.Any(other => other.Count < one.Count && other.IsSubsetOf(one))).Select(Text).Order(StringComparer.Ordinal));
    }

    private static string Text(SortedSet<string> alternative) => string.Join(" & ", alternative);

    private static List<SortedSet<string>> Alternatives(IPolicyCheck check, bool negated) => check switch
    {
        NotCheck => Alternatives(check.Children[0], !negated),
        AndCheck or OrCheck => check is OrCheck != negated
            ? [.. check.Children.SelectMany(c => Alternatives(c, negated))]
            : check.Children.Select(c => Alternatives(c, negated)).Aggregate((left, right) => [.. from l in left from r in right select new SortedSet<string>(l.Concat(r), StringComparer.Ordinal)]),
        _ => [new SortedSet<string>([negated ? $"not {check}" : check.ToString()!], StringComparer.Ordinal)],
    };

    private static Dictionary<string, (string Scopes, string Check)> Read(string service) => File.ReadLines(FileOf(service))
        .Select(line => line.Split('\t')).ToDictionary(cells => cells[0], cells => (cells[1], cells[2]), StringComparer.Ordinal);

    private static string FileOf(string service) => Path.Combine(Repository.Root, "tests/Conformance.Tests/Upstream", $"policies-{service}.tsv");
}
