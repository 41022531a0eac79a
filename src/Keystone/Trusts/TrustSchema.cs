using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.Trusts;

/// <summary>Body of a create. Upstream: <c>keystone/trust/schema.py</c>; other members are kept and given back.</summary>
public sealed record CreateTrust
{
    [RequiredField] public required string TrustorUserId { get; init; }
    [RequiredField] public required string TrusteeUserId { get; init; }
    [RequiredField] public required bool Impersonation { get; init; }
    [NullableField] public string? ProjectId { get; init; }
    [NullableField, Number(Min = 1, Max = int.MaxValue)] public int? RemainingUses { get; init; }
    [NullableField] public string? ExpiresAt { get; init; }
    [NullableField] public bool? AllowRedelegation { get; init; }
    [NullableField, Number(Min = 0, Max = int.MaxValue)] public Optional<int?> RedelegationCount { get; init; }
    [NullableField] public string? RedelegatedTrustId { get; init; }
    public IReadOnlyList<RoleReference>? Roles { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>A trust as clients see it; lists do not show the roles.</summary>
public sealed record TrustView(string Id, string TrustorUserId, string TrusteeUserId, string? ProjectId, bool Impersonation, string? ExpiresAt, int? RemainingUses, string? RedelegatedTrustId, int? RedelegationCount, SelfLink Links)
{
    /// <summary>Of upstream's rows that are kept when they are deleted; ours are not.</summary>
    public string? DeletedAt { get; init; }
    [OmitNull] public IReadOnlyList<RoleView>? Roles { get; init; }
    [OmitNull] public ListLinks? RolesLinks { get; init; }
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static TrustView Of(Trust trust, string v3) => new(trust.Id, trust.TrustorUserId, trust.TrusteeUserId, trust.ProjectId, trust.Impersonation, trust.ExpiresAt is { } end ? WireTime.MicrosZ(end) : null,
        trust.RemainingUses, trust.RedelegatedTrustId, trust.RedelegationCount, new SelfLink($"{v3}/OS-TRUST/trusts/{trust.Id}")) { Extra = Keystone.Extra.Read(trust.Extra) };

    internal static TrustView Of(Trust trust, IEnumerable<Role> roles, string v3) => Of(trust, v3) with { Roles = [.. roles.Select(role => RoleView.Of(role, v3))], RolesLinks = LinksOfRoles(trust.Id, v3) };

    internal static ListLinks LinksOfRoles(string id, string v3) => new(null, $"{v3}/{id}/roles", null);
}
