using Nephos.Kernel.Errors;

namespace Nephos.Neutron.Networks;

internal static class NetworkErrors
{
    public static ApiError InUse(string id, string reason = "There are one or more ports still in use on the network") =>
        new ConflictError($"Unable to complete operation on network {id}. {reason}.", "NetworkInUse");

    public static ApiError TunnelIdInUse(int id) => new ConflictError($"Unable to create the network. The tunnel ID {id} is in use.", "TunnelIdInUse");

    public static ApiError FlatNetworkInUse(string physical) => new ConflictError($"Unable to create the flat network. Physical network {physical} is in use.", "FlatNetworkInUse");

    public static ApiError NoNetworkAvailable() => new UnavailableError("Unable to create the network. No project network is available for allocation.", "NoNetworkAvailable");

    public static ApiError InvalidSharedSetting(string name) => new ConflictError($"Unable to reconfigure sharing settings for network {name}. Multiple projects are using it.", "InvalidSharedSetting");

    public static ApiError ExternalInUse(string id) => new ConflictError($"External network {id} cannot be updated to be made non-external, since it has existing gateway ports.", "ExternalNetworkInUse");

    public static ApiError InvalidMtu(int mtu, int least, string what) => NeutronErrors.InvalidInput($"Requested MTU is too small: requested {mtu}, but {what} needs at least {least}");
}
