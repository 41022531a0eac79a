using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Testing;
using Shouldly;
using Xunit;

namespace Nephos.Conformance.Tests;

/// <summary>The former rules (<c>former-rules.tsv</c>) of the services: each is about a rule that upstream has, can be understood, refers to rules that are here, and never takes anything away.</summary>
public sealed class FormerRulesTests
{
    public static TheoryData<string> Services => [.. ServiceList.All().Select(s => s.Api.Name)];

    private static PolicyEngine Engine(string service, bool newDefaults, string? file = null)
    {
        var engine = new PolicyEngine(file, options: new PolicyOptions { EnforceNewDefaults = newDefaults });
        ServiceList.All().Single(s => s.Api.Name == service).Api.RegisterPolicies(engine);
        return engine;
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void FormerRules_OfAService_AreAFurtherWayInAndNoMore(string service)
    {
        var api = ServiceList.All().Single(s => s.Api.Name == service).Api;
        var upstream = File.ReadLines(Path.Combine(Repository.Root, "tests/Conformance.Tests/Upstream", $"policies-{service}.tsv")).Select(l => l.Split('\t')[0]).ToHashSet(StringComparer.Ordinal);
        api.Deprecations().Where(d => !upstream.Contains(d.Name)).Select(d => d.Name).ShouldBeEmpty("upstream has no such rules");
        var (now, before) = (Engine(service, newDefaults: true), Engine(service, newDefaults: false));
        before.Problems().Select(p => p.ToString()).ShouldBeEmpty();
        var wider = 0;
        foreach (var rule in now.Defaults)
        {
            var attributes = now.ComparedAttributes(rule.Name).Concat(before.ComparedAttributes(rule.Name)).ToList();
            foreach (var persona in Persona.All)
            {
                foreach (var own in new[] { true, false })
                {
                    var target = Persona.Target(attributes, own);
                    var (today, then) = (now.Check(rule.Name, persona, target), before.Check(rule.Name, persona, target));
                    if (today && !then) { throw new InvalidOperationException($"{rule.Name}: {persona.Name} loses it"); }
                    if (then && !today) { wider++; }
                }
            }
        }
        wider.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void FormerRules_Enforced_LetInAsBefore()
    {
        bool Allowed(string service, string rule, string persona, bool own, bool newDefaults)
        {
            var engine = Engine(service, newDefaults);
            return engine.Check(rule, Persona.All.Single(p => p.Name == persona), Persona.Target(engine.ComparedAttributes(rule), own));
        }
        foreach (var (service, rule, persona, own) in new[]
        {
            ("nova", "os_compute_api:servers:create", "nobody", true), // any role of the project
            ("nova", "os_compute_api:os-attach-interfaces:create", "project-reader", true),
            ("glance", "add_image", "nobody", true),
            ("neutron", "create_network", "project-reader", true),
        })
        {
            (Allowed(service, rule, persona, own, newDefaults: true), Allowed(service, rule, persona, own, newDefaults: false)).ShouldBe((false, true), $"{service} {rule}");
        }
        Allowed("nova", "os_compute_api:servers:create", "project-admin", own: false, newDefaults: false).ShouldBeTrue();
        Allowed("nova", "os_compute_api:servers:create", "project-member", own: false, newDefaults: false).ShouldBeFalse("another's project was never open");
        Allowed("keystone", "identity:create_user", "project-member", own: true, newDefaults: false).ShouldBeFalse();
    }

    [Fact]
    public void Overrides_UnderAFormerName_CountForTheRules()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "\"os_compute_api:os-attach-interfaces\": role:plumber\n");
            var engine = Engine("nova", newDefaults: true, file);
            engine.Check("os_compute_api:os-attach-interfaces:create", new Persona("p", ["plumber"], PolicyScopes.Project), Persona.Target([], own: true)).ShouldBeTrue();
            engine.Problems().ShouldAllBe(p => !p.Denies && p.Message.StartsWith("is now called os_compute_api:os-attach-interfaces:", StringComparison.Ordinal));
        }
        finally { File.Delete(file); }
    }
}
