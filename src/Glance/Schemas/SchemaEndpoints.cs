using Nephos.Kernel.Api;

namespace Nephos.Glance.Schemas;

/// <summary>The JSON schemas that clients build their models from (image api-ref v2, "Image Schemas"); as upstream, word for word.</summary>
internal static class SchemaEndpoints
{
    public static void Map(ResourceGroup schemas)
    {
        foreach (var name in new[] { "image", "images", "member", "members" })
        {
            var text = new Lazy<string>(() => Read(name));
            schemas.Get("/" + name, _ => Task.FromResult(Reply.Text(text.Value, "application/json"))).NoPolicy("the same for all");
        }
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(SchemaEndpoints).Assembly.GetManifestResourceStream($"schemas/{name}.json") ?? throw new InvalidOperationException($"no schema {name}"));
        return reader.ReadToEnd();
    }
}
