using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron.Attributes;

/// <summary>
/// An attribute that requests may carry, as an entry of upstream's RESOURCE_ATTRIBUTE_MAP (neutron-lib api/definitions): its name, when it is allowed,
/// its default, and how its value is converted and checked, with upstream's words (neutron-lib api/validators, api/converters).
/// </summary>
internal abstract class Field(string name)
{
    public string Name { get; } = name;
    public bool InPost { get; init; } = true;
    public bool InPut { get; init; } = true;
    /// <summary>A create must name it.</summary>
    public bool Required { get; init; }
    internal abstract object? Read(JsonElement value);
    internal abstract object? DefaultValue { get; }

    /// <summary>400 <c>Invalid input for NAME. Reason: ... .</c></summary>
    public static ApiError Invalid(string name, string reason) => new BadRequestError($"Invalid input for {name}. Reason: {reason}.", "HTTPBadRequest");

    /// <summary>400 of a value that cannot even be converted.</summary>
    public static ApiError Inconvertible(string reason) => new BadRequestError($"Invalid input for operation: {reason}.", "InvalidInput");

    /// <summary><c>type:name_string</c>, empty by default.</summary>
    public static Field<string> NameText(string name = "name") => new(name, (value, n) => CheckedText(value, n, Limits.NameLength), "");

    /// <summary><c>type:string</c> with a greatest length in code points.</summary>
    public static Field<string> Text(string name, int max, string standard = "") => new(name, (value, n) => CheckedText(value, n, max), standard);

    /// <summary><c>type:string_or_none</c>.</summary>
    public static Field<string?> TextOrNull(string name, int max, string? standard = null) =>
        new(name, (value, n) => value.ValueKind == JsonValueKind.Null ? null : CheckedText(value, n, max), standard);

    /// <summary>A flag, also as text or number.</summary>
    public static Field<bool> Boolean(string name, bool standard = false) => new(name, (value, _) => Flag(value), standard);

    /// <summary>A flag that may be left open.</summary>
    public static Field<bool?> BooleanOrNull(string name) => new(name, (value, _) => value.ValueKind == JsonValueKind.Null ? null : Flag(value), null);

    /// <summary>A whole number, also as text, from <paramref name="min"/> to <paramref name="max"/>; null is taken when the default is null.</summary>
    public static Field<int?> Integer(string name, int? standard = null, int min = int.MinValue, int max = int.MaxValue) => new(name, (value, n) =>
    {
        if (value.ValueKind == JsonValueKind.Null) { return null; }
        var number = Integer(value) ?? throw Inconvertible($"{WireSchema.Show(value).Quoted()} is not an integer");
        if (number < min) { throw Invalid(n, string.Create(CultureInfo.InvariantCulture, $"'{number}' is too small - must be at least '{min}'")); }
        return number <= max ? number : throw Invalid(n, string.Create(CultureInfo.InvariantCulture, $"'{number}' is too large - must be no larger than '{max}'"));
    }, standard);

    /// <summary><c>type:uuid</c>; required unless <paramref name="required"/> says otherwise.</summary>
    public static Field<string> Uuid(string name, bool required = true) => new(name, (value, n) => CheckedUuid(value, n), "") { Required = required };

    /// <summary><c>type:uuid_or_none</c>.</summary>
    public static Field<string?> UuidOrNull(string name) => new(name, (value, n) => value.ValueKind == JsonValueKind.Null ? null : CheckedUuid(value, n), null);

    /// <summary><c>type:uuid_list</c> without doubles; null reads as empty.</summary>
    public static Field<IReadOnlyList<string>?> UuidList(string name) => new(name, (value, n) =>
    {
        if (value.ValueKind == JsonValueKind.Null) { return []; }
        if (value.ValueKind != JsonValueKind.Array) { throw Invalid(n, $"{WireSchema.Show(value).Quoted()} is not a list"); }
        var ids = value.EnumerateArray().Select(v => CheckedUuid(v, n)).ToList();
        var doubled = ids.GroupBy(i => i).Where(g => g.Count() > 1).Select(g => g.Key).ToList();
        return doubled.Count == 0 ? ids : throw Invalid(n, $"Duplicate items in the list: '{string.Join(", ", doubled)}'");
    }, null);

    /// <summary><c>type:values</c>: one of some words, or null when the default is null.</summary>
    public static Field<string?> OneOf(string name, string? standard, params string[] allowed) => new(name, (value, n) =>
        value.ValueKind == JsonValueKind.Null && standard is null ? null
        : value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString(), StringComparer.Ordinal) ? value.GetString()
        : throw Invalid(n, $"{WireSchema.Show(value).Unquoted()} is not in valid_values"), standard);

    internal static string CheckedText(JsonElement value, string name, int max)
    {
        if (value.ValueKind != JsonValueKind.String) { throw Invalid(name, $"{WireSchema.Show(value).Quoted()} is not a valid string"); }
        var text = value.GetString()!;
        return text.Length <= max || text.EnumerateRunes().Count() <= max ? text
            : throw Invalid(name, string.Create(CultureInfo.InvariantCulture, $"'{text}' exceeds maximum length of {max}"));
    }

    internal static string CheckedUuid(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String && NewId.IsUuidLike(value.GetString()) ? value.GetString()! : throw Invalid(name, $"{WireSchema.Show(value).Quoted()} is not a valid UUID");

    internal static bool Flag(JsonElement value) =>
        (value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => ConvertedFlag(value.GetString()!),
            JsonValueKind.Number => ConvertedFlag(value.GetRawText()),
            _ => (bool?)null,
        }) ?? throw Inconvertible($"{WireSchema.Show(value).Quoted()} cannot be converted to boolean");

    /// <summary>neutron-lib <c>convert_to_boolean</c>: true, false, 1 and 0 only.</summary>
    internal static bool? ConvertedFlag(string text) => text.ToLowerInvariant() switch { "true" or "1" => true, "false" or "0" => false, _ => null };

    internal static int? Integer(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number when value.TryGetInt32(out var number) => number,
        JsonValueKind.String when int.TryParse(value.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };
}

/// <summary>An attribute whose converted value is a <typeparamref name="T"/>.</summary>
/// <param name="read">Converts, or throws <see cref="Field.Invalid"/>.</param>
internal sealed class Field<T>(string name, Func<JsonElement, string, T> read, T standard) : Field(name)
{
    public T Default => standard;
    internal override object? Read(JsonElement value) => read(value, Name);
    internal override object? DefaultValue => standard;
}

internal static class ShownText
{
    /// <summary>Upstream puts quotes around whatever it shows; text has them already.</summary>
    public static string Quoted(this string shown) => shown.StartsWith('\'') ? shown : $"'{shown}'";

    public static string Unquoted(this string shown) => shown.Length > 1 && shown[0] == '\'' && shown[^1] == '\'' ? shown[1..^1] : shown;
}
