using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Glance.Schemas;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Metadefs;

/// <summary>Reads the bodies of metadata definitions: checked against the published schema, then cut to what is stored. Upstream's two layers (schema, typed model) have their errors in this order.</summary>
internal static class MetadefShape
{
    /// <summary>Members of a property in the order in which they are shown.</summary>
    private static readonly string[] PropertyMembers =
    [
        "name", "type", "title", "description", "operators", "default", "readonly", "minimum", "maximum", "enum", "pattern", "minLength", "maxLength", "confidential", "items", "uniqueItems",
        "minItems", "maxItems", "additionalItems",
    ];

    /// <summary>The body of a request, of the schema <paramref name="schema"/> (<c>namespace</c>, <c>object</c>, ...).</summary>
    /// <param name="readOnly">Members that clients must not send.</param>
    public static async Task<JsonElement> ReadAsync(Call call, string schema, params string[] readOnly)
    {
        var request = call.Http.Request;
        if (request.ContentLength is null or 0 && !request.Headers.TransferEncoding.Contains("chunked")) { throw new BadRequestError("Body expected in request."); }
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw Invalid(schema, $"{WireSchema.Show(body)} is not of type 'object'"); }
        foreach (var name in readOnly)
        {
            if (body.TryGetProperty(name, out _)) { throw GlanceErrors.ReadOnly(name); }
        }
        Check(schema, body);
        return body;
    }

    public static void Check(string schema, JsonElement value)
    {
        if (ShapeSchema.Of("metadef_" + schema).Fault(value) is { } fault) { throw Invalid(schema, fault); }
    }

    /// <summary>The list of tags of <c>POST tags</c>: its schema is not among the published ones.</summary>
    public static IReadOnlyList<string> Tags(JsonElement body)
    {
        string? fault = null;
        foreach (var member in body.EnumerateObject().Where(m => m.Name != "tags")) { fault ??= $"Additional properties are not allowed ('{member.Name}' was unexpected)"; }
        if (!body.TryGetProperty("tags", out var tags)) { return fault is null ? [] : throw Invalid("tags", fault); }
        if (tags.ValueKind != JsonValueKind.Array) { throw Invalid("tags", $"{WireSchema.Show(tags)} is not of type 'array'"); }
        foreach (var tag in tags.EnumerateArray())
        {
            fault ??= tag.ValueKind != JsonValueKind.Object ? $"{WireSchema.Show(tag)} is not of type 'object'"
                : !tag.TryGetProperty("name", out var name) ? "'name' is a required property"
                : name.ValueKind != JsonValueKind.String ? $"{WireSchema.Show(name)} is not of type 'string'"
                : name.GetString()!.Length > 80 ? $"{WireSchema.Show(name)} is too long"
                : tag.EnumerateObject().FirstOrDefault(m => m.Name != "name") is { Value.ValueKind: not JsonValueKind.Undefined } other ? $"Additional properties are not allowed ('{other.Name}' was unexpected)" : null;
        }
        return fault is null ? [.. tags.EnumerateArray().Select(t => t.GetProperty("name").GetString()!)] : throw Invalid("tags", fault);
    }

    /// <summary>One property, as it is stored and shown.</summary>
    public static JsonObject Property(JsonElement value)
    {
        var property = new JsonObject();
        CheckMembers(value, PropertyMembers);
        foreach (var name in PropertyMembers)
        {
            if (!value.TryGetProperty(name, out var member) || member.ValueKind == JsonValueKind.Null) { continue; }
            property[name] = name switch
            {
                // Kept as text, as upstream's model does.
                "default" => JsonValue.Create(member.ValueKind == JsonValueKind.String ? member.GetString()! : WireSchema.Show(member)),
                "minimum" or "maximum" or "minLength" or "maxLength" or "minItems" or "maxItems" => JsonValue.Create(Integer(name, member)),
                "enum" or "operators" => Texts(name, member),
                "items" => Items(member),
                "confidential" => member.ValueKind is JsonValueKind.True or JsonValueKind.False ? JsonNode.Parse(member.GetRawText()) : throw Field(name, member, "Value should be a boolean"),
                _ => JsonNode.Parse(member.GetRawText()),
            };
        }
        return property;
    }

    /// <summary>Properties by name: of an object, of a namespace.</summary>
    public static JsonObject Properties(JsonElement value) => new(value.EnumerateObject().DistinctBy(m => m.Name).Select(m => KeyValuePair.Create(m.Name, (JsonNode?)Property(m.Value))));

    /// <summary>A text member, or null.</summary>
    public static string? Text(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool? Flag(JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    public static ApiError Invalid(string schema, string fault) =>
        new BadRequestError($"Provided object does not match schema '{(schema == "resource_type" ? "resource_type_association" : schema)}': {fault}");

    /// <summary>Names that the model of a nested object does not know (its schema lets them through).</summary>
    public static void CheckMembers(JsonElement value, IReadOnlyList<string> known)
    {
        foreach (var member in value.EnumerateObject())
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal)) { throw new BadRequestError($"Unknown attribute: {member.Name}"); }
        }
    }

    private static JsonObject Items(JsonElement value)
    {
        CheckMembers(value, ["type", "enum"]);
        if (Text(value, "type") is not { } type) { throw new BadRequestError("Invalid input for field/attribute items. Value: '" + WireSchema.Show(value) + "'. Mandatory field missing."); }
        var items = new JsonObject { ["type"] = type };
        if (value.TryGetProperty("enum", out var allowed)) { items["enum"] = Texts("enum", allowed); }
        return items;
    }

    private static JsonArray Texts(string name, JsonElement value) =>
        new([.. value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? (JsonNode?)JsonValue.Create(v.GetString()) : throw Field(name, v, "Value should be string"))]);

    private static long Integer(string name, JsonElement value) => value.TryGetInt64(out var number) ? number
        : value.TryGetDouble(out var real) && Math.Abs(real) < long.MaxValue ? (long)real : throw Field(name, value, "unable to convert to int");

    private static BadRequestError Field(string name, JsonElement value, string why) => new($"Invalid input for field/attribute {name}. Value: '{WireSchema.Show(value)}'. {why}");
}
