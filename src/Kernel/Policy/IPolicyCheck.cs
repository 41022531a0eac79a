namespace Nephos.Kernel.Policy;

/// <summary>A parsed rule: a tree of checks. Immutable and shared by all requests.</summary>
public interface IPolicyCheck
{
    /// <summary>True when the check lets the caller through. Allocates nothing for the checks of upstream's default rules.</summary>
    bool Passes(in PolicyQuestion question);

    /// <summary>The same answer with the reason at every node; for messages and tools, not for the request path.</summary>
    PolicyExplanation Explain(in PolicyQuestion question);

    /// <summary>The checks right below this one; empty for a leaf.</summary>
    IReadOnlyList<IPolicyCheck> Children { get; }
}

/// <summary>Who asks, about what, and which rules a <c>rule:</c> may refer to.</summary>
/// <param name="Credentials">The caller.</param>
/// <param name="Target">The object of the call under upstream's flat names: <c>project_id</c>, <c>target.user.id</c>, <c>network:project_id</c>.</param>
/// <param name="Rules">Finds another rule by name; null when there is none.</param>
/// <param name="RuleName">The rule that the caller asked for.</param>
public readonly record struct PolicyQuestion(
    PolicyCredentials Credentials, IReadOnlyDictionary<string, object?> Target, Func<string, IPolicyCheck?> Rules, string RuleName);

/// <summary>Why a check passed or not.</summary>
/// <param name="Check">The check in the policy language.</param>
/// <param name="Passed">Its answer.</param>
/// <param name="Reason">What was compared, in a sentence; empty where the children say it.</param>
/// <param name="Children">The checks that were looked at, all of them, also those that could not change the answer any more.</param>
public sealed record PolicyExplanation(string Check, bool Passed, string Reason, IReadOnlyList<PolicyExplanation> Children)
{
    /// <summary>The tree as indented text, one check a line.</summary>
    public override string ToString()
    {
        var text = new System.Text.StringBuilder();
        Write(text, 0);
        return text.ToString();
    }

    /// <summary>
    /// The parts because of which it was refused, each with its reason, in one line: the leaves that did not pass below what did not pass. Empty when it passed.
    /// </summary>
    public string Why() => Passed ? "" : string.Join("; ", Failed().Distinct(StringComparer.Ordinal));

    private IEnumerable<string> Failed()
    {
        var failed = Children.Where(c => !c.Passed).ToList();
        // No child failed: a leaf, or the 'not' of something that passed.
        return failed.Count > 0 ? failed.SelectMany(c => c.Failed()) : [Reason.Length > 0 ? $"{Check} ({Reason})" : Check];
    }

    private void Write(System.Text.StringBuilder text, int depth)
    {
        text.Append(' ', depth * 2).Append(Passed ? "yes " : "no  ").Append(Check);
        if (Reason.Length > 0)
        {
            text.Append(": ").Append(Reason);
        }

        text.Append('\n');
        foreach (var child in Children)
        {
            child.Write(text, depth + 1);
        }
    }
}
