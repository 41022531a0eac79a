using Nephos.Kernel.Errors;

namespace Nephos.Neutron.Routers;

/// <summary>Upstream's errors of routers (neutron_lib/exceptions/l3.py, extraroute.py; neutron/db/l3_db.py): type, status, words.</summary>
internal static class RouterErrors
{
    public static ApiError NotFound(string id) => new NotFoundError($"Router {id} could not be found", "RouterNotFound");
    public static ApiError InUse(string id, string reason = "still has ports") => new ConflictError($"Router {id} {reason}", "RouterInUse");
    public static ApiError InterfaceNotFound(string id, string portId) => new NotFoundError($"Router {id} does not have an interface with id {portId}", "RouterInterfaceNotFound");
    public static ApiError InterfaceNotFoundForSubnet(string id, string subnetId) => new NotFoundError($"Router {id} has no interface on subnet {subnetId}", "RouterInterfaceNotFoundForSubnet");
    public static ApiError InterfaceInUseByFloatingIp(string id, string subnetId) =>
        new ConflictError($"Router interface for subnet {subnetId} on router {id} cannot be deleted, as it is required by one or more floating IPs.", "RouterInterfaceInUseByFloatingIP");
    public static ApiError InterfaceInUseByRoute(string id, string subnetId) =>
        new ConflictError($"Router interface for subnet {subnetId} on router {id} cannot be deleted, as it is required by one or more routes.", "RouterInterfaceInUseByRoute");
    public static ApiError GatewayInUse(string id, string networkId) =>
        new ConflictError($"Gateway cannot be updated for router {id}, since a gateway to external network {networkId} is required by one or more floating IPs.", "RouterExternalGatewayInUseByFloatingIp");
    public static ApiError InvalidRoutes(string routes, string reason) => new BadRequestError($"Invalid format for routes: {routes}, {reason}", "InvalidRoutes");
    public static ApiError SubnetMismatch(string portId, string subnetId) => new BadRequestError($"Subnet on port {portId} does not match the requested subnet {subnetId}.", "SubnetMismatchForPort");
    public static ApiError Overlap(string cidr, string subnetId, string otherCidr, string otherId) => Bad($"Cidr {cidr} of subnet {subnetId} overlaps with cidr {otherCidr} of subnet {otherId}");
    public static ApiError PortInUse(string portId, string networkId, string deviceId) =>
        new ConflictError($"Unable to complete operation on port {portId} for network {networkId}. Port already has an attached device {deviceId}.", "PortInUse");
    public static ApiError TooManyRoutes() => new ConflictError("Quota exceeded for resources: ['router_route'].", "OverQuota");
    public static ApiError Bad(string message) => new BadRequestError($"Bad router request: {message}.", "BadRequest");
}
