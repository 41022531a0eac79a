using System.Text.RegularExpressions;

namespace Nephos.Kernel.Policy;

/// <summary><c>@</c>, and the empty rule: everyone.</summary>
public sealed class TrueCheck : IPolicyCheck
{
    public static readonly TrueCheck Instance = new();

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) => true;

    public PolicyExplanation Explain(in PolicyQuestion question) => new("@", true, "always allowed", []);

    public override string ToString() => "@";
}

/// <summary><c>!</c>: nobody. Also stands for what could not be understood, then with the reason.</summary>
public sealed class FalseCheck(string reason = "never allowed") : IPolicyCheck
{
    public static readonly FalseCheck Instance = new();

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) => false;

    public PolicyExplanation Explain(in PolicyQuestion question) => new("!", false, reason, []);

    public override string ToString() => "!";
}

/// <summary><c>not x</c>.</summary>
public sealed class NotCheck(IPolicyCheck inner) : IPolicyCheck
{
    public IReadOnlyList<IPolicyCheck> Children { get; } = [inner];

    public bool Passes(in PolicyQuestion question) => !inner.Passes(question);

    public PolicyExplanation Explain(in PolicyQuestion question) => new(ToString(), Passes(question), "", [inner.Explain(question)]);

    public override string ToString() => $"not {inner}";
}

/// <summary><c>x and y</c>.</summary>
public sealed class AndCheck(IReadOnlyList<IPolicyCheck> checks) : IPolicyCheck
{
    private readonly IPolicyCheck[] _checks = [.. checks];

    public IReadOnlyList<IPolicyCheck> Children => _checks;

    public bool Passes(in PolicyQuestion question)
    {
        foreach (var check in _checks)
        {
            if (!check.Passes(question))
            {
                return false;
            }
        }

        return true;
    }

    public PolicyExplanation Explain(in PolicyQuestion question) => new(ToString(), Passes(question), "", Checks.ExplainAll(_checks, question));

    public override string ToString() => $"({string.Join(" and ", (object[])_checks)})";
}

/// <summary><c>x or y</c>.</summary>
public sealed class OrCheck(IReadOnlyList<IPolicyCheck> checks) : IPolicyCheck
{
    private readonly IPolicyCheck[] _checks = [.. checks];

    public IReadOnlyList<IPolicyCheck> Children => _checks;

    public bool Passes(in PolicyQuestion question)
    {
        foreach (var check in _checks)
        {
            if (check.Passes(question))
            {
                return true;
            }
        }

        return false;
    }

    public PolicyExplanation Explain(in PolicyQuestion question) => new(ToString(), Passes(question), "", Checks.ExplainAll(_checks, question));

    public override string ToString() => $"({string.Join(" or ", (object[])_checks)})";
}

/// <summary><c>rule:name</c>: another rule, looked up when asked, so that an override of it counts. A rule that does not exist denies.</summary>
public sealed class RuleCheck(string name) : IPolicyCheck
{
    public string Name { get; } = name;

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) => question.Rules(Name) is { } rule && rule.Passes(question);

    public PolicyExplanation Explain(in PolicyQuestion question) => question.Rules(Name) is not { } rule
        ? new(ToString(), false, "there is no such rule", [])
        : new(ToString(), rule.Passes(question), "", [rule.Explain(question)]);

    public override string ToString() => $"rule:{Name}";
}

/// <summary><c>role:name</c>: the caller has the role, in whatever case it is written. The name may come from the target.</summary>
public sealed class RoleCheck(string role) : IPolicyCheck
{
    private readonly PolicyTemplate _role = PolicyTemplate.Parse(role);

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question)
    {
        if (_role.Render(question.Target) is not { } wanted)
        {
            return false;
        }

        var roles = question.Credentials.Roles;
        for (var i = 0; i < roles.Count; i++)
        {
            if (string.Equals(roles[i], wanted, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    public PolicyExplanation Explain(in PolicyQuestion question) => new(
        ToString(),
        Passes(question),
        _role.Missing(question.Target) is { } missing ? $"the object has no '{missing}'" : $"the caller's roles: {string.Join(", ", question.Credentials.Roles)}",
        []);

    public override string ToString() => $"role:{_role.Source}";
}

/// <summary><c>'literal':%(attribute)s</c>, <c>True:…</c>, <c>None:…</c>, <c>1:…</c>: an attribute of the object has this value.</summary>
public sealed class LiteralCheck(string kind, string literal, string match) : IPolicyCheck
{
    private readonly PolicyTemplate _match = PolicyTemplate.Parse(match);

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) => _match.Render(question.Target) == literal;

    public PolicyExplanation Explain(in PolicyQuestion question) => new(
        ToString(),
        Passes(question),
        _match.Missing(question.Target) is { } missing ? $"the object has no '{missing}'" : $"the object has '{_match.Render(question.Target)}'",
        []);

    public override string ToString() => $"{kind}:{_match.Source}";
}

/// <summary>
/// <c>user_id:%(target.user.id)s</c>: a credential, found by its dotted path, reads as the text on the right. Where the path meets a list, one
/// fitting element is enough.
/// </summary>
public sealed class CredentialCheck(string kind, string match) : IPolicyCheck
{
    private readonly string[] _path = kind.Split('.');
    private readonly PolicyTemplate _match = PolicyTemplate.Parse(match);

    /// <summary>The object's attributes that are compared with the caller's.</summary>
    internal IEnumerable<string> Attributes => _match.Names;

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) =>
        _match.Render(question.Target) is { } text
        && question.Credentials.TryGet(_path[0], out var value)
        && PolicyText.Matches(value, _path.AsSpan(1), text);

    public PolicyExplanation Explain(in PolicyQuestion question)
    {
        var reason = _match.Missing(question.Target) is { } missing ? $"the object has no '{missing}'"
            : !question.Credentials.TryGet(_path[0], out var value) ? $"the caller has no '{_path[0]}'"
            : _path.Length > 1 || value is System.Collections.IEnumerable and not string ? $"wanted is '{_match.Render(question.Target)}'"
            : $"the caller has '{PolicyText.Of(value)}', wanted is '{_match.Render(question.Target)}'";
        return new(ToString(), Passes(question), reason, []);
    }

    public override string ToString() => $"{kind}:{_match.Source}";
}

/// <summary>
/// <c>field:networks:shared=True</c>, Neutron's own check (<c>neutron/policy.py</c>, FieldCheck): an attribute of the object has the value, or
/// begins with what the pattern after <c>~</c> matches (<c>field:port:device_owner=~^network:</c>). An attribute that is not there denies.
/// </summary>
public sealed class FieldCheck : IPolicyCheck
{
    private readonly string _match;
    private readonly string _field;
    private readonly string _value;
    private readonly Regex? _pattern;

    public FieldCheck(string match)
    {
        _match = match;
        var colon = match.IndexOf(':', StringComparison.Ordinal);
        var equals = match.IndexOf('=', StringComparison.Ordinal);
        if (colon < 0 || equals < colon)
        {
            throw new PolicyParseException($"'field:{match}': expected field:RESOURCE:ATTRIBUTE=VALUE");
        }

        (_field, _value) = (match[(colon + 1)..equals], match[(equals + 1)..]);
        if (_value.StartsWith('~'))
        {
            try
            {
                // Python's re.match is anchored at the beginning only. The limit keeps an unlucky pattern from holding up a request.
                _pattern = new Regex($"^(?:{_value[1..]})", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
            }
            catch (ArgumentException e)
            {
                throw new PolicyParseException($"'field:{match}': {e.Message}");
            }
        }
    }

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) =>
        question.Target.TryGetValue(_field, out var value)
        && value is not null
        && (_pattern is null ? PolicyText.Of(value) == _value : _pattern.IsMatch(PolicyText.Of(value)));

    public PolicyExplanation Explain(in PolicyQuestion question) => new(
        ToString(),
        Passes(question),
        question.Target.TryGetValue(_field, out var value) ? $"the object has '{PolicyText.Of(value)}'" : $"the object has no '{_field}'",
        []);

    public override string ToString() => $"field:{_match}";
}

/// <summary>
/// <c>is_admin:True</c>, or Keystone's <c>is_admin:1</c>: the cloud itself, or whom the service's rule <c>context_is_admin</c> takes for an admin, as upstream's services set it in their contexts
/// before they ask (<c>nova/policy.py</c>, IsAdminCheck).
/// </summary>
public sealed class AdminCheck(string match) : IPolicyCheck
{
    internal const string Rule = "context_is_admin";
    private readonly bool _expected = match.Equals("true", StringComparison.OrdinalIgnoreCase) || match == "1";

    public IReadOnlyList<IPolicyCheck> Children => [];

    public bool Passes(in PolicyQuestion question) => IsAdmin(question) == _expected;

    public PolicyExplanation Explain(in PolicyQuestion question) => new(ToString(), Passes(question), IsAdmin(question) ? "the caller counts as admin" : "the caller does not count as admin", []);

    public override string ToString() => $"is_admin:{match}";

    private static bool IsAdmin(in PolicyQuestion question) => question.Credentials.IsAdmin || (question.RuleName != Rule && question.Rules(Rule) is { } rule && rule.Passes(question with { RuleName = Rule }));
}

internal static class Checks
{
    public static IReadOnlyList<PolicyExplanation> ExplainAll(IReadOnlyList<IPolicyCheck> checks, in PolicyQuestion question)
    {
        var all = new PolicyExplanation[checks.Count];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = checks[i].Explain(question);
        }

        return all;
    }
}
