using System.CommandLine;
using System.CommandLine.Parsing;
using Nephos.Kernel.Api;
using Nephos.Kernel.Configuration;
using Nephos.Kernel.Policy;

namespace Nephos.Host.Commands;

/// <summary>
/// <c>nephos policy list|check|explain</c>: the rules in force, who may do something, and why not. Asks the declarations and the policy files of this configuration; no cloud needs to run. See docs/policy.md.
/// </summary>
internal static class PolicyCommand
{
    public static Command Create() => new("policy", "Ask the policies: which rules are in force, who may do what, and why not.") { List(), Check(), Explain() };

    private static Command List()
    {
        var common = new CommonOptions();
        var service = new Option<string?>("--service") { Description = "Only this service's rules: nova, neutron, ...", HelpName = "NAME" };
        var overrides = new Option<bool>("--overrides") { Description = "Only rules that a policy file changes." };
        var command = new Command("list", "List all rules: where each is from, the scopes it is for, its text, and the default it replaces.") { common.Config, common.State, service, overrides };
        command.SetAction(parsed =>
        {
            if (Policies.Load(common, parsed) is not { } policies) { return 2; }
            var output = parsed.InvocationConfiguration.Output;
            var name = parsed.GetValue(service);
            if (name is not null && !policies.Services.Any(s => s.Name == name)) { return Fail(parsed, $"there is no service {name}; there are {string.Join(", ", policies.Services.Select(s => s.Name))}"); }
            foreach (var api in policies.Services.Where(s => name is null || s.Name == name))
            {
                foreach (var rule in policies.Of(api).InForce().Where(r => !parsed.GetValue(overrides) || r.Override is not null))
                {
                    output.WriteLine($"{api.Name,-10} {rule.Name,-70} {(rule.Scopes == PolicyScopes.Any ? "any scope" : PolicyEngine.Words(rule.Scopes)),-24} {(rule.Text.Length == 0 ? "@" : rule.Text)}");
                    if (rule.Override is { } place) { output.WriteLine($"{"",-10}   from {place}; default: {(rule.Default is null ? "none" : rule.Default.Length == 0 ? "@" : rule.Default)}"); }
                }
            }
            return 0;
        });
        return command;
    }

    private static Command Check()
    {
        var question = new Question("Answer for this caller alone; without it, for every persona.");
        var command = new Command("check", "Say who may: a rule's name, or METHOD PATH of a call. With --roles, exit status 0 means yes and 1 no.");
        question.AddTo(command);
        command.SetAction(parsed =>
        {
            if (question.Read(parsed) is not { } asked) { return 2; }
            var (allowed, output) = (true, parsed.InvocationConfiguration.Output);
            foreach (var (api, rule, call) in asked.Rules)
            {
                var engine = asked.Policies.Of(api);
                output.WriteLine($"{rule} ({api.Name}{(call.Length > 0 ? ", " + call : "")})");
                var attributes = engine.ComparedAttributes(rule);
                if (asked.Caller is { } caller)
                {
                    var passes = engine.Check(rule, caller, Persona.Target(attributes, asked.Own, asked.Target));
                    allowed &= passes;
                    output.WriteLine(passes ? "  allowed" : "  denied");
                    continue;
                }
                output.WriteLine($"  {"",-16} {"own",-5} other's");
                foreach (var persona in Persona.All)
                {
                    string Word(bool own) => engine.Check(rule, persona, Persona.Target(attributes, own, asked.Target)) ? "yes" : "no";
                    output.WriteLine($"  {persona.Name,-16} {Word(true),-5} {Word(false)}");
                }
            }
            return allowed ? 0 : 1;
        });
        return command;
    }

    private static Command Explain()
    {
        var question = new Question("The caller. Needed.") { NeedsCaller = true };
        var command = new Command("explain", "Say why a caller is let through or refused, check by check.");
        question.AddTo(command);
        command.SetAction(parsed =>
        {
            if (question.Read(parsed) is not { } asked) { return 2; }
            var (allowed, output) = (true, parsed.InvocationConfiguration.Output);
            foreach (var (api, rule, call) in asked.Rules)
            {
                var engine = asked.Policies.Of(api);
                var why = engine.Explain(rule, asked.Caller!, Persona.Target(engine.ComparedAttributes(rule), asked.Own, asked.Target));
                allowed &= why.Passed;
                output.WriteLine($"{rule} ({api.Name}{(call.Length > 0 ? ", " + call : "")}): {(why.Passed ? "allowed" : "denied: " + why.Why())}");
                output.Write(why.ToString());
            }
            return allowed ? 0 : 1;
        });
        return command;
    }

    private static int Fail(ParseResult parsed, string message)
    {
        parsed.InvocationConfiguration.Error.WriteLine($"nephos: {message}");
        return 2;
    }

    /// <summary>The services' engines with the policy files of the configuration.</summary>
    private sealed class Policies
    {
        private readonly Dictionary<string, PolicyEngine> _engines = new(StringComparer.Ordinal);

        public IReadOnlyList<ServiceApi> Services { get; } = [.. ServiceList.All().Select(s => s.Api)];

        public PolicyEngine Of(ServiceApi api) => _engines[api.Name];

        public static Policies? Load(CommonOptions common, ParseResult parsed)
        {
            if (common.Load(parsed) is not { } config) { return null; }
            var settings = config.Get<NephosSettings>();
            var policies = new Policies();
            foreach (var api in policies.Services)
            {
                var engine = policies._engines[api.Name] = new PolicyEngine(settings.PolicyFile(api.Name), options: settings.Policy.Options());
                api.RegisterPolicies(engine);
                foreach (var problem in engine.Problems()) { parsed.InvocationConfiguration.Error.WriteLine($"nephos: {problem}"); }
            }
            return policies;
        }
    }

    private sealed record Asked(Policies Policies, IReadOnlyList<(ServiceApi Api, string Rule, string Call)> Rules, Persona? Caller, bool Own, IReadOnlyDictionary<string, string> Target);

    /// <summary>The options that check and explain share.</summary>
    private sealed class Question(string rolesHelp)
    {
        private readonly CommonOptions _common = new();
        private readonly Argument<string[]> _what = new("what") { Description = "A rule's name (os_compute_api:servers:create), or a method and a path (POST /compute/v2.1/servers).", Arity = new ArgumentArity(1, 2) };
        private readonly Option<string?> _roles = new("--roles") { Description = "The caller's roles, separated by commas, with those that they imply. " + rolesHelp, HelpName = "ROLES" };
        private readonly Option<string> _scope = new("--scope") { Description = "What the caller's token is for: project, domain or system.", DefaultValueFactory = _ => "project" };
        private readonly Option<bool> _other = new("--other") { Description = "Ask about what is another's, not the caller's own." };
        private readonly Option<string[]> _target = new("--target") { Description = "An attribute of the object, NAME=VALUE, as often as needed; the caller's own ids are 'own'.", HelpName = "NAME=VALUE" };

        public bool NeedsCaller { get; init; }

        public void AddTo(Command command)
        {
            command.Add(_what);
            foreach (var option in new Option[] { _roles, _scope, _other, _target, _common.Config, _common.State }) { command.Add(option); }
        }

        public Asked? Read(ParseResult parsed)
        {
            if (Policies.Load(_common, parsed) is not { } policies) { return null; }
            var what = parsed.GetValue(_what)!;
            var rules = what.Length == 1 ? Named(policies, what[0]) : Called(policies, what[0], what[1]);
            if (rules.Count == 0)
            {
                Fail(parsed, what.Length == 1 ? $"no service has a rule {what[0]}" : $"no call {what[0]} {what[1]} that a rule guards: see nephos routes");
                return null;
            }
            var roles = parsed.GetValue(_roles);
            if (NeedsCaller && roles is null)
            {
                Fail(parsed, "say whose: --roles reader,member");
                return null;
            }
            if (!Enum.TryParse<PolicyScopes>(parsed.GetValue(_scope), ignoreCase: true, out var scope) || scope is not (PolicyScopes.Project or PolicyScopes.Domain or PolicyScopes.System))
            {
                Fail(parsed, "--scope is project, domain or system");
                return null;
            }
            var target = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var pair in parsed.GetValue(_target) ?? [])
            {
                if (pair.IndexOf('=', StringComparison.Ordinal) is not (> 0 and var at))
                {
                    Fail(parsed, $"--target {pair}: expected NAME=VALUE");
                    return null;
                }
                target[pair[..at]] = pair[(at + 1)..];
            }
            var caller = roles is null ? null : new Persona("caller", roles.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), scope);
            return new Asked(policies, rules, caller, !parsed.GetValue(_other), target);
        }

        private static List<(ServiceApi, string, string)> Named(Policies policies, string rule) =>
            [.. policies.Services.Where(api => policies.Of(api).InForce().Any(r => r.Name == rule)).Select(api => (api, rule, ""))];

        /// <summary>The path as clients write it, ids and all, or as <c>nephos routes</c> shows it; an action as PATH#ACTION.</summary>
        private static List<(ServiceApi, string, string)> Called(Policies policies, string method, string path)
        {
            var (place, action) = path.IndexOf('#', StringComparison.Ordinal) is >= 0 and var at ? (path[..at], path[(at + 1)..]) : (path, null);
            return
            [
                .. from api in policies.Services
                   where place.StartsWith(api.Prefix + "/", StringComparison.Ordinal)
                   from endpoint in api.At(place[api.Prefix.Length..])
                   where endpoint.Method.Equals(method, StringComparison.OrdinalIgnoreCase) && endpoint.PolicyName is not null && (action is null || endpoint.ActionName == action)
                   group endpoint by (api, endpoint.PolicyName, endpoint.ActionName) into one
                   select (one.Key.api, one.Key.PolicyName, one.First().ToString()),
            ];
        }
    }
}
