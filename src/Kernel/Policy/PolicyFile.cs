using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Nephos.Kernel.Policy;

/// <summary>Something an operator has to look at in a policy file, or a developer in a default.</summary>
/// <param name="File">Null for a default.</param>
/// <param name="Line">From 1; 0 when the whole file is meant.</param>
/// <param name="Rule">The rule it is about, or empty.</param>
/// <param name="Denies">True when the rule denies everyone because of it; false for a warning.</param>
public sealed record PolicyProblem(string? File, int Line, string Rule, string Message, bool Denies)
{
    public override string ToString() => $"{File ?? "default"}{(Line > 0 ? $":{Line}" : "")}: {(Rule.Length > 0 ? $"{Rule}: " : "")}{Message}";
}

/// <summary>One rule of a policy file.</summary>
internal sealed record PolicyOverride(string Name, int Line, IPolicyCheck Check);

/// <summary>Reads a <c>policy.yaml</c> (JSON is YAML too): rule names to rules, each a text or the older list of lists.</summary>
internal static class PolicyFile
{
    /// <summary>The rules that were understood and problems for the others, which then deny. Null rules when the file as a whole cannot be read.</summary>
    public static (List<PolicyOverride>? Rules, List<PolicyProblem> Problems) Read(string path, string text, RemotePolicy? remote)
    {
        var problems = new List<PolicyProblem>();
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            return (null, [new PolicyProblem(path, (int)e.Start.Line, "", e.Message, true)]);
        }

        var rules = new List<PolicyOverride>();
        if (yaml.Documents.Count == 0 || yaml.Documents[0].RootNode is YamlScalarNode { Value: null or "" or "~" or "null" })
        {
            return (rules, problems); // A file of comments only, as the generated sample is.
        }

        if (yaml.Documents[0].RootNode is not YamlMappingNode map)
        {
            return (null, [new PolicyProblem(path, (int)yaml.Documents[0].RootNode.Start.Line, "", "expected rule names with rules", true)]);
        }

        foreach (var (key, value) in map.Children)
        {
            var (name, line) = ((key as YamlScalarNode)?.Value ?? key.ToString(), (int)key.Start.Line);
            try
            {
                rules.Add(new PolicyOverride(name, line, ReadRule(value, remote)));
            }
            catch (PolicyParseException e)
            {
                problems.Add(new PolicyProblem(path, line, name, e.Message, true));
                rules.Add(new PolicyOverride(name, line, new FalseCheck(e.Message)));
            }
        }

        return (rules, problems);
    }

    private static IPolicyCheck ReadRule(YamlNode node, RemotePolicy? remote) => node switch
    {
        YamlScalarNode text => PolicyRule.Parse(text.Value ?? "", remote),
        YamlSequenceNode list => PolicyRule.Parse([.. list.Children.Select(ReadAlternative)], remote),
        _ => throw new PolicyParseException("expected a rule or a list of lists"),
    };

    private static IReadOnlyList<string> ReadAlternative(YamlNode node) => node switch
    {
        YamlScalarNode { Value: { } one } => one.Length == 0 ? [] : [one],
        YamlSequenceNode all => [.. all.Children.Select(c => (c as YamlScalarNode)?.Value ?? throw new PolicyParseException("expected a list of checks"))],
        _ => throw new PolicyParseException("expected a list of checks"),
    };
}
