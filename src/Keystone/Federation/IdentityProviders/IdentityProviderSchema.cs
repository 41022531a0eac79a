using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.IdentityProviders;

/// <summary>Body of a create, whose only member may be missing. Upstream: <c>keystone/federation/schema.py</c>.</summary>
public sealed record CreateIdentityProviderBody
{
    public CreateIdentityProvider? IdentityProvider { get; init; }
}

public sealed record CreateIdentityProvider
{
    public bool? Enabled { get; init; }
    [NullableField] public string? Description { get; init; }
    [NullableField, Number(Min = 0)] public int? AuthorizationTtl { get; init; }
    [NullableField, Items(Unique = true), Text(Max = 64)] public IReadOnlyList<string>? RemoteIds { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? DomainId { get; init; }
}

/// <summary>Body of an update; the domain stays.</summary>
public sealed record UpdateIdentityProvider : IUpdateBody
{
    public bool? Enabled { get; init; }
    [NullableField] public Optional<string?> Description { get; init; }
    [NullableField, Number(Min = 0)] public Optional<int?> AuthorizationTtl { get; init; }
    [NullableField, Items(Unique = true), Text(Max = 64)] public Optional<IReadOnlyList<string>?> RemoteIds { get; init; }

    bool IUpdateBody.IsEmpty => Enabled is null && !Description.IsSet && !AuthorizationTtl.IsSet && !RemoteIds.IsSet;
}

/// <summary>An identity provider as clients see it.</summary>
public sealed record IdentityProviderView(string Id, bool Enabled, string? Description, string DomainId, int? AuthorizationTtl, IReadOnlyList<string> RemoteIds, IdentityProviderLinks Links)
{
    internal static IdentityProviderView Of(IdentityProviderRow row, string v3)
    {
        var self = $"{v3}/OS-FEDERATION/identity_providers/{Uri.EscapeDataString(row.Provider.Id)}";
        return new(row.Provider.Id, row.Provider.Enabled, row.Provider.Description, row.Provider.DomainId, row.Provider.AuthorizationTtl, row.RemoteIds, new(self, self + "/protocols"));
    }
}

public sealed record IdentityProviderLinks(string Self, string Protocols);

/// <summary>An identity provider with its remote ids.</summary>
internal sealed record IdentityProviderRow(IdentityProvider Provider, IReadOnlyList<string> RemoteIds);
