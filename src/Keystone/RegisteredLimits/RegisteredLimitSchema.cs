using Nephos.Kernel.Wire;

namespace Nephos.Keystone.RegisteredLimits;

/// <summary>Body of a create, which makes several at once. Upstream: <c>keystone/limit/schema.py</c>.</summary>
public sealed record CreateRegisteredLimits
{
    [RequiredField, Items(Min = 1)] public required IReadOnlyList<CreateRegisteredLimit> RegisteredLimits { get; init; }
}

/// <summary>One of them.</summary>
public sealed record CreateRegisteredLimit
{
    [RequiredField, Text(Format = "uuid")] public required string ServiceId { get; init; }
    [NullableField, Text(Min = 1, Max = 255)] public string? RegionId { get; init; }
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string ResourceName { get; init; }
    [RequiredField, Number(Min = -1)] public required int DefaultLimit { get; init; }
    [NullableField, Text(Max = 255)] public string? Description { get; init; }
}

/// <summary>Body of an update.</summary>
public sealed record UpdateRegisteredLimit
{
    [Text(Format = "uuid")] public string? ServiceId { get; init; }
    [NullableField, Text(Min = 1, Max = 255)] public Optional<string?> RegionId { get; init; }
    [Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public string? ResourceName { get; init; }
    [Number(Min = -1)] public int? DefaultLimit { get; init; }
    [NullableField, Text(Max = 255)] public Optional<string?> Description { get; init; }

    internal bool Moves => ServiceId is not null || RegionId.IsSet || ResourceName is not null;
}

/// <summary>A registered limit as clients see it.</summary>
public sealed record RegisteredLimitView(string Id, string ServiceId, string? RegionId, string ResourceName, int DefaultLimit, string? Description, SelfLink Links)
{
    internal static RegisteredLimitView Of(RegisteredLimit row, string v3) =>
        new(row.Id, row.ServiceId, row.RegionId, row.ResourceName, row.DefaultLimit, row.Description, new SelfLink($"{v3}/registered_limits/{row.Id}"));
}
