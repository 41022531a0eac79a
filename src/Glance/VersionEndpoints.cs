using Nephos.Kernel.Api;

namespace Nephos.Glance;

/// <summary>
/// The versions of the API (image api-ref, "API versions"): upstream's list of a Glance with several stores enabled. 2.14, 2.16 and 2.18 are those of the image cache, and listed when it is on.
/// </summary>
internal static class VersionEndpoints
{
    private static readonly string[] Supported = ["2.17", "2.16", "2.15", "2.14", "2.13", "2.12", "2.11", "2.10", "2.9", "2.8", "2.7", "2.6", "2.5", "2.4", "2.3", "2.2", "2.1", "2.0"];

    private sealed record Link(string Rel, string Href);

    private sealed record VersionView(string Id, string Status, IReadOnlyList<Link> Links);

    public static void Map(ResourceGroup root)
    {
        root.Get("/", call => List(call, 300)).Public("clients find versions before they log in");
        root.Get("/versions", call => List(call, 200)).Public("clients find versions before they log in");
    }

    private static Task<Reply> List(Call call, int status)
    {
        IReadOnlyList<Link> links = [new("self", call.BaseUrl + "/v2/")];
        var cached = call.Get<GlanceSettings>().ImageCache;
        var current = cached ? "2.18" : "2.17";
        var others = Supported.Where(v => v != current && (cached || v is not ("2.14" or "2.16")));
        return Task.FromResult(Reply.Member("versions", (VersionView[])[new("v" + current, "CURRENT", links), .. others.Select(v => new VersionView("v" + v, "SUPPORTED", links))], status));
    }
}
