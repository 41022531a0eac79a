using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Passwords;

namespace Nephos.Keystone.Users;

/// <summary>Reads of users.</summary>
internal sealed class UserQueries(Store<KeystoneDb> store, AccountRules accounts, TimeProvider clock, KeystoneSettings settings, DirectoryIdentities directories)
{
    /// <summary>A directory's user is asked for there.</summary>
    public async Task<UserRow?> FindAsync(string id)
    {
        var found = await store.ReadAsync(async db => await db.Users.FirstOrDefaultAsync(u => u.Id == id) is { } user ? (await WithPasswordsAsync(db, [user]))[0] with { Federated = await FederatedObjects.OfAsync(db, id) } : null);
        return found is not { User.Source: not null } ? found : await directories.FreshAsync(found.User) is { } fresh ? OfDirectory(fresh) : null;
    }

    public async Task<ListPage<UserRow>> ListAsync(CallQuery query, string? onlyDomain)
    {
        // Users of identity providers are of our own database, whatever their domain has.
        if (!IsFederated(query) && (onlyDomain ?? query["domain_id"] ?? directories.DomainOfLists) is { } domain && await directories.ListUsersAsync(domain, query) is { } listed) { return OfDirectory(query["domain_id"] is { } asked && asked != domain ? new([], false) : listed); }
        return await store.ReadAsync(async db => await PageAsync(db, (onlyDomain is null ? db.Users : db.Users.Where(u => u.DomainId == onlyDomain)).Where(u => u.Source == null), query, capped: true));
    }

    public async Task<ListPage<UserRow>> ListInGroupAsync(CallQuery query, string groupId) => await directories.MembersAsync(groupId, query) is { } listed ? OfDirectory(listed)
        : await store.ReadAsync(db => PageAsync(db, db.Memberships.Where(m => m.GroupId == groupId).Join(db.Users, m => m.UserId, u => u.Id, (m, u) => u), query));

    /// <summary>Asks for users of identity providers.</summary>
    public static bool IsFederated(CallQuery query) => query.Has("idp_id") || query.Has("protocol_id") || query.Has("unique_id");

    private static ListPage<UserRow> OfDirectory(ListPage<User> page) => new(page.Rows.ConvertAll(OfDirectory), page.IsFull);
    private static UserRow OfDirectory(User user) => new(user, null, user.Enabled);

    private async Task<ListPage<UserRow>> PageAsync(KeystoneDb db, IQueryable<User> rows, CallQuery query, bool capped = false)
    {
        rows = rows.Text(query, "domain_id", u => u.DomainId).Flag(query, "enabled", u => u.Enabled);
        if (IsFederated(query))
        {
            var (idp, protocol, unique, shown) = (query["idp_id"], query["protocol_id"], query["unique_id"], query["name"]);
            rows = rows.Where(u => db.FederatedUsers.Any(f => f.UserId == u.Id && (idp == null || f.IdpId == idp) && (protocol == null || f.ProtocolId == protocol) && (unique == null || f.UniqueId == unique)
                && (shown == null || f.DisplayName == shown)));
        }
        // Who has the name with an identity provider is meant, too; for users who only come from one it is the name here.
        if (!IsFederated(query) && query["name"] is { } name && await db.FederatedUsers.Where(f => f.DisplayName == name).Select(f => f.UserId).ToListAsync() is { Count: > 0 } named) { rows = rows.Where(u => u.Name == name || named.Contains(u.Id)); }
        else if (!IsFederated(query) || query["name"] is null) { rows = rows.Text(query, "name", u => u.Name); }
        if (query["password_expires_at"] is { } expiry) { rows = ByExpiry(db, rows, expiry); }
        var page = await rows.PageAsync(query, settings, u => u.Id, u => u.Name, capped);
        return new(await WithPasswordsAsync(db, page.Rows), page.IsFull);
    }

    /// <summary><c>lt:2026-12-08T22:02:00Z</c> and the like, on the end of the newest password.</summary>
    private static IQueryable<User> ByExpiry(KeystoneDb db, IQueryable<User> rows, string text)
    {
        var parts = text.Split(':', 2);
        var (comparator, time) = parts.Length == 2 && parts[0] is "lt" or "lte" or "gt" or "gte" or "eq" or "neq" ? (parts[0], parts[1])
            : parts[0].Length > 0 && char.IsLetter(parts[0][0])
                ? throw new BadRequestError($"The given operator {parts[0]} is not valid. It must be one of the following: 'eq', 'neq', 'lt', 'lte', 'gt', or 'gte'.") : ("eq", text);
        if (!WireTime.TryParse(time, out var at))
        {
            throw new BadRequestError("Timestamp not in expected format. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.");
        }
        var newest = db.Passwords.Where(p => p.Id == db.Passwords.Where(q => q.UserId == p.UserId).Max(q => q.Id));
        newest = comparator switch
        {
            "lt" => newest.Where(p => p.ExpiresAt < at),
            "lte" => newest.Where(p => p.ExpiresAt <= at),
            "gt" => newest.Where(p => p.ExpiresAt > at),
            "gte" => newest.Where(p => p.ExpiresAt >= at),
            "eq" => newest.Where(p => p.ExpiresAt == at),
            _ => newest.Where(p => p.ExpiresAt != at),
        };
        return rows.Where(u => newest.Any(p => p.UserId == u.Id));
    }

    public async Task<List<UserRow>> WithPasswordsAsync(KeystoneDb db, List<User> users)
    {
        var ids = users.ConvertAll(u => u.Id);
        // Sorted here: asked to sort by id, SQLite walks the whole table in that order.
        var ends = await db.Passwords.Where(p => ids.Contains(p.UserId)).Select(p => new { p.Id, p.UserId, p.ExpiresAt }).ToListAsync();
        var newest = ends.OrderBy(p => p.Id).ToLookup(p => p.UserId, p => p.ExpiresAt);
        var now = clock.Now();
        return users.ConvertAll(u => new UserRow(u, newest[u.Id].LastOrDefault(), accounts.IsEnabled(u, now)));
    }
}
