using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Groups;

/// <summary>Body of a create. Upstream: <c>keystone/identity/schema.py</c>; names have 1 to 255 characters (64 in upstream's table, which its clients know).</summary>
public sealed record CreateGroup
{
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField] public string? Description { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? DomainId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateGroup
{
    [Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public string? Name { get; init; }
    [NullableField] public Optional<string?> Description { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>A group as clients see it.</summary>
public sealed record GroupView(string Id, string Name, string DomainId, string Description, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    /// <summary>Only in the list of a user's groups: null for a membership without an end.</summary>
    public Optional<string?> MembershipExpiresAt { get; init; }

    internal static GroupView Of(GroupOfUser row, string v3) => Of(row.Group, v3) with { MembershipExpiresAt = WireTime.Micros(row.ExpiresAt) };

    internal static GroupView Of(Group group, string v3) => new(group.Id, group.Name, group.DomainId, group.Description, new SelfLink($"{v3}/groups/{group.Id}")) { Extra = Keystone.Extra.Read(group.Extra) };
}

/// <summary>A user's group; with the membership's end when a login through an identity provider gave it for a while.</summary>
internal sealed record GroupOfUser(Group Group, DateTime? ExpiresAt);
