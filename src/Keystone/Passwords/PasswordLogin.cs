using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Passwords;

/// <summary>What of a user a login by password needs.</summary>
internal sealed record Account(User User, bool DomainEnabled, Password? Password);

/// <summary>How a login by password ended.</summary>
internal enum LoginOutcome
{
    Good,
    /// <summary>No such user, no password, or another one.</summary>
    Wrong,
    /// <summary>Too many failures before.</summary>
    Locked,
    /// <summary>The password is right; the user or the domain is disabled.</summary>
    Disabled,
    /// <summary>The password is right and over: the user may do nothing but choose a new one.</summary>
    Expired,
}

/// <summary>
/// Logins by password. Upstream: <c>keystone/identity/backends/sql.py</c>, <c>authenticate</c>. What is wrong is not told: all but an expired password is the same 401, after the same one hash, and
/// an expired one is told only to who knows it. Failures are counted only while there is a lockout, and the last login is written once a day, so that a login is otherwise no write.
/// </summary>
internal sealed class PasswordLogin(Store<KeystoneDb> store, PasswordHasher hasher, AccountRules rules, DirectoryIdentities directories, TimeProvider clock)
{
    /// <summary>The user's id; else the 401 that fits.</summary>
    public async Task<string> LoginAsync(string? id, string? name, string? domainId, string? domainName, string password, CancellationToken cancel)
    {
        var account = await FindAsync(id, name, domainId, domainName, cancel);
        if (await OfDirectoryAsync(account, id is null ? name : null, domainId, domainName, cancel) is { } login) { return await LoginAsync(login, password, cancel); }
        return await CheckAsync(account, password, cancel) switch
        {
            LoginOutcome.Good => account!.User.Id,
            LoginOutcome.Expired => throw new UnauthorizedError($"The password is expired and needs to be changed for user: {account!.User.Id}."),
            _ => throw Faults.Unauthorized(),
        };
    }

    /// <summary>A domain with a directory is known by its configuration, whether or not the user has been seen before. An account of our own is found there all the same by its id.</summary>
    private async Task<DirectoryLogin?> OfDirectoryAsync(Account? account, string? name, string? domainId, string? domainName, CancellationToken cancel)
    {
        if (name is null) { return await directories.FindAsync(account?.User, null, null); }
        var domain = domainName is null ? domainId : await store.ReadAsync(db => db.Projects.Where(p => p.IsDomain && p.Name == domainName).Select(p => p.Id).FirstOrDefaultAsync(cancel), cancel);
        return await directories.FindAsync(null, domain, name);
    }

    /// <summary>By a bind; then the row here is what the directory says.</summary>
    private async Task<string> LoginAsync(DirectoryLogin login, string password, CancellationToken cancel)
    {
        var fits = await login.Directory.FitsAsync(login.User, password);
        var enabled = login.User is { Enabled: true } && await store.ReadAsync(db => db.Projects.AnyAsync(p => p.Id == login.DomainId && p.IsDomain && p.Enabled, cancel), cancel);
        return fits && enabled ? (await directories.RememberAsync(login)).Id : throw Faults.Unauthorized();
    }

    /// <summary>By id, or by name in a domain given by id or name.</summary>
    public Task<Account?> FindAsync(string? id, string? name, string? domainId, string? domainName, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var rows = db.Users.AsQueryable();
        if (id is not null) { rows = rows.Where(u => u.Id == id); }
        else if (domainName is not null) { rows = rows.Where(u => u.Source == null && u.IdpId == null && u.Name == name && db.Projects.Any(d => d.Id == u.DomainId && d.IsDomain && d.Name == domainName)); }
        else { rows = rows.Where(u => u.Source == null && u.IdpId == null && u.Name == name && u.DomainId == domainId); }
        return await rows.Select(u => new Account(u, db.Projects.Any(d => d.Id == u.DomainId && d.IsDomain && d.Enabled), db.Passwords.Where(p => p.UserId == u.Id).OrderByDescending(p => p.Id).FirstOrDefault())).FirstOrDefaultAsync(cancel);
    }, cancel);

    /// <summary>One hash, whatever comes out.</summary>
    public async Task<LoginOutcome> CheckAsync(Account? account, string password, CancellationToken cancel)
    {
        var now = clock.Now();
        var locked = account is not null && rules.IsLocked(account.User.Options, account.User.FailedAuthCount, account.User.FailedAuthAt, now);
        var fits = await hasher.VerifyAsync(password, locked ? null : account?.Password?.Hash);
        if (account is null) { return LoginOutcome.Wrong; }
        var user = account.User;
        if (locked) { return LoginOutcome.Locked; }
        if (!fits)
        {
            if (rules.CountsFailures) { await CountFailureAsync(user, now, cancel); }
            return LoginOutcome.Wrong;
        }
        // Guesses that were hashed meanwhile count too: many at once get no more tries than one after the other.
        if (rules.CountsFailures && await IsLockedNowAsync(user, now, cancel)) { return LoginOutcome.Locked; }
        if (!account.DomainEnabled || !rules.IsEnabled(user, now)) { return LoginOutcome.Disabled; }
        if (AccountRules.IsExpired(user.Options, account.Password!.ExpiresAt, now)) { return LoginOutcome.Expired; }
        if (user.FailedAuthCount > 0 || user.LastActiveAt != now.Date)
        {
            await store.WriteAsync(db => db.Users.Where(u => u.Id == user.Id).ExecuteUpdateAsync(u => u.SetProperty(x => x.FailedAuthCount, 0).SetProperty(x => x.FailedAuthAt, (DateTime?)null).SetProperty(x => x.LastActiveAt, (DateTime?)now.Date), cancel), cancel);
        }
        return LoginOutcome.Good;
    }

    private async Task<bool> IsLockedNowAsync(User seen, DateTime now, CancellationToken cancel) =>
        await store.ReadAsync(db => db.Users.Where(u => u.Id == seen.Id).Select(u => new { u.FailedAuthCount, u.FailedAuthAt }).FirstOrDefaultAsync(cancel), cancel) is { } row
        && rules.IsLocked(seen.Options, row.FailedAuthCount, row.FailedAuthAt, now);

    /// <summary>Counted in the database, so that guesses at several processes, or at once, add up. After a lockout that is over the count begins anew.</summary>
    private Task CountFailureAsync(User user, DateTime now, CancellationToken cancel)
    {
        var over = rules.IsLockoutOver(user.FailedAuthCount);
        return store.WriteAsync(db => db.Users.Where(u => u.Id == user.Id).ExecuteUpdateAsync(u => u
            .SetProperty(x => x.FailedAuthCount, x => over && x.FailedAuthAt == user.FailedAuthAt ? 1 : x.FailedAuthCount + 1).SetProperty(x => x.FailedAuthAt, (DateTime?)now), cancel), cancel);
    }
}
