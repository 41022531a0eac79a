using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;

namespace Nephos.Neutron.SecurityGroups;

/// <summary>/v2.0/security-groups.</summary>
internal static class SecurityGroupEndpoints
{
    internal const string Visible = Rules.ProjectReader + " or rule:shared_security_group";

    public static void Map(ResourceGroup groups)
    {
        groups.Post("", Create).PolicyOnRow("create_security_group", Rules.ProjectMember).Quota("security_group", "security_group_rule").Answers(201).Extension("security-group");
        groups.Get("", List).PolicyOnRow("get_security_group", Visible).Paged().Extension("security-group");
        groups.Get("/{id}", Show).PolicyOnRow("get_security_group", Visible).Extension("security-group");
        groups.Put("/{id}", Update).PolicyOnRow("update_security_group", Rules.ProjectMember).Extension("security-group");
        groups.Delete("/{id}", Delete).PolicyOnRow("delete_security_group", Rules.ProjectMember).Answers(204).Extension("security-group");
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await SecurityGroupTable.Table.ReadCreateAsync(call);
        foreach (var item in items) { SecurityGroupTable.Table.EnforceCreate(call, item, PolicyTarget.Project(item.ProjectId)); }
        var made = await call.Get<SecurityGroupOperations>().CreateAsync(call.Context, items, call.Cancel);
        return bulk ? SecurityGroupTable.Table.ShowMany(call, made) : SecurityGroupTable.Table.Show(made[0]);
    }

    private static async Task<Reply> List(Call call)
    {
        await call.Get<SecurityGroupOperations>().EnsureDefaultAsync(call.Context, call.Query["project_id"] ?? call.Query["tenant_id"] ?? call.Context.Who.ProjectId, call.Cancel);
        return await SecurityGroupTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => SecurityGroupView.Scope(db, call.Context), SecurityGroupView.LoadAsync);
    }

    private static async Task<Reply> Show(Call call)
    {
        var group = await call.Get<SecurityGroupOperations>().GetAsync(call.Route("id"), call.Cancel);
        SecurityGroupTable.Table.EnforceVisible(call, group);
        return SecurityGroupTable.Table.Show(group);
    }

    private static async Task<Reply> Update(Call call)
    {
        var changes = await SecurityGroupTable.Table.ReadUpdateAsync(call);
        var group = await call.Get<SecurityGroupOperations>().GetAsync(call.Route("id"), call.Cancel);
        SecurityGroupTable.Table.EnforceUpdate(call, changes, group);
        return SecurityGroupTable.Table.Show(await call.Get<SecurityGroupOperations>().UpdateAsync(call.Context, group.Row.Id, changes, call.Cancel));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var group = await call.Get<SecurityGroupOperations>().GetAsync(call.Route("id"), call.Cancel);
        SecurityGroupTable.Table.EnforceDelete(call, group);
        await call.Get<SecurityGroupOperations>().DeleteAsync(call.Context, group.Row.Id, call.Cancel);
        return Reply.Empty();
    }
}
