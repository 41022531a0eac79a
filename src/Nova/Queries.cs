using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Versions;

namespace Nephos.Nova;

/// <summary>What is common to the query strings of Nova's lists.</summary>
internal static class Queries
{
    /// <summary>From a microversion on, parameters that the call does not know are 400 (2.75 for servers and flavors, 2.102 for the rest).</summary>
    public static void KnownOnly(this Call call, ApiVersion since, params ReadOnlySpan<string> known)
    {
        if (call.Version < since) { return; }
        foreach (var name in call.Query.Names)
        {
            if (!known.Contains(name))
            {
                throw new BadRequestError($"Additional properties are not allowed ('{name}' was unexpected)");
            }
        }
    }

    /// <summary>A whole number of the query; zero when it is not given.</summary>
    public static int Number(this Call call, string name) => call.Query[name] is not { } text ? 0
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new BadRequestError($"Invalid input for query parameters {name}. Value: {text}. '{text}' does not match '^[0-9]*$'");
}
