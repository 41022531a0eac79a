using System.Text.Json;

namespace Nephos.Keystone;

/// <summary>
/// The attributes that a client gave beyond those Keystone knows (<c>email</c>, <c>comment</c>): kept as a JSON object in the column <c>extra</c> and given
/// back as they came, as upstream does. An attribute set to null stays, with null as its value.
/// </summary>
internal static class Extra
{
    public const string None = "{}";

    public static Dictionary<string, JsonElement> Read(string text) =>
        text is null or None ? [] : JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(text) ?? [];

    public static string Write(IReadOnlyDictionary<string, JsonElement>? extra) => extra is null or { Count: 0 } ? None : JsonSerializer.Serialize(extra);

    /// <summary>The stored attributes with the given ones over them.</summary>
    public static string Merge(string stored, IReadOnlyDictionary<string, JsonElement>? given)
    {
        if (given is null or { Count: 0 }) { return stored; }
        var all = Read(stored);
        foreach (var (name, value) in given) { all[name] = value; }
        return Write(all);
    }
}
