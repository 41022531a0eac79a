using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Nova.SecurityGroups;

namespace Nephos.Nova.SecurityGroupRules;

/// <summary>
/// A rule as a request describes it, checked in upstream's order and words (<c>_new_ingress_rule</c> of <c>nova/network/security_group_api.py</c>): from a group or
/// from addresses; protocol and ports must be there for addresses and may be left out for a group, whose members are then let in by all.
/// </summary>
/// <param name="From">Lowest port or ICMP type; -1 for any ICMP type.</param>
internal sealed record RuleRequest(string? GroupId, string? Cidr, string? Protocol, int? From, int? To)
{
    public static RuleRequest Read(string? groupId, JsonElement protocol, JsonElement from, JsonElement to, JsonElement cidr)
    {
        var name = Text(protocol);
        var (low, high) = (Given(from), Given(to));
        var addresses = groupId is null ? ReadCidr(Text(cidr)) : null;
        var rule = groupId is not null && low is null && high is null ? AllOf(groupId, name) : null;
        rule ??= name is null || low is null || high is null ? new RuleRequest(groupId, addresses, null, null, null) : Bounded(groupId, addresses, name, low, high);
        if (rule.Cidr is not { } range) { return rule; }
        if (rule.Protocol is null) { throw new BadRequestError("Not enough parameters to build a valid rule."); }
        return range.EndsWith("/0", StringComparison.Ordinal) && range is not ("0.0.0.0/0" or "::/0") ? throw new BadRequestError($"Bad prefix for network in cidr {range}") : rule;
    }

    /// <summary>The rule that lets in all of a protocol, or everything when it is none of the three.</summary>
    private static RuleRequest AllOf(string groupId, string? protocol) => protocol?.ToUpperInvariant() switch
    {
        "ICMP" => new RuleRequest(groupId, null, protocol, RulePorts.None, RulePorts.None),
        "TCP" or "UDP" => new RuleRequest(groupId, null, protocol, RulePorts.Lowest, RulePorts.Highest),
        _ => new RuleRequest(groupId, null, null, null, null),
    };

    private static RuleRequest Bounded(string? groupId, string? cidr, string protocol, string low, string high)
    {
        var upper = protocol.ToUpperInvariant();
        if (Integer(low) is not { } from || Integer(high) is not { } to)
        {
            throw new BadRequestError("Invalid input received: " + (upper == "ICMP" ? "Type and Code must be integers for ICMP protocol type" : "To and From ports must be integers"));
        }
        if (upper is not ("TCP" or "UDP" or "ICMP")) { throw new BadRequestError($"Invalid IP protocol {protocol}."); }
        if (upper == "ICMP")
        {
            if (from is < RulePorts.None or > RulePorts.HighestIcmp || to is < RulePorts.None or > RulePorts.HighestIcmp) { throw BadRange(from, to, "For ICMP, the type:code must be valid"); }
        }
        else if (from > to) { throw BadRange(from, to, "Former value cannot be greater than the later"); }
        else if (from < RulePorts.Lowest || to > RulePorts.Highest) { throw BadRange(from, to, $"Valid {upper} ports should be between 1-65535"); }
        return new RuleRequest(groupId, cidr, protocol, (int)from, (int)to);
    }

    private static BadRequestError BadRange(long from, long to, string why) => new(string.Create(CultureInfo.InvariantCulture, $"Invalid port range {from}:{to}. {why}"));

    /// <summary>True for a rule of the same addresses, protocol and ports. Two of the same group are left to Neutron to refuse, as upstream does.</summary>
    public bool IsSame(SecurityGroupRuleFacts rule) =>
        Cidr is not null && rule.Direction == "ingress" && rule.RemoteGroupId is null && (rule.RemoteIpPrefix ?? RuleView.AnyAddress) == Cidr && rule.Protocol == Protocol && RuleView.Ports(rule) == (From, To);

    /// <summary>As Neutron takes it. It wants one family of addresses, which Nova's rules do not name: IPv4 for a group.</summary>
    public NewIngressRule In(string securityGroupId) => new(securityGroupId, Cidr?.Contains(':', StringComparison.Ordinal) == true ? "IPv6" : "IPv4", Protocol, Bound(From), Bound(To), Cidr, GroupId);

    private static int? Bound(int? port) => port == RulePorts.None ? null : port;

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.False => null,
        JsonValueKind.String => value.GetString() is { Length: > 0 } text ? text : null,
        _ => WireSchema.Show(value),
    };

    /// <summary>A port's value as text; unlike a protocol, an empty one counts as given.</summary>
    private static string? Given(JsonElement value) => value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : WireSchema.Show(value);

    private static long? Integer(string text) => long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>An address with its prefix length, all of IPv4 when none is given.</summary>
    private static string ReadCidr(string? given)
    {
        if (given is null) { return RuleView.AnyAddress; }
        var text = Uri.UnescapeDataString(given);
        var parts = text.Split('/');
        // The framework also takes 10.1 and 0x0a000001 for IPv4 and a zone for IPv6.
        var valid = parts.Length == 2 && IPAddress.TryParse(parts[0], out var address) && !parts[0].Contains('%', StringComparison.Ordinal)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || address.ToString() == parts[0])
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= (address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32);
        return valid ? text : throw new BadRequestError($"{text} is not a valid IP network.");
    }
}
