using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone;

/// <summary>Options of a project, a domain or a role in a request. Upstream: <c>keystone/common/resource_options</c>. Null takes one away.</summary>
public sealed record ResourceOptions
{
    [NullableField] public Optional<bool?> Immutable { get; init; }

    internal Dictionary<string, JsonElement> Given() => Immutable.IsSet ? new() { ["immutable"] = JsonSerializer.SerializeToElement(Immutable.Value) } : [];
}

/// <summary>Options of projects, roles and users: a JSON object in the column <c>options</c>. An option set to null is taken away.</summary>
internal static class Options
{
    public static string Merge(string stored, IReadOnlyDictionary<string, JsonElement>? given)
    {
        if (given is null or { Count: 0 }) { return stored; }
        var all = Extra.Read(stored);
        foreach (var (name, value) in given)
        {
            if (value.ValueKind == JsonValueKind.Null) { all.Remove(name); } else { all[name] = value; }
        }
        return Extra.Write(all);
    }

    public static bool IsSet(string stored, string name) => stored.Contains(name, StringComparison.Ordinal) && Extra.Read(stored).TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.True;

    /// <summary>An immutable resource takes no change but being made mutable, alone.</summary>
    public static void EnsureMutable(string stored, IReadOnlyDictionary<string, JsonElement>? given, bool changesMore, string type, string id)
    {
        if (!IsSet(stored, "immutable")) { return; }
        var frees = given is not null && given.TryGetValue("immutable", out var value) && value.ValueKind is JsonValueKind.False or JsonValueKind.Null;
        if (changesMore || !frees) { throw new ForbiddenError($"Unable to update immutable {type} resource: `{id}. Set resource option \"immutable\" to false first."); }
    }

    public static void EnsureDeletable(string stored, string type, string id)
    {
        if (IsSet(stored, "immutable")) { throw new ForbiddenError($"Unable to delete immutable {type} resource: `{id}. Set resource option \"immutable\" to false first."); }
    }
}
