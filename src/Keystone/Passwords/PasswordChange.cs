using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Passwords;

/// <summary>A hash that is ready to be stored. Null within: the user has no password from now on.</summary>
internal sealed record NewPassword(string? Hash);

/// <summary>
/// New passwords, by an administrator or by the user. Upstream: <c>keystone/identity/core.py</c>, <c>change_password</c>, and the setter of <c>User.password</c>. Hashes are made and compared before
/// the transaction, which they would hold up; the transaction looks again whether the password is still the one that was asked about.
/// </summary>
internal sealed class PasswordChange(Store<KeystoneDb> store, PasswordHasher hasher, AccountRules rules, PasswordLogin logins, TokenInvalidation tokens)
{
    /// <summary>Checks and hashes what an administrator gives. The history is no matter here.</summary>
    public async Task<NewPassword> MakeAsync(string? password)
    {
        rules.EnsureFits(password, hasher.MaxLength);
        return new(password is null ? null : await hasher.HashAsync(password));
    }

    /// <summary>By the user, who proves to be it by the old password, be it expired; needs no token.</summary>
    public async Task ByUserAsync(RequestContext context, string userId, ChangePassword request, CancellationToken cancel)
    {
        var account = await logins.FindAsync(userId, null, null, null, cancel);
        if (account?.User.Source == ShadowRows.Source)
        {
            await logins.LoginAsync(userId, null, null, null, request.OriginalPassword, cancel);
            throw DirectoryIdentities.ReadOnly();
        }
        switch (await logins.CheckAsync(account, request.OriginalPassword, cancel))
        {
            case LoginOutcome.Good or LoginOutcome.Expired: break;
            case LoginOutcome.Disabled: throw new UnauthorizedError($"The account is disabled for user: {userId}.");
            default: throw Faults.Unauthorized();
        }
        var (user, newest) = (account!.User, account.Password!);
        rules.EnsureFits(request.Password, hasher.MaxLength);
        rules.EnsureMayChange(user.Options, newest, context.Now);
        if (rules.UniquePasswords > 0)
        {
            var history = await store.ReadAsync(db => db.Passwords.Where(p => p.UserId == userId && p.Hash != null).OrderByDescending(p => p.Id).Take(rules.UniquePasswords).Select(p => p.Hash!).ToListAsync(cancel), cancel);
            if (await hasher.FitsAnyAsync(request.Password, history)) { throw rules.UsedBefore(); }
        }
        var made = new NewPassword(await hasher.HashAsync(request.Password));
        await store.WriteAsync(async db =>
        {
            // Changed by somebody else meanwhile: the old password that was shown is no longer the one.
            if (await db.Passwords.Where(p => p.UserId == userId).MaxAsync(p => (long?)p.Id, cancel) != newest.Id) { throw Faults.Unauthorized(); }
            await SetAsync(db, user, made, context.Now, bySelf: true);
            await tokens.RevokeAsync(db, Revocation.User, userId, context.Now);
            db.Record(context, "change-password", "user", userId);
        }, cancel);
    }

    /// <summary>Puts a new password before the old ones, of which as many stay as the history needs, expired.</summary>
    public async Task<Password> SetAsync(KeystoneDb db, User user, NewPassword made, DateTime now, bool bySelf = false)
    {
        var kept = await db.Passwords.Where(p => p.UserId == user.Id).OrderByDescending(p => p.Id).Select(p => p.Id).Take(rules.KeptPasswords).ToListAsync();
        await db.Passwords.Where(p => p.UserId == user.Id && !kept.Contains(p.Id)).ExecuteDeleteAsync();
        await db.Passwords.Where(p => p.UserId == user.Id && (p.ExpiresAt == null || p.ExpiresAt > now)).ExecuteUpdateAsync(u => u.SetProperty(p => p.ExpiresAt, (DateTime?)now));
        var password = new Password { UserId = user.Id, Hash = made.Hash, CreatedAt = now, ExpiresAt = rules.ExpiryOf(user.Options, byAdministrator: !bySelf, now), SelfService = bySelf };
        db.Passwords.Add(password);
        return password;
    }
}
