using Nephos.Kernel.Errors;

namespace Nephos.Neutron.FloatingIps;

/// <summary>Upstream's errors of floating IPs (neutron_lib/exceptions/l3.py, neutron/db/l3_db.py): type, status, words.</summary>
internal static class FloatingIpErrors
{
    public static ApiError NotFound(string id) => new NotFoundError($"Floating IP {id} could not be found", "FloatingIPNotFound");
    public static ApiError NoGateway(string networkId, string subnetId, string portId) =>
        new NotFoundError($"External network {networkId} is not reachable from subnet {subnetId}.  Therefore, cannot associate Port {portId} with a Floating IP.", "ExternalGatewayForFloatingIPNotFound");
    public static ApiError PortAlreadyAssociated(string address, string id, string portId, string fixedIp, string networkId) =>
        new ConflictError($"Cannot associate floating IP {address} ({id}) with port {portId} using fixed IP {fixedIp}, as that fixed IP already has a floating IP on external network {networkId}.", "FloatingIPPortAlreadyAssociated");
    public static ApiError PortHasForeign(string portId) =>
        new ConflictError($"Unable to complete the operation on port {portId} because the port still has an associated floating IP.", "FipAssociated");
    public static ApiError Exhausted(string networkId) => new BadRequestError($"Unable to find any IP address on external network {networkId}.", "ExternalIpAddressExhausted");
    public static ApiError Bad(string message) => new BadRequestError($"Bad floatingip request: {message}.", "BadRequest");
    public static ApiError FixedIpOfPortInUse(string portId) =>
        new BadRequestError($"Bad port request: Cannot update the fixed_ips of the port {portId}, because its original fixed_ip has been associated to a floating ip.", "BadRequest");
}
