using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// Rows of a directory's users and groups in the tables of our own, written when one is first seen: what else points at users (roles, memberships, tokens) finds them there, and a token is
/// validated without asking the directory. They say what the directory said last; <see cref="DirectoryRefresh"/> asks again. Their names may clash with others of the domain, so nobody looks for
/// them by name.
/// </summary>
internal sealed class ShadowRows(Store<KeystoneDb> store, TokenInvalidation tokens, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _oneByOne = new(1, 1);

    public void Dispose() => _oneByOne.Dispose();

    public const string Source = "ldap";

    public async Task<User?> UserAsync(string domainId, LdapIdentity? seen) => seen is null ? null : (await UsersAsync(domainId, [seen]))[0];
    public async Task<Group?> GroupAsync(string domainId, LdapIdentity? seen) => seen is null ? null : (await GroupsAsync(domainId, [seen]))[0];

    /// <summary>The users' rows, in the order given; new and changed ones are written in one transaction.</summary>
    public async Task<List<User>> UsersAsync(string domainId, IReadOnlyList<LdapIdentity> seen)
    {
        var ids = await PublicIdsAsync(domainId, IdMapping.User, seen);
        var known = await store.ReadAsync(db => db.Users.Where(u => ids.Contains(u.Id)).ToDictionaryAsync(u => u.Id));
        var now = clock.Now();
        var rows = seen.Select((entry, i) => new User
        {
            Id = ids[i],
            DomainId = domainId,
            Name = entry.Name,
            Enabled = entry.Enabled,
            DefaultProjectId = entry.DefaultProjectId,
            Extra = Extra.Write(entry.Extra.ToDictionary(e => e.Key, e => System.Text.Json.JsonSerializer.SerializeToElement(e.Value))),
            Source = Source,
            CreatedAt = known.GetValueOrDefault(ids[i])?.CreatedAt ?? now,
        }).ToList();
        var written = rows.Where(r => !known.TryGetValue(r.Id, out var old) || (old.Name, old.Enabled, old.DefaultProjectId, old.Extra) != (r.Name, r.Enabled, r.DefaultProjectId, r.Extra)).ToList();
        if (written.Count > 0)
        {
            await WriteAsync(async db =>
            {
                await MapAsync(db, domainId, IdMapping.User, seen, ids);
                foreach (var row in written)
                {
                    var updated = await db.Users.Where(u => u.Id == row.Id && u.Source == Source).ExecuteUpdateAsync(u => u.SetProperty(x => x.Name, row.Name).SetProperty(x => x.Enabled, row.Enabled)
                        .SetProperty(x => x.DefaultProjectId, row.DefaultProjectId).SetProperty(x => x.Extra, row.Extra));
                    if (updated == 0) { db.Users.Add(row); }
                    else if (known.TryGetValue(row.Id, out var old) && old.Enabled && !row.Enabled) { await tokens.RevokeAsync(db, Revocation.User, row.Id, now); }
                    else { await tokens.RecheckAsync(db, row.Id); }
                }
            });
        }
        return rows;
    }

    /// <inheritdoc cref="UsersAsync"/>
    public async Task<List<Group>> GroupsAsync(string domainId, IReadOnlyList<LdapIdentity> seen)
    {
        var ids = await PublicIdsAsync(domainId, IdMapping.Group, seen);
        var known = await store.ReadAsync(db => db.Groups.Where(g => ids.Contains(g.Id)).ToDictionaryAsync(g => g.Id));
        var rows = seen.Select((entry, i) => new Group
        {
            Id = ids[i],
            DomainId = domainId,
            Name = entry.Name,
            Description = entry.Description ?? "",
            Extra = Extra.Write(entry.Extra.ToDictionary(e => e.Key, e => System.Text.Json.JsonSerializer.SerializeToElement(e.Value))),
            Source = Source,
        }).ToList();
        var written = rows.Where(r => !known.TryGetValue(r.Id, out var old) || (old.Name, old.Description, old.Extra) != (r.Name, r.Description, r.Extra)).ToList();
        if (written.Count > 0)
        {
            await WriteAsync(async db =>
            {
                await MapAsync(db, domainId, IdMapping.Group, seen, ids);
                foreach (var row in written)
                {
                    var updated = await db.Groups.Where(g => g.Id == row.Id && g.Source == Source).ExecuteUpdateAsync(g => g.SetProperty(x => x.Name, row.Name).SetProperty(x => x.Description, row.Description).SetProperty(x => x.Extra, row.Extra));
                    if (updated == 0) { db.Groups.Add(row); }
                }
            });
        }
        return rows;
    }

    /// <summary>A user's groups are exactly these now. Groups of our own database are not touched: a directory's user is in none.</summary>
    public async Task SetGroupsAsync(string userId, IReadOnlyCollection<string> groupIds)
    {
        var present = await store.ReadAsync(db => db.Memberships.Where(m => m.UserId == userId).Select(m => m.GroupId).ToListAsync());
        if (present.ToHashSet(StringComparer.Ordinal).SetEquals(groupIds)) { return; }
        await WriteAsync(async db =>
        {
            var old = await db.Memberships.Where(m => m.UserId == userId).Select(m => m.GroupId).ToListAsync();
            await db.Memberships.Where(m => m.UserId == userId && !groupIds.Contains(m.GroupId)).ExecuteDeleteAsync();
            db.Memberships.AddRange(groupIds.Except(old).Select(id => new Membership { UserId = userId, GroupId = id }));
            await tokens.RecheckAsync(db, userId);
        });
    }

    /// <summary>Users whom the directory has no more: disabled, and their tokens dead. The rows stay for what points at them, until the mapping is purged.</summary>
    public Task DisableAsync(IReadOnlyCollection<string> userIds) => store.WriteAsync(async db =>
    {
        foreach (var id in await db.Users.Where(u => userIds.Contains(u.Id) && u.Enabled).Select(u => u.Id).ToListAsync())
        {
            await db.Users.Where(u => u.Id == id).ExecuteUpdateAsync(u => u.SetProperty(x => x.Enabled, false));
            await tokens.RevokeAsync(db, Revocation.User, id, clock.Now());
        }
    });

    /// <summary>The same of all users of a domain whose directory was taken away.</summary>
    public async Task<int> DisableAllAsync(string domainId)
    {
        var users = await store.ReadAsync(db => db.Users.Where(u => u.DomainId == domainId && u.Source == Source && u.Enabled).Select(u => u.Id).ToListAsync());
        if (users.Count > 0) { await DisableAsync(users); }
        return users.Count;
    }

    /// <summary>
    /// Logins side by side may see the same entry for the first time at once; who comes second meets the other's rows, and finds them at the next try (what lost for locks, the store runs again).
    /// </summary>
    private async Task WriteAsync(Func<KeystoneDb, Task> write)
    {
        const int tries = 5;
        // In one process they queue; only other processes can be in the way then.
        await _oneByOne.WaitAsync();
        try { await TryAsync(write, tries); }
        finally { _oneByOne.Release(); }
    }

    private async Task TryAsync(Func<KeystoneDb, Task> write, int tries)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await store.WriteAsync(write);
                return;
            }
            catch (DbUpdateException) when (attempt < tries) { await Task.Yield(); }
        }
    }

    /// <summary>
    /// The id that the mapping has; a new entry's is made of what it is. An identity provider's user in the same domain whom that provider calls like the entry has the same id by that rule, and was
    /// here first: it is somebody else, so that the entry gets another id.
    /// </summary>
    private async Task<List<string>> PublicIdsAsync(string domainId, string type, IReadOnlyList<LdapIdentity> seen)
    {
        var locals = seen.Select(s => s.LocalId).ToList();
        var known = await store.ReadAsync(db => db.Set<IdMapping>().Where(m => m.DomainId == domainId && m.EntityType == type && locals.Contains(m.LocalId)).ToDictionaryAsync(m => m.LocalId, m => m.PublicId));
        var ids = locals.ConvertAll(local => known.GetValueOrDefault(local) ?? IdMapping.IdOf(domainId, type, local));
        if (type != IdMapping.User || known.Count == locals.Distinct(StringComparer.Ordinal).Count()) { return ids; }
        var taken = await store.ReadAsync(db => db.Users.Where(u => ids.Contains(u.Id) && u.Source != Source).Select(u => u.Id).ToListAsync());
        return taken.Count == 0 ? ids : [.. ids.Select((id, i) => taken.Contains(id) ? IdMapping.OtherIdOf(domainId, type, locals[i]) : id)];
    }

    private static async Task MapAsync(KeystoneDb db, string domainId, string type, IReadOnlyList<LdapIdentity> seen, List<string> ids)
    {
        var there = await db.Set<IdMapping>().Where(m => ids.Contains(m.PublicId)).Select(m => m.PublicId).ToListAsync();
        var missing = ids.Except(there).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < ids.Count; i++)
        {
            if (missing.Remove(ids[i])) { db.Set<IdMapping>().Add(new IdMapping { PublicId = ids[i], DomainId = domainId, LocalId = seen[i].LocalId, EntityType = type }); }
        }
    }
}
