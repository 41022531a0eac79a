using System.Buffers;
using System.Text;

namespace Nephos.Kernel.Configuration;

/// <summary>Writes docs/configuration.md and the example file from the declarations; a test pins both.</summary>
public static class ConfigDocs
{
    /// <summary>How many columns a line of the example's comments takes.</summary>
    private const int Width = 110;

    /// <summary>Characters that mean something in YAML, so that a text with them is quoted.</summary>
    private static readonly SearchValues<char> Special = SearchValues.Create(":#{}[],&*!|>'\"%@`");

    public static string Markdown(IReadOnlyList<ConfigSection> sections)
    {
        var text = new StringBuilder("""
            # Configuration

            <!-- Generated from the declarations; NEPHOS_REGENERATE=1 dotnet test tests/Conformance.Tests writes it again. -->

            One file, `nephos.yaml`: the one given with `--config`, else `/etc/nephos/nephos.yaml`, else none; every key has a default.
            Each key can also be set in the environment, which wins over the file: `NEPHOS_` and the key in capitals, two
            underscores for each dot (`database.connection` is `NEPHOS_DATABASE__CONNECTION`); lists with commas, maps as `{name: value}`.
            Options of the command line win over both. `nephos config check` prints everything that is wrong, with lines.
            A complete file with the defaults is [nephos.example.yaml](nephos.example.yaml).

            """);
        foreach (var section in sections)
        {
            text.Append($"\n## {(section.Name.Length == 0 ? "The top of the file" : $"`{section.Name}`")}\n\n{section.Doc}\n\n");
            text.Append("| key | kind | default | |\n| --- | --- | --- | --- |\n");
            Rows(text, Activator.CreateInstance(section.Type)!, section.Name.Length == 0 ? "" : section.Name + ".");
        }

        return text.ToString();
    }

    public static string Example(IReadOnlyList<ConfigSection> sections)
    {
        var text = new StringBuilder("# Every key with its default. All are optional: keep what you change.\n");
        foreach (var section in sections)
        {
            text.Append('\n');
            Comment(text, section.Doc, 0);
            if (section.Name.Length > 0)
            {
                text.Append($"{section.Name}:\n");
            }

            Lines(text, Activator.CreateInstance(section.Type)!, section.Name.Length == 0 ? 0 : 2);
        }

        return text.ToString();
    }

    private static void Rows(StringBuilder text, object settings, string prefix)
    {
        foreach (var key in ConfigKey.Of(settings.GetType()))
        {
            var value = key.Property.GetValue(settings);
            if (key.IsGroup)
            {
                Rows(text, value!, $"{prefix}{key.Name}.");
                continue;
            }

            if (key.GroupsOf is { } element)
            {
                text.Append($"| `{prefix}{key.Name}` | names, each with the keys below | none | {key.Setting.Doc} |\n");
                Rows(text, Activator.CreateInstance(element)!, $"{prefix}{key.Name}.NAME.");
                continue;
            }

            var shown = ConfigValue.Text(value) is { Length: > 0 } set ? $"`{set}`" : key.Setting.DefaultText ?? "none";
            text.Append($"| `{prefix}{key.Name}` | {ConfigValue.Describe(key).Replace("|", "\\|", StringComparison.Ordinal)} | {shown} | {key.Setting.Doc} |\n");
        }
    }

    private static void Lines(StringBuilder text, object settings, int indent)
    {
        foreach (var key in ConfigKey.Of(settings.GetType()))
        {
            var value = key.Property.GetValue(settings);
            text.Append(indent == 0 ? "\n" : "");
            if (key.IsGroup)
            {
                Comment(text, key.Setting.Doc, indent);
                text.Append(' ', indent).Append(key.Name).Append(":\n");
                Lines(text, value!, indent + 2);
                continue;
            }

            if (key.GroupsOf is not null)
            {
                Comment(text, key.Setting.Doc, indent);
                text.Append(' ', indent).Append($"# {key.Name}: {key.Setting.Example}\n");
                continue;
            }

            Comment(text, $"{key.Setting.Doc} ({ConfigValue.Describe(key)}{(key.Setting.DefaultText is { } by ? $"; default: {by}" : "")})", indent);
            var shown = ConfigValue.Text(value);
            text.Append(' ', indent).Append(shown.Length > 0 ? $"{key.Name}: {Quote(value, shown)}\n" : $"# {key.Name}: {key.Setting.Example}\n".Replace(": \n", ":\n", StringComparison.Ordinal));
        }
    }

    private static string Quote(object? value, string shown) => value is string && shown.AsSpan().ContainsAny(Special) ? $"'{shown.Replace("'", "''", StringComparison.Ordinal)}'" : shown;

    private static void Comment(StringBuilder text, string doc, int indent)
    {
        var line = new StringBuilder();
        foreach (var word in doc.Split(' '))
        {
            if (line.Length > 0 && indent + 2 + line.Length + 1 + word.Length > Width)
            {
                text.Append(' ', indent).Append("# ").Append(line).Append('\n');
                line.Clear();
            }

            line.Append(line.Length == 0 ? "" : " ").Append(word);
        }

        text.Append(' ', indent).Append("# ").Append(line).Append('\n');
    }
}
