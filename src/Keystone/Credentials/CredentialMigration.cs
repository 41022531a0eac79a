using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;

namespace Nephos.Keystone.Credentials;

/// <summary>Credentials under a new key. Upstream: <c>keystone-manage credential_migrate</c> and <c>credential_rotate</c>.</summary>
internal sealed class CredentialMigration(Store<KeystoneDb> store, CredentialKeys keys)
{
    /// <summary>Encrypts anew what is not under the primary key; may run beside the cloud, and again. Answers how many there were.</summary>
    public async Task<int> MigrateAsync()
    {
        var primary = keys.PrimaryHash;
        var ids = await store.ReadAsync(db => db.Credentials.Where(c => c.KeyHash != primary).Select(c => c.Id).ToListAsync());
        foreach (var id in ids)
        {
            await store.WriteAsync(async db =>
            {
                if (await db.Credentials.AsTracking().FirstOrDefaultAsync(c => c.Id == id && c.KeyHash != primary) is { } row) { (row.EncryptedBlob, row.KeyHash) = keys.Encrypt(keys.Decrypt(row.EncryptedBlob)); }
            });
        }
        return ids.Count;
    }

    /// <summary>The next key; null, and nothing done, while credentials are under a former one, which would be lost in the end.</summary>
    public async Task<IReadOnlyList<int>?> RotateAsync()
    {
        var primary = keys.PrimaryHash;
        return await store.ReadAsync(db => db.Credentials.AnyAsync(c => c.KeyHash != primary)) ? null : keys.Rotate();
    }
}
