using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Kernel.Wire;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Attributes;

/// <summary>Addresses in bodies, with upstream's words.</summary>
internal static partial class Addresses
{
    [GeneratedRegex("^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$|^[0-9A-Fa-f]{12}$|^([0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}$")]
    private static partial Regex MacShape();

    /// <summary>validators.validate_ip_address.</summary>
    public static IpAddress Read(JsonElement value, string name)
    {
        var shown = WireSchema.Show(value).Unquoted();
        return value.ValueKind == JsonValueKind.String && IpAddress.TryParse(value.GetString(), out var address) ? address : throw Field.Invalid(name, $"'{shown}' is not a valid IP address");
    }

    /// <summary>validators.validate_route_cidr: no bits after the prefix.</summary>
    public static IpNetwork ReadCidr(JsonElement value, string name)
    {
        var shown = WireSchema.Show(value).Unquoted();
        if (value.ValueKind != JsonValueKind.String || !IpNetwork.TryParse(value.GetString(), out var network, out var exact)) { throw Field.Invalid(name, $"'{shown}' is not a valid CIDR"); }
        return exact ? network : throw Field.Invalid(name, $"'{shown}' is not a recommended CIDR, '{network}' is recommended");
    }

    /// <summary>A unicast MAC in any common writing, as lower case with colons; null when it is none.</summary>
    public static string? Mac(string? text)
    {
        if (text is null || !MacShape().IsMatch(text)) { return null; }
        var digits = string.Concat(text.Where(char.IsAsciiHexDigit)).ToLowerInvariant();
        return digits is "000000000000" or "ffffffffffff" ? null : string.Join(':', Enumerable.Range(0, 6).Select(i => digits.Substring(i * 2, 2)));
    }

    public static string ReadMac(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String && Mac(value.GetString()) is { } mac ? mac : throw Field.Invalid(name, $"{WireSchema.Show(value).Quoted()} is not a valid MAC address");

    /// <summary>An object with exactly these keys.</summary>
    public static void CheckKeys(JsonElement item, string name, params string[] keys)
    {
        var wanted = string.Join(", ", keys.Select(k => $"'{k}'"));
        if (item.ValueKind != JsonValueKind.Object) { throw Field.Invalid(name, $"Invalid input. {WireSchema.Show(item).Quoted()} must be a dictionary with keys: [{wanted}]"); }
        var given = item.EnumerateObject().Select(p => p.Name).ToList();
        if (given.Count != keys.Length || keys.Except(given, StringComparer.Ordinal).Any())
        {
            throw Field.Invalid(name, $"Validation of dictionary's keys failed. Expected keys: {{{wanted}}} Provided keys: {{{string.Join(", ", given.Select(k => $"'{k}'"))}}}");
        }
    }
}
