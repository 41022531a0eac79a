using Nephos.Kernel.Errors;
using Nephos.Neutron.SecurityGroupRules;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>Upstream's errors of groups and rules (neutron/extensions/securitygroup.py): type, status, words.</summary>
internal static class SecurityGroupErrors
{
    public static ApiError NotFound(string id) => new NotFoundError($"Security group {id} does not exist", "SecurityGroupNotFound");
    public static ApiError InUse(string id) => new ConflictError($"Security Group {id} in use.", "SecurityGroupInUse");
    public static ApiError CannotRemoveDefault() => new ConflictError("Insufficient rights for removing default security group.", "SecurityGroupCannotRemoveDefault");
    public static ApiError CannotUpdateDefault() => new ConflictError("Updating default security group not allowed.", "SecurityGroupCannotUpdateDefault");
    public static ApiError DefaultExists() => new ConflictError("Default security group already exists.", "SecurityGroupDefaultAlreadyExists");
    public static ApiError Conflict(string reason) => new ConflictError($"Error {reason} while attempting the operation.", "SecurityGroupConflict");

    public static ApiError RuleNotFound(string id) => new NotFoundError($"Security group rule {id} does not exist", "SecurityGroupRuleNotFound");
    public static ApiError RuleExists(string id) => new ConflictError($"Security group rule already exists. Rule id is {id}.", "SecurityGroupRuleExists");
    public static ApiError DuplicateInPost() => new ConflictError("Duplicate Security Group Rule in POST.", "DuplicateSecurityGroupRuleInPost");
    public static ApiError NotSingleGroup() => new BadRequestError("Only allowed to update rules for one security profile at a time", "SecurityGroupNotSingleGroupRules");
    public static ApiError NotSingleProject() => new BadRequestError("Multiple project_ids in bulk security group rule create not allowed", "SecurityGroupRulesNotSingleProject");
    public static ApiError InvalidProtocol(string protocol) =>
        new BadRequestError($"Security group rule protocol {protocol} not supported. Only protocol values {RuleProtocols.Supported} and integer representations [0 to 255] are supported.", "SecurityGroupRuleInvalidProtocol");
    public static ApiError InvalidEthertype(string ethertype) =>
        new BadRequestError($"Security group rule for ethertype '{ethertype}' not supported. Allowed values are ['IPv4', 'IPv6'].", "SecurityGroupRuleInvalidEtherType");
    public static ApiError InvalidPort(string port) => new BadRequestError($"Invalid value for port {port}", "SecurityGroupInvalidPortValue");
    public static ApiError InvalidCidr(string input) => new BadRequestError($"Invalid CIDR {input} given as IP prefix.", "InvalidCIDR");
    public static ApiError InvalidPortRange() => new BadRequestError("For TCP/UDP protocols, port_range_min must be <= port_range_max", "SecurityGroupInvalidPortRange");
    public static ApiError ProtocolRequired() => new BadRequestError("Must also specify protocol if port range is given.", "SecurityGroupProtocolRequiredWithPorts");
    public static ApiError PortsWithoutPorts(int protocol) =>
        new BadRequestError($"Ports cannot be specified for protocol {protocol}. Ports are only supported for DCCP, SCTP, TCP, UDP, UDPLITE.", "SecurityGroupInvalidProtocolForPort");
    public static ApiError InvalidIcmp(string field, string attribute, int value) => new BadRequestError($"Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.", "SecurityGroupInvalidIcmpValue");
    public static ApiError MissingIcmpType(int code) => new BadRequestError($"ICMP code (port-range-max) {code} is provided but ICMP type (port-range-min) is missing.", "SecurityGroupMissingIcmpType");
    public static ApiError EthertypeConflictsWithPrefix(string ethertype, string prefix) => new BadRequestError($"Conflicting value ethertype {ethertype} for CIDR {prefix}", "SecurityGroupRuleParameterConflict");
    public static ApiError EthertypeConflictsWithProtocol(string ethertype, string protocol) =>
        new BadRequestError($"Invalid ethertype {ethertype} for protocol {protocol}.", "SecurityGroupEthertypeConflictWithProtocol");
    public static ApiError MultipleRemotes() =>
        new BadRequestError("Only one of remote_ip_prefix or remote_group_id or remote_address_group_id may be provided.", "SecurityGroupMultipleRemoteEntites");
    public static ApiError AddressGroupNotFound(string id) => new NotFoundError($"Address group {id} could not be found.", "AddressGroupNotFound");
}
