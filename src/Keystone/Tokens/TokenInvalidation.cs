using Microsoft.EntityFrameworkCore;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// What a write says that changes the worth of tokens. Each call belongs into the transaction of the change: it moves the version that other processes watch, and drops the tokens
/// concerned from this process after the commit.
/// </summary>
internal sealed class TokenInvalidation(TokenCache cache, KeystoneSettings settings)
{
    /// <summary>Upstream's <c>[revoke] expiration_buffer</c>: clocks of processes differ.</summary>
    private static readonly TimeSpan Buffer = TimeSpan.FromMinutes(30);

    /// <summary>Tokens that name the user, project or domain are looked up anew.</summary>
    public Task RecheckAsync(KeystoneDb db, string id)
    {
        db.AfterCommit(() => cache.Drop(model => model.Names(id)));
        return BumpAsync(db);
    }

    /// <summary>All tokens are looked up anew: a group's or a role's change concerns whom we do not know.</summary>
    public Task RecheckAllAsync(KeystoneDb db)
    {
        db.AfterCommit(cache.Clear);
        return BumpAsync(db);
    }

    /// <summary>Tokens issued up to now that name the id are dead for good.</summary>
    public async Task RevokeAsync(KeystoneDb db, string kind, string id, DateTime now)
    {
        var second = Second(now);
        cache.Revoking(second);
        var purge = now + settings.TokenExpiration + Buffer;
        var updated = await db.Revocations.Where(r => r.Id == id && r.Kind == kind).ExecuteUpdateAsync(u => u.SetProperty(r => r.IssuedBefore, second).SetProperty(r => r.PurgeAt, purge));
        if (updated == 0) { db.Revocations.Add(new Revocation { Id = id, Kind = kind, IssuedBefore = second, PurgeAt = purge }); }
        await RecheckAsync(db, id);
    }

    public static DateTime Second(DateTime time) => new(time.Ticks - time.Ticks % TimeSpan.TicksPerSecond, DateTimeKind.Utc);

    /// <summary>Moves the version, and tells the other processes on PostgreSQL of it when the transaction commits.</summary>
    internal static async Task BumpAsync(KeystoneDb db)
    {
        await db.IdentityVersions.ExecuteUpdateAsync(u => u.SetProperty(v => v.Number, v => v.Number + 1));
        await db.NotifyAsync(IdentityListener.Channel);
    }
}
