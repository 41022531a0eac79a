using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Nova.Quotas;

namespace Nephos.Nova.ServerGroups;

/// <summary>A group and the servers in it that are not deleted.</summary>
internal sealed record GroupAndMembers(ServerGroup Group, IReadOnlyList<string> Members);

/// <summary>What can be done with server groups.</summary>
internal sealed class ServerGroupOperations(Store<NovaDb> store)
{
    /// <param name="projectId">Null: of all projects.</param>
    public Task<List<GroupAndMembers>> ListAsync(string? projectId, int offset, int limit, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var groups = await db.ServerGroups.Where(g => projectId == null || g.ProjectId == projectId).OrderBy(g => g.Number).Skip(offset).Take(limit).ToListAsync(cancel);
        var numbers = groups.ConvertAll(g => g.Number);
        var members = (await MembersAsync(db, numbers, cancel)).ToLookup(m => m.Group, m => m.ServerId);
        return groups.ConvertAll(g => new GroupAndMembers(g, [.. members[g.Number]]));
    }, cancel);

    public Task<GroupAndMembers?> FindAsync(string id, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var group = await db.ServerGroups.FirstOrDefaultAsync(g => g.Id == id, cancel);
        return group is null ? null : new GroupAndMembers(group, (await MembersAsync(db, [group.Number], cancel)).ConvertAll(m => m.ServerId));
    }, cancel);

    public Task<ServerGroup> CreateAsync(RequestContext context, string name, string policy, int? maxPerHost)
    {
        var group = new ServerGroup
        {
            Id = NewId.Uuid(), Name = name, ProjectId = context.ProjectId, UserId = context.UserId, Policy = policy, MaxPerHost = maxPerHost, CreatedAt = context.Now,
        };
        return store.WriteAsync(async db =>
        {
            await QuotaCounts.LockAsync(db, group.ProjectId);
            var limit = await QuotaCounts.LimitAsync(db, group.ProjectId, "server_groups");
            var mine = (await QuotaCounts.UserLimitsAsync(db, group.ProjectId, group.UserId)).GetValueOrDefault("server_groups", -1);
            if (limit >= 0 && await db.ServerGroups.CountAsync(g => g.ProjectId == group.ProjectId) >= limit
                || mine >= 0 && await db.ServerGroups.CountAsync(g => g.ProjectId == group.ProjectId && g.UserId == group.UserId) >= mine)
            {
                throw new OverQuotaError("Quota exceeded, too many server groups.");
            }
            db.ServerGroups.Add(group);
            db.Record(context, "create", "server_group", group.Id);
            return group;
        });
    }

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.ServerGroups.Where(g => g.Id == id).ExecuteDeleteAsync() == 0) { throw NotFound(id); }
        db.Record(context, "delete", "server_group", id);
    });

    public static ApiError NotFound(string id) => new NotFoundError($"Instance group {id} could not be found.");

    private sealed record Membership(long Group, string ServerId);

    private static Task<List<Membership>> MembersAsync(NovaDb db, List<long> groups, CancellationToken cancel) =>
        (from member in db.ServerGroupMembers
         join server in db.Servers on member.ServerId equals server.Id
         where groups.Contains(member.GroupNumber) && !server.Deleted
         orderby server.Number
         select new Membership(member.GroupNumber, member.ServerId)).ToListAsync(cancel);
}
