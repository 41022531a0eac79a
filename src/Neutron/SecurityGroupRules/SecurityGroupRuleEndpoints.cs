using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Neutron.SecurityGroups;

namespace Nephos.Neutron.SecurityGroupRules;

/// <summary>/v2.0/security-group-rules. The owner of the group counts, not the maker of the rule.</summary>
internal static class SecurityGroupRuleEndpoints
{
    /// <summary>Neutron <c>ADMIN_OR_SG_OWNER_MEMBER</c> and <c>ADMIN_OR_SG_OWNER_READER</c>.</summary>
    private const string OwnerMember = Rules.GroupOwnerMember;
    private const string OwnerReader = Rules.GroupOwnerReader;

    public static void Map(ResourceGroup rules)
    {
        rules.Post("", Create).PolicyOnRow("create_security_group_rule", OwnerMember).Quota("security_group_rule").Answers(201).Extension("security-group");
        rules.Get("", List).PolicyOnRow("get_security_group_rule", OwnerReader).Paged().Extension("security-group");
        rules.Get("/{id}", Show).PolicyOnRow("get_security_group_rule", OwnerReader).Extension("security-group");
        rules.Delete("/{id}", Delete).PolicyOnRow("delete_security_group_rule", OwnerMember).Answers(204).Extension("security-group");
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await SecurityGroupRuleTable.Table.ReadCreateAsync(call);
        var operations = call.Get<SecurityGroupRuleOperations>();
        var groups = await operations.GroupsAsync([.. items.Select(i => i.Get(SecurityGroupRuleTable.SecurityGroupId)).Distinct(StringComparer.Ordinal)], call.Cancel);
        foreach (var item in items)
        {
            SecurityGroupRuleTable.Table.EnforceCreate(call, item, SecurityGroupRuleView.TargetOf(item.ProjectId!, groups[item.Get(SecurityGroupRuleTable.SecurityGroupId)]));
        }
        var made = await operations.CreateAsync(call.Context, items, call.Cancel);
        return bulk ? SecurityGroupRuleTable.Table.ShowMany(call, made) : SecurityGroupRuleTable.Table.Show(made[0]);
    }

    private static async Task<Reply> List(Call call)
    {
        await call.Get<SecurityGroupOperations>().EnsureDefaultAsync(call.Context, call.Query["project_id"] ?? call.Query["tenant_id"] ?? call.Context.Who.ProjectId, call.Cancel);
        return await SecurityGroupRuleTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => SecurityGroupRuleView.Scope(db, call.Context), SecurityGroupRuleView.LoadAsync);
    }

    private static async Task<Reply> Show(Call call)
    {
        var rule = await call.Get<SecurityGroupRuleOperations>().GetAsync(call.Route("id"), call.Cancel);
        SecurityGroupRuleTable.Table.EnforceVisible(call, rule);
        return SecurityGroupRuleTable.Table.Show(rule);
    }

    private static async Task<Reply> Delete(Call call)
    {
        var rule = await call.Get<SecurityGroupRuleOperations>().GetAsync(call.Route("id"), call.Cancel);
        SecurityGroupRuleTable.Table.EnforceDelete(call, rule);
        await call.Get<SecurityGroupRuleOperations>().DeleteAsync(call.Context, rule.Row.Id, call.Cancel);
        return Reply.Empty();
    }
}
