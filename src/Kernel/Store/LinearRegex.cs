using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;

namespace Nephos.Kernel.Store;

/// <summary>
/// Regular expressions of users, matched in time that grows with the text alone. SQLite's operator REGEXP is given them: EF's own tries all ways to match a text, and with a pattern like <c>(a+)+$</c> one request would take a
/// processor for ever. PostgreSQL's are linear by themselves.
/// </summary>
public static class LinearRegex
{
    /// <summary>Nobody writes longer ones.</summary>
    private const int LongestPattern = 1000;

    /// <summary>The pattern, or null when it is none, or one that cannot be matched without going back (look-around, references to groups).</summary>
    public static Regex? TryMake(string pattern)
    {
        if (pattern.Length > LongestPattern) { return null; }
        try { return new Regex(pattern, RegexOptions.NonBacktracking); }
        catch (Exception unfit) when (unfit is ArgumentException or NotSupportedException) { return null; }
    }

    /// <summary>Gives SQLite's operator REGEXP to a connection.</summary>
    internal static void AddTo(SqliteConnection connection)
    {
        // A query asks for one pattern again and again, and a connection is used by one query after the other.
        (string Pattern, Regex Regex)? last = null;
        connection.CreateFunction<string?, string?, bool?>("regexp", (pattern, text) =>
        {
            if (pattern is null || text is null) { return null; }
            if (last?.Pattern != pattern) { last = (pattern, TryMake(pattern) ?? throw new ArgumentException("not a regular expression without going back")); }
            return last.Value.Regex.IsMatch(text);
        }, isDeterministic: true);
    }
}
