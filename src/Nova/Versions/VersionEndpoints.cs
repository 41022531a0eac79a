using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Nova.Versions;

/// <summary>API versions (api-ref compute, "API Versions"): what a client reads before it logs in. The frozen v2.0 is listed first, as upstream lists it, and served by v2.1 at its lowest version.</summary>
internal static class VersionEndpoints
{
    private const string Why = "clients read it to choose a version, before they have a token";

    public static void Map(ResourceGroup root)
    {
        root.Get("", List).Public(Why).NotPaged("two versions");
        root.Get("/v2.1", Show).Public(Why);
        root.Get("/{api_version}", NotHere).Public(Why);
        root.Get("/versions/{id}", ShowById).Public(Why);
    }

    private static Task<Reply> List(Call call) => Task.FromResult(Reply.Json(new { versions = new[] { Frozen(call), Brief(call) } }));

    /// <summary>The frozen version answers under the address of its own, though all its other calls are v2.1's.</summary>
    private static Task<Reply> Show(Call call) =>
        Task.FromResult(Reply.Json(new { version = call.Http.Request.Path.Value!.TrimEnd('/').EndsWith("/v2", StringComparison.Ordinal) ? Described(Frozen(call), "2") : Described(Brief(call), "2.1") }));

    private static Task<Reply> NotHere(Call call) => throw call.Endpoint.Api.Errors.NoRoute();

    private static Task<Reply> ShowById(Call call) => call.Route("id") switch
    {
        "v2.1" => Task.FromResult(Reply.Json(new { version = Described(Brief(call), "2.1") })),
        "v2.0" => Task.FromResult(Reply.Json(new { version = Described(Frozen(call), "2") })),
        _ => throw new NotFoundError("The resource could not be found."),
    };

    private static Dictionary<string, object> Frozen(Call call) => new()
    {
        ["id"] = "v2.0",
        ["status"] = "SUPPORTED",
        ["version"] = "",
        ["min_version"] = "",
        ["updated"] = "2011-01-21T11:33:21Z",
        ["links"] = new[] { new Link("self", $"{call.BaseUrl}/v2/") },
    };

    private static Dictionary<string, object> Brief(Call call) => new()
    {
        ["id"] = "v2.1",
        ["status"] = "CURRENT",
        ["version"] = Microversions.Max.ToString(),
        ["min_version"] = Microversions.Min.ToString(),
        ["updated"] = "2013-07-23T11:33:21Z",
        ["links"] = new[] { new Link("self", $"{call.BaseUrl}/v2.1/") },
    };

    private static Dictionary<string, object> Described(Dictionary<string, object> version, string number)
    {
        version["media-types"] = new[] { new Dictionary<string, string> { ["base"] = "application/json", ["type"] = "application/vnd.openstack.compute+json;version=" + number } };
        version["links"] = new object[]
        {
            ((Link[])version["links"])[0],
            new { rel = "describedby", type = "text/html", href = "http://docs.openstack.org/" },
        };
        return version;
    }
}
