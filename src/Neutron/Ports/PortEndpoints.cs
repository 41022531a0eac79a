using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Networks;

namespace Nephos.Neutron.Ports;

/// <summary>/v2.0/ports.</summary>
internal static class PortEndpoints
{
    public static void Map(ResourceGroup ports)
    {
        ports.Post("", Create).PolicyOnRow("create_port", PortTable.CreateRule).Quota("port").Answers(201);
        ports.Get("", List).PolicyOnRow("get_port", PortTable.GetRule).Paged();
        ports.Get("/{id}", Show).PolicyOnRow("get_port", PortTable.GetRule);
        ports.Put("/{id}", Update).PolicyOnRow("update_port", PortTable.UpdateRule);
        ports.Delete("/{id}", Delete).PolicyOnRow("delete_port", PortTable.DeleteRule).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await PortTable.Table.ReadCreateAsync(call);
        var networks = await call.Get<NetworkOperations>().VisibleAsync(call, items.Select(i => i.Get(PortFields.NetworkId)));
        foreach (var item in items)
        {
            var network = networks[item.Get(PortFields.NetworkId)];
            var target = PortView.TargetOf(item.ProjectId!, item.Get(PortFields.DeviceOwner), network.Id, network.ProjectId, network.Shared);
            PortTable.Table.EnforceCreate(call, item, target);
            EnforceFixedIps(call, "create", item, target);
        }
        var made = await call.Get<PortOperations>().CreateAsync(call.Context, items, call.Cancel);
        return bulk ? PortTable.Table.ShowMany(call, made) : PortTable.Table.Show(made[0]);
    }

    /// <summary>Rules of the parts of an address: <c>create_port:fixed_ips:ip_address</c>.</summary>
    private static void EnforceFixedIps(Call call, string verb, Values values, IReadOnlyDictionary<string, object?> target)
    {
        if (values.Get(PortFields.FixedIps) is not { } ips) { return; }
        var parts = new List<string>();
        if (ips.Any(i => i.IpAddress is not null)) { parts.Add($"{verb}_port:fixed_ips:ip_address"); }
        if (ips.Any(i => i.SubnetId is not null)) { parts.Add($"{verb}_port:fixed_ips:subnet_id"); }
        if (parts.Count > 0) { ResourceTable<Port, PortView>.Enforce(call, $"{verb}_port", parts, target); }
    }

    private static Task<Reply> List(Call call) =>
        PortTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => PortView.Scope(db, call.Context), PortView.LoadAsync);

    private static async Task<Reply> Show(Call call)
    {
        var port = await call.Get<PortOperations>().GetAsync(call.Route("id"), call.Cancel);
        PortTable.Table.EnforceVisible(call, port);
        return PortTable.Table.Show(port);
    }

    private static async Task<Reply> Update(Call call)
    {
        var changes = await PortTable.Table.ReadUpdateAsync(call);
        var port = await call.Get<PortOperations>().GetAsync(call.Route("id"), call.Cancel);
        PortTable.Table.EnforceUpdate(call, changes, port);
        EnforceFixedIps(call, "update", changes, port.Target);
        return PortTable.Table.Show(await call.Get<PortOperations>().UpdateAsync(call.Context, port.Row.Id, changes, call.Cancel));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var port = await call.Get<PortOperations>().GetAsync(call.Route("id"), call.Cancel);
        PortTable.Table.EnforceDelete(call, port);
        await call.Get<PortOperations>().DeleteAsync(call.Context, port.Row.Id, call.Cancel);
        return Reply.Empty();
    }
}
