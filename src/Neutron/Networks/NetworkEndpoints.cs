using Nephos.Kernel.Api;
using Nephos.Kernel.Store;

namespace Nephos.Neutron.Networks;

/// <summary>/v2.0/networks.</summary>
internal static class NetworkEndpoints
{
    public static void Map(ResourceGroup networks)
    {
        networks.Post("", Create).PolicyOnRow("create_network", NetworkTable.CreateRule).Quota("network").Answers(201);
        networks.Get("", List).PolicyOnRow("get_network", NetworkTable.GetRule).Paged();
        networks.Get("/{id}", Show).PolicyOnRow("get_network", NetworkTable.GetRule);
        networks.Put("/{id}", Update).PolicyOnRow("update_network", NetworkTable.UpdateRule);
        networks.Delete("/{id}", Delete).PolicyOnRow("delete_network", NetworkTable.DeleteRule).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await NetworkTable.Table.ReadCreateAsync(call);
        foreach (var item in items) { NetworkTable.Table.EnforceCreate(call, item, PolicyTarget.Project(item.ProjectId)); }
        var made = await call.Get<NetworkOperations>().CreateAsync(call.Context, items, call.Cancel);
        return bulk ? NetworkTable.Table.ShowMany(call, made) : NetworkTable.Table.Show(made[0]);
    }

    private static Task<Reply> List(Call call) =>
        NetworkTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => NetworkView.Scope(db, call.Context), NetworkView.LoadAsync);

    private static async Task<Reply> Show(Call call)
    {
        var network = await call.Get<NetworkOperations>().GetAsync(call.Route("id"), call.Cancel);
        NetworkTable.Table.EnforceVisible(call, network);
        return NetworkTable.Table.Show(network);
    }

    private static async Task<Reply> Update(Call call)
    {
        var changes = await NetworkTable.Table.ReadUpdateAsync(call);
        var network = await call.Get<NetworkOperations>().GetAsync(call.Route("id"), call.Cancel);
        NetworkTable.Table.EnforceUpdate(call, changes, network);
        return NetworkTable.Table.Show(await call.Get<NetworkOperations>().UpdateAsync(call.Context, network.Row.Id, changes, call.Cancel));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var network = await call.Get<NetworkOperations>().GetAsync(call.Route("id"), call.Cancel);
        NetworkTable.Table.EnforceDelete(call, network);
        await call.Get<NetworkOperations>().DeleteAsync(call.Context, network.Row.Id, call.Cancel);
        return Reply.Empty();
    }
}
