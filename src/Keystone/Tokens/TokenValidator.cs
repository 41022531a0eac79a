using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Catalog;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// Says what a token is worth. The way of almost every request is one look into <see cref="TokenCache"/>; the first sight of a token is an HMAC, a decryption and a few queries.
/// <para>With several processes on one database, each looks at the version row at most once a second and forgets everything when another has moved it, so that a revocation holds
/// everywhere within that second even when the database's notification (<see cref="IdentityListener"/>), which is sooner, gets lost.</para>
/// </summary>
internal sealed class TokenValidator(ITokenFormat format, TokenLoader loader, TokenCache cache, CatalogCache catalogs, Store<KeystoneDb> store, KeystoneSettings settings, TimeProvider clock) : ITokenValidator
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private long _lookedAt = clock.GetTimestamp();
    private long _version = -1;

    public ValueTask<Identity?> ValidateAsync(string token, CancellationToken cancel)
    {
        if (store.Exclusive && cache.Find(token) is { } model)
        {
            return new(clock.GetUtcNow().UtcDateTime < model.Payload.ExpiresAt ? model.Identity : null);
        }
        return LookUpAsync(token, cancel);
    }

    public async ValueTask<Identity?> ValidateExpiredAsync(string token, CancellationToken cancel) => (await FindAsync(token, settings.AllowExpiredWindow, cancel))?.Identity;

    private async ValueTask<Identity?> LookUpAsync(string token, CancellationToken cancel) => (await FindAsync(token, TimeSpan.Zero, cancel))?.Identity;

    /// <summary>The token, unless it is malformed, revoked, or over for longer than the window.</summary>
    public ValueTask<TokenModel?> FindAsync(string token, TimeSpan window, CancellationToken cancel) =>
        store.Exclusive && cache.Find(token) is { } known ? new(clock.Now() < known.Payload.ExpiresAt + window ? known : null) : ReadAsync(token, window, cancel);

    private async ValueTask<TokenModel?> ReadAsync(string token, TimeSpan window, CancellationToken cancel)
    {
        if (!store.Exclusive) { await LookAtVersionAsync(cancel); }
        var now = clock.Now();
        if (cache.Find(token) is { } known) { return now < known.Payload.ExpiresAt + window ? known : null; }
        if (!format.TryRead(token, out var payload, out var issuedAt) || now >= payload.ExpiresAt + window) { return null; }
        var changes = cache.Changes;
        var model = await loader.LoadAsync(payload, issuedAt, cancel);
        if (model is not null && now < payload.ExpiresAt) { cache.Keep(token, model, changes); }
        return model;
    }

    private async Task LookAtVersionAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref _version) >= 0 && clock.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAgain) { return; }
        Volatile.Write(ref _lookedAt, clock.GetTimestamp());
        var version = await store.ReadAsync(db => db.IdentityVersions.Select(v => v.Number).FirstOrDefaultAsync(), cancel);
        if (Interlocked.Exchange(ref _version, version) != version)
        {
            cache.Clear();
            catalogs.Clear();
        }
    }
}
