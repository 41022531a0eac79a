using System.Text;

namespace Nephos.Kernel.Telemetry;

/// <summary>Names and labels as Prometheus allows them, by OpenTelemetry's rules for translating ("Prometheus and OpenMetrics compatibility").</summary>
internal static class PrometheusNames
{
    /// <summary>Dots become underscores, the unit is a suffix, a counter ends in <c>_total</c>.</summary>
    public static string Metric(string name, string? unit, MetricKind kind)
    {
        var text = Clean(name);
        var suffix = unit switch
        {
            null or "" or "1" => "",
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            ['{', ..] => "", // What is counted, as {request}: not a unit.
            _ => Clean(unit),
        };
        if (suffix.Length > 0 && !text.EndsWith("_" + suffix, StringComparison.Ordinal))
        {
            text += "_" + suffix;
        }

        return kind == MetricKind.Counter && !text.EndsWith("_total", StringComparison.Ordinal) ? text + "_total" : text;
    }

    public static string Labels(IEnumerable<KeyValuePair<string, object?>> tags) => string.Join(
        ',', tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"{Clean(t.Key)}=\"{Escape(Convert.ToString(t.Value, System.Globalization.CultureInfo.InvariantCulture) ?? "", quotes: true)}\""));

    /// <summary>Backslash and line feed, and in labels the quotation mark.</summary>
    public static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    /// <summary><c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</summary>
    private static string Clean(string name)
    {
        var text = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            text.Append(char.IsAsciiLetterOrDigit(c) ? c : '_');
        }

        return text.Length == 0 || char.IsAsciiDigit(text[0]) ? "_" + text : text.ToString();
    }
}
