using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>
/// The shape of a mapping in each schema version. Upstream: <c>IDP_ATTRIBUTE_MAPPING_SCHEMA_1_0</c> and its successors in <c>keystone/federation/utils.py</c>: 2.0 lets projects name their domain, 3.0
/// takes projects from an attribute that holds JSON. Faults are in the words of upstream's JSON schema library, in order.
/// </summary>
internal static class MappingSchema
{
    public const string V1 = "1.0", V2 = "2.0", V3 = "3.0";
    public static readonly IReadOnlyList<string> Versions = [V1, V2, V3];

    private static readonly Shape Text = new Scalar(JsonValueKind.String, "'string'"), Flag = new Scalar(JsonValueKind.True, "'boolean'"), AnyList = new List(null, 0);
    private static readonly Shape Domain = new Fields([], [("id", Text), ("name", Text)]);
    private static readonly Shape Group = new OneOf(
        new Fields(["id"], [("id", Text)]),
        new Fields(["name", "domain"], [("name", Text), ("domain", Domain)]));
    private static readonly Shape User = new Fields([], [("id", Text), ("name", Text), ("email", Text), ("domain", Domain), ("type", new Choice(["ephemeral", "local"]))]);
    private static readonly Shape Roles = new List(new Fields(["name"], [("name", Text)]), 0);
    private static readonly Shape Projects1 = new List(new Fields(["name", "roles"], [("name", Text), ("roles", Roles)]), 0);
    /// <summary>Also what an attribute with projects must hold (3.0).</summary>
    private static readonly Shape Projects2 = new List(new Fields(["name", "roles"], [("name", Text), ("roles", Roles), ("domain", Domain)]), 0);
    private static readonly Shape Remote = new OneOf(
        new Fields(["type"], [("type", Text)]),
        Test("any_one_of"), Test("not_any_of"), Test("blacklist"), Test("whitelist"));
    private static readonly Dictionary<string, Shape> Shapes = new(StringComparer.Ordinal)
    {
        [V1] = Whole(("projects", Projects1)),
        [V2] = Whole(("projects", Projects2)),
        [V3] = Whole(("projects", Projects2), ("projects_json", Text)),
    };

    /// <summary>What is wrong with it; empty when nothing is.</summary>
    public static IReadOnlyList<string> Check(string version, JsonElement mapping)
    {
        if (!Shapes.TryGetValue(version, out var shape)) { return [$"'{version}' is not one of [{string.Join(", ", Versions.Select(v => $"'{v}'"))}]"]; }
        return Faults(shape, mapping);
    }

    /// <summary>The same for the projects in an attribute.</summary>
    public static IReadOnlyList<string> CheckProjects(JsonElement projects) => Faults(Projects2, projects);

    private static List<string> Faults(Shape shape, JsonElement value)
    {
        var faults = new List<string>();
        shape.Check(value, faults);
        faults.Sort(StringComparer.Ordinal);
        return faults;
    }

    private static Fields Test(string name) => new(["type", name], [("type", Text), (name, AnyList), ("regex", Flag)]);

    private static Fields Whole(params (string Name, Shape Shape)[] projects)
    {
        var local = new Fields([], [("user", User), ("group", Group), ("groups", Text), ("group_ids", Text), ("domain", Domain), .. projects]);
        var rule = new Fields(["local", "remote"], [("local", new List(local, 0)), ("remote", new List(Remote, 1))]);
        return new(["rules"], [("rules", new List(rule, 1)), ("schema_version", Text)], Open: true);
    }

    /// <summary>The little of JSON schema that mappings need.</summary>
    private abstract record Shape
    {
        public abstract void Check(JsonElement value, List<string> faults);
        protected static bool Is(JsonElement value, JsonValueKind kind, string name, List<string> faults)
        {
            if (value.ValueKind == kind) { return true; }
            faults.Add($"{WireSchema.Show(value)} is not of type {name}");
            return false;
        }
    }

    private sealed record Scalar(JsonValueKind Kind, string Name) : Shape
    {
        public override void Check(JsonElement value, List<string> faults) => Is(value, Kind == JsonValueKind.True && value.ValueKind == JsonValueKind.False ? JsonValueKind.False : Kind, Name, faults);
    }

    private sealed record Choice(string[] Values) : Shape
    {
        public override void Check(JsonElement value, List<string> faults)
        {
            if (value.ValueKind == JsonValueKind.String && Values.Contains(value.GetString())) { return; }
            if (value.ValueKind != JsonValueKind.String) { faults.Add($"{WireSchema.Show(value)} is not of type 'string'"); }
            faults.Add($"{WireSchema.Show(value)} is not one of [{string.Join(", ", Values.Select(v => $"'{v}'"))}]");
        }
    }

    private sealed record List(Shape? Item, int Min) : Shape
    {
        public override void Check(JsonElement value, List<string> faults)
        {
            if (!Is(value, JsonValueKind.Array, "'array'", faults)) { return; }
            if (value.GetArrayLength() < Min) { faults.Add($"{WireSchema.Show(value)} should be non-empty"); }
            if (Item is null) { return; }
            foreach (var item in value.EnumerateArray()) { Item.Check(item, faults); }
        }
    }

    private sealed record Fields(string[] Required, (string Name, Shape Shape)[] Known, bool Open = false) : Shape
    {
        public override void Check(JsonElement value, List<string> faults)
        {
            if (!Is(value, JsonValueKind.Object, "'object'", faults)) { return; }
            var unknown = new List<string>();
            foreach (var member in value.EnumerateObject())
            {
                if (Array.Find(Known, k => k.Name == member.Name) is { Shape: { } shape }) { shape.Check(member.Value, faults); }
                else if (!Open) { unknown.Add($"'{member.Name}'"); }
            }
            if (unknown.Count > 0) { faults.Add($"Additional properties are not allowed ({string.Join(", ", unknown)} {(unknown.Count == 1 ? "was" : "were")} unexpected)"); }
            foreach (var name in Required.Where(name => !value.TryGetProperty(name, out _))) { faults.Add($"'{name}' is a required property"); }
        }
    }

    private sealed record OneOf(params Shape[] Shapes) : Shape
    {
        public override void Check(JsonElement value, List<string> faults)
        {
            var fitting = Shapes.Count(shape =>
            {
                var wrong = new List<string>();
                shape.Check(value, wrong);
                return wrong.Count == 0;
            });
            if (fitting == 0) { faults.Add($"{WireSchema.Show(value)} is not valid under any of the given schemas"); }
            if (fitting > 1) { faults.Add($"{WireSchema.Show(value)} is valid under each of several of the given schemas"); }
        }
    }
}
