using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron.AvailabilityZones;

/// <summary><c>availability_zone_hints</c> of networks and routers: names of zones that agents are in.</summary>
internal static class ZoneHints
{
    /// <summary>The zone of agents that name none: neutron <c>agent.availability_zone</c>.</summary>
    public const string OnlyZone = "nova";

    /// <summary>extensions/availability_zone: text of up to 255 characters each, not empty, the whole as JSON in 255.</summary>
    public static readonly Field<IReadOnlyList<string>> Field = new("availability_zone_hints", (value, name) =>
    {
        if (value.ValueKind != JsonValueKind.Array) { throw Attributes.Field.Invalid(name, $"{Kernel.Wire.WireSchema.Show(value).Quoted()} is not a list"); }
        var zones = value.EnumerateArray().Select(v => Attributes.Field.CheckedText(v, name, 255)).Distinct(StringComparer.Ordinal).ToList();
        if (zones.Any(z => z.Trim().Length == 0)) { throw Attributes.Field.Invalid(name, "'' Blank strings are not permitted"); }
        return JsonSerializer.Serialize(zones).Length <= 255 ? zones : throw Attributes.Field.Invalid(name, "Too many availability_zone_hints specified");
    }, []) { InPut = false };

    /// <summary>404 unless all of them exist.</summary>
    public static void Check(IReadOnlyList<string> hints)
    {
        foreach (var hint in hints)
        {
            if (hint != OnlyZone) { throw new NotFoundError($"AvailabilityZone {hint} could not be found.", "AvailabilityZoneNotFound"); }
        }
    }
}
