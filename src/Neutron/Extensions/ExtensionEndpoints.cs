using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Neutron.Extensions;

/// <summary>The version documents, /v2.0/extensions and /v2.0/service-providers.</summary>
internal static class ExtensionEndpoints
{
    public static void Map(ResourceGroup root)
    {
        root.Get("/", Versions).Public("clients look for versions before they have a token").NotPaged("there is one version");
        root.Get("/v2.0", Version).NoPolicy("upstream asks none").NotPaged("a document");
        root.Get("/v2.0/extensions", List).NoPolicy("upstream: not controlled by policy").NotPaged("fixed and small; upstream does not page it");
        root.Get("/v2.0/extensions/{alias}", Show).NoPolicy("upstream: not controlled by policy");
        root.Get("/v2.0/service-providers", _ => Task.FromResult(Reply.Member("service_providers", Array.Empty<object>()))).NoPolicy("upstream: any user").NotPaged("no service here has a choice of providers").Extension("service-type");
    }

    private static Task<Reply> Versions(Call call) => Task.FromResult(Reply.Member("versions", new[]
    {
        new { id = "v2.0", status = "CURRENT", links = new[] { new { rel = "self", href = call.BaseUrl + "/v2.0/" } } },
    }));

    private static Task<Reply> Version(Call call)
    {
        (string Name, string Collection)[] core = [("network", "networks"), ("subnet", "subnets"), ("port", "ports")];
        return Task.FromResult(Reply.Member("resources", core.Select(r => new { name = r.Name, collection = r.Collection, links = new[] { new { rel = "self", href = $"{call.BaseUrl}/v2.0/{r.Collection}" } } }).ToList()));
    }

    private static Task<Reply> List(Call call) => Task.FromResult(Reply.Member("extensions", ExtensionList.All.Select(View).ToList()));

    private static Task<Reply> Show(Call call)
    {
        var alias = call.Route("alias");
        var extension = ExtensionList.All.FirstOrDefault(e => e.Alias == alias) ?? throw new NotFoundError($"Extension with alias {alias} does not exist", "HTTPNotFound");
        return Task.FromResult(Reply.Member("extension", View(extension)));
    }

    private static object View(Extension extension) => new
    {
        alias = extension.Alias,
        name = extension.Name,
        description = extension.Description,
        updated = extension.Updated,
        links = Array.Empty<object>(),
    };
}
