using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Tokens;

namespace Nephos.Keystone.Groups;

/// <summary>Reads of groups.</summary>
internal sealed class GroupQueries(Store<KeystoneDb> store, KeystoneSettings settings, FederationSettings federation, DirectoryIdentities directories, TimeProvider clock)
{
    /// <summary>A directory's group is asked for there.</summary>
    public async Task<Group?> FindAsync(string id)
    {
        var found = await store.ReadAsync(db => db.Groups.FirstOrDefaultAsync(g => g.Id == id));
        return found is { Source: not null } ? await directories.FreshAsync(found) : found;
    }

    public async Task<ListPage<Group>> ListAsync(CallQuery query, string? onlyDomain)
    {
        if ((onlyDomain ?? query["domain_id"] ?? directories.DomainOfLists) is { } domain && await directories.ListGroupsAsync(domain, query) is { } listed) { return query["domain_id"] is { } asked && asked != domain ? new([], false) : listed; }
        return await store.ReadAsync(db => PageAsync((onlyDomain is null ? db.Groups : db.Groups.Where(g => g.DomainId == onlyDomain)).Where(g => g.Source == null), query, capped: true));
    }

    /// <summary>With those that a login through an identity provider gave for a while.</summary>
    public async Task<ListPage<GroupOfUser>> ListOfUserAsync(CallQuery query, string userId)
    {
        if (await directories.GroupsOfAsync(userId, query) is { } listed) { return new(listed.Rows.ConvertAll(g => new GroupOfUser(g, null)), listed.IsFull); }
        return await store.ReadAsync(async db =>
        {
            var ends = await ExpiringGroups.OfUserAsync(db, federation, userId, clock.Now());
            var rows = db.Memberships.Where(m => m.UserId == userId).Join(db.Groups, m => m.GroupId, g => g.Id, (m, g) => g);
            var page = await PageAsync(ends.Count == 0 ? rows : rows.Union(db.Groups.Where(g => ends.Keys.Contains(g.Id))), query);
            var ids = page.Rows.ConvertAll(g => g.Id);
            var lasting = ends.Count == 0 ? [] : await db.Memberships.Where(m => m.UserId == userId && ids.Contains(m.GroupId)).Select(m => m.GroupId).ToListAsync();
            return new ListPage<GroupOfUser>(page.Rows.ConvertAll(g => new GroupOfUser(g, !lasting.Contains(g.Id) && ends.TryGetValue(g.Id, out var end) ? end : null)), page.IsFull);
        });
    }

    public async Task<bool> HasMemberAsync(string groupId, string userId) => await directories.IsMemberAsync(groupId, userId) ?? await store.ReadAsync(async db =>
        await db.Memberships.AnyAsync(m => m.GroupId == groupId && m.UserId == userId) || (await ExpiringGroups.OfUserAsync(db, federation, userId, clock.Now())).ContainsKey(groupId));

    /// <summary>Ids of a domain's groups by their names, those that are there; asked of the directory where the domain has one.</summary>
    public async Task<List<string>> IdsByNameAsync(string domainId, IReadOnlyCollection<string> names) => await directories.GroupIdsAsync(domainId, names)
        ?? await store.ReadAsync(db => db.Groups.Where(g => g.DomainId == domainId && names.Contains(g.Name) && g.Source == null).Select(g => g.Id).ToListAsync());

    private Task<ListPage<Group>> PageAsync(IQueryable<Group> rows, CallQuery query, bool capped = false) =>
        rows.Text(query, "name", g => g.Name).Text(query, "domain_id", g => g.DomainId).PageAsync(query, settings, g => g.Id, g => g.Name, capped);
}

/// <summary>Writes on groups. Whose tokens a group's change concerns is not asked: all are looked up anew.</summary>
internal sealed class GroupOperations(Store<KeystoneDb> store, TokenInvalidation tokens, DirectoryIdentities directories)
{
    public async Task<Group> CreateAsync(RequestContext context, CreateGroup request)
    {
        var group = new Group
        {
            Id = NewId.Hex(),
            Name = request.Name.Trim(),
            DomainId = request.DomainId ?? context.Who.DomainId ?? Bootstrap.FirstStart.DefaultDomain,
            Description = request.Description ?? "",
            Extra = Extra.Write(WithoutOurs(request.Extra)),
        };
        await directories.EnsureWritableAsync(group.DomainId);
        return await store.WriteUniqueAsync(async db =>
        {
            if (!await db.Projects.AnyAsync(p => p.Id == group.DomainId && p.IsDomain)) { throw Faults.NotFound("domain", group.DomainId); }
            db.Groups.Add(group);
            db.Record(context, "create", "group", group.Id);
            return group;
        }, () => NameConflict(group.Name, group.DomainId));
    }

    public Task<Group> UpdateAsync(RequestContext context, Group seen, UpdateGroup request)
    {
        if (request.Extra is { } extra)
        {
            if (extra.TryGetValue("id", out var id) && id.ToString() != seen.Id) { throw new BadRequestError("Cannot change ID"); }
            if (extra.TryGetValue("domain_id", out var domain) && domain.ToString() != seen.DomainId) { throw new BadRequestError("Cannot change Domain ID"); }
        }
        DirectoryIdentities.EnsureWritable(seen.Source);
        return store.WriteUniqueAsync(async db =>
        {
            var group = await db.Groups.AsTracking().FirstOrDefaultAsync(g => g.Id == seen.Id) ?? throw Faults.NotFound("group", seen.Id);
            group.Name = request.Name?.Trim() ?? group.Name;
            if (request.Description.IsSet) { group.Description = request.Description.Value ?? ""; }
            group.Extra = Extra.Merge(group.Extra, WithoutOurs(request.Extra));
            db.Record(context, "update", "group", group.Id);
            return group;
        }, () => NameConflict(request.Name ?? seen.Name, seen.DomainId));
    }

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        DirectoryIdentities.EnsureWritable(await db.Groups.Where(g => g.Id == id).Select(g => g.Source).FirstOrDefaultAsync());
        await db.RoleAssignments.Where(a => a.ActorId == id).ExecuteDeleteAsync();
        if (await db.Groups.Where(g => g.Id == id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("group", id); }
        await tokens.RecheckAllAsync(db);
        db.Record(context, "delete", "group", id);
    });

    public Task AddMemberAsync(RequestContext context, string groupId, string userId) => store.WriteAsync(async db =>
    {
        await EnsureOursAsync(db, groupId, userId);
        if (await db.Memberships.AnyAsync(m => m.GroupId == groupId && m.UserId == userId)) { return; }
        db.Memberships.Add(new Membership { GroupId = groupId, UserId = userId });
        await tokens.RecheckAsync(db, userId);
        db.Record(context, "add-user", "group", groupId);
    });

    public Task RemoveMemberAsync(RequestContext context, string groupId, string userId) => store.WriteAsync(async db =>
    {
        await EnsureOursAsync(db, groupId, userId);
        if (await db.Memberships.Where(m => m.GroupId == groupId && m.UserId == userId).ExecuteDeleteAsync() == 0) { throw NoMember(groupId, userId); }
        await tokens.RecheckAsync(db, userId);
        db.Record(context, "remove-user", "group", groupId);
    });

    /// <summary>Members of a directory's groups are told there; and no group has members of two places.</summary>
    private static async Task EnsureOursAsync(KeystoneDb db, string groupId, string userId)
    {
        var group = await db.Groups.Where(g => g.Id == groupId).Select(g => new { g.Source, g.DomainId }).FirstOrDefaultAsync();
        var user = await db.Users.Where(u => u.Id == userId).Select(u => new { u.Source, u.DomainId }).FirstOrDefaultAsync();
        if (group?.Source is null && user?.Source is null) { return; }
        if (group is null || user is null || group.Source != user.Source || group.DomainId != user.DomainId)
        {
            throw new ForbiddenError($"Group membership across backend boundaries is not allowed. Group in question is {groupId}, user is {userId}.");
        }
        DirectoryIdentities.EnsureWritable(group.Source);
    }

    public static NotFoundError NoMember(string groupId, string userId) => new($"User '{userId}' not found in group '{groupId}'");

    private static Dictionary<string, JsonElement>? WithoutOurs(Dictionary<string, JsonElement>? extra) => extra?.Where(e => e.Key is not ("id" or "links" or "domain_id")).ToDictionary(e => e.Key, e => e.Value);
    private static ConflictError NameConflict(string name, string domainId) => Faults.Conflict("group", $"Duplicate entry found with name {name} at domain ID {domainId}");
}
