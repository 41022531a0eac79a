using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Federation;

/// <summary>A body that must change something.</summary>
internal interface IUpdateBody
{
    bool IsEmpty { get; }
}

/// <summary>Bodies of OS-FEDERATION, which upstream checks before the caller's rights.</summary>
internal static class FederationBodies
{
    /// <summary>The body under the member (null: the whole); then the endpoint's rule.</summary>
    public static async Task<T> BodyThenRightsAsync<T>(this Call call, string? member) where T : class
    {
        var body = await call.BodyAsync<T>(member);
        if (body is IUpdateBody { IsEmpty: true }) { throw new BadRequestError("{} does not have enough properties"); }
        call.Enforce(call.Endpoint.PolicyName!, Target.Of());
        return body;
    }
}
