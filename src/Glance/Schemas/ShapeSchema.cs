using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Schemas;

/// <summary>
/// Checks a body against one of the published schemas, in the words of upstream's validator. Knows what those schemas use of JSON schema (draft 4): types, enum, lengths, minimum, properties,
/// required, additionalProperties, items, uniqueItems, local references, allOf; formats are not checked, as upstream.
/// </summary>
internal sealed class ShapeSchema
{
    private static readonly ConcurrentDictionary<string, ShapeSchema> Loaded = new(StringComparer.Ordinal);
    private readonly JsonElement _root;

    private ShapeSchema(JsonElement root) => _root = root;

    /// <summary>A schema by the name of its file.</summary>
    public static ShapeSchema Of(string name) => Loaded.GetOrAdd(name, static n => new ShapeSchema(JsonDocument.Parse(SchemaEndpoints.Read(n)).RootElement));

    /// <summary>What is wrong with a value, first fault first; null when nothing is.</summary>
    public string? Fault(JsonElement value) => Fault(_root, value);

    /// <summary>True for a member that the schema names.</summary>
    public bool Knows(string member) => _root.GetProperty("properties").TryGetProperty(member, out _);

    private string? Fault(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("$ref", out var reference)) { return Fault(Follow(reference.GetString()!), value); }
        if (schema.TryGetProperty("allOf", out var all) && all.EnumerateArray().Select(s => Fault(s, value)).FirstOrDefault(f => f is not null) is { } inner) { return inner; }
        if (schema.TryGetProperty("type", out var type) && TypeFault(type, value) is { } wrong) { return wrong; }
        if (schema.TryGetProperty("enum", out var allowed) && !allowed.EnumerateArray().Any(a => JsonElement.DeepEquals(a, value))) { return $"{Show(value)} is not one of {Show(allowed)}"; }
        return value.ValueKind switch
        {
            JsonValueKind.String => schema.TryGetProperty("maxLength", out var max) && value.GetString()!.EnumerateRunes().Count() > max.GetInt32() ? $"{Show(value)} is too long" : null,
            JsonValueKind.Number => schema.TryGetProperty("minimum", out var min) && value.GetDouble() < min.GetDouble() ? $"{Show(value)} is less than the minimum of {min}" : null,
            JsonValueKind.Array => ArrayFault(schema, value),
            // Without a type, as upstream's outermost schemas are, only objects have members to check.
            JsonValueKind.Object => ObjectFault(schema, value),
            _ => null,
        };
    }

    private string? ArrayFault(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("minItems", out var min) && value.GetArrayLength() < min.GetInt32()) { return $"{Show(value)} is too short"; }
        if (schema.TryGetProperty("uniqueItems", out var unique) && unique.ValueKind == JsonValueKind.True
            && value.EnumerateArray().Select(i => i.GetRawText()).Distinct(StringComparer.Ordinal).Count() != value.GetArrayLength())
        {
            return $"{Show(value)} has non-unique elements";
        }
        return schema.TryGetProperty("items", out var items) ? value.EnumerateArray().Select(i => Fault(items, i)).FirstOrDefault(f => f is not null) : null;
    }

    private string? ObjectFault(JsonElement schema, JsonElement value)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray())
            {
                if (!value.TryGetProperty(name.GetString()!, out _)) { return $"'{name}' is a required property"; }
            }
        }
        var hasProperties = schema.TryGetProperty("properties", out var properties);
        var hasMore = schema.TryGetProperty("additionalProperties", out var more);
        var unexpected = new List<string>();
        foreach (var member in value.EnumerateObject())
        {
            if (hasProperties && properties.TryGetProperty(member.Name, out var known))
            {
                if (Fault(known, member.Value) is { } fault) { return fault; }
            }
            else if (hasMore && more.ValueKind == JsonValueKind.False) { unexpected.Add($"'{member.Name}'"); }
            else if (hasMore && more.ValueKind == JsonValueKind.Object && Fault(more, member.Value) is { } fault) { return fault; }
        }
        return unexpected.Count == 0 ? null : $"Additional properties are not allowed ({string.Join(", ", unexpected)} {(unexpected.Count == 1 ? "was" : "were")} unexpected)";
    }

    private JsonElement Follow(string reference) => reference[2..].Split('/').Aggregate(_root, (at, key) => at.GetProperty(key));

    private static string? TypeFault(JsonElement type, JsonElement value)
    {
        var names = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).ToList() : [type.GetString()!];
        return names.Exists(n => Is(n, value)) ? null : $"{Show(value)} is not of type {string.Join(", ", names.Select(n => $"'{n}'"))}";
    }

    private static bool Is(string type, JsonElement value) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && Math.Truncate(number) == number && Math.Abs(number) < 1e300,
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"no type {type}")),
    };

    private static string Show(JsonElement value) => WireSchema.Show(value);
}
