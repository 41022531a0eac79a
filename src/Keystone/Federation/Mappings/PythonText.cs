using System.Globalization;
using System.Text;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>
/// The little of Python's notation that mappings show: <c>{0}</c> in texts (<c>str.format</c>), and lists of several values as <c>['a', 'b']</c>, which is how they come out of one such text and
/// go into a group list.
/// </summary>
internal static class PythonText
{
    /// <summary>A list as Python prints it.</summary>
    public static string Show(IReadOnlyList<string> values) => $"[{string.Join(", ", values.Select(Show))}]";

    /// <summary>A text as Python prints it: in single quotes, unless it holds some and no double ones.</summary>
    private static string Show(string value)
    {
        var quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var text = new StringBuilder().Append(quote);
        foreach (var c in value)
        {
            if (c == quote || c == '\\') { text.Append('\\').Append(c); }
            else if (c == '\n') { text.Append("\\n"); }
            else if (c == '\r') { text.Append("\\r"); }
            else if (c == '\t') { text.Append("\\t"); }
            else if (c < ' ' || c == 0x7f) { text.Append("\\x").Append(((int)c).ToString("x2", CultureInfo.InvariantCulture)); }
            else { text.Append(c); }
        }
        return text.Append(quote).ToString();
    }

    /// <summary>The elements of a list of texts and numbers; a text that is no such list is its own only element.</summary>
    public static IReadOnlyList<string> ReadList(string text) => new ListReader(text).TryRead() ?? [text];

    /// <summary>Fills <c>{0}</c>, <c>{1}</c> and so on; <c>{{</c> and <c>}}</c> stand for the braces themselves. A value of its own is filled in as it is, several as a list.</summary>
    /// <exception cref="MappingFailure">There is no such value, or the braces make no sense.</exception>
    public static string Fill(string template, IReadOnlyList<IReadOnlyList<string>> values)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var i = 0; i < template.Length; i++)
        {
            var c = template[i];
            if (c is not ('{' or '}')) { text.Append(c); continue; }
            if (i + 1 < template.Length && template[i + 1] == c) { text.Append(c); i++; continue; }
            var end = c == '{' ? template.IndexOf('}', i) : -1;
            var name = end < 0 ? null : template[(i + 1)..end];
            if (name is null || !int.TryParse(name.Length == 0 ? next++.ToString(CultureInfo.InvariantCulture) : name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= values.Count)
            {
                throw MappingFailure.OfMapping($"'{template}' refers to a remote match that does not exist");
            }
            text.Append(values[index] is [var only] ? only : Show(values[index]));
            i = end;
        }
        return text.ToString();
    }

    /// <summary>Reads <c>['a', "b", 3]</c>; nested lists and anything else make it no list of ours.</summary>
    private sealed class ListReader(string text)
    {
        private int _at;

        public IReadOnlyList<string>? TryRead()
        {
            Blank();
            if (!Take('[')) { return null; }
            var items = new List<string>();
            Blank();
            while (!Take(']'))
            {
                if (Item() is not { } item) { return null; }
                items.Add(item);
                Blank();
                if (Take(',')) { Blank(); continue; }
                if (!Take(']')) { return null; }
                break;
            }
            Blank();
            return _at == text.Length ? items : null;
        }

        private string? Item()
        {
            if (_at >= text.Length) { return null; }
            if (text[_at] is '\'' or '"') { return Quoted(text[_at++]); }
            var start = _at;
            while (_at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] is '-' or '.')) { _at++; }
            return _at > start ? text[start.._at] : null;
        }

        private string? Quoted(char quote)
        {
            var item = new StringBuilder();
            while (_at < text.Length)
            {
                var c = text[_at++];
                if (c == quote) { return item.ToString(); }
                if (c != '\\') { item.Append(c); continue; }
                if (_at >= text.Length) { return null; }
                var escaped = text[_at++];
                var digits = escaped switch { 'x' => 2, 'u' => 4, _ => 0 };
                if (digits > 0)
                {
                    if (_at + digits > text.Length || !ushort.TryParse(text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) { return null; }
                    item.Append((char)code);
                    _at += digits;
                    continue;
                }
                item.Append(escaped switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '\\' or '\'' or '"' => escaped.ToString(), _ => "\\" + escaped });
            }
            return null;
        }

        private void Blank() { while (_at < text.Length && char.IsWhiteSpace(text[_at])) { _at++; } }

        private bool Take(char c)
        {
            if (_at >= text.Length || text[_at] != c) { return false; }
            _at++;
            return true;
        }
    }
}
