using Nephos.Kernel.Errors;

namespace Nephos.Nova.Aggregates;

/// <summary>Upstream's words (<c>nova/exception.py</c>, <c>compute/api.py</c>).</summary>
internal static class AggregateErrors
{
    public static ApiError NotFound(string id) => new NotFoundError($"Aggregate {id} could not be found.");
    public static ApiError NameExists(string name) => new ConflictError($"Aggregate {name} already exists.");
    public static ApiError HostExists(long number, string host) => new ConflictError($"Aggregate {number} already has host {host}.");
    public static ApiError NoHost(string host) => new NotFoundError($"Compute host {host} could not be found.");
    public static ApiError CannotRemove(string host, string id) => new NotFoundError($"Cannot remove host {host} in aggregate {id}");
    public static ApiError NotEmpty(long number) => new BadRequestError($"Cannot remove host from aggregate {number}. Reason: Host aggregate is not empty.");
    public static ApiError CannotAdd(long number, string reason) => new ConflictError($"Cannot add host to aggregate {number}. Reason: {reason}.");
    public static ApiError CannotUpdate(long number, string reason) => new BadRequestError($"Cannot update aggregate {number}. Reason: {reason}.");
    public static ApiError CannotUpdateMetadata(long number, string reason) => new BadRequestError($"Cannot update metadata of aggregate {number}. Reason: {reason}.");

    public static ApiError WouldMoveOut(long number, string from, string to, int servers) => new ConflictError(
        $"Cannot remove host from aggregate {number}. Reason: The host cannot be removed from the aggregate as the availability zone of the host would change {Move(from, to, servers)}.");

    public static string WouldMoveIn(string from, string to, int servers) =>
        $"The host cannot be added to the aggregate as the availability zone of the host would change {Move(from, to, servers)}";

    private static string Move(string from, string to, int servers) =>
        $"from '{from}' to '{to}' but the host already has {servers} instance(s). Changing the AZ of an existing instance is not supported by this action. Move the instances away from this host then try again. "
        + "If you need to move the instances between AZs then you can use shelve_offload and unshelve to achieve this.";
}
