using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Routers;

/// <summary>Makes, changes and deletes routers. Each change is one transaction: the node makes it so afterwards.</summary>
internal sealed class RouterOperations(Store<NeutronDb> store, FeedMarks marks)
{
    /// <summary>The router with what its JSON shows, or 404; rights are the caller's to check.</summary>
    public Task<RouterView> GetAsync(string id, CancellationToken cancel) => store.ReadAsync(db => GetAsync(db, id), cancel);

    public static async Task<RouterView> GetAsync(NeutronDb db, string id)
    {
        var row = await db.Routers.FirstOrDefaultAsync(r => r.Id == id).ConfigureAwait(false) ?? throw RouterErrors.NotFound(id);
        return (await RouterView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }

    /// <summary>All of them or none.</summary>
    public Task<IReadOnlyList<RouterView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel) => store.WriteAsync<IReadOnlyList<RouterView>>(async db =>
    {
        foreach (var project in items.GroupBy(i => i.ProjectId!)) { await Quota.EnforceAsync(db, project.Key, "router", project.Count()).ConfigureAwait(false); }
        var made = new List<Router>();
        foreach (var item in items) { made.Add(await CreateAsync(db, context, item).ConfigureAwait(false)); }
        return await RouterView.LoadAsync(db, made).ConfigureAwait(false);
    }, cancel);

    private async Task<Router> CreateAsync(NeutronDb db, RequestContext context, Values values)
    {
        CheckKind(values);
        var router = new Router
        {
            Id = NewId.Uuid(),
            ProjectId = values.ProjectId!,
            Name = values.Get(RouterTable.Name),
            Description = values.Get(StandardFields.Description),
            AdminStateUp = values.Get(RouterTable.AdminStateUp),
            HostId = await RouterHosts.ChooseAsync(db, context.Now).ConfigureAwait(false),
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        db.Routers.Add(router);
        Tag.Add(db, router.Id, values.Tags);
        db.Record(context, "create", "router", router.Id, router.ProjectId);
        await db.SaveChangesAsync().ConfigureAwait(false);
        if (values.Get(RouterTable.Gateway) is { } gateway) { await RouterGateways.SetAsync(db, marks, context, router, gateway).ConfigureAwait(false); }
        await marks.MarkAsync(db, NetworkRecordKind.Router, router.Id).ConfigureAwait(false);
        await db.SaveChangesAsync().ConfigureAwait(false);
        return router;
    }

    public Task<RouterView> UpdateAsync(RequestContext context, string id, Values changes, CancellationToken cancel) => ChangeAsync(context, id, async (db, router) =>
    {
        CheckKind(changes);
        if (changes.Has(RouterTable.Routes)) { await RouterRoutes.SetAsync(db, router, changes.Get(RouterTable.Routes)).ConfigureAwait(false); }
        if (changes.Has(RouterTable.Gateway))
        {
            await db.SaveChangesAsync().ConfigureAwait(false);
            await RouterGateways.SetAsync(db, marks, context, router, changes.Get(RouterTable.Gateway)).ConfigureAwait(false);
        }
        router.Name = changes.Get(RouterTable.Name, router.Name);
        router.Description = changes.Get(StandardFields.Description, router.Description);
        router.AdminStateUp = changes.Get(RouterTable.AdminStateUp, router.AdminStateUp);
    }, cancel);

    public Task<RouterView> AddRoutesAsync(RequestContext context, string id, IReadOnlyList<RouteRequest> routes, CancellationToken cancel) => ChangeAsync(context, id, async (db, router) =>
    {
        var all = await RouterRoutes.CurrentAsync(db, id).ConfigureAwait(false);
        all.UnionWith(routes);
        await RouterRoutes.SetAsync(db, router, all).ConfigureAwait(false);
    }, cancel);

    /// <summary>Routes that are not there are fine.</summary>
    public Task<RouterView> RemoveRoutesAsync(RequestContext context, string id, IReadOnlyList<RouteRequest> routes, CancellationToken cancel) => ChangeAsync(context, id, async (db, router) =>
    {
        var all = await RouterRoutes.CurrentAsync(db, id).ConfigureAwait(false);
        all.ExceptWith(routes);
        await RouterRoutes.SetAsync(db, router, all).ConfigureAwait(false);
    }, cancel);

    private Task<RouterView> ChangeAsync(RequestContext context, string id, Func<NeutronDb, Router, Task> change, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        await db.LockAsync("router/" + id).ConfigureAwait(false);
        var router = await db.Routers.AsTracking().FirstOrDefaultAsync(r => r.Id == id).ConfigureAwait(false) ?? throw RouterErrors.NotFound(id);
        await change(db, router).ConfigureAwait(false);
        router.Touch(context);
        db.Record(context, "update", "router", id, router.ProjectId);
        await marks.MarkAsync(db, NetworkRecordKind.Router, id).ConfigureAwait(false);
        await db.SaveChangesAsync().ConfigureAwait(false);
        return await GetAsync(db, id).ConfigureAwait(false);
    }, cancel);

    /// <summary>The gateway goes with it; an interface or a floating IP keeps it: 409.</summary>
    public Task DeleteAsync(RequestContext context, string id, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        await db.LockAsync("router/" + id).ConfigureAwait(false);
        var router = await db.Routers.AsTracking().FirstOrDefaultAsync(r => r.Id == id).ConfigureAwait(false) ?? throw RouterErrors.NotFound(id);
        var attached = await db.RouterPorts.Where(p => p.RouterId == id && !p.IsGateway).Select(p => p.PortId).ToListAsync().ConfigureAwait(false);
        if (attached.Count > 0) { throw RouterErrors.InUse(id, "has ports still attached: " + string.Join(", ", attached)); }
        await db.RouterRoutes.Where(r => r.RouterId == id).ExecuteDeleteAsync().ConfigureAwait(false);
        await RouterGateways.SetAsync(db, marks, context, router, null).ConfigureAwait(false);
        db.Routers.Remove(router);
        await Tag.RemoveAsync(db, id).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Router, id).ConfigureAwait(false);
        db.Record(context, "delete", "router", id, router.ProjectId);
    }, cancel);

    private static void CheckKind(Values values)
    {
        if (values.Get(RouterTable.Distributed) == true) { throw RouterErrors.Bad("Distributed routers are not offered by this deployment"); }
        if (values.Get(RouterTable.Ha) == true) { throw RouterErrors.Bad("Highly available routers are not offered by this deployment"); }
    }
}
