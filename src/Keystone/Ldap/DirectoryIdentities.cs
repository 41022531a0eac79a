using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Users;

namespace Nephos.Keystone.Ldap;

/// <summary>
/// Users and groups of domains that have a directory, as the API reads them: asked from the directory each time, remembered as <see cref="ShadowRows"/>. What is asked here about a domain or a row of
/// our own database answers null, and the caller goes on there. Nothing is written to a directory: who tries gets upstream's 403.
/// </summary>
internal sealed class DirectoryIdentities(Store<KeystoneDb> store, DomainDirectories directories, ShadowRows shadows, KeystoneSettings settings)
{
    /// <summary>Upstream's <c>READ_ONLY_LDAP_ERROR_MESSAGE</c>, which it keeps to itself.</summary>
    public static ForbiddenError ReadOnly() => Faults.Forbidden();

    /// <summary>Lists that name no domain are those of the default driver: with a directory, of the default domain.</summary>
    public string? DomainOfLists => settings.IdentityDriver == DomainConfigs.ConfigOptions.Ldap ? Bootstrap.FirstStart.DefaultDomain : null;

    public async Task EnsureWritableAsync(string domainId)
    {
        if (await directories.OfAsync(domainId) is not null) { throw ReadOnly(); }
    }

    public static void EnsureWritable(string? source)
    {
        if (source == ShadowRows.Source) { throw ReadOnly(); }
    }

    /// <summary>A directory's row as it has it now. Null: the directory has no such entry any more, or the domain no directory.</summary>
    public async Task<User?> FreshAsync(User row) =>
        await OfRowAsync(row.Id, row.DomainId) is not var (directory, localId) ? null : await shadows.UserAsync(row.DomainId, await directory.FindUserAsync(localId));

    /// <inheritdoc cref="FreshAsync(User)"/>
    public async Task<Group?> FreshAsync(Group row) =>
        await OfRowAsync(row.Id, row.DomainId) is not var (directory, localId) ? null : await shadows.GroupAsync(row.DomainId, await directory.FindGroupAsync(localId));

    /// <summary>Users of a domain with a directory; null: the domain has none.</summary>
    public async Task<ListPage<User>?> ListUsersAsync(string domainId, CallQuery query)
    {
        if (await directories.OfAsync(domainId) is not { } directory) { return null; }
        return Page(directory, await shadows.UsersAsync(domainId, await directory.ListUsersAsync(Pairs(query))), query);
    }

    /// <inheritdoc cref="ListUsersAsync"/>
    public async Task<ListPage<Group>?> ListGroupsAsync(string domainId, CallQuery query)
    {
        if (await directories.OfAsync(domainId) is not { } directory) { return null; }
        return Page(directory, await shadows.GroupsAsync(domainId, await directory.ListGroupsAsync(Pairs(query))), query);
    }

    /// <summary>Members of a directory's group; null: the group is of our own database.</summary>
    public async Task<ListPage<User>?> MembersAsync(string groupId, CallQuery query) => await OfGroupAsync(groupId) is var (domainId, directory, localId)
        ? Page(directory, await directory.FindGroupAsync(localId) is { } group ? await shadows.UsersAsync(domainId, await directory.MembersAsync(group)) : [], query) : null;

    /// <summary>Groups of a directory's user; null: the user is of our own database.</summary>
    public async Task<ListPage<Group>?> GroupsOfAsync(string userId, CallQuery query)
    {
        if (await OfUserAsync(userId) is not var (domainId, directory, localId)) { return null; }
        return Page(directory, await directory.FindUserAsync(localId) is { } user ? await RememberGroupsAsync(domainId, directory, userId, user) : [], query);
    }

    /// <summary>Whether a directory's user is in a directory's group; null when the group is of our own database.</summary>
    public async Task<bool?> IsMemberAsync(string groupId, string userId)
    {
        if (await OfGroupAsync(groupId) is not var (domainId, directory, localId)) { return null; }
        return await directory.FindGroupAsync(localId) is { } group && (await shadows.UsersAsync(domainId, await directory.MembersAsync(group))).Exists(u => u.Id == userId);
    }

    /// <summary>A login by name or by id in a directory. Null: neither domain nor user is of a directory. The user is null when the directory does not know it.</summary>
    public async Task<DirectoryLogin?> FindAsync(User? row, string? domainId, string? name)
    {
        if (row is not null)
        {
            return row.Source == ShadowRows.Source && await OfRowAsync(row.Id, row.DomainId) is var (ofRow, localId) ? new(row.DomainId, ofRow, await ofRow.FindUserAsync(localId)) : null;
        }
        return domainId is not null && name is not null && await directories.OfAsync(domainId) is { } directory ? new(domainId, directory, await directory.FindUserByNameAsync(name)) : null;
    }

    /// <summary>The id of the user whom the directory has just shown; null when it has none of the name.</summary>
    public async Task<string?> SeenAsync(DirectoryLogin found) => (await shadows.UserAsync(found.DomainId, found.User))?.Id;

    /// <summary>Ids of a directory's groups by their names, those that it has; null: the domain has no directory.</summary>
    public async Task<List<string>?> GroupIdsAsync(string domainId, IReadOnlyCollection<string> names) =>
        await directories.OfAsync(domainId) is { } directory ? (await shadows.GroupsAsync(domainId, await directory.GroupsByNameAsync(names))).ConvertAll(g => g.Id) : null;

    /// <summary>After a login: the user's row and groups are what the directory says.</summary>
    public async Task<User> RememberAsync(DirectoryLogin login)
    {
        var user = (await shadows.UserAsync(login.DomainId, login.User))!;
        await RememberGroupsAsync(login.DomainId, login.Directory, user.Id, login.User!);
        return user;
    }

    private async Task<List<Group>> RememberGroupsAsync(string domainId, LdapDirectory directory, string userId, LdapIdentity user)
    {
        var groups = await shadows.GroupsAsync(domainId, await directory.GroupsOfAsync(user));
        await shadows.SetGroupsAsync(userId, groups.ConvertAll(g => g.Id));
        return groups;
    }

    private async Task<(LdapDirectory Directory, string LocalId)?> OfRowAsync(string id, string domainId)
    {
        var localId = await store.ReadAsync(db => db.Set<IdMapping>().Where(m => m.PublicId == id).Select(m => m.LocalId).FirstOrDefaultAsync());
        return localId is not null && await directories.OfAsync(domainId) is { } directory ? (directory, localId) : null;
    }

    private Task<(string DomainId, LdapDirectory Directory, string LocalId)?> OfUserAsync(string id) => OfAsync(db => db.Users.Where(u => u.Id == id && u.Source == ShadowRows.Source).Select(u => u.DomainId), id);
    private Task<(string DomainId, LdapDirectory Directory, string LocalId)?> OfGroupAsync(string id) => OfAsync(db => db.Groups.Where(g => g.Id == id && g.Source == ShadowRows.Source).Select(g => g.DomainId), id);

    private async Task<(string DomainId, LdapDirectory Directory, string LocalId)?> OfAsync(Func<KeystoneDb, IQueryable<string>> domain, string id) =>
        await store.ReadAsync(db => domain(db).FirstOrDefaultAsync()) is { } domainId && await OfRowAsync(id, domainId) is var (directory, localId) ? (domainId, directory, localId) : null;

    private static List<(string Key, string Value)> Pairs(CallQuery query) => [.. query.Names.Select(n => (n, query[n] ?? ""))];

    private ListPage<User> Page(LdapDirectory directory, List<User> users, CallQuery query)
    {
        var wanted = ListFilters.IsTrue(query, "enabled");
        // None of a directory's passwords has an end that we know, and none of its users is federated.
        var rows = query.Has("password_expires_at") || UserQueries.IsFederated(query) ? [] : users.Where(u => !query.Has("enabled") || u.Enabled == wanted);
        return rows.OrderBy(u => u.Id, StringComparer.Ordinal).Page(query, Limits(directory), u => u.Id);
    }

    private ListPage<Group> Page(LdapDirectory directory, List<Group> groups, CallQuery query) => groups.OrderBy(g => g.Id, StringComparer.Ordinal).Page(query, Limits(directory), g => g.Id);

    private KeystoneSettings Limits(LdapDirectory directory) => directory.ListLimit is { } limit ? settings with { ListLimit = limit } : settings;
}

/// <summary>Somebody who logs in to a directory; the user is null when it has none of this name.</summary>
internal sealed record DirectoryLogin(string DomainId, LdapDirectory Directory, LdapIdentity? User);
