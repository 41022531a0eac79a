using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Subnets;

/// <summary>How a subnet's attributes are read (neutron-lib api/definitions/subnet, subnet_service_types, default_subnetpools).</summary>
internal static class SubnetFields
{
    public static readonly Field<string> Name = Field.NameText();
    public static readonly Field<string> NetworkId = new("network_id", (value, name) => Field.CheckedUuid(value, name), "") { Required = true, InPut = false };
    public static readonly Field<int> IpVersion = new("ip_version", (value, name) =>
    {
        var version = Field.Integer(value) ?? throw Field.Inconvertible($"{WireSchema.Show(value).Quoted()} is not an integer");
        return version is 4 or 6 ? version : throw Field.Invalid(name, $"{version} is not in valid_values");
    }, 0) { Required = true, InPut = false };
    public static readonly Field<string?> Cidr = new("cidr", ReadCidr, null) { InPut = false };
    /// <summary>Null: no gateway.</summary>
    public static readonly Field<string?> GatewayIp = new("gateway_ip", (value, name) => value.ValueKind == JsonValueKind.Null ? null : Addresses.Read(value, name).ToString(), null);
    public static readonly Field<IReadOnlyList<AddressPool>?> Pools = new("allocation_pools", ReadPools, null);
    public static readonly Field<IReadOnlyList<string>> Dns = new("dns_nameservers", ReadDns, []);
    public static readonly Field<IReadOnlyList<SubnetRoute>> Routes = new("host_routes", ReadRoutes, []);
    public static readonly Field<bool> EnableDhcp = Field.Boolean("enable_dhcp", true);
    public static readonly Field<string?> RaMode = Mode("ipv6_ra_mode");
    public static readonly Field<string?> AddressMode = Mode("ipv6_address_mode");
    public static readonly Field<string?> SubnetPoolId = new("subnetpool_id", (value, name) =>
        value.ValueKind == JsonValueKind.Null ? null : value.ValueKind == JsonValueKind.String && value.GetString() == "prefix_delegation" ? "prefix_delegation" : Field.CheckedUuid(value, name), null) { InPut = false };
    public static readonly Field<bool> UseDefaultPool = new("use_default_subnetpool", (value, _) => Field.Flag(value), false) { InPut = false };
    public static readonly Field<int?> PrefixLength = new("prefixlen", (value, name) =>
    {
        var length = Field.Integer(value) ?? throw Field.Inconvertible($"{WireSchema.Show(value).Quoted()} is not an integer");
        return length >= 0 ? length : throw Field.Invalid(name, $"'{length}' should be non-negative");
    }, null) { InPut = false };
    public static readonly Field<IReadOnlyList<string>> ServiceTypes = new("service_types", ReadServiceTypes, []);

    private static Field<string?> Mode(string name) => new(name, (value, n) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is "slaac" or "dhcpv6-stateful" or "dhcpv6-stateless" ? value.GetString()
        : throw Field.Invalid(n, $"{WireSchema.Show(value).Unquoted()} is not in valid_values"), null) { InPut = false };

    private static string? ReadCidr(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return null; }
        var shown = WireSchema.Show(value).Unquoted();
        if (value.ValueKind != JsonValueKind.String) { throw Field.Inconvertible($"{shown} is not in a CIDR format"); }
        if (!IpNetwork.TryParse(value.GetString(), out var network, out _))
        {
            throw IpAddress.TryParse(value.GetString(), out _) ? Field.Invalid(name, $"'{shown}' is not a valid IP subnet") : Field.Inconvertible($"{shown} is not in a CIDR format");
        }
        return network.ToString();
    }

    private static IReadOnlyList<AddressPool>? ReadPools(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return null; }
        if (value.ValueKind != JsonValueKind.Array) { throw Field.Invalid(name, $"Invalid data format for IP pool: {WireSchema.Show(value).Quoted()}"); }
        return [.. value.EnumerateArray().Select(pool =>
        {
            Addresses.CheckKeys(pool, name, "start", "end");
            return new AddressPool(Addresses.Read(pool.GetProperty("start"), name).ToString(), Addresses.Read(pool.GetProperty("end"), name).ToString());
        })];
    }

    private static IReadOnlyList<string> ReadDns(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return []; }
        if (value.ValueKind != JsonValueKind.Array) { throw Field.Invalid(name, $"Invalid data format for nameserver: {WireSchema.Show(value).Quoted()}"); }
        var hosts = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            var shown = WireSchema.Show(item).Unquoted();
            if (item.ValueKind != JsonValueKind.String || !IpAddress.TryParse(item.GetString(), out var address))
            {
                throw Field.Invalid(name, $"'{shown}' is not a valid nameserver. '{shown}' is not a valid IP address");
            }
            if (hosts.Contains(address.ToString(), StringComparer.Ordinal)) { throw Field.Invalid(name, $"Duplicate nameserver '{shown}'"); }
            hosts.Add(address.ToString());
        }
        return hosts;
    }

    private static IReadOnlyList<SubnetRoute> ReadRoutes(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return []; }
        if (value.ValueKind != JsonValueKind.Array) { throw Field.Invalid(name, $"Invalid data format for hostroute: {WireSchema.Show(value).Quoted()}"); }
        var routes = new List<SubnetRoute>();
        foreach (var item in value.EnumerateArray())
        {
            Addresses.CheckKeys(item, name, "destination", "nexthop");
            var destination = Addresses.ReadCidr(item.GetProperty("destination"), name);
            var route = new SubnetRoute(destination.ToString(), Addresses.Read(item.GetProperty("nexthop"), name).ToString());
            if (routes.Contains(route)) { throw Field.Invalid(name, $"Duplicate hostroute '{WireSchema.Show(item)}'"); }
            routes.Add(route);
        }
        return routes;
    }

    private static IReadOnlyList<string> ReadServiceTypes(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Array) { throw NeutronErrors.InvalidInput("Subnet service types must be a list."); }
        var types = new List<string>();
        foreach (var item in value.EnumerateArray())
        {
            var type = item.ValueKind == JsonValueKind.String ? item.GetString()! : "";
            if (!type.StartsWith("network:", StringComparison.Ordinal) && !type.StartsWith("compute:", StringComparison.Ordinal)) { throw NeutronErrors.InvalidInput($"Service type {WireSchema.Show(item).Unquoted()} does not correspond to a device owner"); }
            if (!types.Contains(type, StringComparer.Ordinal)) { types.Add(type); }
        }
        return types;
    }
}
