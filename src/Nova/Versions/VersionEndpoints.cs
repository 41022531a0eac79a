using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Nova.Versions;

/// <summary>API versions (api-ref compute, "API Versions"): what a client reads before it logs in. Only v2.1 is served; the frozen v2.0 is not offered.</summary>
internal static class VersionEndpoints
{
    private const string Why = "clients read it to choose a version, before they have a token";

    public static void Map(ResourceGroup root)
    {
        root.Get("", List).Public(Why).NotPaged("one version");
        root.Get("/v2.1", Show).Public(Why);
        root.Get("/versions/{id}", ShowById).Public(Why);
    }

    private static Task<Reply> List(Call call) => Task.FromResult(Reply.Json(new { versions = new[] { Brief(call) } }));

    private static Task<Reply> Show(Call call) => Task.FromResult(Reply.Json(new { version = Full(call) }));

    private static Task<Reply> ShowById(Call call) => call.Route("id") == "v2.1" ? Show(call) : throw new NotFoundError("The resource could not be found.");

    private static Dictionary<string, object> Brief(Call call) => new()
    {
        ["id"] = "v2.1",
        ["status"] = "CURRENT",
        ["version"] = Microversions.Max.ToString(),
        ["min_version"] = Microversions.Min.ToString(),
        ["updated"] = "2013-07-23T11:33:21Z",
        ["links"] = new[] { new Link("self", $"{call.BaseUrl}/v2.1/") },
    };

    private static Dictionary<string, object> Full(Call call)
    {
        var version = Brief(call);
        version["media-types"] = new[] { new Dictionary<string, string> { ["base"] = "application/json", ["type"] = "application/vnd.openstack.compute+json;version=2.1" } };
        version["links"] = new object[]
        {
            new Link("self", $"{call.BaseUrl}/v2.1/"),
            new { rel = "describedby", type = "text/html", href = "http://docs.openstack.org/" },
        };
        return version;
    }
}
