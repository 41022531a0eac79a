using System.Text.Json;
using Nephos.Kernel.Api;

namespace Nephos.Nova;

/// <summary>A link of a view.</summary>
internal sealed record Link(string Rel, string Href);

/// <summary>Links as upstream's view builders make them: <c>self</c> with the version in the path, <c>bookmark</c> without.</summary>
internal static class Links
{
    public static IReadOnlyList<Link> Of(Call call, string collection, string id) =>
        [new("self", $"{call.BaseUrl}/v2.1/{collection}/{id}"), new("bookmark", $"{call.BaseUrl}/{collection}/{id}")];

    public static IReadOnlyList<Link> Bookmark(Call call, string collection, string id) => [new("bookmark", $"{call.BaseUrl}/{collection}/{id}")];

    /// <summary>The same, written at once; null for an address leaves its link out.</summary>
    public static void Write(Utf8JsonWriter writer, string? self, string bookmark)
    {
        writer.WriteStartArray();
        if (self is not null) { WriteOne(writer, "self", self); }
        WriteOne(writer, "bookmark", bookmark);
        writer.WriteEndArray();
    }

    private static void WriteOne(Utf8JsonWriter writer, string rel, string href)
    {
        writer.WriteStartObject();
        writer.WriteString("rel", rel);
        writer.WriteString("href", href);
        writer.WriteEndObject();
    }

    /// <summary>The link to the next page, when this one is full; null otherwise.</summary>
    public static IReadOnlyList<Link>? Next(Call call, string collection, int count, int limit, Func<string> last)
    {
        if (count == 0 || count < limit) { return null; }
        var query = call.Query.Names.Where(n => n != "marker").SelectMany(n => call.Query.All(n).Select(v => (n, v))).Append(("marker", last()))
            .OrderBy(p => p.Item1, StringComparer.Ordinal).Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}");
        return [new("next", $"{call.BaseUrl}/v2.1/{collection}?{string.Join('&', query)}")];
    }
}
