using Nephos.Kernel.Api;

namespace Nephos.Placement;

/// <summary>The service's root: which versions it speaks (placement api-ref, "API Versions").</summary>
internal static class VersionEndpoints
{
    private sealed record Link(string Rel, string Href);

    private sealed record VersionView(string Id, string MaxVersion, string MinVersion, string Status, IReadOnlyList<Link> Links);

    public static void Map(ResourceGroup root) => root.Get("/", Show).Public("clients find versions before they log in");

    private static Task<Reply> Show(Call call)
    {
        var reply = Reply.Member("versions", new[]
        {
            new VersionView("v1.0", Microversions.Scheme.Max.ToString(), Microversions.Scheme.Min.ToString(), "CURRENT", [new Link("self", "")]),
        });
        return Task.FromResult(reply.Dated(call, null));
    }
}
