using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Neutron.SecurityGroups;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// What a rule allows, read from a request and checked in upstream's order (converters of neutron/extensions/securitygroup.py, then
/// <c>_validate_base_security_group_rule_attributes</c> of neutron/db/securitygroups_db.py), so that a rule with several faults names the same one.
/// </summary>
internal sealed record RuleShape
{
    /// <summary>The whole range of ports; a rule that names it is kept without ports.</summary>
    private const int LowestPort = 1, HighestPort = 65535;

    public required string Direction { get; init; }
    public required string Ethertype { get; init; }
    public string? Protocol { get; init; }
    public int? PortRangeMin { get; init; }
    public int? PortRangeMax { get; init; }
    public string? RemoteIpPrefix { get; init; }
    public string? RemoteGroupId { get; init; }
    public string? RemoteAddressGroupId { get; init; }

    public string Meaning => SecurityGroupRule.MeaningOf(Direction, Ethertype, Protocol, PortRangeMin, PortRangeMax, RemoteIpPrefix, RemoteGroupId, RemoteAddressGroupId);

    public static RuleShape Of(CreateSecurityGroupRule request)
    {
        var protocol = ReadProtocol(request.Protocol);
        var (min, max) = (ReadPort(request.PortRangeMin), ReadPort(request.PortRangeMax));
        var ethertype = ReadEthertype(request.Ethertype);
        var prefix = ReadPrefix(request.RemoteIpPrefix);
        if (ethertype == "IPv6")
        {
            // The old names and number of ICMP mean ICMPv6 in an IPv6 rule.
            protocol = protocol switch { "icmp" or "icmpv6" => "ipv6-icmp", "1" => "58", _ => protocol };
        }
        if (min == LowestPort && max == HighestPort) { (min, max) = (null, null); }
        CheckPorts(protocol, min, max);
        if (prefix is not null && prefix.IpVersion != (ethertype == "IPv6" ? 6 : 4)) { throw SecurityGroupErrors.EthertypeConflictsWithPrefix(ethertype, prefix.ToString()); }
        if (ethertype == "IPv4" && protocol is not null && RuleProtocols.IsIpv6Only(protocol)) { throw SecurityGroupErrors.EthertypeConflictsWithProtocol(ethertype, protocol); }
        var group = Given(request.RemoteGroupId);
        var addressGroup = Given(request.RemoteAddressGroupId);
        if ((prefix is not null ? 1 : 0) + (group is not null ? 1 : 0) + (addressGroup is not null ? 1 : 0) > 1) { throw SecurityGroupErrors.MultipleRemotes(); }
        return new RuleShape
        {
            Direction = request.Direction,
            Ethertype = ethertype,
            Protocol = protocol,
            PortRangeMin = min,
            PortRangeMax = max,
            RemoteIpPrefix = prefix?.ToString(),
            RemoteGroupId = group,
            RemoteAddressGroupId = addressGroup,
        };
    }

    private static string? Given(string? id) => string.IsNullOrEmpty(id) ? null : id;

    private static string? ReadProtocol(JsonElement? given)
    {
        if (Text(given) is not { } text || text == "any") { return null; }
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number is >= 0 and <= 255 ? text : throw SecurityGroupErrors.InvalidProtocol(text);
        }
        var name = text.ToLowerInvariant();
        return name == "any" ? null : RuleProtocols.IsName(name) ? name : throw SecurityGroupErrors.InvalidProtocol(text);
    }

    private static int? ReadPort(JsonElement? given)
    {
        if (Text(given) is not { } text) { return null; }
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port) && port is >= 0 and <= HighestPort
            ? port : throw SecurityGroupErrors.InvalidPort(text);
    }

    private static string ReadEthertype(JsonElement? given)
    {
        if (given is null) { return "IPv4"; }
        var text = given is { ValueKind: JsonValueKind.String } ? given.Value.GetString()! : "";
        return text.ToLowerInvariant() switch
        {
            "ipv4" => "IPv4",
            "ipv6" => "IPv6",
            _ => throw SecurityGroupErrors.InvalidEthertype(Text(given) ?? "None"),
        };
    }

    private static RemotePrefix? ReadPrefix(JsonElement? given)
    {
        if (Text(given) is not { Length: > 0 } text) { return null; }
        return given is { ValueKind: JsonValueKind.String } && RemotePrefix.Parse(text) is { } prefix ? prefix : throw SecurityGroupErrors.InvalidCidr(text);
    }

    private static string? Text(JsonElement? given) => given switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        _ => WireSchema.Show(given.Value),
    };

    private static void CheckPorts(string? protocol, int? min, int? max)
    {
        if (min is null && max is null) { return; }
        if (protocol is null) { throw SecurityGroupErrors.ProtocolRequired(); }
        var number = RuleProtocols.Number(protocol);
        if (RuleProtocols.HasPorts(number))
        {
            if (min == 0 || max == 0) { throw SecurityGroupErrors.InvalidPort("0"); }
            if (min is null || max is null || min > max) { throw SecurityGroupErrors.InvalidPortRange(); }
        }
        else if (number is RuleProtocols.Icmp or RuleProtocols.Icmpv6)
        {
            if (min > 255) { throw SecurityGroupErrors.InvalidIcmp("type", "port_range_min", min.Value); }
            if (max > 255) { throw SecurityGroupErrors.InvalidIcmp("code", "port_range_max", max.Value); }
            if (min is null) { throw SecurityGroupErrors.MissingIcmpType(max!.Value); }
        }
        else
        {
            throw SecurityGroupErrors.PortsWithoutPorts(number);
        }
    }
}
