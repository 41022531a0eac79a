using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.SecurityGroupRules;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>Makes, changes and deletes groups.</summary>
internal sealed class SecurityGroupOperations(Store<NeutronDb> store, FeedMarks marks) : ISecurityGroups
{
    /// <summary>The group with what its JSON shows, or 404; rights are the caller's to check.</summary>
    public Task<SecurityGroupView> GetAsync(string id, CancellationToken cancel) => store.ReadAsync(db => GetAsync(db, id), cancel);

    public static async Task<SecurityGroupView> GetAsync(NeutronDb db, string id)
    {
        var row = await db.SecurityGroups.FirstOrDefaultAsync(g => g.Id == id).ConfigureAwait(false) ?? throw SecurityGroupErrors.NotFound(id);
        return (await SecurityGroupView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }

    /// <summary>
    /// Makes the project's default group when it has none yet. Upstream does so at lists too; only an admin causes it for another project.
    /// </summary>
    public async Task EnsureDefaultAsync(RequestContext context, string? projectId, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(projectId) || (projectId != context.Who.ProjectId && !context.IsAdmin)) { return; }
        if (await store.ReadAsync(db => DefaultGroups.FindAsync(db, projectId), cancel).ConfigureAwait(false) is not null) { return; }
        await store.WriteAsync(db => DefaultGroups.EnsureAsync(db, projectId, context.Now), cancel).ConfigureAwait(false);
    }

    /// <summary>All of them or none.</summary>
    public Task<IReadOnlyList<SecurityGroupView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel) =>
        store.WriteAsync<IReadOnlyList<SecurityGroupView>>(async db =>
        {
            foreach (var project in items.GroupBy(i => i.ProjectId!))
            {
                await DefaultGroups.EnsureAsync(db, project.Key, context.Now).ConfigureAwait(false);
                await db.SaveChangesAsync().ConfigureAwait(false);
                await Quota.EnforceAsync(db, project.Key, "security_group", project.Count()).ConfigureAwait(false);
                await Quota.EnforceAsync(db, project.Key, "security_group_rule", 2 * project.Count()).ConfigureAwait(false);
            }
            var made = items.Select(item => Create(db, context, item)).ToList();
            await marks.MarkAsync(db, NetworkRecordKind.SecurityGroup, [.. made.Select(g => g.Row.Id)]).ConfigureAwait(false);
            return made;
        }, cancel);

    private static SecurityGroupView Create(NeutronDb db, RequestContext context, Values values)
    {
        var group = new SecurityGroup
        {
            Id = NewId.Uuid(),
            ProjectId = values.ProjectId!,
            Name = values.Get(SecurityGroupTable.Name),
            Description = values.Get(StandardFields.Description),
            Stateful = values.Get(SecurityGroupTable.Stateful),
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        db.SecurityGroups.Add(group);
        var rules = DefaultGroups.AddEgress(db, group, context.Now);
        Tag.Add(db, group.Id, values.Tags);
        db.Record(context, "create", "security_group", group.Id, group.ProjectId);
        return new SecurityGroupView(group, [.. (values.Tags ?? []).Order(StringComparer.Ordinal)], [.. rules.OrderBy(r => r.Id, StringComparer.Ordinal).Select(r => new SecurityGroupRuleView(r, [], group))]);
    }

    public Task<SecurityGroupView> UpdateAsync(RequestContext context, string id, Values changes, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var group = await db.SecurityGroups.AsTracking().FirstOrDefaultAsync(g => g.Id == id).ConfigureAwait(false) ?? throw SecurityGroupErrors.NotFound(id);
        var stateful = changes.Get(SecurityGroupTable.Stateful, group.Stateful);
        if (stateful != group.Stateful && await IsUsedAsync(db, id).ConfigureAwait(false)) { throw SecurityGroupErrors.InUse(id); }
        if (group.Name == SecurityGroup.DefaultName && changes.Has(SecurityGroupTable.Name)) { throw SecurityGroupErrors.CannotUpdateDefault(); }
        group.Name = changes.Get(SecurityGroupTable.Name, group.Name);
        group.Description = changes.Get(StandardFields.Description, group.Description);
        group.Stateful = stateful;
        group.Touch(context);
        db.Record(context, "update", "security_group", id, group.ProjectId);
        await db.SaveChangesAsync().ConfigureAwait(false);
        return await GetAsync(db, id).ConfigureAwait(false);
    }, cancel);

    /// <summary>Its rules go with it, and other groups' rules that name it.</summary>
    public Task DeleteAsync(RequestContext context, string id, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        if (await IsUsedAsync(db, id).ConfigureAwait(false)) { throw SecurityGroupErrors.InUse(id); }
        var group = await db.SecurityGroups.FirstOrDefaultAsync(g => g.Id == id).ConfigureAwait(false) ?? throw SecurityGroupErrors.NotFound(id);
        if (group.Name == SecurityGroup.DefaultName && !context.IsAdmin) { throw SecurityGroupErrors.CannotRemoveDefault(); }
        var rules = await db.SecurityGroupRules.Where(r => r.SecurityGroupId == id || r.RemoteGroupId == id).Select(r => new { r.Id, r.SecurityGroupId }).ToListAsync().ConfigureAwait(false);
        await db.SecurityGroupRules.Where(r => r.SecurityGroupId == id || r.RemoteGroupId == id).ExecuteDeleteAsync().ConfigureAwait(false);
        await db.SecurityGroups.Where(g => g.Id == id).ExecuteDeleteAsync().ConfigureAwait(false);
        await Tag.RemoveAsync(db, [id, .. rules.Select(r => r.Id)]).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.SecurityGroup, [id, .. rules.Select(r => r.SecurityGroupId)]).ConfigureAwait(false);
        db.Record(context, "delete", "security_group", id, group.ProjectId);
    }, cancel);

    private static Task<bool> IsUsedAsync(NeutronDb db, string id) => db.PortSecurityGroups.AnyAsync(b => b.SecurityGroupId == id);

    public async Task<IReadOnlyList<SecurityGroupFacts>> OfProjectAsync(RequestContext context, string projectId, CancellationToken cancel)
    {
        await EnsureDefaultAsync(context, projectId, cancel).ConfigureAwait(false);
        return await store.ReadAsync(db => db.SecurityGroups.Where(g => g.ProjectId == projectId).OrderBy(g => g.Id)
            .Select(g => new SecurityGroupFacts(g.Id, g.Name, g.ProjectId, g.Description)).ToListAsync(cancel), cancel).ConfigureAwait(false);
    }

    public Task<IReadOnlyList<SecurityGroupWithRules>> WithRulesAsync(RequestContext context, IReadOnlyCollection<string> ids, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var rows = await SecurityGroupView.Scope(db, context).Where(g => ids.Contains(g.Id)).OrderBy(g => g.Id).ToListAsync(cancel).ConfigureAwait(false);
        return await SecurityGroupCalls.FactsAsync(db, context, await SecurityGroupView.LoadAsync(db, rows).ConfigureAwait(false)).ConfigureAwait(false);
    }, cancel);
}
