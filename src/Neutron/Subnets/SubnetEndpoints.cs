using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Neutron.Networks;

namespace Nephos.Neutron.Subnets;

/// <summary>/v2.0/subnets.</summary>
internal static class SubnetEndpoints
{
    public static void Map(ResourceGroup subnets)
    {
        subnets.Post("", Create).PolicyOnRow("create_subnet", SubnetTable.CreateRule).Quota("subnet").Answers(201);
        subnets.Get("", List).PolicyOnRow("get_subnet", SubnetTable.GetRule).Paged();
        subnets.Get("/{id}", Show).PolicyOnRow("get_subnet", SubnetTable.GetRule);
        subnets.Put("/{id}", Update).PolicyOnRow("update_subnet", SubnetTable.UpdateRule);
        subnets.Delete("/{id}", Delete).PolicyOnRow("delete_subnet", SubnetTable.DeleteRule).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await SubnetTable.Table.ReadCreateAsync(call);
        var networks = await call.Get<NetworkOperations>().VisibleAsync(call, items.Select(i => i.Get(SubnetFields.NetworkId)));
        foreach (var item in items) { SubnetTable.Table.EnforceCreate(call, item, SubnetView.TargetOf(item.ProjectId!, networks[item.Get(SubnetFields.NetworkId)])); }
        var made = await call.Get<SubnetOperations>().CreateAsync(call.Context, items, call.Cancel);
        return bulk ? SubnetTable.Table.ShowMany(call, made) : SubnetTable.Table.Show(made[0]);
    }

    private static Task<Reply> List(Call call) =>
        SubnetTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => SubnetView.Scope(db, call.Context), SubnetView.LoadAsync);

    private static async Task<Reply> Show(Call call)
    {
        var subnet = await call.Get<SubnetOperations>().GetAsync(call.Context, call.Route("id"), call.Cancel);
        SubnetTable.Table.EnforceVisible(call, subnet);
        return SubnetTable.Table.Show(subnet);
    }

    private static async Task<Reply> Update(Call call)
    {
        var changes = await SubnetTable.Table.ReadUpdateAsync(call);
        var subnet = await call.Get<SubnetOperations>().GetAsync(call.Context, call.Route("id"), call.Cancel);
        SubnetTable.Table.EnforceUpdate(call, changes, subnet);
        return SubnetTable.Table.Show(await call.Get<SubnetOperations>().UpdateAsync(call.Context, subnet.Row.Id, changes, call.Cancel));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var subnet = await call.Get<SubnetOperations>().GetAsync(call.Context, call.Route("id"), call.Cancel);
        SubnetTable.Table.EnforceDelete(call, subnet);
        await call.Get<SubnetOperations>().DeleteAsync(call.Context, subnet.Row.Id, call.Cancel);
        return Reply.Empty();
    }
}
