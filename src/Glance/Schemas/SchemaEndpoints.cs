using Nephos.Kernel.Api;

namespace Nephos.Glance.Schemas;

/// <summary>The JSON schemas that clients build their models from (image api-ref v2, "Image Schemas", "Task Schemas", "Metadata definition schemas"); as upstream, word for word.</summary>
internal static class SchemaEndpoints
{
    public static void Map(ResourceGroup schemas)
    {
        foreach (var name in new[] { "image", "images", "member", "members", "task", "tasks" }) { Add(schemas, name, name); }
        var metadefs = schemas.Group("/metadefs");
        foreach (var name in new[] { "namespace", "namespaces", "resource_type", "resource_types", "object", "objects", "property", "properties", "tag", "tags" }) { Add(metadefs, name, "metadef_" + name); }
    }

    /// <summary>The text of a schema by the name of its file.</summary>
    public static string Read(string name)
    {
        using var reader = new StreamReader(typeof(SchemaEndpoints).Assembly.GetManifestResourceStream($"schemas/{name}.json") ?? throw new InvalidOperationException($"no schema {name}"));
        return reader.ReadToEnd();
    }

    private static void Add(ResourceGroup group, string path, string file)
    {
        var text = new Lazy<string>(() => Read(file));
        group.Get("/" + path, _ => Task.FromResult(Reply.Text(text.Value, "application/json"))).NoPolicy("the same for all");
    }
}
