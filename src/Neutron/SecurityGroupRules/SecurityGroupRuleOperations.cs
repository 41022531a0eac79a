using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>Makes and deletes rules.</summary>
internal sealed class SecurityGroupRuleOperations(Store<NeutronDb> store, FeedMarks marks)
{
    /// <summary>The rule with its group, or 404; rights are the caller's to check.</summary>
    public Task<SecurityGroupRuleView> GetAsync(string id, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var row = await db.SecurityGroupRules.FirstOrDefaultAsync(r => r.Id == id).ConfigureAwait(false) ?? throw SecurityGroupErrors.RuleNotFound(id);
        return (await SecurityGroupRuleView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }, cancel);

    /// <summary>The groups that rules are to be made in, for policy: 404 when one is not there.</summary>
    public Task<Dictionary<string, SecurityGroup>> GroupsAsync(IReadOnlyCollection<string> ids, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var groups = await db.SecurityGroups.Where(g => ids.Contains(g.Id)).ToDictionaryAsync(g => g.Id).ConfigureAwait(false);
        return ids.FirstOrDefault(id => !groups.ContainsKey(id)) is { } missing ? throw SecurityGroupErrors.NotFound(missing) : groups;
    }, cancel);

    /// <summary>All of them or none; a bulk is for one group and one project.</summary>
    public Task<IReadOnlyList<SecurityGroupRuleView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel)
    {
        if (items.Select(i => i.Get(SecurityGroupRuleTable.SecurityGroupId)).Distinct(StringComparer.Ordinal).Skip(1).Any()) { throw SecurityGroupErrors.NotSingleGroup(); }
        if (items.Select(i => i.ProjectId).Distinct(StringComparer.Ordinal).Skip(1).Any()) { throw SecurityGroupErrors.NotSingleProject(); }
        var shapes = items.Select(RuleShape.Of).ToList();
        return store.WriteAsync<IReadOnlyList<SecurityGroupRuleView>>(async db =>
        {
            foreach (var shape in shapes) { await CheckRemotesAsync(db, context, items[0].ProjectId!, shape).ConfigureAwait(false); }
            var groupId = shapes[0].SecurityGroupId;
            var group = await db.SecurityGroups.AsTracking().FirstOrDefaultAsync(g => g.Id == groupId).ConfigureAwait(false) ?? throw SecurityGroupErrors.NotFound(groupId);
            await db.LockAsync("security-group/" + groupId).ConfigureAwait(false);
            await Quota.EnforceAsync(db, items[0].ProjectId!, "security_group_rule", items.Count).ConfigureAwait(false);
            await CheckDoublesAsync(db, groupId, shapes).ConfigureAwait(false);
            var made = shapes.Select((shape, i) => Add(db, context, group, shape, items[i])).ToList();
            group.Touch(context);
            // A host that has the group may not yet have those that its new rules name.
            await marks.MarkAsync(db, NetworkRecordKind.SecurityGroup, [groupId, .. shapes.Select(s => s.RemoteGroupId).OfType<string>()]).ConfigureAwait(false);
            return made;
        }, cancel);
    }

    private static SecurityGroupRuleView Add(NeutronDb db, RequestContext context, SecurityGroup group, RuleShape shape, Values values)
    {
        var rule = new SecurityGroupRule
        {
            Id = NewId.Uuid(),
            ProjectId = values.ProjectId!,
            SecurityGroupId = group.Id,
            Description = values.Get(StandardFields.Description),
            Direction = shape.Direction,
            Ethertype = shape.Ethertype,
            Protocol = shape.Protocol,
            PortRangeMin = shape.PortRangeMin,
            PortRangeMax = shape.PortRangeMax,
            RemoteIpPrefix = shape.RemoteIpPrefix,
            RemoteGroupId = shape.RemoteGroupId,
            RemoteAddressGroupId = shape.RemoteAddressGroupId,
            Meaning = shape.Meaning,
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        db.SecurityGroupRules.Add(rule);
        Tag.Add(db, rule.Id, values.Tags);
        db.Record(context, "create", "security_group_rule", rule.Id, rule.ProjectId);
        return new SecurityGroupRuleView(rule, [.. (values.Tags ?? []).Order(StringComparer.Ordinal)], group);
    }

    /// <summary>The named remotes are there and the rule's project may see them.</summary>
    private static async Task CheckRemotesAsync(NeutronDb db, RequestContext context, string projectId, RuleShape shape)
    {
        if (shape.RemoteGroupId is { } group && !await db.SecurityGroups.AnyAsync(g => g.Id == group && (context.IsAdmin || g.ProjectId == projectId)).ConfigureAwait(false))
        {
            throw SecurityGroupErrors.NotFound(group);
        }
        // No address groups are offered (extension address-group), so none is ever there.
        if (shape.RemoteAddressGroupId is { } addresses) { throw SecurityGroupErrors.AddressGroupNotFound(addresses); }
    }

    private static async Task CheckDoublesAsync(NeutronDb db, string groupId, List<RuleShape> shapes)
    {
        var meanings = shapes.Select(s => s.Meaning).ToList();
        if (meanings.Distinct(StringComparer.Ordinal).Count() < meanings.Count) { throw SecurityGroupErrors.DuplicateInPost(); }
        var there = await db.SecurityGroupRules.Where(r => r.SecurityGroupId == groupId && meanings.Contains(r.Meaning)).Select(r => r.Id).FirstOrDefaultAsync().ConfigureAwait(false);
        if (there is not null) { throw SecurityGroupErrors.RuleExists(there); }
    }

    public Task DeleteAsync(RequestContext context, string id, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var rule = await db.SecurityGroupRules.FirstOrDefaultAsync(r => r.Id == id).ConfigureAwait(false) ?? throw SecurityGroupErrors.RuleNotFound(id);
        await db.SecurityGroupRules.Where(r => r.Id == id).ExecuteDeleteAsync().ConfigureAwait(false);
        await db.SecurityGroups.Where(g => g.Id == rule.SecurityGroupId)
            .ExecuteUpdateAsync(u => u.SetProperty(g => g.Revision, g => g.Revision + 1).SetProperty(g => g.UpdatedAt, context.Now)).ConfigureAwait(false);
        await Tag.RemoveAsync(db, id).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.SecurityGroup, rule.RemoteGroupId is { } remote ? [rule.SecurityGroupId, remote] : [rule.SecurityGroupId]).ConfigureAwait(false);
        db.Record(context, "delete", "security_group_rule", id, rule.ProjectId);
    }, cancel);
}
