using Nephos.Kernel.Errors;

namespace Nephos.Neutron.FixedIps;

internal static class FixedIpErrors
{
    public static ApiError NoMoreAddresses(string networkId) => new ConflictError($"No more IP addresses available on network {networkId}.", "IpAddressGenerationFailure");

    public static ApiError NoServiceSubnet(string networkId, string owner) => new ConflictError(
        $"No valid service subnet for the given device owner, network {networkId}, service type {owner}.", "IpAddressGenerationFailureNoMatchingSubnet");

    public static ApiError AlreadyAllocated(string ip, string subnetId) => new ConflictError($"IP address {ip} already allocated in subnet {subnetId}", "IpAddressAlreadyAllocated");

    public static ApiError InvalidForNetwork(string ip) => new BadRequestError($"IP address {ip} is not a valid IP for any of the subnets on the specified network.", "InvalidIpForNetwork");

    public static ApiError InvalidForSubnet(string ip) => new BadRequestError($"IP address {ip} is not a valid IP for the specified subnet.", "InvalidIpForSubnet");

    public static ApiError AutoAddressSubnet(string ip, string subnetId) => new BadRequestError(
        $"IPv6 address {ip} cannot be directly assigned to a port on subnet {subnetId} as the subnet is configured for automatic addresses", "AllocationOnAutoAddressSubnet");
}
