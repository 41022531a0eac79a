using Nephos.Kernel.Store;
using Nephos.Keystone.Credentials;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone;

/// <summary>Keys by hand, for the command line; works beside a running cloud, which looks at its keys again within a second. Upstream: <c>keystone-manage fernet_*</c> and <c>credential_*</c>.</summary>
public static class KeyAdministration
{
    /// <summary>The keys of tokens.</summary>
    public static KeyRepository Fernet(string state, KeystoneSettings settings, TimeProvider clock) => new(FernetKeys.DirectoryIn(state), settings.FernetMaxActiveKeys, clock);

    /// <summary>The keys of credentials.</summary>
    public static KeyRepository Credentials(string state, TimeProvider clock) => new CredentialKeys(state, clock);

    /// <summary>The next key of credentials, and the keys' numbers; null when credentials have to be migrated first.</summary>
    public static async Task<IReadOnlyList<int>?> RotateCredentialsAsync(string state, StoreOptions options, TimeProvider clock)
    {
        using var store = new Store<KeystoneDb>(options, "keystone");
        return await new CredentialMigration(store, new CredentialKeys(state, clock)).RotateAsync();
    }

    /// <summary>Encrypts all credentials with the primary key; answers how many were under another.</summary>
    public static async Task<int> MigrateCredentialsAsync(string state, StoreOptions options, TimeProvider clock)
    {
        using var store = new Store<KeystoneDb>(options, "keystone");
        return await new CredentialMigration(store, new CredentialKeys(state, clock)).MigrateAsync();
    }
}
