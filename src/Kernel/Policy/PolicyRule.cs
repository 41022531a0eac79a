using System.Buffers;

namespace Nephos.Kernel.Policy;

/// <summary>A rule that cannot be understood.</summary>
public sealed class PolicyParseException(string message) : Exception(message);

/// <summary>
/// Reads oslo.policy's language (<c>oslo_policy/_parser.py</c>): <c>kind:match</c> checks, <c>@</c>, <c>!</c>, <c>not</c>, <c>and</c>, <c>or</c> in any
/// case, parentheses; <c>and</c> binds closer than <c>or</c>, <c>not</c> closest. The empty rule allows. Words are separated by white space and
/// parentheses count at the ends of a word only, since <c>%(name)s</c> has them inside.
/// </summary>
public static class PolicyRule
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>Parses a rule or throws <see cref="PolicyParseException"/>.</summary>
    /// <param name="remote">Who asks for <c>http:</c> checks; null denies them.</param>
    public static IPolicyCheck Parse(string rule, RemotePolicy? remote = null)
    {
        if (rule.Length == 0)
        {
            return TrueCheck.Instance;
        }

        var reader = new Reader(Tokenize(rule), remote);
        var check = reader.Or();
        return reader.AtEnd ? check : throw new PolicyParseException($"'{rule}': '{reader.Peek}' is not expected here");
    }

    /// <summary>
    /// The older syntax: a list of alternatives, each a check or a list of checks that must all pass. <c>[]</c> allows, <c>[[]]</c> denies, as upstream.
    /// </summary>
    public static IPolicyCheck Parse(IReadOnlyList<IReadOnlyList<string>> alternatives, RemotePolicy? remote = null)
    {
        if (alternatives.Count == 0)
        {
            return TrueCheck.Instance;
        }

        var or = alternatives.Where(all => all.Count > 0).Select(all => Join([.. all.Select(one => Check(one, remote))], many => new AndCheck(many))).ToList();
        return or.Count == 0 ? FalseCheck.Instance : Join(or, many => new OrCheck(many));
    }

    private static IPolicyCheck Join(List<IPolicyCheck> checks, Func<IReadOnlyList<IPolicyCheck>, IPolicyCheck> join) => checks.Count == 1 ? checks[0] : join(checks);

    private static List<string> Tokenize(string rule)
    {
        var tokens = new List<string>();
        foreach (var word in rule.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            var clean = word.TrimStart('(');
            for (var i = clean.Length; i < word.Length; i++)
            {
                tokens.Add("(");
            }

            var core = clean.TrimEnd(')');
            if (core.Length > 0)
            {
                tokens.Add(core);
            }

            for (var i = core.Length; i < clean.Length; i++)
            {
                tokens.Add(")");
            }
        }

        return tokens;
    }

    private static IPolicyCheck Check(string text, RemotePolicy? remote)
    {
        switch (text)
        {
            case "!": return FalseCheck.Instance;
            case "@": return TrueCheck.Instance;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            throw new PolicyParseException($"'{text}' is not a check: expected KIND:MATCH, @ or !");
        }

        var (kind, match) = (text[..colon], text[(colon + 1)..]);
        return kind switch
        {
            "rule" => new RuleCheck(match),
            "role" => new RoleCheck(match),
            "field" => new FieldCheck(match),
            "is_admin" => new AdminCheck(match),
            "http" or "https" => new RemoteCheck(kind, match, remote),
            _ => Literal(kind) is { } literal ? new LiteralCheck(kind, literal, match) : new CredentialCheck(kind, match),
        };
    }

    /// <summary>What Python's <c>str(ast.literal_eval(kind))</c> gives for the literals in use; null for a name.</summary>
    private static string? Literal(string kind) => kind switch
    {
        "True" or "False" or "None" => kind,
        ['\'', .., '\''] or ['"', .., '"'] => kind[1..^1],
        [>= '0' and <= '9', ..] or ['-', >= '0' and <= '9', ..] when kind.AsSpan(1).IndexOfAnyExcept(NumberCharacters) < 0 => kind,
        _ => null,
    };

    private sealed class Reader(List<string> tokens, RemotePolicy? remote)
    {
        /// <summary>Deeper nesting than any rule has; keeps a hostile file from exhausting the stack.</summary>
        private const int MaxDepth = 200;
        private int _next;
        private int _depth;

        public bool AtEnd => _next == tokens.Count;

        public string Peek => AtEnd ? "the end" : tokens[_next];

        public IPolicyCheck Or()
        {
            List<IPolicyCheck> any = [And()];
            while (Take("or"))
            {
                any.Add(And());
            }

            return Join(any, many => new OrCheck(many));
        }

        private IPolicyCheck And()
        {
            List<IPolicyCheck> all = [Not()];
            while (Take("and"))
            {
                all.Add(Not());
            }

            return Join(all, many => new AndCheck(many));
        }

        private IPolicyCheck Not()
        {
            if (++_depth > MaxDepth)
            {
                throw new PolicyParseException($"nested more than {MaxDepth} deep");
            }

            var check = Take("not") ? new NotCheck(Not()) : Primary();
            _depth--;
            return check;
        }

        private IPolicyCheck Primary()
        {
            if (Take("("))
            {
                var inner = Or();
                return Take(")") ? inner : throw new PolicyParseException($"')' is missing before {Peek}");
            }

            if (AtEnd || Peek is ")" || IsWord("and") || IsWord("or"))
            {
                throw new PolicyParseException($"a check is missing before {Peek}");
            }

            return Check(tokens[_next++], remote);
        }

        private bool IsWord(string word) => !AtEnd && tokens[_next].Equals(word, StringComparison.OrdinalIgnoreCase);

        private bool Take(string word)
        {
            if (!IsWord(word))
            {
                return false;
            }

            _next++;
            return true;
        }
    }
}
