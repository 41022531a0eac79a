using System.Text.Json;

namespace Nephos.Keystone.DomainConfigs;

/// <summary>
/// Configuration files of domains, as upstream has them: <c>keystone.DOMAIN_NAME.conf</c> in <c>domain_config_dir</c>, in the INI form of oslo.config: sections, <c>key = value</c>, comments from
/// <c>#</c> or <c>;</c> at the line's beginning, a line that begins with white space goes on with the value before. All options of the section <c>ldap</c> may be there, not only those of the API.
/// </summary>
internal static class DomainConfigFiles
{
    public static string PathOf(string directory, string domainName) => Path.Combine(directory, $"keystone.{domainName}.conf");

    /// <summary>Null when the domain has no file. A name that would lead out of the directory has none.</summary>
    public static Dictionary<string, Dictionary<string, JsonElement>>? Read(string directory, string domainName)
    {
        if (domainName.AsSpan().ContainsAny('/', '\\', '\0')) { return null; }
        var path = PathOf(directory, domainName);
        return File.Exists(path) ? Parse(File.ReadAllLines(path)) : null;
    }

    public static Dictionary<string, Dictionary<string, JsonElement>> Parse(IReadOnlyList<string> lines)
    {
        var texts = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        Dictionary<string, string>? section = null;
        string? last = null;
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            if (line.Trim().Length == 0) { last = null; continue; }
            if (line[0] is '#' or ';') { continue; }
            if (char.IsWhiteSpace(line[0]) && section is not null && last is not null) { section[last] += line.Trim(); continue; }
            var text = line.Trim();
            if (text[0] == '[' && text[^1] == ']')
            {
                var name = text[1..^1].Trim();
                section = texts.TryGetValue(name, out var known) ? known : texts[name] = new(StringComparer.Ordinal);
                last = null;
                continue;
            }
            var at = text.IndexOfAny(['=', ':']);
            if (at < 1 || section is null) { throw new FormatException($"line {i + 1} is no section and no option"); }
            last = text[..at].TrimEnd();
            section[last] = text[(at + 1)..].Trim();
        }
        return texts.ToDictionary(s => s.Key, s => s.Value.ToDictionary(o => o.Key, o => JsonSerializer.SerializeToElement(Unquote(o.Value))));
    }

    private static string Unquote(string text) => text.Length > 1 && text[0] is '"' or '\'' && text[^1] == text[0] ? text[1..^1] : text;
}
