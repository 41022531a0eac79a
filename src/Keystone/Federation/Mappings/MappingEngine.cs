using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>
/// From an assertion to an identity, by a mapping's rules. Upstream: <c>RuleProcessor</c> and its kin in <c>keystone/federation/utils.py</c>; its tests' mappings are ours too. Pure.
/// <para>
/// Each rule has requirements (<c>remote</c>) and results (<c>local</c>). A rule counts when each requirement's attribute is there and passes its test: <c>any_one_of</c> and <c>not_any_of</c> only
/// test, while a plain requirement, <c>whitelist</c> and <c>blacklist</c> hand on the attribute's values, those that are listed, or those that are not. What is handed on fills <c>{0}</c>,
/// <c>{1}</c>, ... of the results, counted over the requirements that hand something on. The results of all rules that count are put together: the first user, all groups, the last projects.
/// </para>
/// <para>
/// Several values become Python's notation of a list within a text, and <c>groups</c> and <c>group_ids</c> read that notation again; mappings that exist depend on it. Unlike upstream, a group's
/// name is taken for JSON because it begins with <c>JSON:</c>, not because the word <c>name</c> is somewhere in the list.
/// </para>
/// </summary>
internal static class MappingEngine
{
    private const string JsonMark = "JSON:";

    /// <summary>Rules must have passed <see cref="MappingSchema"/>.</summary>
    /// <exception cref="MappingFailure">No identity came of it.</exception>
    public static MappedIdentity Process(string schemaVersion, JsonElement rules, Assertion assertion)
    {
        var regexes = new MappingRegexes();
        var results = new List<JsonObject>();
        foreach (var rule in rules.EnumerateArray())
        {
            if (Requirements(rule.GetProperty("remote"), assertion, regexes) is not { } values) { continue; }
            results.AddRange(rule.GetProperty("local").EnumerateArray().Select(local => (JsonObject)Fill(local, values)!));
        }
        if (results.Count == 0) { throw MappingFailure.OfAssertion("Could not map any federated user properties to identity values. Check debug logs or the mapping used for additional details."); }
        return Combine(results, honorDomain: schemaVersion != MappingSchema.V1);
    }

    /// <summary>The values that the requirements hand on; null when one of them is not met.</summary>
    private static List<IReadOnlyList<string>>? Requirements(JsonElement remote, Assertion assertion, MappingRegexes regexes)
    {
        var handed = new List<IReadOnlyList<string>>();
        foreach (var requirement in remote.EnumerateArray())
        {
            if (assertion[requirement.GetProperty("type").GetString()!] is not { } values) { return null; }
            var isRegex = requirement.TryGetProperty("regex", out var flag) && flag.ValueKind == JsonValueKind.True;
            bool Listed(JsonElement list, string value) => list.EnumerateArray().Where(l => l.ValueKind == JsonValueKind.String).Select(l => l.GetString()!)
                .Any(l => isRegex ? regexes.Finds(l, value) : l == value);
            if (requirement.TryGetProperty("any_one_of", out var anyOf))
            {
                if (!values.Any(v => Listed(anyOf, v))) { return null; }
            }
            else if (requirement.TryGetProperty("not_any_of", out var noneOf))
            {
                if (values.Any(v => Listed(noneOf, v))) { return null; }
            }
            else if (requirement.TryGetProperty("blacklist", out var black)) { handed.Add([.. values.Where(v => !Listed(black, v)).Distinct(StringComparer.Ordinal)]); }
            else if (requirement.TryGetProperty("whitelist", out var white)) { handed.Add([.. values.Where(v => Listed(white, v)).Distinct(StringComparer.Ordinal)]); }
            else { handed.Add(values); }
        }
        return handed;
    }

    /// <summary>A result with its texts filled.</summary>
    private static JsonNode? Fill(JsonElement local, List<IReadOnlyList<string>> values)
    {
        switch (local.ValueKind)
        {
            case JsonValueKind.Object:
                return new JsonObject(local.EnumerateObject().Select(m => KeyValuePair.Create(m.Name, m.Name == "projects_json" ? ProjectsIn(m.Value.GetString()!, values) : Fill(m.Value, values))));
            case JsonValueKind.Array:
                return new JsonArray([.. local.EnumerateArray().Select(item => Fill(item, values))]);
            default:
                return JsonValue.Create(PythonText.Fill(local.GetString()!, values));
        }
    }

    /// <summary>The projects that an attribute holds as JSON; <c>{1}</c> and <c>1</c> name it.</summary>
    private static JsonNode ProjectsIn(string reference, List<IReadOnlyList<string>> values)
    {
        var digits = new string([.. reference.TrimStart('{').TakeWhile(char.IsAsciiDigit)]);
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index >= values.Count) { throw MappingFailure.OfMapping($"projects_json '{reference}' names no remote match"); }
        // A list of values is one text that was cut at its semicolons.
        var text = string.Join(';', values[index]);
        try
        {
            var projects = JsonSerializer.Deserialize<JsonElement>(text);
            var faults = MappingSchema.CheckProjects(projects);
            return faults.Count == 0 ? JsonArray.Create(projects)! : throw MappingFailure.OfAssertion(string.Join('\n', faults));
        }
        catch (JsonException error) { throw MappingFailure.OfAssertion("projects_json is not JSON: " + error.Message); }
    }

    private static MappedIdentity Combine(List<JsonObject> results, bool honorDomain)
    {
        JsonObject? user = null;
        var groupIds = new List<string>();
        var groups = new List<MappedGroup>();
        IReadOnlyList<MappedProject> projects = [];
        foreach (var result in results)
        {
            user ??= result["user"] as JsonObject;
            if (result["group"] is JsonObject group)
            {
                if (Text(group, "id") is { } id) { groupIds.Add(id); }
                else { groups.Add(new(Text(group, "name")!, Domain(group)!)); }
            }
            if (Text(result, "groups") is { } names) { groups.AddRange(PythonText.ReadList(names).Select(name => Named(name, Domain(result)))); }
            if (Text(result, "group_ids") is { } ids) { groupIds.AddRange(PythonText.ReadList(ids)); }
            if (result["projects"] is null && result["projects_json"] is null) { continue; }
            projects = [.. new[] { "projects", "projects_json" }.SelectMany(key => result[key] as JsonArray ?? []).Select(p => Project((JsonObject)p!, honorDomain ? Domain(result) : null))];
        }
        // The domain beside the last result is the default one of the whole mapping (2.0).
        var domain = (user is null ? null : Domain(user)) ?? (honorDomain ? Domain(results[^1]) : null);
        return new(
            new(user is null ? null : Text(user, "id"), user is null ? null : Text(user, "name"), user is null ? null : Text(user, "email"), domain, user is not null && Text(user, "type") == "local"),
            [.. groupIds.Distinct(StringComparer.Ordinal)], [.. groups.Distinct()], projects);
    }

    /// <summary>A group from a list: a name, or a whole group as JSON (Keystone-to-Keystone sends such).</summary>
    private static MappedGroup Named(string name, MappedDomain? domain)
    {
        if (!name.StartsWith(JsonMark, StringComparison.Ordinal)) { return new(name, domain ?? throw MissingDomain()); }
        try
        {
            return JsonNode.Parse(name[JsonMark.Length..]) is JsonObject group && Text(group, "name") is { } inner ? new(inner, Domain(group) ?? throw MissingDomain())
                : throw MappingFailure.OfAssertion($"{name} is not a group");
        }
        catch (JsonException error) { throw MappingFailure.OfAssertion($"{name} is not JSON: {error.Message}"); }
    }

    private static MappingFailure MissingDomain() => MappingFailure.OfAssertion("Invalid rule: Both 'groups' and 'domain' keywords must be specified.");

    private static MappedProject Project(JsonObject project, MappedDomain? domain) =>
        new(Text(project, "name")!, Domain(project) ?? domain, [.. (project["roles"] as JsonArray ?? []).Select(r => Text((JsonObject)r!, "name")!)]);

    private static MappedDomain? Domain(JsonObject owner) => owner["domain"] is JsonObject domain && (Text(domain, "id") ?? Text(domain, "name")) is not null ? new(Text(domain, "id"), Text(domain, "name")) : null;

    private static string? Text(JsonObject owner, string name) => owner[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
