using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>
/// The regular expressions of one run of a mapping, bounded in time: most run in linear time; those that need backtracking (look-around, back references) get <see cref="EachLimit"/> per match, and
/// all of them together <see cref="TotalLimit"/>, so that no mapping and no assertion can hold a thread.
/// </summary>
internal sealed class MappingRegexes
{
    public static readonly TimeSpan EachLimit = TimeSpan.FromMilliseconds(300), TotalLimit = TimeSpan.FromSeconds(3);
    /// <summary>Longer ones are no patterns that anybody wrote.</summary>
    private const int LongestPattern = 4096;
    private readonly long _start = Stopwatch.GetTimestamp();
    private readonly Dictionary<string, Regex> _known = new(StringComparer.Ordinal);

    /// <summary>True when the pattern is found anywhere in the text.</summary>
    public bool Finds(string pattern, string text)
    {
        if (Stopwatch.GetElapsedTime(_start) > TotalLimit) { throw MappingFailure.OfAssertion("the mapping's regular expressions take too long"); }
        try
        {
            if (!_known.TryGetValue(pattern, out var regex)) { _known[pattern] = regex = Make(pattern); }
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException) { throw MappingFailure.OfAssertion($"the regular expression '{pattern}' takes too long"); }
        catch (ArgumentException error) { throw MappingFailure.OfMapping($"'{pattern}' is not a regular expression: {error.Message}"); }
    }

    private static Regex Make(string pattern)
    {
        if (pattern.Length > LongestPattern) { throw new ArgumentException("it is too long"); }
        var translated = Translate(pattern);
        try { return new Regex(translated, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, EachLimit); }
        catch (NotSupportedException) { return new Regex(translated, RegexOptions.CultureInvariant, EachLimit); } // needs backtracking, or is too large for an automaton
    }

    /// <summary>Python's notation where .NET has another: named groups, references to them, the end of the text.</summary>
    internal static string Translate(string pattern)
    {
        var text = new StringBuilder(pattern.Length);
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (pattern[i] == '\\' && i + 1 < pattern.Length) { text.Append('\\').Append(pattern[++i] == 'Z' ? 'z' : pattern[i]); }
            else if (rest.StartsWith("(?P<", StringComparison.Ordinal)) { text.Append("(?<"); i += 3; }
            else if (rest.StartsWith("(?P=", StringComparison.Ordinal) && rest.IndexOf(')') is > 4 and var end) { text.Append("\\k<").Append(rest[4..end]).Append('>'); i += end; }
            else { text.Append(pattern[i]); }
        }
        return text.ToString();
    }
}
