using System.Collections;
using System.Globalization;
using System.Net;
using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace Nephos.Kernel.Configuration;

/// <summary>
/// Values of settings as text and back. Kinds: text, yes/no, whole and decimal numbers, enums, durations (<c>90s</c>, <c>15m</c>, <c>12h</c>, <c>30d</c>), addresses
/// (<c>10.0.0.1</c>), networks (<c>10.0.0.0/24</c>), end points (<c>127.0.0.1:80</c>), URLs, lists and maps of these.
/// </summary>
internal static class ConfigValue
{
    /// <summary>Reads a node or throws a <see cref="FormatException"/> that says what was expected.</summary>
    public static object Read(ConfigKey key, YamlNode node)
    {
        if (ElementOf(key.Type) is not { } element)
        {
            return Scalar(key, key.Type, node);
        }

        if (key.Type.Name.StartsWith("IReadOnlyDictionary", StringComparison.Ordinal))
        {
            var map = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), element))!;
            foreach (var (name, value) in (node as YamlMappingNode ?? throw new FormatException("expected keys with values")).Children)
            {
                map[(name as YamlScalarNode)?.Value ?? ""] = Scalar(key, element, value);
            }

            return map;
        }

        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        foreach (var item in (node as YamlSequenceNode ?? throw new FormatException("expected a list")).Children)
        {
            list.Add(Scalar(key, element, item));
        }

        return list;
    }

    /// <summary>The type of the elements of a list or of the values of a map; null for a single value.</summary>
    public static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var generic && (generic == typeof(IReadOnlyList<>) || generic == typeof(IReadOnlyDictionary<,>))
            ? type.GetGenericArguments()[^1]
            : null;

    /// <summary>The kind in words, for documents and errors.</summary>
    public static string Describe(ConfigKey key) => ElementOf(key.Type) is not { } element ? Describe(key, key.Type)
        : key.Type.Name.StartsWith("IReadOnlyDictionary", StringComparison.Ordinal) ? $"map of names to: {Describe(key, element)}"
        : $"list of: {Describe(key, element)}";

    /// <summary>A value as it would be written in the file.</summary>
    public static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        bool yes => yes ? "true" : "false",
        TimeSpan span => Duration(span),
        Enum choice => JsonNamingPolicy.SnakeCaseLower.ConvertName(choice.ToString()),
        IDictionary map => "{" + string.Join(", ", map.Keys.Cast<object>().Select(k => $"{k}: {Quoted(map[k])}")) + "}",
        IEnumerable list => "[" + string.Join(", ", list.Cast<object>().Select(Quoted)) + "]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(":#,[]{}&*!|>'\"%@`");

    /// <summary>An element of a list or a map; YAML would take some texts for something else.</summary>
    private static string Quoted(object? value) => value is string text && (text.Length == 0 || text.AsSpan().ContainsAny(Special)) ? "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'" : Text(value);

    private static string Describe(ConfigKey key, Type type) => type switch
    {
        _ when key.Setting.Allowed.Length > 0 => string.Join(" | ", key.Setting.Allowed),
        { IsEnum: true } => string.Join(" | ", Enum.GetValues(type).Cast<object>().Select(Text)),
        _ when type == typeof(bool) => "true | false",
        _ when type == typeof(int) || type == typeof(long) => "whole number" + Range(key),
        _ when type == typeof(double) => "number" + Range(key),
        _ when type == typeof(TimeSpan) => "duration (90s, 15m, 12h, 30d)" + Range(key),
        _ when type == typeof(IPAddress) => "IP address",
        _ when type == typeof(IPNetwork) => "network (ADDRESS/PREFIX)",
        _ when type == typeof(IPEndPoint) => "ADDRESS:PORT",
        _ when type == typeof(Uri) => "URL",
        _ => "text",
    };

    private static string Range(ConfigKey key)
    {
        string Limit(double value) => key.Type == typeof(TimeSpan) ? Duration(TimeSpan.FromSeconds(value)) : value.ToString(CultureInfo.InvariantCulture);
        var (low, high) = (key.Setting.Minimum, key.Setting.Maximum);
        return (double.IsNaN(low), double.IsNaN(high)) switch
        {
            (true, true) => "",
            (false, true) => $", at least {Limit(low)}",
            (true, false) => $", at most {Limit(high)}",
            _ => $", {Limit(low)} to {Limit(high)}",
        };
    }

    private static object Scalar(ConfigKey key, Type type, YamlNode node)
    {
        var text = (node as YamlScalarNode)?.Value ?? throw new FormatException($"expected {Describe(key, type)}");
        var value = Parse(type, text) ?? throw Unexpected();
        var measure = value switch
        {
            int number => number,
            long number => number,
            double number => number,
            TimeSpan span => span.TotalSeconds,
            _ => double.NaN,
        };
        if (measure < key.Setting.Minimum || measure > key.Setting.Maximum || (key.Setting.Allowed.Length > 0 && !key.Setting.Allowed.Contains(text)))
        {
            throw Unexpected();
        }

        return value;

        FormatException Unexpected() => new($"expected {Describe(key, type)}{(key.Setting.Secret ? "" : $", found '{text}'")}");
    }

    private static object? Parse(Type type, string text)
    {
        var culture = CultureInfo.InvariantCulture;
        return type switch
        {
            { IsEnum: true } => Enum.GetValues(type).Cast<object>().FirstOrDefault(v => Text(v) == text),
            _ when type == typeof(string) => text,
            _ when type == typeof(bool) => text switch { "true" or "yes" or "on" => true, "false" or "no" or "off" => false, _ => null },
            _ when type == typeof(int) => int.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var number) ? number : null,
            _ when type == typeof(long) => long.TryParse(text, NumberStyles.AllowLeadingSign, culture, out var number) ? number : null,
            _ when type == typeof(double) => double.TryParse(text, NumberStyles.Float, culture, out var number) && double.IsFinite(number) ? number : null,
            _ when type == typeof(TimeSpan) => ParseDuration(text),
            _ when type == typeof(IPAddress) => IPAddress.TryParse(text, out var address) ? address : null,
            _ when type == typeof(IPNetwork) => IPNetwork.TryParse(text, out var network) ? network : null,
            _ when type == typeof(IPEndPoint) => text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(text, out var point) ? point : null,
            _ when type == typeof(Uri) => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null,
            _ => throw new InvalidOperationException($"{type} is not a type for settings"),
        };
    }

    private static object? ParseDuration(string text)
    {
        if (text == "0")
        {
            return TimeSpan.Zero;
        }

        return text.Length < 2 || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > 1e9
            ? null
            : text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                'd' when number < 1e6 => TimeSpan.FromDays(number),
                _ => null,
            };
    }

    private static string Duration(TimeSpan span) => span switch
    {
        { Ticks: 0 } => "0",
        _ when span.TotalDays % 1 == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays}d"),
        _ when span.TotalHours % 1 == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours}h"),
        _ when span.TotalMinutes % 1 == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds}s"),
    };
}
