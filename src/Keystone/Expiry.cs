using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone;

/// <summary>Ends that clients set. Upstream: <c>parse_expiration_date</c> in <c>keystone/common/utils.py</c>.</summary>
internal static class Expiry
{
    private const string InError = " The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.";

    public static DateTime Parse(string text, DateTime now)
    {
        if (text.Length < 8 || !WireTime.TryParse(text, out var time)) { throw new BadRequestError("Timestamp not in expected format." + InError); }
        return time > now ? time : throw new BadRequestError("The 'expires_at' must not be before now." + InError);
    }
}
