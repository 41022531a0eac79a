using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Kernel.Wire;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.AuthMethods;

/// <summary>
/// By an application credential's id, or its name and user, and the secret. Upstream: <c>keystone/auth/plugins/application_credential.py</c>, which answers 404 for an id that is none. The token is
/// for the credential's project and does not outlive the credential.
/// </summary>
internal sealed class ApplicationCredentialMethod(Store<KeystoneDb> store, UserFinder users, PasswordHasher hasher, KeystoneErrors errors) : IAuthMethod
{
    public string Name => "application_credential";

    public async Task<AuthResult> AuthenticateAsync(AuthAttempt attempt, CancellationToken cancel)
    {
        var faults = new List<WireFault>();
        var given = WireJson.Read<AuthApplicationCredential>(attempt.Payload, ApiVersion.None, ["identity", Name], faults) ?? throw errors.Invalid(faults);
        return await CheckAsync(await FindAsync(given, cancel), given.Secret, attempt.Context.Now);
    }

    /// <summary>Also for OAuth2 clients, whose id and secret these are.</summary>
    public async Task<AuthResult> CheckAsync(ApplicationCredential? credential, string? secret, DateTime now)
    {
        var fits = await hasher.VerifyAsync(secret ?? "", secret is null ? null : credential?.SecretHash);
        if (!fits || credential!.ExpiresAt <= now) { throw Faults.Unauthorized(); }
        return new AuthResult(credential.UserId) { ApplicationCredentialId = credential.Id, ProjectId = credential.ProjectId, EndsAt = credential.ExpiresAt };
    }

    private async Task<ApplicationCredential?> FindAsync(AuthApplicationCredential given, CancellationToken cancel)
    {
        if (given.Id is { Length: > 0 } id)
        {
            return await store.ReadAsync(db => db.ApplicationCredentials.FirstOrDefaultAsync(c => c.Id == id), cancel) ?? throw ApplicationCredentialOperations.NotFound(id);
        }
        if (string.IsNullOrEmpty(given.Name)) { throw Faults.Expecting("name or ID", "application credential"); }
        var userId = await users.FindAsync(UserFinder.Check(given.User, "application credential"), cancel);
        return await store.ReadAsync(db => db.ApplicationCredentials.FirstOrDefaultAsync(c => c.UserId == userId && c.Name == given.Name), cancel);
    }
}

/// <summary>What a login brings under <c>application_credential</c>.</summary>
[AllowsUnknown]
public sealed record AuthApplicationCredential
{
    [NullableField] public string? Id { get; init; }
    [NullableField] public string? Name { get; init; }
    [NullableField] public string? Secret { get; init; }
    public AuthUser? User { get; init; }
}
