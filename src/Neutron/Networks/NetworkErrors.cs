using System.Globalization;
using Nephos.Kernel.Errors;

namespace Nephos.Neutron.Networks;

internal static class NetworkErrors
{
    public static ApiError InUse(string id, IEnumerable<string> ports) => new ConflictError(
        $"Unable to complete operation on network {id}. There are one or more ports still in use on the network, id for these ports is: {string.Join(',', ports)}.", "NetworkInUse");

    public static ApiError TunnelIdInUse(int id) => new ConflictError($"Unable to create the network. The tunnel ID {id} is in use.", "TunnelIdInUse");

    public static ApiError FlatNetworkInUse(string physical) => new ConflictError($"Unable to create the flat network. Physical network {physical} is in use.", "FlatNetworkInUse");

    public static ApiError NoNetworkAvailable() => new UnavailableError("Unable to create the network. No project network is available for allocation.", "NoNetworkAvailable");

    public static ApiError InvalidSharedSetting(string name) => new ConflictError($"Unable to reconfigure sharing settings for network {name}. Multiple projects are using it.", "InvalidSharedSetting");

    public static ApiError ExternalInUse(string id) => new ConflictError($"External network {id} cannot be updated to be made non-external, since it has existing gateway ports.", "ExternalNetworkInUse");

    public static ApiError MtuConflict(string id, int least) => new ConflictError(
        string.Create(CultureInfo.InvariantCulture, $"MTU of {id} is not valid, subnet requires a minimum of {least}"), "NetworkMTUSubnetConflict");
}
