using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron.Routers;

/// <summary>/v2.0/routers.</summary>
internal static class RouterEndpoints
{
    public static void Map(ResourceGroup routers)
    {
        routers.Post("", Create).PolicyOnRow("create_router", Rules.ProjectMember).Quota("router").Answers(201).Extension("router");
        routers.Get("", List).PolicyOnRow("get_router", Rules.ProjectReader).Paged().Extension("router");
        routers.Get("/{id}", Show).PolicyOnRow("get_router", Rules.ProjectReader).Extension("router");
        routers.Put("/{id}", Update).PolicyOnRow("update_router", Rules.ProjectMember).Extension("router");
        routers.Delete("/{id}", Delete).PolicyOnRow("delete_router", Rules.ProjectMember).Answers(204).Extension("router");
        routers.Put("/{id}/add_router_interface", AddInterface).PolicyOnRow("add_router_interface", Rules.ProjectMember).Extension("router");
        routers.Put("/{id}/remove_router_interface", RemoveInterface).PolicyOnRow("remove_router_interface", Rules.ProjectMember).Extension("router");
        routers.Put("/{id}/add_extraroutes", AddRoutes).PolicyOnRow("add_extraroutes", Rules.ProjectMember).Quota("router_route").Extension("extraroute-atomic");
        routers.Put("/{id}/remove_extraroutes", RemoveRoutes).PolicyOnRow("remove_extraroutes", Rules.ProjectMember).Extension("extraroute-atomic");
    }

    private static async Task<Reply> Create(Call call)
    {
        var (items, bulk) = await RouterTable.Table.ReadCreateAsync(call);
        foreach (var item in items)
        {
            var target = PolicyTarget.Project(item.ProjectId);
            RouterTable.Table.EnforceCreate(call, item, target);
            EnforceGateway(call, "create_router", item, target);
        }
        var made = await call.Get<RouterOperations>().CreateAsync(call.Context, items, call.Cancel);
        return bulk ? RouterTable.Table.ShowMany(call, made) : RouterTable.Table.Show(made[0]);
    }

    private static Task<Reply> List(Call call) =>
        RouterTable.Table.ListAsync(call, call.Get<Store<NeutronDb>>(), db => RouterView.Scope(db, call.Context), RouterView.LoadAsync);

    private static async Task<Reply> Show(Call call) => RouterTable.Table.Show(await FindAsync(call));

    private static async Task<Reply> Update(Call call)
    {
        var changes = await RouterTable.Table.ReadUpdateAsync(call);
        var router = await call.Get<RouterOperations>().GetAsync(call.Route("id"), call.Cancel);
        RouterTable.Table.EnforceUpdate(call, changes, router);
        EnforceGateway(call, "update_router", changes, router.Target);
        return RouterTable.Table.Show(await call.Get<RouterOperations>().UpdateAsync(call.Context, router.Row.Id, changes, call.Cancel));
    }

    /// <summary>The parts of <c>external_gateway_info</c> have rules of their own, which count for those that the body names.</summary>
    private static void EnforceGateway(Call call, string action, Values values, IReadOnlyDictionary<string, object?> target)
    {
        if (values.Get(RouterTable.Gateway) is not { } gateway) { return; }
        var prefix = action + ":external_gateway_info:";
        call.Enforce(prefix + "network_id", target);
        if (gateway.EnableSnat is not null) { call.Enforce(prefix + "enable_snat", target); }
        if (gateway.FixedIps is not null) { call.Enforce(prefix + "external_fixed_ips", target); }
    }

    private static async Task<Reply> Delete(Call call)
    {
        var router = await call.Get<RouterOperations>().GetAsync(call.Route("id"), call.Cancel);
        RouterTable.Table.EnforceDelete(call, router);
        await call.Get<RouterOperations>().DeleteAsync(call.Context, router.Row.Id, call.Cancel);
        return Reply.Empty();
    }

    private static async Task<Reply> AddInterface(Call call)
    {
        var router = await FindAsync(call);
        call.Enforce("add_router_interface", router.Target);
        return Reply.Json(await call.Get<RouterInterfaces>().AddAsync(call.Context, router.Row.Id, InterfaceRequest.Read(await BodyAsync(call), removal: false), call.Cancel));
    }

    private static async Task<Reply> RemoveInterface(Call call)
    {
        var router = await FindAsync(call);
        call.Enforce("remove_router_interface", router.Target);
        return Reply.Json(await call.Get<RouterInterfaces>().RemoveAsync(call.Context, router.Row.Id, InterfaceRequest.Read(await BodyAsync(call), removal: true), call.Cancel));
    }

    private static async Task<Reply> AddRoutes(Call call)
    {
        var router = await FindAsync(call);
        call.Enforce("add_extraroutes", router.Target);
        return RouterTable.Table.Show(await call.Get<RouterOperations>().AddRoutesAsync(call.Context, router.Row.Id, Routes(await BodyAsync(call)), call.Cancel));
    }

    private static async Task<Reply> RemoveRoutes(Call call)
    {
        var router = await FindAsync(call);
        call.Enforce("remove_extraroutes", router.Target);
        return RouterTable.Table.Show(await call.Get<RouterOperations>().RemoveRoutesAsync(call.Context, router.Row.Id, Routes(await BodyAsync(call)), call.Cancel));
    }

    private static IReadOnlyList<RouteRequest> Routes(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("router", out var router) && router.ValueKind == JsonValueKind.Object && router.TryGetProperty("routes", out var routes)
            ? RouteRequest.ReadAll(routes, "routes") : throw NeutronErrors.Bad("Unable to find 'router' with 'routes' in request body");

    /// <summary>The body of a member action; none reads as empty.</summary>
    private static async Task<JsonElement> BodyAsync(Call call) => call.HasBody ? await call.JsonAsync() : default;

    private static async Task<RouterView> FindAsync(Call call)
    {
        var router = await call.Get<RouterOperations>().GetAsync(call.Route("id"), call.Cancel);
        RouterTable.Table.EnforceVisible(call, router);
        return router;
    }
}
