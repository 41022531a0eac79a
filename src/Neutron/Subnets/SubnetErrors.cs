using System.Globalization;
using Nephos.Kernel.Errors;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Subnets;

internal static class SubnetErrors
{
    public static ApiError InUse(string id, string reason = "One or more ports have an IP allocation from this subnet") =>
        new ConflictError($"Unable to complete operation on subnet {id}: {reason}.", "SubnetInUse");

    public static ApiError Overlaps(string cidr, string networkId) =>
        NeutronErrors.InvalidInput($"Requested subnet with cidr: {cidr} for network: {networkId} overlaps with another subnet");

    public static ApiError InvalidPool(string pool) => new BadRequestError($"The allocation pool {pool} is not valid.", "InvalidAllocationPool");

    public static ApiError PoolOutside(AddressRange pool, string cidr) => new BadRequestError($"The allocation pool {pool} spans beyond the subnet cidr {cidr}.", "OutOfBoundsAllocationPool");

    public static ApiError PoolsOverlap(AddressRange one, AddressRange other, string cidr) =>
        new ConflictError($"Found overlapping allocation pools: {one} {other} for subnet {cidr}.", "OverlappingAllocationPools");

    public static ApiError GatewayInPool(string gateway, AddressRange pool) => new ConflictError($"Gateway ip {gateway} conflicts with allocation pool {pool}.", "GatewayConflictWithAllocationPools");

    public static ApiError GatewayInUse(string gateway, string portId) => new ConflictError($"Current gateway ip {gateway} already in use by port {portId}. Unable to update.", "GatewayIpInUse");

    public static ApiError TooManyDns(string id) => new BadRequestError(
        string.Create(CultureInfo.InvariantCulture, $"Unable to complete operation for {id}. The number of DNS nameservers exceeds the limit {Limits.DnsNameservers}."), "DNSNameServersExhausted");

    public static ApiError TooManyRoutes(string id) => new BadRequestError(
        string.Create(CultureInfo.InvariantCulture, $"Unable to complete operation for {id}. The number of host routes exceeds the limit {Limits.HostRoutes}."), "HostRoutesExhausted");
}
