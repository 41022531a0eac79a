using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Placement.Allocations;

/// <summary>
/// Reads allocations from request bodies, whose shape has grown with the microversions (schemas/allocation.py): a list before 1.12, objects by provider from then on;
/// project and user from 1.8, the consumer's generation from 1.28, mappings (not kept, as upstream) from 1.34, the consumer's type from 1.38.
/// </summary>
internal static class AllocationBody
{
    /// <param name="isPost">In POST, allocations may be empty in every version.</param>
    public static ConsumerAllocations Read(Call call, string consumerId, JsonElement body, bool isPost)
    {
        if (body.ValueKind != JsonValueKind.Object) { throw Bad($"{WireSchema.Show(body)} is not of type 'object'"); }
        foreach (var member in body.EnumerateObject())
        {
            var known = member.Name switch { "allocations" => true, "project_id" or "user_id" => call.Is(8), "consumer_generation" => call.Is(28), "mappings" => call.Is(34), "consumer_type" => call.Is(38), _ => false };
            if (!known) { throw Bad($"Additional properties are not allowed ('{member.Name}' was unexpected)"); }
        }
        var resources = call.Is(12) ? ByProvider(Required(body, "allocations")) : AsList(Required(body, "allocations"));
        if (resources.Count == 0 && !isPost && !call.Is(28)) { throw Bad("{} does not have enough properties"); }
        return new ConsumerAllocations(consumerId, call.Is(8) ? Text(body, "project_id") : Unknown, call.Is(8) ? Text(body, "user_id") : Unknown, call.Is(38) ? Type(body) : null, resources)
        {
            ChecksGeneration = call.Is(28),
            Generation = call.Is(28) ? Generation(body) : null,
        };
    }

    /// <summary>Project and user of consumers whose clients are too old to say (placement.incomplete_consumer_project_id, upstream's default).</summary>
    private const string Unknown = "00000000-0000-0000-0000-000000000000";

    private static Dictionary<string, IReadOnlyDictionary<string, long>> ByProvider(JsonElement allocations)
    {
        if (allocations.ValueKind != JsonValueKind.Object) { throw Bad($"{WireSchema.Show(allocations)} is not of type 'object'"); }
        var found = new Dictionary<string, IReadOnlyDictionary<string, long>>(StringComparer.Ordinal);
        foreach (var provider in allocations.EnumerateObject())
        {
            if (provider.Name.Length != 36 || !NewId.IsUuidLike(provider.Name)) { throw Bad($"'{provider.Name}' does not match any of the regexes: '^[0-9a-fA-F-]{{36}}$'"); }
            foreach (var member in provider.Value.EnumerateObject())
            {
                if (member.Name is not ("resources" or "generation")) { throw Bad($"Additional properties are not allowed ('{member.Name}' was unexpected)"); }
            }
            found[Query.Uuid(provider.Name)] = Amounts(Required(provider.Value, "resources"));
        }
        return found;
    }

    private static Dictionary<string, IReadOnlyDictionary<string, long>> AsList(JsonElement allocations)
    {
        if (allocations.ValueKind != JsonValueKind.Array) { throw Bad($"{WireSchema.Show(allocations)} is not of type 'array'"); }
        var found = new Dictionary<string, IReadOnlyDictionary<string, long>>(StringComparer.Ordinal);
        foreach (var allocation in allocations.EnumerateArray())
        {
            var id = Text(Required(allocation, "resource_provider"), "uuid");
            if (!NewId.IsUuidLike(id)) { throw Bad($"'{id}' is not a 'uuid'"); }
            found[Query.Uuid(id)] = Amounts(Required(allocation, "resources"));
        }
        return found;
    }

    private static Dictionary<string, long> Amounts(JsonElement resources)
    {
        if (resources.ValueKind != JsonValueKind.Object) { throw Bad($"{WireSchema.Show(resources)} is not of type 'object'"); }
        var amounts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (name, value) in resources.EnumerateObject().Select(r => (r.Name, r.Value)))
        {
            if (!Query.ClassName().IsMatch(name)) { throw Bad($"'{name}' does not match any of the regexes: '^[A-Z0-9_]+$'"); }
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var amount)) { throw Bad($"{WireSchema.Show(value)} is not of type 'integer'"); }
            amounts[name] = amount >= 1 ? amount : throw Bad($"{amount} is less than the minimum of 1");
        }
        return amounts.Count > 0 ? amounts : throw Bad("{} does not have enough properties");
    }

    private static JsonElement Required(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) ? value : throw Bad($"'{name}' is a required property");

    private static string Text(JsonElement body, string name)
    {
        var value = Required(body, name);
        return value.ValueKind != JsonValueKind.String ? throw Bad($"{WireSchema.Show(value)} is not of type 'string'")
            : value.GetString() is { Length: > 0 and <= 255 } text ? text : throw Bad($"{WireSchema.Show(value)} is too {(value.GetString()!.Length == 0 ? "short" : "long")}");
    }

    private static string Type(JsonElement body) =>
        Text(body, "consumer_type") is var type && Query.ClassName().IsMatch(type) ? type : throw Bad($"'{type}' does not match '^[A-Z0-9_]+$'");

    private static long? Generation(JsonElement body) => Required(body, "consumer_generation") switch
    {
        { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var value) => value,
        var other => throw Bad($"{WireSchema.Show(other)} is not of type 'integer', 'null'"),
    };

    private static BadRequestError Bad(string reason) => new("JSON does not validate: " + reason);
}
