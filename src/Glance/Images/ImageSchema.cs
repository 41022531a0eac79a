using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Images;

/// <summary>What values the members of an image may have (upstream's schema <c>image</c>), for create and for each change of a patch.</summary>
internal static partial class ImageSchema
{
    /// <summary>Not to be named in a request at all.</summary>
    public static readonly IReadOnlySet<string> Disallowed = new HashSet<string>(StringComparer.Ordinal) { "direct_url", "self", "file", "schema", "stores" };
    public static readonly IReadOnlySet<string> ReadOnly = new HashSet<string>(StringComparer.Ordinal)
        { "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url", "self", "file", "schema", "id", "os_hash_algo", "os_hash_value" };
    public static readonly IReadOnlySet<string> Base = new HashSet<string>(StringComparer.Ordinal)
    {
        "id", "name", "status", "visibility", "protected", "os_hidden", "checksum", "os_hash_algo", "os_hash_value", "owner", "size", "virtual_size", "container_format", "disk_format",
        "created_at", "updated_at", "tags", "direct_url", "min_ram", "min_disk", "self", "file", "stores", "schema", "locations",
    };

    /// <summary>Prefix of properties that only Glance itself sets.</summary>
    private const string ReservedPrefix = "os_glance";

    [GeneratedRegex("^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$")]
    public static partial Regex Id();

    public static bool IsReserved(string name) => name is "location" or "deleted" or "deleted_at" || name.StartsWith(ReservedPrefix, StringComparison.Ordinal);

    /// <summary>What is wrong with a member's value, or null.</summary>
    public static string? Fault(string name, JsonElement value) => name switch
    {
        "id" => Text(value, int.MaxValue, nullable: false) ?? (Id().IsMatch(value.GetString()!) ? null : $"{Show(value)} does not match '{Id()}'"),
        "name" or "owner" => Text(value, Limits.MaxText, nullable: true),
        "visibility" => OneOf(value, ImageVisibility.All, nullable: false),
        "status" => OneOf(value, ImageStatus.All, nullable: false),
        "disk_format" => OneOf(value, ImageFormats.Disk, nullable: true),
        "container_format" => OneOf(value, ImageFormats.Container, nullable: true),
        "protected" or "os_hidden" => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : $"{Show(value)} is not of type 'boolean'",
        "min_disk" or "min_ram" => Integer(value),
        "size" or "virtual_size" => value.ValueKind == JsonValueKind.Null ? null : Integer(value),
        "checksum" or "os_hash_algo" or "os_hash_value" => Text(value, 128, nullable: true),
        "tags" => Tags(value),
        _ => Text(value, int.MaxValue, nullable: false),
    };

    private static string? Text(JsonElement value, int max, bool nullable) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()!.Length > max ? $"{Show(value)} is too long" : null
        : nullable && value.ValueKind == JsonValueKind.Null ? null
        : $"{Show(value)} is not of type {(nullable ? "'null', 'string'" : "'string'")}";

    private static string? OneOf(JsonElement value, IReadOnlyList<string> allowed, bool nullable) =>
        nullable && value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String && allowed.Contains(value.GetString()!) ? null
        : $"{Show(value)} is not one of [{(nullable ? "None, " : "")}{string.Join(", ", allowed.Select(a => $"'{a}'"))}]";

    private static string? Integer(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number) ? null : $"{Show(value)} is not of type 'integer'";

    private static string? Tags(JsonElement value) => value.ValueKind != JsonValueKind.Array
        ? $"{Show(value)} is not of type 'array'"
        : value.EnumerateArray().Select(tag => Text(tag, Limits.MaxText, nullable: false)).FirstOrDefault(fault => fault is not null);

    private static string Show(JsonElement value) => WireSchema.Show(value);
}
