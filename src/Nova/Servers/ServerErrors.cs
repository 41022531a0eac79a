using Nephos.Kernel.Errors;

namespace Nephos.Nova.Servers;

/// <summary>Upstream's words (<c>nova/exception.py</c>, <c>api/openstack/common.py</c>).</summary>
internal static class ServerErrors
{
    public static ApiError NotFound(string id) => new NotFoundError($"Instance {id} could not be found.");
    public static ApiError Locked(string id) => new ConflictError($"Instance {id} is locked");
    public static ApiError NotReady(string id) => new ConflictError($"Instance {id} is not ready");

    /// <param name="attribute">vm_state, task_state or launched_at.</param>
    public static ApiError InvalidState(string action, string id, string attribute, string? state) =>
        new ConflictError(state is null ? $"Instance {id} is in an invalid state for '{action}'" : $"Cannot '{action}' instance {id} while it is in {attribute} {state}");

    public static ApiError TooManyInstances(IEnumerable<string> overs, IEnumerable<string> requested, IEnumerable<long> used, IEnumerable<long> allowed)
    {
        var names = string.Join(", ", overs);
        return new OverQuotaError($"Quota exceeded for {names}: Requested {string.Join(", ", requested)}, but already used {string.Join(", ", used)} of {string.Join(", ", allowed)} {names}");
    }

    /// <summary>What a call answers whose part of Nova does not exist here yet; never a 500, never a pretended success.</summary>
    public static ApiError NotOffered(string action) => new(501, $"The requested functionality is not supported: '{action}' is not offered by this cloud.");
}
