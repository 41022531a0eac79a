using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.ApplicationCredentials;

/// <summary>Body of a create. Upstream: <c>keystone/application_credential/schema.py</c>.</summary>
public sealed record CreateApplicationCredential
{
    /// <summary>Taken and not used, as upstream does.</summary>
    public string? Id { get; init; }
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField] public string? Description { get; init; }
    /// <summary>Null: one is made up.</summary>
    [NullableField] public string? Secret { get; init; }
    [NullableField] public string? ExpiresAt { get; init; }
    public string? ProjectId { get; init; }
    [NullableField] public string? System { get; init; }
    [NullableField] public bool? Unrestricted { get; init; }
    public IReadOnlyList<RoleReference>? Roles { get; init; }
    public IReadOnlyList<GivenAccessRule>? AccessRules { get; init; }
}

/// <summary>A role by id or by name; one of them.</summary>
public sealed record RoleReference
{
    [Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? Id { get; init; }
    [Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public string? Name { get; init; }
}

/// <summary>A rule that is there already, by id, or a new one.</summary>
[AllowsUnknown]
public sealed record GivenAccessRule
{
    [Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? Id { get; init; }
    [Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? Service { get; init; }
    [Text(Max = 225, Pattern = @"^/\.*")] public string? Path { get; init; }
    [Text(OneOf = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"])] public string? Method { get; init; }
}

/// <summary>An application credential as clients see it; the secret only when it is made.</summary>
public sealed record ApplicationCredentialView(string Id, string Name, string? Description, string ProjectId, string? ExpiresAt, bool? Unrestricted, IReadOnlyList<CredentialRoleView> Roles, SelfLink Links)
{
    [OmitNull] public string? Secret { get; init; }
    /// <summary>Not in the answer of a create, as upstream has it.</summary>
    [OmitNull] public string? UserId { get; init; }
    [OmitNull] public IReadOnlyList<AccessRuleView>? AccessRules { get; init; }

    internal static ApplicationCredentialView Of(CredentialRow row, string v3)
    {
        var credential = row.Credential;
        return new(credential.Id, credential.Name, credential.Description, credential.ProjectId, WireTime.Micros(credential.ExpiresAt), credential.Unrestricted,
            [.. row.Roles.Select(CredentialRoleView.Of)], new SelfLink($"{v3}/application_credentials/{credential.Id}"))
        {
            UserId = credential.UserId,
            AccessRules = row.Rules.Count > 0 ? [.. row.Rules.Select(AccessRuleView.Of)] : null,
        };
    }
}

/// <summary>A role in an application credential.</summary>
public sealed record CredentialRoleView(string Id, string Name, string? DomainId, string? Description, Dictionary<string, JsonElement> Options)
{
    internal static CredentialRoleView Of(Role role) => new(role.Id, role.Name, role.DomainId == Role.NoDomain ? null : role.DomainId, role.Description, Extra.Read(role.Options));
}

/// <summary>A credential with its roles, by name, and rules.</summary>
internal sealed record CredentialRow(ApplicationCredential Credential, IReadOnlyList<Role> Roles, IReadOnlyList<AccessRule> Rules);
