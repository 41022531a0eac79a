using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Projects;

/// <summary>Body of a create. Upstream: <c>keystone/resource/schema.py</c>; names have 1 to 64 characters, one of them no space.</summary>
public sealed record CreateProject
{
    [RequiredField, Text(Min = 1, Max = 64, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField] public string? Description { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? DomainId { get; init; }
    [LooseBoolean] public bool? Enabled { get; init; }
    [LooseBoolean] public bool? IsDomain { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? ParentId { get; init; }
    [Items(Max = 80, Unique = true), Text(Min = 1, Max = 255, Pattern = "^[^,/]*$")] public IReadOnlyList<string>? Tags { get; init; }
    public ResourceOptions? Options { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
public sealed record UpdateProject
{
    [Text(Min = 1, Max = 64, Pattern = @"[\S]+")] public string? Name { get; init; }
    [NullableField] public Optional<string?> Description { get; init; }
    [LooseBoolean] public bool? Enabled { get; init; }
    [Items(Max = 80, Unique = true), Text(Min = 1, Max = 255, Pattern = "^[^,/]*$")] public IReadOnlyList<string>? Tags { get; init; }
    public ResourceOptions? Options { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }

    /// <summary>What is given besides <c>options</c>.</summary>
    internal bool ChangesMore => Name is not null || Description.IsSet || Enabled is not null || Tags is not null || Extra is { Count: > 0 };
}

/// <summary>Body of <c>PUT /v3/projects/{id}/tags</c>.</summary>
public sealed record UpdateTags
{
    [RequiredField, Items(Max = 80, Unique = true), Text(Min = 1, Max = 255, Pattern = "^[^,/]*$")] public required IReadOnlyList<string> Tags { get; init; }
}
