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
    private readonly RemotePolicy? _remote;
    private readonly Lock _lock = new();
    private List<PolicyProblem> _unread = [];

    public RuleSet(Dictionary<string, PolicyDefault> defaults, List<PolicyOverride> overrides, List<PolicyProblem> problems, string? path, RemotePolicy? remote)
    {
        (_problems, _path, _remote, Find) = (problems, path, remote, FindCheck);
        foreach (var rule in defaults.Values)
        {
            _entries.Add(rule.Name, new Entry(rule.Name, rule.Text, rule.Scopes, 0));
        }

        foreach (var rule in overrides)
        {
            // The scopes stay those of the default: they are facts about the call, not the operator's choice.
            _entries[rule.Name] = new Entry(rule.Name, "", defaults.GetValueOrDefault(rule.Name)?.Scopes ?? PolicyScopes.Any, rule.Line) { Parsed = rule.Check };
        }

        if (overrides.Count > 0)
        {
            ResolveAll();
            var used = _entries.Values.SelectMany(e => References(e.Resolved!)).Append(DefaultRule).ToHashSet(StringComparer.Ordinal);
            _problems.AddRange(overrides.Where(o => !defaults.ContainsKey(o.Name) && !used.Contains(o.Name))
                .Select(o => new PolicyProblem(path, o.Line, o.Name, "no call asks for this rule and no other rule refers to it", false)));
        }
    }

    /// <summary>Finds a rule for <c>rule:</c>; made once, so that asking allocates nothing.</summary>
    public Func<string, IPolicyCheck?> Find { get; }

    public static RuleSet DenyAll(Dictionary<string, PolicyDefault> defaults, List<PolicyProblem> problems, string? path, RemotePolicy? remote)
    {
        var check = new FalseCheck($"the policy file cannot be read: {problems[0].Message}");
        return new RuleSet(defaults, [.. defaults.Keys.Append(DefaultRule).Distinct(StringComparer.Ordinal).Select(n => new PolicyOverride(n, 0, check))], problems, path, remote);
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

    private IPolicyCheck? FindCheck(string name) => TryGet(name, out var entry) ? Resolve(entry) : null;

    private bool TryGet(string name, [NotNullWhen(true)] out Entry? entry) =>
        _entries.TryGetValue(name, out entry) || _entries.TryGetValue(DefaultRule, out entry);

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
            entry.Parsed ??= PolicyRule.Parse(entry.Text, _remote);
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
