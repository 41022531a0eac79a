using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Limits;

/// <summary>Body of a create, which makes several at once. Upstream: <c>keystone/limit/schema.py</c>.</summary>
public sealed record CreateLimits
{
    [RequiredField, Items(Min = 1)] public required IReadOnlyList<CreateLimit> Limits { get; init; }
}

/// <summary>One of them; either the project or the domain is named.</summary>
public sealed record CreateLimit
{
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public Optional<string?> ProjectId { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public Optional<string?> DomainId { get; init; }
    [RequiredField, Text(Format = "uuid")] public required string ServiceId { get; init; }
    [NullableField, Text(Min = 1, Max = 255)] public string? RegionId { get; init; }
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string ResourceName { get; init; }
    [RequiredField, Number(Min = -1)] public required int ResourceLimit { get; init; }
    [NullableField, Text(Max = 255)] public string? Description { get; init; }
}

/// <summary>Body of an update.</summary>
public sealed record UpdateLimit
{
    [Number(Min = -1)] public int? ResourceLimit { get; init; }
    [NullableField, Text(Max = 255)] public Optional<string?> Description { get; init; }
}

/// <summary>A limit with what it is of, as it is read.</summary>
internal sealed class LimitRow
{
    public required string Id { get; init; }
    public required string? ProjectId { get; init; }
    public required string? DomainId { get; init; }
    public required string ServiceId { get; init; }
    public required string? RegionId { get; init; }
    public required string ResourceName { get; init; }
    public required int ResourceLimit { get; init; }
    public required string? Description { get; init; }
}

/// <summary>A limit as clients see it.</summary>
public sealed record LimitView(string Id, string? ProjectId, string? DomainId, string ServiceId, string? RegionId, string ResourceName, int ResourceLimit, string? Description, SelfLink Links)
{
    internal static LimitView Of(LimitRow row, string v3) =>
        new(row.Id, row.ProjectId, row.DomainId, row.ServiceId, row.RegionId, row.ResourceName, row.ResourceLimit, row.Description, new SelfLink($"{v3}/limits/{row.Id}"));
}
