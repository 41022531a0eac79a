using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Federation;

/// <summary>Errors of OS-FEDERATION in upstream's words (<c>keystone/exception.py</c>).</summary>
internal static class FederationErrors
{
    public static NotFoundError NoIdentityProvider(string id) => Faults.NotFound("Identity Provider", id);
    public static NotFoundError NoServiceProvider(string id) => Faults.NotFound("Service Provider", id);
    public static NotFoundError NoMapping(string id) => Faults.NotFound("mapping", id);
    public static NotFoundError NoProtocol(string idpId, string id) => new($"Could not find federated protocol {id} for Identity Provider: {idpId}.");
    public static ForbiddenError IdentityProviderDisabled(string id) => new($"Identity Provider {id} is disabled");
    public static ForbiddenError ServiceProviderDisabled(string id) => new($"Service Provider {id} is disabled");
    /// <summary>A mapping that cannot work whatever the assertion says: the operator's fault, not the user's. Upstream's <c>UnexpectedError</c>.</summary>
    public static ApiError MappingUnusable() => new(500, "An unexpected error prevented the server from fulfilling your request.");
}
