using System.Collections;
using System.Globalization;

namespace Nephos.Kernel.Policy;

/// <summary>Values as text. The language compares what Python's <c>str()</c> makes of both sides, so <c>true</c> is <c>True</c> and null is <c>None</c>.</summary>
internal static class PolicyText
{
    public static string Of(object? value) => value switch
    {
        null => "None",
        string text => text,
        true => "True",
        false => "False",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "None",
    };

    /// <summary>True when the value, or one element of it or of a list on the way down the path, reads as the text.</summary>
    public static bool Matches(object? value, ReadOnlySpan<string> path, string text)
    {
        if (path.Length == 0)
        {
            return value is not string and IEnumerable list and not IReadOnlyDictionary<string, object?> ? AnyMatches(list, path, text) : Of(value) == text;
        }

        return value switch
        {
            IReadOnlyDictionary<string, object?> map => map.TryGetValue(path[0], out var inner) && Matches(inner, path[1..], text),
            string => false,
            IEnumerable list => AnyMatches(list, path, text),
            _ => false,
        };
    }

    private static bool AnyMatches(IEnumerable list, ReadOnlySpan<string> path, string text)
    {
        foreach (var element in list)
        {
            if (Matches(element, path, text))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>
/// The right side of a check: text in which <c>%(name)s</c> stands for an attribute of the target and <c>%%</c> for a percent sign (Python's
/// <c>%</c> operator, of which the language's users know nothing else).
/// </summary>
internal sealed class PolicyTemplate
{
    private readonly (string Text, bool IsName)[] _parts;

    private PolicyTemplate(string source, (string Text, bool IsName)[] parts) => (Source, _parts) = (source, parts);

    public string Source { get; }

    public IEnumerable<string> Names => _parts.Where(p => p.IsName).Select(p => p.Text);

    public static PolicyTemplate Parse(string source)
    {
        var parts = new List<(string, bool)>();
        var literal = new System.Text.StringBuilder();
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != '%')
            {
                literal.Append(source[i]);
                continue;
            }

            if (i + 1 < source.Length && source[i + 1] == '%')
            {
                literal.Append('%');
                i++;
                continue;
            }

            var end = i + 1 < source.Length && source[i + 1] == '(' ? source.IndexOf(')', i) : -1;
            if (end < 0 || end + 1 >= source.Length || source[end + 1] != 's')
            {
                throw new PolicyParseException($"'{source}': a percent sign must begin %(name)s, or be doubled");
            }

            if (literal.Length > 0)
            {
                parts.Add((literal.ToString(), false));
                literal.Clear();
            }

            parts.Add((source[(i + 2)..end], true));
            i = end + 1;
        }

        if (literal.Length > 0 || parts.Count == 0)
        {
            parts.Add((literal.ToString(), false));
        }

        return new PolicyTemplate(source, [.. parts]);
    }

    /// <summary>The text for this target; null when it lacks an attribute, which denies.</summary>
    public string? Render(IReadOnlyDictionary<string, object?> target)
    {
        if (_parts.Length == 1)
        {
            return Part(_parts[0], target); // The usual case: one name or one literal, nothing to join.
        }

        var text = new System.Text.StringBuilder();
        foreach (var part in _parts)
        {
            if (Part(part, target) is not { } piece)
            {
                return null;
            }

            text.Append(piece);
        }

        return text.ToString();
    }

    /// <summary>The first attribute that this target lacks.</summary>
    public string? Missing(IReadOnlyDictionary<string, object?> target) => _parts.FirstOrDefault(p => p.IsName && !target.ContainsKey(p.Text)).Text;

    private static string? Part((string Text, bool IsName) part, IReadOnlyDictionary<string, object?> target) =>
        !part.IsName ? part.Text : target.TryGetValue(part.Text, out var value) ? PolicyText.Of(value) : null;
}
