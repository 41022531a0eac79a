using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron;

/// <summary>Names of the extension <c>dns-integration</c> (neutron-lib api/validators/dns, RFC 1123: labels of 1 to 63 letters, digits and hyphens, 255 in all).</summary>
internal static partial class DnsNames
{
    private const int MaxLength = 255;
    private const int MaxLabel = 63;

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$")]
    private static partial Regex Label();

    /// <summary>A domain, which ends with a dot; empty for none.</summary>
    public static Field<string> Domain(string name) => new(name, (value, n) =>
    {
        var text = Text(value, n);
        if (text.Length == 0) { return text; }
        if (!text.EndsWith('.')) { throw Field.Invalid(n, $"'{text}' is not a FQDN"); }
        Check(text[..^1], text, n);
        return text;
    }, "");

    /// <summary>A host's name, with or without a domain.</summary>
    public static Field<string> Host(string name) => new(name, (value, n) =>
    {
        var text = Text(value, n);
        if (text.Length > 0) { Check(text.TrimEnd('.'), text, n); }
        return text;
    }, "");

    private static string Text(JsonElement value, string name) => value.ValueKind == JsonValueKind.Null ? "" : Field.CheckedText(value, name, MaxLength);

    private static void Check(string labels, string whole, string name)
    {
        foreach (var label in labels.Split('.'))
        {
            if (label.Length == 0) { throw Field.Invalid(name, $"'{whole}' not a valid PQDN or FQDN. Reason: Encountered an empty component"); }
            if (label.Length > MaxLabel || !Label().IsMatch(label))
            {
                throw Field.Invalid(name, $"'{whole}' not a valid PQDN or FQDN. Reason: Name '{label}' must be 1-63 characters long, each of which can only be alphanumeric or a hyphen");
            }
        }
        if (labels.Split('.') is { Length: > 1 } parts && parts[^1].All(char.IsAsciiDigit)) { throw Field.Invalid(name, $"'{whole}' not a valid PQDN or FQDN. Reason: TLD '{parts[^1]}' must not be all numeric"); }
    }
}
