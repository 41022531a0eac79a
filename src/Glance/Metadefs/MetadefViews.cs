using System.Text.Json.Nodes;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Metadefs;

/// <summary>Everything in a namespace.</summary>
internal sealed record FullNamespace(MetadefNamespace Row)
{
    public IReadOnlyList<MetadefAssociation> Associations { get; init; } = [];
    public IReadOnlyList<MetadefProperty> Properties { get; init; } = [];
    public IReadOnlyList<MetadefObject> Objects { get; init; } = [];
    public IReadOnlyList<MetadefTag> Tags { get; init; } = [];
}

/// <summary>Metadata definitions as clients see them. Members without a value are left out, as upstream's model does.</summary>
internal static class MetadefViews
{
    /// <param name="prefix">Goes before every property's name, when a client asks how they look on one kind of resource.</param>
    public static Dictionary<string, object?> Of(FullNamespace full, string prefix = "")
    {
        var row = full.Row;
        var view = new Dictionary<string, object?>(StringComparer.Ordinal) { ["namespace"] = row.Namespace };
        Add(view, "display_name", row.DisplayName);
        Add(view, "description", row.Description);
        view["visibility"] = row.Visibility;
        view["protected"] = row.Protected;
        Add(view, "owner", row.Owner);
        Times(view, row.CreatedAt, row.UpdatedAt);
        if (full.Associations.Count > 0) { view["resource_type_associations"] = full.Associations.Select(Of).ToList(); }
        if (full.Properties.Count > 0) { view["properties"] = full.Properties.ToDictionary(p => prefix + p.Name, p => JsonNode.Parse(p.Schema), StringComparer.Ordinal); }
        if (full.Objects.Count > 0) { view["objects"] = full.Objects.Select(o => Of(o, row.Namespace, prefix)).ToList(); }
        if (full.Tags.Count > 0) { view["tags"] = full.Tags.Select(t => new Dictionary<string, string> { ["name"] = t.Name }).ToList(); }
        view["self"] = "/v2/metadefs/namespaces/" + row.Namespace;
        view["schema"] = "/v2/schemas/metadefs/namespace";
        return view;
    }

    public static Dictionary<string, object?> Of(MetadefAssociation row)
    {
        var view = new Dictionary<string, object?>(StringComparer.Ordinal) { ["name"] = row.ResourceType };
        Add(view, "prefix", row.Prefix);
        Add(view, "properties_target", row.PropertiesTarget);
        return Times(view, row.CreatedAt, row.UpdatedAt);
    }

    public static Dictionary<string, object?> Of(MetadefResourceType row) => Times(new(StringComparer.Ordinal) { ["name"] = row.Name }, row.CreatedAt, row.UpdatedAt);

    public static Dictionary<string, object?> Of(MetadefTag row) => Times(new(StringComparer.Ordinal) { ["name"] = row.Name }, row.CreatedAt, row.UpdatedAt);

    public static Dictionary<string, object?> Of(MetadefObject row, string inNamespace, string prefix = "")
    {
        var view = new Dictionary<string, object?>(StringComparer.Ordinal) { ["name"] = row.Name };
        if (row.Required is { } required) { view["required"] = JsonNode.Parse(required)!.AsArray().Select(n => prefix + n).ToList(); }
        Add(view, "description", row.Description);
        if (row.Properties is { } properties) { view["properties"] = JsonNode.Parse(properties)!.AsObject().ToDictionary(p => prefix + p.Key, p => p.Value, StringComparer.Ordinal); }
        Times(view, row.CreatedAt, row.UpdatedAt);
        view["self"] = $"/v2/metadefs/namespaces/{inNamespace}/objects/{row.Name}";
        view["schema"] = "/v2/schemas/metadefs/object";
        return view;
    }

    /// <summary>A property on its own has its name inside.</summary>
    public static JsonObject Of(MetadefProperty row)
    {
        var view = new JsonObject { ["name"] = row.Name };
        foreach (var (name, value) in JsonNode.Parse(row.Schema)!.AsObject())
        {
            if (name != "name") { view[name] = value?.DeepClone(); }
        }
        return view;
    }

    private static Dictionary<string, object?> Times(Dictionary<string, object?> view, DateTime created, DateTime updated)
    {
        view["created_at"] = WireTime.Seconds(created);
        view["updated_at"] = WireTime.Seconds(updated);
        return view;
    }

    private static void Add(Dictionary<string, object?> view, string name, object? value)
    {
        if (value is not null) { view[name] = value; }
    }
}
