using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Nephos.Kernel.Api;

namespace Nephos.Keystone.Versions;

/// <summary>
/// The API's table of contents for clients that ask for <c>application/json-home</c>: from what a resource is (a relation's address) to where it is. The relations and paths are upstream's, in
/// <c>json-home.json</c>; what this program has no path for is left out.
/// </summary>
internal static partial class JsonHome
{
    public const string MediaType = "application/json-home";

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Variable();

    /// <summary>True when the client likes this document better than plain JSON.</summary>
    public static bool IsWanted(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParseList(request.Headers.Accept.Select(a => a ?? "").ToList(), out var accepted)) { return false; }
        (double Quality, int Fit) Best(string type) => accepted
            .Where(a => a.MatchesAllTypes || a.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) || (a.MatchesAllSubTypes && a.Type.Equals("application", StringComparison.OrdinalIgnoreCase)))
            .Select(a => (Quality: a.Quality ?? 1, Fit: a.MatchesAllTypes ? 0 : a.MatchesAllSubTypes ? 1 : 2)).OrderByDescending(m => m.Fit).FirstOrDefault();
        return Best(MediaType).CompareTo(Best("application/json")) > 0;
    }

    /// <param name="prefix">Before each path: <c>/v3</c> in the document of the root.</param>
    public static Reply Reply(ServiceApi api, string prefix)
    {
        var paths = api.Endpoints.Select(e => Variable().Replace(e.Path, "{}")).ToHashSet(StringComparer.Ordinal);
        using var stream = typeof(JsonHome).Assembly.GetManifestResourceStream("json-home.json")!;
        var all = JsonNode.Parse(stream)!.AsObject();
        foreach (var (relation, resource) in all.ToList())
        {
            var (name, path) = resource!["href"] is { } fixedPath ? ("href", fixedPath.ToString()) : ("href-template", resource["href-template"]!.ToString());
            if (!paths.Contains("/v3" + Variable().Replace(path, "{}"))) { all.Remove(relation); } else { resource[name] = prefix + path; }
        }
        return Kernel.Api.Reply.Text(new JsonObject { ["resources"] = all }.ToJsonString(), MediaType, 200);
    }
}
