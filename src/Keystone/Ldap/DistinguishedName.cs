using System.Globalization;
using System.Text;

namespace Nephos.Keystone.Ldap;

/// <summary>Names of entries (RFC 4514): taken apart, put together, and made comparable.</summary>
internal static class DistinguishedName
{
    /// <summary>Attribute and value pairs from the entry up to the root; a multi-valued RDN counts by its first pair. Throws <see cref="FormatException"/>.</summary>
    public static List<(string Attribute, string Value)> Parse(string dn)
    {
        var parts = new List<(string, string)>();
        if (dn.Trim().Length == 0) { return parts; }
        foreach (var rdn in Split(dn, [',', ';']))
        {
            var pair = Split(rdn, ['+'])[0];
            var at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at < 1) { throw new FormatException($"'{rdn}' is no part of a distinguished name"); }
            parts.Add((pair[..at].Trim(), Unescape(pair[(at + 1)..])));
        }
        return parts;
    }

    /// <summary>One text for all ways to write a name: case and runs of blanks do not count, as with most attributes (RFC 4518).</summary>
    public static string Normalize(string dn)
    {
        try { return string.Join(',', Parse(dn).Select(p => $"{p.Attribute.ToLowerInvariant()}={Escape(Fold(p.Value))}")); }
        catch (FormatException) { return dn; } // compared as it stands
    }

    /// <summary>A value as it stands in a name.</summary>
    public static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '\0') { text.Append("\\00"); continue; }
            if (c is ',' or '+' or '"' or '\\' or '<' or '>' or ';' or '=' || (c == '#' && i == 0) || (c == ' ' && (i == 0 || i == value.Length - 1))) { text.Append('\\'); }
            text.Append(c);
        }
        return text.ToString();
    }

    private static string Fold(string value) => string.Join(' ', value.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>At separators that are neither escaped nor quoted.</summary>
    private static List<string> Split(string text, ReadOnlySpan<char> separators)
    {
        var parts = new List<string>();
        var (from, quoted) = (0, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') { i++; }
            else if (text[i] == '"') { quoted = !quoted; }
            else if (!quoted && separators.Contains(text[i]))
            {
                parts.Add(text[from..i]);
                from = i + 1;
            }
        }
        parts.Add(text[from..]);
        return parts;
    }

    private static string Unescape(string text)
    {
        text = text.TrimStart(' ');
        // A blank at the end counts only when it is escaped.
        while (text.EndsWith(' ') && !text.EndsWith("\\ ", StringComparison.Ordinal)) { text = text[..^1]; }
        if (text.Length > 1 && text[0] == '"' && text[^1] == '"') { text = text[1..^1]; }
        var bytes = new List<byte>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(i, length)));
                i += length - 1;
            }
            else if (i + 2 < text.Length && byte.TryParse(text.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
            {
                bytes.Add(hex);
                i += 2;
            }
            else if (i + 1 < text.Length) { bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(++i, 1))); }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
