using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Domains;

/// <summary>Body of a create. Upstream: <c>keystone/resource/schema.py</c>.</summary>
public sealed record CreateDomain
{
    [RequiredField, Text(Min = 1, Max = 64, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField, Text(Max = 255)] public string? Description { get; init; }
    [LooseBoolean] public bool? Enabled { get; init; }
    [Items(Max = 80, Unique = true), Text(Min = 1, Max = 255, Pattern = "^[^,/]*$")] public IReadOnlyList<string>? Tags { get; init; }
    public ResourceOptions? Options { get; init; }
    /// <summary>An id of the client's choice, so that two clouds can have the same domain.</summary>
    [Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? ExplicitDomainId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}
