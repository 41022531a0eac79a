using System.Diagnostics.CodeAnalysis;

namespace Nephos.Kernel.Policy;

/// <summary>The rules in force: immutable but for what is parsed late. <see cref="PolicyEngine"/> swaps the whole when the file changes.</summary>
internal sealed class RuleSet
{
    /// <summary>oslo.policy's <c>policy_default_rule</c>.</summary>
    private const string DefaultRule = "default";
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly List<PolicyProblem> _problems;
    private readonly string? _path;
    private readonly PolicyOptions _options;
    private readonly Lock _lock = new();
    private List<PolicyProblem> _unread = [];

    public RuleSet(Dictionary<string, PolicyDefault> defaults, List<PolicyOverride> overrides, List<PolicyProblem> problems, string? path, PolicyOptions options, Func<IReadOnlyList<PolicyDeprecation>> deprecations)
    {
        (_problems, _path, _options, Find) = (problems, path, options, FindCheck);
        foreach (var rule in defaults.Values)
        {
            _entries.Add(rule.Name, new Entry(rule.Name, rule.Text, rule.Scopes, 0));
        }

        foreach (var rule in overrides)
        {
            // The scopes stay those of the default: they are facts about the call, not the operator's choice.
            _entries[rule.Name] = new Entry(rule.Name, "", defaults.GetValueOrDefault(rule.Name)?.Scopes ?? PolicyScopes.Any, rule.Line) { Parsed = rule.Check };
        }

        var former = overrides.Count > 0 || !options.EnforceNewDefaults ? TakeFormer(defaults, overrides, deprecations()) : [];
        if (overrides.Count > 0)
        {
            ResolveAll();
            var used = _entries.Values.SelectMany(e => References(e.Resolved!)).Concat(former).Append(DefaultRule).ToHashSet(StringComparer.Ordinal);
            _problems.AddRange(overrides.Where(o => !defaults.ContainsKey(o.Name) && !used.Contains(o.Name))
                .Select(o => new PolicyProblem(path, o.Line, o.Name, "no call asks for this rule and no other rule refers to it", false)));
        }
    }

    public IReadOnlyCollection<Entry> Entries => _entries.Values;

    /// <summary>Finds a rule for <c>rule:</c>; made once, so that asking allocates nothing.</summary>
    public Func<string, IPolicyCheck?> Find { get; }

    public static RuleSet DenyAll(Dictionary<string, PolicyDefault> defaults, List<PolicyProblem> problems, string? path, PolicyOptions options)
    {
        var check = new FalseCheck($"the policy file cannot be read: {problems[0].Message}");
        return new RuleSet(defaults, [.. defaults.Keys.Append(DefaultRule).Distinct(StringComparer.Ordinal).Select(n => new PolicyOverride(n, 0, check))], problems, path, options, () => []);
    }

    /// <summary>The same rules, and why a newer file could not replace them.</summary>
    public RuleSet Keep(List<PolicyProblem> unread)
    {
        lock (_lock)
        {
            _unread = unread;
        }

        return this;
    }

    public Entry Get(string name) => TryGet(name, out var entry) ? entry : throw new InvalidOperationException($"Policy {name} has not been registered");

    public IPolicyCheck Resolve(Entry entry)
    {
        if (entry.Resolved is { } ready)
        {
            return ready;
        }

        lock (_lock)
        {
            return ResolveLocked(entry, []);
        }
    }

    public IReadOnlyList<PolicyProblem> AllProblems()
    {
        ResolveAll();
        lock (_lock)
        {
            return [.. _problems, .. _unread];
        }
    }

    /// <summary>
    /// Former names and defaults, as oslo.policy's <c>_handle_deprecated_rule</c>: an override under the former name counts for the rule, unless it says nothing new or the rule has an override of
    /// its own; otherwise the former default is a further way in when new defaults are not enforced. Returns the former names that were met.
    /// </summary>
    private HashSet<string> TakeFormer(Dictionary<string, PolicyDefault> defaults, List<PolicyOverride> overrides, IReadOnlyList<PolicyDeprecation> deprecations)
    {
        var met = new HashSet<string>(StringComparer.Ordinal);
        var byName = overrides.ToLookup(o => o.Name, StringComparer.Ordinal);
        foreach (var (name, formerName, formerText) in deprecations)
        {
            if (!defaults.TryGetValue(name, out var rule) || byName.Contains(name)) { continue; }
            if (formerName != name && byName[formerName].LastOrDefault() is { } old)
            {
                met.Add(formerName);
                _problems.Add(new PolicyProblem(_path, old.Line, formerName, $"is now called {name}", false));
                if (old.Check.ToString() is var text && text != PolicyRule.Parse(formerText).ToString() && text != $"rule:{name}")
                {
                    _entries[name] = new Entry(name, "", rule.Scopes, old.Line) { Parsed = old.Check };
                    continue;
                }
            }
            if (!_options.EnforceNewDefaults && formerText != rule.Text)
            {
                var both = new OrCheck([PolicyRule.Parse(rule.Text, _options.Remote), PolicyRule.Parse(formerText, _options.Remote)]);
                _entries[name] = new Entry(name, both.ToString(), rule.Scopes, 0) { Parsed = both };
            }
        }
        return met;
    }

    private IPolicyCheck? FindCheck(string name) => TryGet(name, out var entry) ? Resolve(entry) : null;

    /// <summary>Whom a service takes for an admin is never the default rule's to say: Keystone has no such rule, and a permissive default would make everyone one.</summary>
    private bool TryGet(string name, [NotNullWhen(true)] out Entry? entry) =>
        _entries.TryGetValue(name, out entry) || (name != AdminCheck.Rule && _entries.TryGetValue(DefaultRule, out entry));

    private void ResolveAll()
    {
        lock (_lock)
        {
            foreach (var entry in _entries.Values)
            {
                ResolveLocked(entry, []);
            }
        }
    }

    /// <summary>Parses a rule and all that it refers to. A rule that leads back to itself, and with it each rule of the circle, denies.</summary>
    private IPolicyCheck ResolveLocked(Entry entry, List<Entry> path)
    {
        if (entry.Resolved is { } ready)
        {
            return ready;
        }

        var start = path.IndexOf(entry);
        if (start >= 0)
        {
            var circle = string.Join(" -> ", path.Skip(start).Append(entry).Select(e => e.Name));
            foreach (var member in path.Skip(start).ToList())
            {
                Deny(member, $"refers to itself: {circle}");
            }

            return entry.Resolved!;
        }

        try
        {
            entry.Parsed ??= PolicyRule.Parse(entry.Text, _options.Remote);
        }
        catch (PolicyParseException e)
        {
            return Deny(entry, e.Message);
        }

        path.Add(entry);
        foreach (var name in References(entry.Parsed))
        {
            if (TryGet(name, out var next))
            {
                ResolveLocked(next, path);
            }
            else
            {
                _problems.Add(new PolicyProblem(entry.Line > 0 ? _path : null, entry.Line, entry.Name, $"refers to rule:{name}, which does not exist", false));
            }
        }

        path.RemoveAt(path.Count - 1);
        return entry.Resolved ??= entry.Parsed;
    }

    private FalseCheck Deny(Entry entry, string message)
    {
        var check = new FalseCheck(message);
        if (entry.Resolved is null)
        {
            _problems.Add(new PolicyProblem(entry.Line > 0 ? _path : null, entry.Line, entry.Name, message, true));
            entry.Resolved = check;
        }

        return check;
    }

    private static IEnumerable<string> References(IPolicyCheck check) => check is RuleCheck rule ? [rule.Name] : check.Children.SelectMany(References);

    /// <summary>A rule in force.</summary>
    /// <param name="line">Where the file has it; 0 for a default.</param>
    internal sealed class Entry(string name, string text, PolicyScopes scopes, int line)
    {
        private volatile IPolicyCheck? _resolved;

        public string Name { get; } = name;

        public string Text { get; } = text;

        public PolicyScopes Scopes { get; } = scopes;

        public int Line { get; } = line;

        /// <summary>Under the set's lock.</summary>
        public IPolicyCheck? Parsed { get; set; }

        /// <summary>Written under the set's lock, read without.</summary>
        public IPolicyCheck? Resolved
        {
            get => _resolved;
            set => _resolved = value;
        }
    }
}
