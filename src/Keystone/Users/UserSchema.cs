using System.Text.Json;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Federation.FederatedUsers;

namespace Nephos.Keystone.Users;

/// <summary>Body of a create. Upstream: <c>keystone/identity/schema.py</c>.</summary>
public sealed record CreateUser
{
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField, Text(Min = 1, Max = 64, Pattern = "^[a-zA-Z0-9-]+$")] public string? DomainId { get; init; }
    [LooseBoolean] public bool? Enabled { get; init; }
    [NullableField] public Optional<string?> Password { get; init; }
    [NullableField] public string? DefaultProjectId { get; init; }
    public UserOptions? Options { get; init; }
    public IReadOnlyList<FederatedObject>? Federated { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateUser
{
    [Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public string? Name { get; init; }
    [LooseBoolean] public bool? Enabled { get; init; }
    [NullableField] public Optional<string?> Password { get; init; }
    [NullableField] public Optional<string?> DefaultProjectId { get; init; }
    public UserOptions? Options { get; init; }
    /// <summary>An empty list changes nothing.</summary>
    public IReadOnlyList<FederatedObject>? Federated { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Upstream's user options (<c>keystone/identity/backends/resource_options.py</c>). Null takes one away.</summary>
public sealed record UserOptions
{
    [NullableField] public Optional<bool?> IgnoreChangePasswordUponFirstUse { get; init; }
    [NullableField] public Optional<bool?> IgnorePasswordExpiry { get; init; }
    [NullableField] public Optional<bool?> IgnoreLockoutFailureAttempts { get; init; }
    [NullableField] public Optional<bool?> LockPassword { get; init; }
    [NullableField] public Optional<bool?> IgnoreUserInactivity { get; init; }
    [NullableField, Items(Unique = true)] public Optional<IReadOnlyList<IReadOnlyList<string>>?> MultiFactorAuthRules { get; init; }
    [NullableField] public Optional<bool?> MultiFactorAuthEnabled { get; init; }

    internal Dictionary<string, JsonElement> Given() => MultiFactorAuthRules.Value?.Any(rule => rule.Count == 0) is true
        ? throw new BadRequestError("Invalid input for field 'user/options/multi_factor_auth_rules': [] should be non-empty")
        : JsonSerializer.SerializeToElement(this, WireJson.For(Kernel.Versions.ApiVersion.None)).Deserialize<Dictionary<string, JsonElement>>()!;
}

/// <summary>Body of <c>POST /v3/users/{id}/password</c>.</summary>
public sealed record ChangePassword
{
    [RequiredField] public required string OriginalPassword { get; init; }
    [RequiredField] public required string Password { get; init; }
}

/// <summary>A user as clients see it.</summary>
public sealed record UserView(string Id, string Name, string DomainId, bool Enabled, string? PasswordExpiresAt, Dictionary<string, JsonElement> Options, SelfLink Links)
{
    [OmitNull] public string? DefaultProjectId { get; init; }
    [OmitNull] public IReadOnlyList<FederatedObject>? Federated { get; init; }
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static UserView Of(UserRow row, string v3) => new(row.User.Id, row.User.Name, row.User.DomainId, row.IsEnabled, row.PasswordExpiresAt is { } end ? WireTime.Micros(end) : null,
        Keystone.Extra.Read(row.User.Options), new SelfLink($"{v3}/users/{row.User.Id}")) { DefaultProjectId = row.User.DefaultProjectId, Federated = row.Federated, Extra = Keystone.Extra.Read(row.User.Extra) };
}

/// <summary>A user with the end of the newest password, and whether it can log in today (<see cref="Passwords.AccountRules.IsEnabled"/>).</summary>
internal sealed record UserRow(User User, DateTime? PasswordExpiresAt, bool IsEnabled)
{
    /// <summary>Of a single user only; lists leave it out.</summary>
    public IReadOnlyList<FederatedObject>? Federated { get; init; }
}
