using System.Text.Json;
using Nephos.Glance.Schemas;
using Nephos.Kernel.Ids;

namespace Nephos.Glance.Metadefs;

/// <summary>Rows made of bodies, for calls that make one part and for those that make a namespace with all of them.</summary>
internal static class MetadefParts
{
    public static FullNamespace Namespace(JsonElement body, string? owner, DateTime now)
    {
        var row = new MetadefNamespace { Id = NewId.Uuid(), Namespace = MetadefShape.Text(body, "namespace")!, CreatedAt = now, UpdatedAt = now };
        Fill(row, body, owner);
        return new FullNamespace(row)
        {
            Associations = [.. Items(body, "resource_type_associations").Select(a => Association(a, row.Id, now))],
            Properties = body.TryGetProperty("properties", out var properties) ? [.. properties.EnumerateObject().DistinctBy(p => p.Name).Select(p => Property(p.Value, p.Name, row.Id, now))] : [],
            Objects = [.. Items(body, "objects").Select(o => Object(o, row.Id, now))],
            Tags = [.. Items(body, "tags").Select(t => Tag(Name("tag", t), row.Id, now))],
        };
    }

    /// <summary>Sets what a body says of a namespace itself; what it does not say gets its default, also in an update.</summary>
    public static void Fill(MetadefNamespace row, JsonElement body, string? owner)
    {
        row.DisplayName = MetadefShape.Text(body, "display_name");
        row.Description = MetadefShape.Text(body, "description");
        row.Visibility = MetadefShape.Text(body, "visibility") ?? "private";
        row.Protected = MetadefShape.Flag(body, "protected") ?? false;
        row.Owner = MetadefShape.Text(body, "owner") ?? owner;
    }

    public static MetadefObject Object(JsonElement body, string namespaceId, DateTime now)
    {
        MetadefShape.CheckMembers(body, ["name", "required", "description", "properties", "created_at", "updated_at", "self", "schema"]);
        var row = new MetadefObject { Id = NewId.Uuid(), NamespaceId = namespaceId, Name = Name("object", body), CreatedAt = now, UpdatedAt = now };
        Fill(row, body);
        return row;
    }

    public static void Fill(MetadefObject row, JsonElement body)
    {
        row.Description = MetadefShape.Text(body, "description");
        row.Required = body.TryGetProperty("required", out var required) ? required.GetRawText() : null;
        row.Properties = body.TryGetProperty("properties", out var properties) ? MetadefShape.Properties(properties).ToJsonString() : null;
    }

    public static MetadefProperty Property(JsonElement body, string name, string namespaceId, DateTime now) => name.Length <= 80
        ? new() { Id = NewId.Uuid(), NamespaceId = namespaceId, Name = name, Schema = MetadefShape.Property(body).ToJsonString(), CreatedAt = now, UpdatedAt = now }
        : throw MetadefShape.Invalid("property", $"'{name}' is too long");

    public static MetadefTag Tag(string name, string namespaceId, DateTime now) => new() { Id = NewId.Uuid(), NamespaceId = namespaceId, Name = name, CreatedAt = now, UpdatedAt = now };

    public static MetadefAssociation Association(JsonElement body, string namespaceId, DateTime now) => new()
    {
        NamespaceId = namespaceId, ResourceType = Name("resource_type", body), Prefix = MetadefShape.Text(body, "prefix"), PropertiesTarget = MetadefShape.Text(body, "properties_target"),
        CreatedAt = now, UpdatedAt = now,
    };

    private static IEnumerable<JsonElement> Items(JsonElement body, string name) => body.TryGetProperty(name, out var items) ? items.EnumerateArray() : [];

    /// <summary>The schema of a namespace lets nested parts be without a name, their own schema does not.</summary>
    private static string Name(string schema, JsonElement part)
    {
        if (MetadefShape.Text(part, "name") is not { } name) { throw MetadefShape.Invalid(schema, "'name' is a required property"); }
        return name.EnumerateRunes().Count() <= 80 ? name : throw MetadefShape.Invalid(schema, $"'{name}' is too long");
    }
}
