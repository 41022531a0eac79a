using Nephos.Kernel.Errors;

namespace Nephos.Nova.Hosts;

/// <summary>Upstream's words (<c>nova/exception.py</c>, <c>services.py</c>, <c>hypervisors.py</c>).</summary>
internal static class HostErrors
{
    public static ApiError OnlyCompute(string binary) => new BadRequestError($"Updating a {binary} service is not supported. Only nova-compute services can be updated.");
    public static ApiError NotMapped(string host) => new NotFoundError($"Host '{host}' is not mapped to any cell");
    public static ApiError HasServers() => new ConflictError("Unable to delete compute service that is hosting instances. Migrate or delete the instances first.");
    public static ApiError NoHypervisor(string id) => new NotFoundError($"Hypervisor with ID '{id}' could not be found.");
    public static ApiError NoMatch(string pattern) => new NotFoundError($"No hypervisor matching '{pattern}' could be found.");
}
