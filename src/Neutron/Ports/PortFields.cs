using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Ports;

/// <summary>An address or prefix that a port may also use.</summary>
internal sealed record AddressPairEntry(string IpAddress, string? Mac);

/// <summary>A DHCP option of a port.</summary>
internal sealed record DhcpOption(string Name, string? Value, int IpVersion);

/// <summary>How a port's attributes are read (neutron-lib api/definitions: port, portbindings, port_security, allowedaddresspairs, extra_dhcp_opt, dns, security groups).</summary>
internal static class PortFields
{
    public static readonly Field<string> Name = Field.NameText();
    public static readonly Field<string> NetworkId = new("network_id", (value, name) => Field.CheckedUuid(value, name), "") { Required = true, InPut = false };
    public static readonly Field<bool> AdminStateUp = Field.Boolean("admin_state_up", true);
    /// <summary>Null: make one.</summary>
    public static readonly Field<string?> Mac = new("mac_address", (value, name) => value.ValueKind == JsonValueKind.Null ? null : Addresses.ReadMac(value, name), null);
    public static readonly Field<IReadOnlyList<FixedIpRequest>?> FixedIps = new("fixed_ips", ReadFixedIps, null);
    public static readonly Field<string> DeviceId = Field.Text("device_id", Limits.DeviceIdLength);
    public static readonly Field<string> DeviceOwner = Field.Text("device_owner", Limits.DeviceOwnerLength);
    public static readonly Field<IReadOnlyList<string>?> SecurityGroups = Field.UuidList("security_groups");
    public static readonly Field<bool?> PortSecurity = new("port_security_enabled", (value, _) => Field.Flag(value), null);
    public static readonly Field<IReadOnlyList<AddressPairEntry>> AddressPairs = new("allowed_address_pairs", ReadPairs, []);
    public static readonly Field<IReadOnlyList<DhcpOption>?> DhcpOptions = new("extra_dhcp_opts", ReadOptions, null);
    public static readonly Field<string> HostId = Field.Text("binding:host_id", 255);
    public static readonly Field<string?> VnicType = Field.OneOf("binding:vnic_type", "normal",
        "normal", "direct", "macvtap", "baremetal", "direct-physical", "virtio-forwarder", "smart-nic", "accelerator-direct", "accelerator-direct-physical", "remote-managed", "vdpa");
    /// <summary>JSON text of an object.</summary>
    public static readonly Field<string> Profile = new("binding:profile", (value, name) =>
        value.ValueKind == JsonValueKind.Null ? "{}" : value.ValueKind == JsonValueKind.Object ? value.GetRawText()
        : throw Field.Invalid(name, $"{WireSchema.Show(value).Quoted()} is not a dictionary"), "{}");
    public static readonly Field<string> DnsName = DnsNames.Host("dns_name");

    internal static IReadOnlyList<FixedIpRequest>? ReadFixedIps(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.Array) { throw Field.Invalid(name, $"Invalid data format for fixed IP: {WireSchema.Show(value).Quoted()}"); }
        var asked = new List<FixedIpRequest>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object) { throw Field.Invalid(name, $"Invalid data format for fixed IP: {WireSchema.Show(item).Quoted()}"); }
            string? ip = null, subnet = null;
            if (item.TryGetProperty("ip_address", out var given))
            {
                ip = Addresses.Read(given, name).ToString();
                if (asked.Any(a => a.IpAddress == ip)) { throw Field.Invalid(name, $"Duplicate IP address '{given.GetString()}'"); }
            }
            if (item.TryGetProperty("subnet_id", out var id)) { subnet = Field.CheckedUuid(id, name); }
            asked.Add(new FixedIpRequest(subnet, ip));
        }
        return asked.Count <= Limits.FixedIpsPerPort ? asked : throw PortErrors.TooManyFixedIps();
    }

    private static IReadOnlyList<AddressPairEntry> ReadPairs(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return []; }
        if (value.ValueKind != JsonValueKind.Array) { throw NeutronErrors.Bad("Allowed address pairs must be a list."); }
        if (value.GetArrayLength() > Limits.AllowedAddressPairs)
        {
            throw new BadRequestError($"The number of allowed address pair exceeds the maximum {Limits.AllowedAddressPairs}.", "AllowedAddressPairExhausted");
        }
        var pairs = new List<AddressPairEntry>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object) { throw Field.Invalid(name, $"{WireSchema.Show(item).Quoted()} is not a dictionary"); }
            var pair = ReadPair(item);
            if (pairs.Contains(pair))
            {
                throw new BadRequestError($"Invalid input for operation: Request contains duplicate address pair: mac_address {pair.Mac ?? "None"} ip_address {pair.IpAddress}.", "DuplicateAddressPairInRequest");
            }
            pairs.Add(pair);
        }
        return pairs;
    }

    private static AddressPairEntry ReadPair(JsonElement item)
    {
        string? mac = null;
        if (item.TryGetProperty("mac_address", out var given))
        {
            var shown = WireSchema.Show(given).Unquoted();
            mac = Addresses.Mac(given.ValueKind == JsonValueKind.String ? given.GetString() : null) ?? throw NeutronErrors.Bad($"'{shown}' is not a valid MAC address");
            if ((Convert.ToByte(mac[..2], 16) & 1) == 1) { throw NeutronErrors.Bad($"MAC address {shown} is a multicast address, which is not supported."); }
        }
        if (!item.TryGetProperty("ip_address", out var address)) { throw new BadRequestError("AllowedAddressPair must contain ip_address", "AllowedAddressPairsMissingIP"); }
        var unknown = item.EnumerateObject().Select(p => p.Name).Where(n => n is not ("mac_address" or "ip_address")).ToList();
        if (unknown.Count > 0) { throw NeutronErrors.Bad($"Unrecognized attribute(s) '{string.Join(", ", unknown)}'"); }
        var text = address.ValueKind == JsonValueKind.String ? address.GetString()! : WireSchema.Show(address);
        if (text.Contains('/', StringComparison.Ordinal))
        {
            if (!IpNetwork.TryParse(text, out var network, out _)) { throw NeutronErrors.Bad($"'{text}' is not a valid IP subnet"); }
            if (network.First.IsMulticast) { throw NeutronErrors.Bad($"IP {text} is a multicast address, which is not supported."); }
            return new AddressPairEntry(text, mac);
        }
        if (!IpAddress.TryParse(text, out var ip)) { throw NeutronErrors.Bad($"'{text}' is not a valid IP address"); }
        return ip.IsMulticast ? throw NeutronErrors.Bad($"IP {text} is a multicast address, which is not supported.") : new AddressPairEntry(ip.ToString(), mac);
    }

    private static IReadOnlyList<DhcpOption>? ReadOptions(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return null; }
        if (value.ValueKind != JsonValueKind.Array) { throw NeutronErrors.InvalidInput($"{WireSchema.Show(value).Quoted()} is not a list"); }
        return [.. value.EnumerateArray().Select(item => ReadOption(item) ?? throw NeutronErrors.InvalidInput($"No valid key specs matched for: {WireSchema.Show(item)}"))];
    }

    /// <summary>Names of up to 64 characters, values of up to 255 (neutron-lib extra_dhcp_opt); a null value removes the option; only two may be blank.</summary>
    private static DhcpOption? ReadOption(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || item.EnumerateObject().Any(p => p.Name is not ("opt_name" or "opt_value" or "ip_version"))) { return null; }
        if (!item.TryGetProperty("opt_name", out var n) || n.ValueKind != JsonValueKind.String || n.GetString() is not { Length: > 0 and <= 64 } name || name.Contains('\n', StringComparison.Ordinal)) { return null; }
        if (!item.TryGetProperty("opt_value", out var v) || v.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)) { return null; }
        var value = v.GetString();
        if (value is not null && (value.Length > 255 || value.Contains('\n', StringComparison.Ordinal) || (value.Trim().Length == 0 && name is not ("router" or "classless-static-route")))) { return null; }
        var version = item.TryGetProperty("ip_version", out var ip) ? Field.Integer(ip) : 4;
        return version is 4 or 6 ? new DhcpOption(name, value, version.Value) : null;
    }
}
