using System.Globalization;
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
    public static Reply Dated(this Reply reply, Call call, DateTime? modified) => call.Version < new ApiVersion(1, 15)
        ? reply
        : reply.With("Last-Modified", (modified ?? call.Context.Now).ToString("r", CultureInfo.InvariantCulture)).With("Cache-Control", "no-cache");

    /// <summary>Bodies are JSON and say so; 415 otherwise.</summary>
    public static void RequireJson(this Call call)
    {
        var type = call.Http.Request.ContentType?.Split(';')[0].Trim();
        if (type != "application/json") { throw new ApiError(415, $"The media type {type ?? "None"} is not supported, use application/json"); }
    }

    public static async Task<T> JsonBodyAsync<T>(this Call call) where T : class
    {
        call.RequireJson();
        return await call.BodyAsync<T>(null).ConfigureAwait(false);
    }

    public static bool Is(this Call call, int minor) => call.Version >= new ApiVersion(1, minor);
}
