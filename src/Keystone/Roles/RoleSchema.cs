using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Roles;

/// <summary>Body of a create. Upstream: <c>keystone/assignment/schema.py</c>.</summary>
public sealed record CreateRole
{
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField] public string? Description { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? DomainId { get; init; }
    public ResourceOptions? Options { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateRole
{
    [Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public string? Name { get; init; }
    [NullableField] public Optional<string?> Description { get; init; }
    public ResourceOptions? Options { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }

    internal bool ChangesMore => Name is not null || Description.IsSet || Extra is { Count: > 0 };
}

/// <summary>A role as clients see it.</summary>
public sealed record RoleView(string Id, string Name, string? DomainId, string? Description, Dictionary<string, JsonElement> Options, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static RoleView Of(Role role, string v3) => new(role.Id, role.Name, role.DomainId == Role.NoDomain ? null : role.DomainId, role.Description, Keystone.Extra.Read(role.Options), new SelfLink($"{v3}/roles/{role.Id}"))
    {
        Extra = Keystone.Extra.Read(role.Extra),
    };
}

/// <summary>A role in a rule of implication.</summary>
public sealed record RoleInRule(string Id, string Name, SelfLink Links)
{
    internal static RoleInRule Of(Role role, string v3) => new(role.Id, role.Name, new SelfLink($"{v3}/roles/{role.Id}"));
}

/// <summary>One role and one that it implies.</summary>
public sealed record InferenceView(RoleInRule PriorRole, RoleInRule Implies);

/// <summary>One role and all that it implies directly.</summary>
public sealed record InferencesView(RoleInRule PriorRole, IReadOnlyList<RoleInRule> Implies);
