using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// <c>POST /v2.0/security-group-rules</c>. Members that upstream converts before it checks them (numbers as text, names in any case) come as they are;
/// <see cref="RuleShape"/> reads them.
/// </summary>
public sealed record CreateSecurityGroupRule
{
    [RequiredField, Text(Max = 36)] public required string SecurityGroupId { get; init; }
    [NullableField] public string? RemoteGroupId { get; init; }
    [NullableField] public string? RemoteAddressGroupId { get; init; }
    [RequiredField, Text(OneOf = ["ingress", "egress"])] public required string Direction { get; init; }
    public JsonElement? Protocol { get; init; }
    public JsonElement? PortRangeMin { get; init; }
    public JsonElement? PortRangeMax { get; init; }
    public JsonElement? Ethertype { get; init; }
    public JsonElement? RemoteIpPrefix { get; init; }
    [NullableField, Text(Max = 255)] public string? Description { get; init; }
    [Text(Max = 255)] public string? TenantId { get; init; }
    [Text(Max = 255)] public string? ProjectId { get; init; }
}
