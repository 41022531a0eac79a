using System.Text.Json;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Credentials;

/// <summary>Body of a create. Upstream: <c>keystone/credential/schema.py</c>; other members are kept and given back.</summary>
public sealed record CreateCredential
{
    [RequiredField] public required string Blob { get; init; }
    [RequiredField] public required string Type { get; init; }
    [RequiredField] public required string UserId { get; init; }
    [NullableField] public Optional<string?> ProjectId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
public sealed record UpdateCredential
{
    public string? Blob { get; init; }
    public string? Type { get; init; }
    public string? UserId { get; init; }
    [NullableField] public Optional<string?> ProjectId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }

    internal bool IsEmpty => Blob is null && Type is null && UserId is null && !ProjectId.IsSet && Extra is not { Count: > 0 };
}

/// <summary>A credential as clients see it.</summary>
public sealed record CredentialView(string Id, string UserId, string? ProjectId, string Type, string Blob, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static CredentialView Of(OpenCredential open, string v3) =>
        new(open.Row.Id, open.Row.UserId, open.Row.ProjectId, open.Row.Type, open.Blob, new SelfLink($"{v3}/credentials/{open.Row.Id}")) { Extra = Keystone.Extra.Read(open.Row.Extra) };
}

/// <summary>A credential with its blob decrypted.</summary>
internal sealed record OpenCredential(Credential Row, string Blob);
