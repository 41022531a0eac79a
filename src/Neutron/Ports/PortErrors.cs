using Nephos.Kernel.Errors;

namespace Nephos.Neutron.Ports;

internal static class PortErrors
{
    public static ApiError MacInUse(string networkId, string mac) => new ConflictError($"Unable to complete operation for network {networkId}. The mac address {mac} is in use.", "MacAddressInUse");

    public static ApiError NoFreeMac(string networkId) => new UnavailableError($"Unable to generate unique mac on network {networkId}.", "NetworkMacAddressGenerationFailure");

    public static ApiError Bound(Port port, string mac) => new ConflictError(
        $"Unable to complete operation on port {port.Id}, port is already bound, port type: {port.VifType}, old_mac {port.Mac}, new_mac {mac}.", "PortBound");

    public static ApiError InUse(Port port) => new ConflictError(
        $"Unable to complete operation on port {port.Id} for network {port.NetworkId}. Port already has an attached device {port.DeviceId}.", "PortInUse");

    public static ApiError ServicePortInUse(Port port) => new ConflictError($"Port {port.Id} cannot be deleted directly via the port API: has device owner {port.DeviceOwner}.", "ServicePortInUse");

    public static ApiError UnsupportedOwner(string operation, Port port) => new ConflictError($"Operation {operation} is not supported for device_owner {port.DeviceOwner} on port {port.Id}.", "UnsupportedPortDeviceOwner");

    public static ApiError TooManyFixedIps() => NeutronErrors.InvalidInput($"Exceeded maximum amount of fixed ips per port: {Limits.FixedIpsPerPort}");

    public static ApiError AddressChangeNotAllowed(string id) => NeutronErrors.BadRequest("ports", $"IP updates for port {id} are not allowed");

    public static ApiError NotOwnersDevice(string device) => new ConflictError($"The following device_id {device} is not owned by your project or matches another project router.", "DeviceIDNotOwnedByTenant");

    public static ApiError PairsNeedPortSecurity() => new ConflictError("Port Security must be enabled in order to have allowed address pairs on a port.", "AddressPairAndPortSecurityRequired");

    public static ApiError GroupsNeedPortSecurity() => new BadRequestError("Port security must be enabled and port must have an IP address in order to use security groups.", "PortSecurityAndIPRequiredForSecurityGroups");

    public static ApiError HasGroups() => new ConflictError("Port has security group associated. Cannot disable port security or IP address until security group is removed.", "PortSecurityPortHasSecurityGroup");

    public static ApiError GroupNotFound(string id) => new NotFoundError($"Security group {id} does not exist", "SecurityGroupNotFound");
}
