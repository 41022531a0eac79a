using System.Text.Json;
using System.Text.RegularExpressions;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Placement.Allocations;

/// <summary>
/// Reads allocations from request bodies, whose shape has grown with the microversions (schemas/allocation.py): a list before 1.12, objects by provider from then on;
/// project and user from 1.8, the consumer's generation from 1.28, mappings (checked, but not kept, as upstream) from 1.34, the consumer's type from 1.38.
/// </summary>
internal static partial class AllocationBody
{
    /// <summary>Project and user of consumers whose clients are too old to say (placement.incomplete_consumer_project_id, upstream's default).</summary>
    private const string Unknown = "00000000-0000-0000-0000-000000000000";

    [GeneratedRegex("^[0-9a-fA-F-]{36}$")]
    private static partial Regex UuidText();

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex Suffix();

    /// <summary>All consumers of POST /allocations and of the reshaper.</summary>
    public static List<ConsumerAllocations> ReadAll(Call call, JsonElement body, bool mayBeEmpty, params string[] path)
    {
        Object(body, path);
        if (!mayBeEmpty && !body.EnumerateObject().Any()) { throw Bad("{} does not have enough properties", "minProperties", path); }
        var wanted = new List<ConsumerAllocations>();
        foreach (var consumer in body.EnumerateObject())
        {
            CheckUuid(consumer.Name, path);
            wanted.Add(Read(call, Query.Uuid(consumer.Name), consumer.Value, isPost: true, [.. path, consumer.Name]));
        }
        return wanted;
    }

    /// <param name="isPost">In POST, allocations may be empty in every version.</param>
    public static ConsumerAllocations Read(Call call, string consumerId, JsonElement body, bool isPost, params string[] path)
    {
        Object(body, path);
        Only(body, path, name => name switch { "allocations" => true, "project_id" or "user_id" => call.Is(8), "consumer_generation" => call.Is(28), "mappings" => call.Is(34), "consumer_type" => call.Is(38), _ => false });
        string[] inner = [.. path, "allocations"];
        var resources = call.Is(12) ? ByProvider(Required(body, "allocations", path), inner) : AsList(Required(body, "allocations", path), inner);
        if (resources.Count == 0 && !isPost && !call.Is(28)) { throw Bad(call.Is(12) ? "{} does not have enough properties" : "[] is too short", call.Is(12) ? "minProperties" : "minItems", inner); }
        if (call.Is(34) && body.TryGetProperty("mappings", out var mappings)) { CheckMappings(mappings, [.. path, "mappings"]); }
        return new ConsumerAllocations(consumerId, call.Is(8) ? Text(body, "project_id", path) : Unknown, call.Is(8) ? Text(body, "user_id", path) : Unknown, call.Is(38) ? Type(body, path) : null, resources)
        {
            ChecksGeneration = call.Is(28),
            Generation = call.Is(28) ? Generation(body, path) : null,
        };
    }

    private static Dictionary<string, IReadOnlyDictionary<string, long>> ByProvider(JsonElement allocations, string[] path)
    {
        Object(allocations, path);
        var found = new Dictionary<string, IReadOnlyDictionary<string, long>>(StringComparer.Ordinal);
        foreach (var provider in allocations.EnumerateObject())
        {
            string[] inner = [.. path, provider.Name];
            CheckUuid(provider.Name, path);
            Object(provider.Value, inner);
            Only(provider.Value, inner, name => name is "resources" or "generation");
            found[Query.Uuid(provider.Name)] = Amounts(Required(provider.Value, "resources", inner), [.. inner, "resources"]);
        }
        return found;
    }

    private static Dictionary<string, IReadOnlyDictionary<string, long>> AsList(JsonElement allocations, string[] path)
    {
        if (allocations.ValueKind != JsonValueKind.Array) { throw Bad($"{WireSchema.Show(allocations)} is not of type 'array'", "type", path); }
        var found = new Dictionary<string, IReadOnlyDictionary<string, long>>(StringComparer.Ordinal);
        foreach (var allocation in allocations.EnumerateArray())
        {
            Object(allocation, path);
            Only(allocation, path, name => name is "resource_provider" or "resources");
            var provider = Required(allocation, "resource_provider", path);
            Object(provider, [.. path, "resource_provider"]);
            Only(provider, [.. path, "resource_provider"], name => name == "uuid");
            var id = Required(provider, "uuid", path);
            if (id.ValueKind != JsonValueKind.String) { throw Bad($"{WireSchema.Show(id)} is not of type 'string'", "type", path); }
            if (!NewId.IsUuidLike(id.GetString())) { throw Bad($"{WireSchema.Show(id)} is not a 'uuid'", "format", path); }
            found[Query.Uuid(id.GetString()!)] = Amounts(Required(allocation, "resources", path), [.. path, "resources"]);
        }
        return found;
    }

    private static Dictionary<string, long> Amounts(JsonElement resources, string[] path)
    {
        Object(resources, path);
        var amounts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, value) in resources.EnumerateObject().Select(r => (r.Name, r.Value)))
        {
            string[] inner = [.. path, name];
            if (!Query.ClassName().IsMatch(name)) { throw Bad($"'{name}' does not match any of the regexes: '^[A-Z0-9_]+$'", "additionalProperties", path); }
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var amount)) { throw Bad($"{WireSchema.Show(value)} is not of type 'integer'", "type", inner); }
            amounts[name] = amount >= 1 ? amount : throw Bad($"{amount} is less than the minimum of 1", "minimum", inner);
        }
        return amounts.Count > 0 ? amounts : throw Bad("{} does not have enough properties", "minProperties", path);
    }

    private static void CheckMappings(JsonElement mappings, string[] path)
    {
        Object(mappings, path);
        if (!mappings.EnumerateObject().Any()) { throw Bad("{} does not have enough properties", "minProperties", path); }
        // Names outside the pattern are not looked at, as the schema leaves additional ones alone: the unnamed group's is empty.
        foreach (var mapping in mappings.EnumerateObject().Where(m => Suffix().IsMatch(m.Name)))
        {
            string[] inner = [.. path, mapping.Name];
            if (mapping.Value.ValueKind != JsonValueKind.Array) { throw Bad($"{WireSchema.Show(mapping.Value)} is not of type 'array'", "type", inner); }
            if (mapping.Value.GetArrayLength() == 0) { throw Bad("[] is too short", "minItems", inner); }
            foreach (var id in mapping.Value.EnumerateArray())
            {
                if (id.ValueKind != JsonValueKind.String) { throw Bad($"{WireSchema.Show(id)} is not of type 'string'", "type", inner); }
                if (!NewId.IsUuidLike(id.GetString())) { throw Bad($"{WireSchema.Show(id)} is not a 'uuid'", "format", inner); }
            }
        }
    }

    internal static void CheckUuid(string name, string[] path)
    {
        if (!UuidText().IsMatch(name)) { throw Bad($"'{name}' does not match any of the regexes: '^[0-9a-fA-F-]{{36}}$'", "additionalProperties", path); }
    }

    internal static void Object(JsonElement value, string[] path)
    {
        if (value.ValueKind != JsonValueKind.Object) { throw Bad($"{WireSchema.Show(value)} is not of type 'object'", "type", path); }
    }

    internal static void Only(JsonElement body, string[] path, Func<string, bool> known)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (!known(member.Name)) { throw Bad($"Additional properties are not allowed ('{member.Name}' was unexpected)", "additionalProperties", path); }
        }
    }

    internal static JsonElement Required(JsonElement body, string name, string[] path) => body.TryGetProperty(name, out var value) ? value : throw Bad($"'{name}' is a required property", "required", path);

    private static string Text(JsonElement body, string name, string[] path)
    {
        var value = Required(body, name, path);
        if (value.ValueKind != JsonValueKind.String) { throw Bad($"{WireSchema.Show(value)} is not of type 'string'", "type", [.. path, name]); }
        var text = value.GetString()!;
        return text.Length == 0 ? throw Bad("'' is too short", "minLength", [.. path, name])
            : text.EnumerateRunes().Count() > 255 ? throw Bad($"{WireSchema.Show(value)} is too long", "maxLength", [.. path, name]) : text;
    }

    private static string Type(JsonElement body, string[] path) =>
        Text(body, "consumer_type", path) is var type && Query.ClassName().IsMatch(type) ? type : throw Bad($"'{type}' does not match '^[A-Z0-9_]+$'", "pattern", [.. path, "consumer_type"]);

    private static long? Generation(JsonElement body, string[] path) => Required(body, "consumer_generation", path) switch
    {
        { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var value) => value,
        var other => throw Bad($"{WireSchema.Show(other)} is not of type 'integer', 'null'", "type", [.. path, "consumer_generation"]),
    };

    private static BadRequestError Bad(string sentence, string keyword, string[] path) => PlacementErrors.Schema(sentence, keyword, path);
}
