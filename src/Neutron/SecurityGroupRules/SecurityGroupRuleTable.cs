using System.Globalization;
using System.Linq.Expressions;
using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroups;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>
/// Attributes of a rule: neutron/extensions/securitygroup.py with security-groups-normalized-cidr, security-groups-remote-address-group and
/// security-groups-rules-belongs-to-default-sg. Values are converted in this order, so that a body with several faults names the same one as upstream.
/// </summary>
internal static class SecurityGroupRuleTable
{
    private const int HighestPort = 65535;

    public static readonly Field<string> SecurityGroupId = new("security_group_id", (value, name) => Field.CheckedText(value, name, 36), "") { Required = true, InPut = false };
    public static readonly Field<string?> RemoteGroupId = new("remote_group_id", (value, _) => Given(value), null) { InPut = false };
    public static readonly Field<string?> RemoteAddressGroupId = new("remote_address_group_id", (value, _) => Given(value), null) { InPut = false };
    public static readonly Field<string> Direction = new("direction", ReadDirection, "") { Required = true, InPut = false };
    public static readonly Field<string?> Protocol = new("protocol", (value, _) => ReadProtocol(value), null) { InPut = false };
    public static readonly Field<int?> PortRangeMin = new("port_range_min", (value, _) => ReadPort(value), null) { InPut = false };
    public static readonly Field<int?> PortRangeMax = new("port_range_max", (value, _) => ReadPort(value), null) { InPut = false };
    public static readonly Field<string> Ethertype = new("ethertype", (value, _) => ReadEthertype(value), "IPv4") { InPut = false };
    public static readonly Field<RemotePrefix?> RemoteIpPrefix = new("remote_ip_prefix", (value, _) => ReadPrefix(value), null) { InPut = false };

    public static readonly ResourceTable<SecurityGroupRule, SecurityGroupRuleView> Table = new ResourceTable<SecurityGroupRule, SecurityGroupRuleView>("security_group_rule", "security_group_rules", SecurityGroupErrors.RuleNotFound)
        .Standard()
        .Text("security_group_id", v => v.Row.SecurityGroupId, r => r.SecurityGroupId).Takes(SecurityGroupId)
        .Text("remote_group_id", v => v.Row.RemoteGroupId, r => r.RemoteGroupId).Takes(RemoteGroupId)
        .Text("direction", v => v.Row.Direction, r => r.Direction).Takes(Direction)
        .Text("protocol", v => v.Row.Protocol, r => r.Protocol).Takes(Protocol)
        .Number("port_range_min", v => v.Row.PortRangeMin, (Expression<Func<SecurityGroupRule, int?>>)(r => r.PortRangeMin)).Takes(PortRangeMin)
        .Number("port_range_max", v => v.Row.PortRangeMax, (Expression<Func<SecurityGroupRule, int?>>)(r => r.PortRangeMax)).Takes(PortRangeMax)
        .Text("ethertype", v => v.Row.Ethertype, r => r.Ethertype).Takes(Ethertype)
        .Text("remote_ip_prefix", v => v.Row.RemoteIpPrefix, r => r.RemoteIpPrefix).Takes(RemoteIpPrefix)
        .Text("remote_address_group_id", v => v.Row.RemoteAddressGroupId, r => r.RemoteAddressGroupId).Takes(RemoteAddressGroupId)
        .Text("normalized_cidr", v => v.Row.RemoteIpPrefix is { } prefix ? RemotePrefix.Parse(prefix)?.Normalized : null)
        .Flag("belongs_to_default_sg", v => v.Group.IsDefault).FilteredBy(InDefaultGroup);

    private static IQueryable<SecurityGroupRule> InDefaultGroup(NeutronDb db, IQueryable<SecurityGroupRule> query, IReadOnlyList<string> values)
    {
        var wanted = Field.ConvertedFlag(values[^1]) ?? throw Field.Inconvertible($"'{values[^1]}' cannot be converted to boolean");
        return query.Where(r => db.SecurityGroups.Any(g => g.Id == r.SecurityGroupId && g.IsDefault == wanted));
    }

    private static string? Given(JsonElement value) => Text(value) is { Length: > 0 } text ? text : null;

    private static string ReadDirection(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is "ingress" or "egress" ? value.GetString()! : throw Field.Invalid(name, $"{Text(value) ?? "None"} is not in valid_values");

    private static string? ReadProtocol(JsonElement given)
    {
        if (Text(given) is not { } text || text == "any") { return null; }
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return number is >= 0 and <= 255 ? text : throw SecurityGroupErrors.InvalidProtocol(text);
        }
        var name = text.ToLowerInvariant();
        return name == "any" ? null : RuleProtocols.IsName(name) ? name : throw SecurityGroupErrors.InvalidProtocol(text);
    }

    private static int? ReadPort(JsonElement given)
    {
        if (Text(given) is not { } text) { return null; }
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var port) && port is >= 0 and <= HighestPort
            ? port : throw SecurityGroupErrors.InvalidPort(text);
    }

    private static string ReadEthertype(JsonElement given) => (given.ValueKind == JsonValueKind.String ? given.GetString()! : "").ToLowerInvariant() switch
    {
        "ipv4" => "IPv4",
        "ipv6" => "IPv6",
        _ => throw SecurityGroupErrors.InvalidEthertype(Text(given) ?? "None"),
    };

    private static RemotePrefix? ReadPrefix(JsonElement given)
    {
        if (Text(given) is not { Length: > 0 } text) { return null; }
        return given.ValueKind == JsonValueKind.String && RemotePrefix.Parse(text) is { } prefix ? prefix : throw SecurityGroupErrors.InvalidCidr(text);
    }

    private static string? Text(JsonElement given) => given.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => given.GetString(),
        _ => WireSchema.Show(given),
    };
}
