using System.Globalization;
using Microsoft.AspNetCore.Http;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Versions;

namespace Nephos.Placement;

/// <summary>What most of Placement's answers and requests have in common.</summary>
internal static class PlacementReplies
{
    /// <summary>Default of nearly all rules.</summary>
    public const string AdminOrService = Rules.ServiceOrAdmin;

    /// <summary>From 1.15 on, answers say how old they are and that they must not be cached.</summary>
    public static Reply Dated(this Reply reply, Call call, DateTime? modified) => reply.Dated(call.Version, modified ?? call.Context.Now);

    public static Reply Dated(this Reply reply, ApiVersion version, DateTime modified) => version < new ApiVersion(1, 15)
        ? reply
        : reply.With("Last-Modified", modified.ToString("r", CultureInfo.InvariantCulture)).With("Cache-Control", "no-cache");

    /// <summary>A handler that answers JSON: 406 to whom does not take it.</summary>
    public static Handler Json(Handler handler) => call =>
    {
        call.RequireAccepts();
        return handler(call);
    };

    /// <summary>A handler that takes JSON: 415 for anything else, before it looks at anything.</summary>
    public static Handler Takes(Handler handler) => call =>
    {
        call.RequireJson();
        return handler(call);
    };

    public static void RequireAccepts(this Call call)
    {
        if (!AcceptsJson(call.Http.Request)) { throw new ApiError(406, "Only application/json is provided"); }
    }

    public static bool AcceptsJson(HttpRequest request)
    {
        var accept = request.Headers.Accept.ToString();
        return string.IsNullOrWhiteSpace(accept) || accept.Split(',').Any(part =>
        {
            var media = part.Split(';', StringSplitOptions.TrimEntries);
            return media[0] is "*/*" or "application/*" or "application/json" && !media.Contains("q=0");
        });
    }

    /// <summary>Bodies are JSON and say so; 415 otherwise.</summary>
    public static void RequireJson(this Call call)
    {
        var type = call.Http.Request.ContentType?.Split(';')[0].Trim();
        if (string.IsNullOrEmpty(type) && call.Http.Request.ContentLength > 0) { throw new BadRequestError("content-type header required when content-length > 0"); }
        if (type != "application/json") { throw new ApiError(415, $"The media type {type ?? "None"} is not supported, use application/json"); }
    }

    public static Task<T> JsonBodyAsync<T>(this Call call) where T : class => call.BodyAsync<T>(null);

    public static bool Is(this Call call, int minor) => call.Version >= new ApiVersion(1, minor);
}
