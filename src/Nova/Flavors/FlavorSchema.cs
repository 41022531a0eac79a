using System.Globalization;
using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Flavors;

/// <summary><c>POST /flavors</c> (<c>schemas/flavors.py</c>, create).</summary>
internal sealed record CreateFlavor
{
    [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
    [NullableField, Text(Min = 1, Max = 255, Pattern = @"^(?! )[a-zA-Z0-9. _-]+(?<! )$", AllowNumber = true)] public string? Id { get; init; }
    [RequiredField, Number(Min = 1, Max = NovaLimits.MaxInt, AllowText = true)] public required int Ram { get; init; }
    [RequiredField, Number(Min = 1, Max = NovaLimits.MaxInt, AllowText = true)] public required int Vcpus { get; init; }
    [RequiredField, Number(Min = 0, Max = NovaLimits.MaxInt, AllowText = true)] public required int Disk { get; init; }
    [WireName("OS-FLV-EXT-DATA:ephemeral"), Number(Min = 0, Max = NovaLimits.MaxInt, AllowText = true)] public int Ephemeral { get; init; }
    [Number(Min = 0, Max = NovaLimits.MaxInt, AllowText = true)] public int Swap { get; init; }
    [Until("2.101"), Text(Pattern = @"^[0-9]+(\.[0-9]+)?$", AllowNumber = true)] public string? RxtxFactor { get; init; }
    [WireName("os-flavor-access:is_public"), LooseBoolean] public bool? IsPublic { get; init; }
    [Since("2.55"), NullableField, Text(Max = 65535, Pattern = NovaLimits.DescriptionPattern)] public string? Description { get; init; }

    /// <summary>Greater than zero and a single-precision number (<c>SQL_SP_FLOAT_MAX</c>).</summary>
    public double Rxtx()
    {
        if (RxtxFactor is null) { return 1.0; }
        var value = double.Parse(RxtxFactor, CultureInfo.InvariantCulture);
        return value is > 0 and <= 3.40282e+38 ? value
            : throw new BadRequestError($"Invalid input for field/attribute rxtx_factor. Value: {RxtxFactor}. {RxtxFactor} is {(value <= 0 ? "less than or equal to the minimum of 0" : "greater than the maximum of 3.40282e+38")}");
    }
}

/// <summary><c>PUT /flavors/{id}</c>.</summary>
internal sealed record UpdateFlavor
{
    [RequiredField, NullableField, Text(Max = 65535, Pattern = NovaLimits.DescriptionPattern)] public required string? Description { get; init; }
}

/// <summary>The <c>addTenantAccess</c> and <c>removeTenantAccess</c> actions.</summary>
internal sealed record TenantAccess
{
    [RequiredField, Text(Min = 1, Max = 255, Pattern = "^[a-zA-Z0-9-]*$")] public required string Tenant { get; init; }
}

/// <summary>A flavor in lists without detail.</summary>
internal sealed record FlavorBrief(string Id, string Name, IReadOnlyList<Link> Links)
{
    [Since("2.55")] public string? Description { get; init; }

    public static FlavorBrief Of(Call call, Flavor flavor) => new(flavor.Id, flavor.Name, Nova.Links.Of(call, "flavors", flavor.Id)) { Description = flavor.Description };
}

/// <summary>A flavor.</summary>
internal sealed record FlavorView(string Id, string Name, int Ram, int Disk, object Swap, int Vcpus, IReadOnlyList<Link> Links)
{
    [WireName("OS-FLV-EXT-DATA:ephemeral")] public int Ephemeral { get; init; }
    [WireName("OS-FLV-DISABLED:disabled"), Until("2.101")] public bool Disabled { get; init; }
    [WireName("os-flavor-access:is_public")] public bool IsPublic { get; init; }
    [Until("2.101")] public double RxtxFactor { get; init; }
    [Since("2.55")] public string? Description { get; init; }
    [Since("2.61")] public Optional<Dictionary<string, string>> ExtraSpecs { get; init; }

    public static FlavorView Of(Call call, Flavor flavor) =>
        new(flavor.Id, flavor.Name, flavor.RamMib, flavor.RootGib, flavor.SwapMib == 0 && call.Version < Microversions.V2_75 ? "" : flavor.SwapMib, flavor.Vcpus, Nova.Links.Of(call, "flavors", flavor.Id))
        {
            Ephemeral = flavor.EphemeralGib,
            IsPublic = flavor.IsPublic,
            RxtxFactor = flavor.RxtxFactor,
            Description = flavor.Description,
            ExtraSpecs = call.AllowsProject(ExtraSpecEndpoints.Index, call.Context.Who.ProjectId) ? new(flavor.ExtraSpecs) : default,
        };
}

/// <summary>A flavor's extra specs as a request gives them: texts or numbers.</summary>
internal static class ExtraSpecs
{
    public static Dictionary<string, string> Read(JsonElement specs, IErrorWriter errors)
    {
        var faults = new List<WireFault>();
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        if (specs.ValueKind != JsonValueKind.Object) { throw errors.Invalid([new WireFault(WireFaultKind.Type, ["extra_specs"], WireSchema.Show(specs), "'object'")]); }
        foreach (var spec in specs.EnumerateObject())
        {
            var text = spec.Value.ValueKind switch { JsonValueKind.String => spec.Value.GetString(), JsonValueKind.Number => spec.Value.GetRawText(), _ => null };
            if (!System.Text.RegularExpressions.Regex.IsMatch(spec.Name, NovaLimits.MetadataKeyPattern)) { faults.Add(new(WireFaultKind.Key, ["extra_specs"], $"'{spec.Name}'", NovaLimits.MetadataKeyPattern)); }
            else if (text is null) { faults.Add(new(WireFaultKind.Type, ["extra_specs", spec.Name], WireSchema.Show(spec.Value), "'string', 'number'")); }
            else if (text.Length > 255) { faults.Add(new(WireFaultKind.TooLong, ["extra_specs", spec.Name], WireSchema.Show(spec.Value), "255")); }
            else { read[spec.Name] = text; }
        }
        return faults.Count == 0 ? read : throw errors.Invalid(faults);
    }
}
