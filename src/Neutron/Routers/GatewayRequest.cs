using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.Routers;

/// <summary>A body's <c>external_gateway_info</c>. Null and an empty object ask for no gateway (neutron-lib l3, l3_ext_gw_mode).</summary>
/// <param name="EnableSnat">Null: not given; the default is true.</param>
/// <param name="FixedIps">Null: not given; any addresses.</param>
internal sealed record GatewayRequest(string NetworkId, bool? EnableSnat, IReadOnlyList<FixedIpRequest>? FixedIps)
{
    private static readonly string[] Keys = ["network_id", "external_fixed_ips", "enable_snat"];

    public static GatewayRequest? Read(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Null) { return null; }
        if (value.ValueKind != JsonValueKind.Object) { throw Field.Invalid(name, $"{WireSchema.Show(value).Quoted()} is not a dictionary"); }
        var given = value.EnumerateObject().Select(p => p.Name).ToList();
        if (given.Count == 0) { return null; }
        if (!given.Contains("network_id", StringComparer.Ordinal))
        {
            throw Field.Invalid(name, $"Validation of dictionary's keys failed. Expected keys: {{'network_id'}} Provided keys: {{{string.Join(", ", given.Select(k => $"'{k}'"))}}}");
        }
        var unknown = given.Except(Keys, StringComparer.Ordinal).ToList();
        if (unknown.Count > 0) { throw Field.Invalid(name, $"Unexpected keys supplied: {string.Join(", ", unknown)}"); }
        return new GatewayRequest(
            Field.CheckedUuid(value.GetProperty("network_id"), name),
            value.TryGetProperty("enable_snat", out var snat) ? Field.Flag(snat) : null,
            value.TryGetProperty("external_fixed_ips", out var ips) ? PortFields.ReadFixedIps(ips, name) : null);
    }
}
