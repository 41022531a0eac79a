using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Keystone.ApplicationCredentials;

namespace Nephos.Keystone.OAuth1;

/// <summary>Body of a create or an update. Upstream: <c>keystone/oauth1/schema.py</c>; other members are kept and given back.</summary>
public sealed record GivenConsumer
{
    [NullableField] public Optional<string?> Description { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an authorization.</summary>
[AllowsUnknown]
public sealed record AuthorizeRequest
{
    public IReadOnlyList<RoleReference>? Roles { get; init; }
}

/// <summary>A consumer as clients see it; the secret only when it is made.</summary>
public sealed record ConsumerView(string Id, string? Description, SelfLink Links)
{
    [OmitNull] public string? Secret { get; init; }
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static ConsumerView Of(Consumer row, string v3) => new(row.Id, row.Description, new SelfLink($"{v3}/OS-OAUTH1/consumers/{row.Id}")) { Extra = Keystone.Extra.Read(row.Extra) };
}

/// <summary>An access token as users see it, without its secret.</summary>
public sealed record AccessTokenView(string Id, string ConsumerId, string AuthorizingUserId, string ProjectId, string? ExpiresAt, AccessTokenLinks Links)
{
    internal static AccessTokenView Of(AccessToken row, string v3)
    {
        var self = $"{v3}/users/{row.AuthorizingUserId}/OS-OAUTH1/access_tokens/{row.Id}";
        return new(row.Id, row.ConsumerId, row.AuthorizingUserId, row.ProjectId, row.ExpiresAt is { } end ? WireTime.MicrosZ(end) : null, new AccessTokenLinks(self + "/roles", self));
    }
}

public sealed record AccessTokenLinks(string Roles, string Self);
