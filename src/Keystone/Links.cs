using Nephos.Kernel.Api;

namespace Nephos.Keystone;

/// <summary><c>links</c> of one resource.</summary>
public sealed record SelfLink(string Self);

/// <summary><c>links</c> of a list.</summary>
public sealed record ListLinks(string? Next, string Self, string? Previous);

/// <summary>Addresses as clients see them.</summary>
internal static class Links
{
    /// <summary><c>http://cloud:8700/identity/v3</c>.</summary>
    public static string V3(this Call call) => call.BaseUrl + "/v3";

    /// <summary>The address of the request itself, with its query.</summary>
    public static string Asked(this Call call) => $"{call.BaseUrl}{call.Http.Request.Path.Value![call.Endpoint.Api.Prefix.Length..]}{call.Http.Request.QueryString}";

    /// <summary>A list that is not paged.</summary>
    public static Reply List<T>(this Call call, string name, IReadOnlyList<T> items) => Reply.Members([(name, items), ("links", new ListLinks(null, call.Asked(), null))]);
}
