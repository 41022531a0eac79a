namespace Nephos.Kernel.Policy;

/// <summary>
/// The rules of one service: upstream's names with their defaults, and the operator's overrides from a policy file. As oslo.policy:
/// an override replaces the default whole, also one under the rule's former name; a name that is in neither falls to the rule <c>default</c> if the file has
/// one; rules that refer to each other in a circle deny; former defaults count only when <see cref="PolicyOptions.EnforceNewDefaults"/> is off; a token of another
/// kind of scope than the rule's is refused before the rule is looked at.
/// <para>A rule is parsed when it is first asked for, so that a start does not wait for a thousand of them; a file is parsed and checked as a whole.
/// The file is looked at again at most once a second, on the thread that asks. A file that cannot be read leaves the former rules in
/// force; if there were none yet, everything is denied rather than the defaults guessed to be what the operator wanted.</para>
/// </summary>
public sealed class PolicyEngine
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly Dictionary<string, PolicyDefault> _defaults = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly PolicyOptions _options;
    private Func<string, PolicyScopes> _scopes = _ => PolicyScopes.Any;
    private Func<IReadOnlyList<PolicyDeprecation>> _deprecations = () => [];
    private volatile RuleSet? _rules;
    private long _lookedAt;
    private (DateTime Written, long Length) _stamp;

    /// <param name="path">The policy file; null for none. It need not exist, and may come later.</param>
    public PolicyEngine(string? path = null, TimeProvider? time = null, PolicyOptions? options = null) =>
        (_path, _time, _options) = (path, time ?? TimeProvider.System, options ?? PolicyOptions.Default);

    /// <summary>What the service says of its rules beside their defaults.</summary>
    /// <param name="scopes">The kinds of scope that a rule is for.</param>
    /// <param name="deprecations">Former names and defaults; only read when they count.</param>
    public void Describe(Func<string, PolicyScopes> scopes, Func<IReadOnlyList<PolicyDeprecation>> deprecations) => (_scopes, _deprecations) = (scopes, deprecations);

    /// <summary>The registered rules by name: for documents, samples and coverage tests.</summary>
    public IReadOnlyCollection<PolicyDefault> Defaults
    {
        get
        {
            lock (_lock)
            {
                return [.. _defaults.Values];
            }
        }
    }

    /// <summary>Declares a rule. The same declaration may come twice (two calls share a rule); a different one is a mistake.</summary>
    /// <param name="scopes">Null: what <see cref="Describe"/> said of the name.</param>
    public void Register(string name, string defaultText, string? description = null, PolicyScopes? scopes = null)
    {
        lock (_lock)
        {
            var kinds = scopes ?? _scopes(name);
            if (_defaults.TryGetValue(name, out var known))
            {
                if (known.Text != defaultText || known.Scopes != kinds)
                {
                    throw new InvalidOperationException($"Policy {name} is already registered as '{known.Text}', not '{defaultText}'");
                }

                return;
            }

            _defaults.Add(name, new PolicyDefault(name, defaultText, description, kinds));
            _rules = null;
        }
    }

    /// <summary>True when the rule lets the caller do this to the target. A name that was never registered throws: it is a mistake in the program.</summary>
    public bool Check(string rule, PolicyCredentials credentials, IReadOnlyDictionary<string, object?> target)
    {
        var rules = Current();
        var entry = rules.Get(rule);
        return InScope(entry.Scopes, credentials) && rules.Resolve(entry).Passes(new PolicyQuestion(credentials, target, rules.Find, rule));
    }

    /// <summary>The same answer with its reasons.</summary>
    public PolicyExplanation Explain(string rule, PolicyCredentials credentials, IReadOnlyDictionary<string, object?> target)
    {
        var rules = Current();
        var entry = rules.Get(rule);
        if (!InScope(entry.Scopes, credentials))
        {
            // Upstream's InvalidScope.
            return new($"rule:{rule}", false, $"{rule} requires a scope of {Words(entry.Scopes)}, request was made with {Words(credentials.Scope)} scope", []);
        }

        var why = rules.Resolve(entry).Explain(new PolicyQuestion(credentials, target, rules.Find, rule));
        return new($"rule:{rule}", why.Passed, entry.Line > 0 ? $"from {_path}:{entry.Line}" : "the default", [why]);
    }

    /// <summary>All rules as they are in force, in the order of their names.</summary>
    public IReadOnlyList<PolicyInForce> InForce()
    {
        var rules = Current();
        return [.. rules.Entries.OrderBy(e => e.Name, StringComparer.Ordinal).Select(e => new PolicyInForce(
            e.Name, e.Line > 0 ? rules.Resolve(e).ToString()! : e.Text, _defaults.GetValueOrDefault(e.Name)?.Text, e.Scopes, e.Line > 0 ? $"{_path}:{e.Line}" : null))];
    }

    /// <summary>The object's attributes that a rule, and those that it refers to, compare with the caller's: <c>project_id</c>, <c>target.user.id</c>.</summary>
    public IReadOnlyList<string> ComparedAttributes(string rule)
    {
        var rules = Current();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        IEnumerable<string> Walk(IPolicyCheck check) => check switch
        {
            CredentialCheck credential => credential.Attributes,
            RuleCheck named => seen.Add(named.Name) && rules.Find(named.Name) is { } next ? Walk(next) : [],
            _ => check.Children.SelectMany(Walk),
        };
        return [.. Walk(rules.Resolve(rules.Get(rule))).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Everything wrong with the file and the defaults; parses all rules. <c>nephos config check</c> prints it.</summary>
    public IReadOnlyList<PolicyProblem> Problems() => Current().AllProblems();

    /// <summary>Kinds of scope in upstream's words.</summary>
    public static string Words(PolicyScopes scopes) => string.Join(", ", Enum.GetValues<PolicyScopes>().Where(s => s != PolicyScopes.Any && scopes.HasFlag(s)).Select(s => s.ToString().ToLowerInvariant()));

    private bool InScope(PolicyScopes wanted, PolicyCredentials credentials) => wanted == PolicyScopes.Any || !_options.EnforceScope || (wanted & credentials.Scope) != 0;

    private RuleSet Current()
    {
        var rules = _rules;
        return rules is not null && (_path is null || _time.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAgain) ? rules : Load();
    }

    private RuleSet Load()
    {
        lock (_lock)
        {
            var before = _rules;
            var stamp = Stamp();
            Volatile.Write(ref _lookedAt, _time.GetTimestamp());
            if (before is not null && stamp == _stamp)
            {
                return before;
            }

            _stamp = stamp;
            return _rules = stamp == default ? new RuleSet(_defaults, [], [], _path, _options, _deprecations) : ReadFile(before);
        }
    }

    private RuleSet ReadFile(RuleSet? before)
    {
        List<PolicyOverride>? overrides;
        List<PolicyProblem> problems;
        try
        {
            (overrides, problems) = PolicyFile.Read(_path!, File.ReadAllText(_path!), _options.Remote);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            (overrides, problems) = (null, [new PolicyProblem(_path, 0, "", e.Message, true)]);
        }

        return overrides is not null ? new RuleSet(_defaults, overrides, problems, _path, _options, _deprecations)
            : before is not null ? before.Keep(problems)
            : RuleSet.DenyAll(_defaults, problems, _path, _options);
    }

    private (DateTime Written, long Length) Stamp()
    {
        if (_path is null)
        {
            return default;
        }

        var file = new FileInfo(_path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }
}

/// <summary>A rule as the service declares it.</summary>
public sealed record PolicyDefault(string Name, string Text, string? Description, PolicyScopes Scopes);

/// <summary>A rule's former name and default. The names are equal when only the default was changed.</summary>
public sealed record PolicyDeprecation(string Name, string FormerName, string FormerText);

/// <summary>A rule as it is asked today.</summary>
/// <param name="Default">Null when no service declares the rule.</param>
/// <param name="Override">File and line that it comes from; null for the default.</param>
public sealed record PolicyInForce(string Name, string Text, string? Default, PolicyScopes Scopes, string? Override);

/// <summary>How policies are asked; oslo.policy's options by the same names.</summary>
public sealed record PolicyOptions
{
    public static readonly PolicyOptions Default = new();

    /// <summary>A token of another kind of scope than the rule is for is refused.</summary>
    public bool EnforceScope { get; init; } = true;

    /// <summary>Off: what a rule's former default allows is allowed too.</summary>
    public bool EnforceNewDefaults { get; init; } = true;

    /// <summary>Who asks for <c>http:</c> checks; null denies them.</summary>
    public RemotePolicy? Remote { get; init; }
}
