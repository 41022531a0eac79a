using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron.FloatingIps;

/// <summary>/v2.0/floatingips.</summary>
internal static class FloatingIpEndpoints
{
    public static void Map(ResourceGroup floatingIps)
    {
        floatingIps.Post("", Create).PolicyOnRow("create_floatingip", Rules.ProjectMember).Quota("floatingip").Answers(201).Extension("router");
        floatingIps.Get("", List).PolicyOnRow("get_floatingip", Rules.ProjectReader).Paged().Extension("router");
        floatingIps.Get("/{id}", Show).PolicyOnRow("get_floatingip", Rules.ProjectReader).Extension("router");
        floatingIps.Put("/{id}", Update).PolicyOnRow("update_floatingip", Rules.ProjectMember).Extension("router");
        floatingIps.Delete("/{id}", Delete).PolicyOnRow("delete_floatingip", Rules.ProjectMember).Answers(204).Extension("router");
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await FloatingIpTable.Table.ReadCreateAsync(call);
        foreach (var item in items) { FloatingIpTable.Table.EnforceCreate(call, item, PolicyTarget.Project(item.ProjectId)); }
        var made = await call.Get<FloatingIpOperations>().CreateAsync(call.Context, items, call.Cancel);
        return bulk ? FloatingIpTable.Table.ShowMany(call, made) : FloatingIpTable.Table.Show(made[0]);
    }

    private static Task<Reply> List(Call call) =>
        FloatingIpTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => FloatingIpView.Scope(db, call.Context), FloatingIpView.LoadAsync);

    private static async Task<Reply> Show(Call call)
    {
        var floating = await call.Get<FloatingIpOperations>().GetAsync(call.Route("id"), call.Cancel);
        FloatingIpTable.Table.EnforceVisible(call, floating);
        return FloatingIpTable.Table.Show(floating);
    }

    private static async Task<Reply> Update(Call call)
    {
        var changes = await FloatingIpTable.Table.ReadUpdateAsync(call);
        var floating = await call.Get<FloatingIpOperations>().GetAsync(call.Route("id"), call.Cancel);
        FloatingIpTable.Table.EnforceUpdate(call, changes, floating);
        return FloatingIpTable.Table.Show(await call.Get<FloatingIpOperations>().UpdateAsync(call.Context, floating.Row.Id, changes, call.Cancel));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var floating = await call.Get<FloatingIpOperations>().GetAsync(call.Route("id"), call.Cancel);
        FloatingIpTable.Table.EnforceDelete(call, floating);
        await call.Get<FloatingIpOperations>().DeleteAsync(call.Context, floating.Row.Id, call.Cancel);
        return Reply.Empty();
    }
}
