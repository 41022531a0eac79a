using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.SecurityGroupRules;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>
/// Groups and rules for other services that offer them to users: values are converted by the tables of the public API and go to its operations.
/// The caller's own rights have been checked by then; what it may not see is not there for it.
/// </summary>
internal sealed class SecurityGroupCalls(Store<NeutronDb> store, SecurityGroupOperations groups, SecurityGroupRuleOperations rules) : ISecurityGroupCalls
{
    public async Task<IReadOnlyList<SecurityGroupWithRules>> ListAsync(RequestContext context, string? projectId, int offset, int limit, CancellationToken cancel)
    {
        await groups.EnsureDefaultAsync(context, projectId ?? context.Who.ProjectId, cancel).ConfigureAwait(false);
        return await store.ReadAsync(async db =>
        {
            var found = await SecurityGroupView.Scope(db, context).Where(g => projectId == null || g.ProjectId == projectId).OrderBy(g => g.Id).Skip(offset).Take(limit).ToListAsync(cancel).ConfigureAwait(false);
            return await FactsAsync(db, context, await SecurityGroupView.LoadAsync(db, found).ConfigureAwait(false)).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
    }

    public Task<SecurityGroupWithRules> GetAsync(RequestContext context, string id, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var row = await SecurityGroupView.Scope(db, context).FirstOrDefaultAsync(g => g.Id == id, cancel).ConfigureAwait(false) ?? throw SecurityGroupErrors.NotFound(id);
        return (await FactsAsync(db, context, await SecurityGroupView.LoadAsync(db, [row]).ConfigureAwait(false)).ConfigureAwait(false))[0];
    }, cancel);

    public async Task<SecurityGroupWithRules> CreateAsync(RequestContext context, string name, string description, CancellationToken cancel)
    {
        var made = await groups.CreateAsync(context, [Named(name, description, ProjectOf(context))], cancel).ConfigureAwait(false);
        return await GetAsync(context, made[0].Row.Id, cancel).ConfigureAwait(false);
    }

    public async Task<SecurityGroupWithRules> UpdateAsync(RequestContext context, string id, string name, string description, CancellationToken cancel)
    {
        await GetAsync(context, id, cancel).ConfigureAwait(false);
        await groups.UpdateAsync(context, id, Named(name, description, null), cancel).ConfigureAwait(false);
        return await GetAsync(context, id, cancel).ConfigureAwait(false);
    }

    public async Task DeleteAsync(RequestContext context, string id, CancellationToken cancel)
    {
        await GetAsync(context, id, cancel).ConfigureAwait(false);
        await groups.DeleteAsync(context, id, cancel).ConfigureAwait(false);
    }

    public async Task<SecurityGroupRuleFacts> CreateRuleAsync(RequestContext context, NewIngressRule rule, CancellationToken cancel)
    {
        await GetAsync(context, rule.SecurityGroupId, cancel).ConfigureAwait(false);
        var values = new Values { ProjectId = ProjectOf(context) };
        Give(values, SecurityGroupRuleTable.SecurityGroupId, rule.SecurityGroupId);
        Give(values, SecurityGroupRuleTable.RemoteGroupId, rule.RemoteGroupId);
        Give(values, SecurityGroupRuleTable.Direction, "ingress");
        Give(values, SecurityGroupRuleTable.Protocol, rule.Protocol);
        Give(values, SecurityGroupRuleTable.PortRangeMin, rule.PortRangeMin);
        Give(values, SecurityGroupRuleTable.PortRangeMax, rule.PortRangeMax);
        Give(values, SecurityGroupRuleTable.Ethertype, rule.Ethertype);
        Give(values, SecurityGroupRuleTable.RemoteIpPrefix, rule.RemoteIpPrefix);
        var made = (await rules.CreateAsync(context, [values], cancel).ConfigureAwait(false))[0].Row;
        var remote = made.RemoteGroupId is { } id ? (await GetAsync(context, id, cancel).ConfigureAwait(false)).Group : null;
        return Facts(made, remote);
    }

    public async Task DeleteRuleAsync(RequestContext context, string id, CancellationToken cancel)
    {
        var seen = await store.ReadAsync(db => SecurityGroupRuleView.Scope(db, context).AnyAsync(r => r.Id == id, cancel), cancel).ConfigureAwait(false);
        if (!seen) { throw SecurityGroupErrors.RuleNotFound(id); }
        await rules.DeleteAsync(context, id, cancel).ConfigureAwait(false);
    }

    /// <summary>Groups with their rules and, in one query, the groups that those name as far as the caller may see them.</summary>
    internal static async Task<IReadOnlyList<SecurityGroupWithRules>> FactsAsync(NeutronDb db, RequestContext context, IReadOnlyList<SecurityGroupView> views)
    {
        var remotes = views.SelectMany(v => v.Rules).Select(r => r.Row.RemoteGroupId).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var named = await SecurityGroupView.Scope(db, context).Where(g => remotes.Contains(g.Id)).ToDictionaryAsync(g => g.Id, Facts).ConfigureAwait(false);
        return [.. views.Select(v => new SecurityGroupWithRules(Facts(v.Row), [.. v.Rules.Select(r => Facts(r.Row, r.Row.RemoteGroupId is { } id ? named.GetValueOrDefault(id) : null))]))];
    }

    private static SecurityGroupFacts Facts(SecurityGroup group) => new(group.Id, group.Name, group.ProjectId, group.Description);

    private static SecurityGroupRuleFacts Facts(SecurityGroupRule rule, SecurityGroupFacts? remote) =>
        new(rule.Id, rule.SecurityGroupId, rule.Direction, rule.Protocol, rule.PortRangeMin, rule.PortRangeMax, rule.RemoteIpPrefix, rule.RemoteGroupId, remote);

    private static Values Named(string name, string description, string? projectId)
    {
        var values = new Values { ProjectId = projectId };
        Give(values, SecurityGroupTable.Name, name);
        Give(values, StandardFields.Description, description);
        return values;
    }

    private static void Give(Values values, Field field, object? value) => values.SetRaw(field, field.Read(JsonSerializer.SerializeToElement(value)));

    private static string ProjectOf(RequestContext context) =>
        context.Who.ProjectId ?? throw new BadRequestError("Running without keystone AuthN requires that tenant_id is specified", "HTTPBadRequest");
}
