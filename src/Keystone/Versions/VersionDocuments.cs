using Nephos.Kernel.Api;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Versions;

/// <summary>The version documents from which clients find the API. Upstream: <c>keystone/api/discovery.py</c>.</summary>
internal static class VersionDocuments
{
    public static void Map(ResourceGroup root)
    {
        root.Get("", All).Public("clients look here before they log in").Answers(300);
        root.Get("/v3", One).Public("clients look here before they log in");
    }

    private static Task<Reply> All(Call call) =>
        Task.FromResult(JsonHome.IsWanted(call.Http.Request) ? JsonHome.Reply(call.Endpoint.Api, "/v3") : Reply.Member("versions", new VersionsView([Version(call)])).With("Location", call.V3() + "/"));

    private static Task<Reply> One(Call call) => Task.FromResult(JsonHome.IsWanted(call.Http.Request) ? JsonHome.Reply(call.Endpoint.Api, "") : Reply.Member("version", Version(call)));

    private static VersionView Version(Call call) => new("v3.14", "stable", "2020-04-07T00:00:00Z", [new LinkView("self", call.V3() + "/")],
        [new MediaTypeView("application/json", "application/vnd.openstack.identity-v3+json")]);

    private sealed record VersionsView(IReadOnlyList<VersionView> Values);
    private sealed record VersionView(string Id, string Status, string Updated, IReadOnlyList<LinkView> Links, [property: WireName("media-types")] IReadOnlyList<MediaTypeView> MediaTypes);
    private sealed record LinkView(string Rel, string Href);
    private sealed record MediaTypeView(string Base, string Type);
}
