using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.Routers;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.FloatingIps;

/// <summary>Makes, associates and deletes floating IPs. Each change is one transaction; servers that show the address are told after it.</summary>
internal sealed class FloatingIpOperations(Store<NeutronDb> store, FeedMarks marks, DeviceNotices notices)
{
    /// <summary>The floating IP with what its JSON shows, or 404; rights are the caller's to check.</summary>
    public Task<FloatingIpView> GetAsync(string id, CancellationToken cancel) => store.ReadAsync(db => GetAsync(db, id), cancel);

    private static async Task<FloatingIpView> GetAsync(NeutronDb db, string id)
    {
        var row = await db.FloatingIps.FirstOrDefaultAsync(f => f.Id == id).ConfigureAwait(false) ?? throw FloatingIpErrors.NotFound(id);
        return (await FloatingIpView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }

    /// <summary>All of them or none.</summary>
    public async Task<IReadOnlyList<FloatingIpView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel)
    {
        var devices = new List<string>();
        var made = await store.WriteAsync(async db =>
        {
            foreach (var project in items.GroupBy(i => i.ProjectId!)) { await Quota.EnforceAsync(db, project.Key, "floatingip", project.Count()).ConfigureAwait(false); }
            var rows = new List<FloatingIp>();
            foreach (var item in items) { rows.Add(await CreateAsync(db, context, item, devices).ConfigureAwait(false)); }
            return await FloatingIpView.LoadAsync(db, rows).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
        return made;
    }

    private async Task<FloatingIp> CreateAsync(NeutronDb db, RequestContext context, Values values, List<string> devices)
    {
        var networkId = values.Get(FloatingIpTable.NetworkId);
        var network = await NetworkView.Scope(db, context).FirstOrDefaultAsync(n => n.Id == networkId).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(networkId);
        if (!network.External) { throw FloatingIpErrors.Bad($"Network {networkId} is not a valid external network"); }
        if (!await db.Subnets.AnyAsync(s => s.NetworkId == networkId && s.IpVersion == 4).ConfigureAwait(false)) { throw FloatingIpErrors.Bad($"Network {networkId} does not contain any IPv4 subnet"); }
        var (subnet, address) = (values.Get(FloatingIpTable.SubnetId), values.Get(FloatingIpTable.Address));
        var (id, portId) = (NewId.Uuid(), NewId.Uuid());
        var asked = subnet is null && address is null ? null : new[] { new FixedIpRequest(subnet, address) };
        await RoutingPorts.CreateAsync(db, marks, context, new NewRoutingPort(portId, "", networkId, id, DeviceOwners.FloatingIp, "", asked)).ConfigureAwait(false);
        var held = await db.FixedIps.Where(i => i.PortId == portId && i.IpKey.Length == 8).OrderBy(i => i.Position).Select(i => i.Ip).FirstOrDefaultAsync().ConfigureAwait(false)
            ?? throw FloatingIpErrors.Exhausted(networkId);
        var floating = new FloatingIp
        {
            Id = id,
            ProjectId = values.ProjectId!,
            Description = values.Get(StandardFields.Description),
            FloatingNetworkId = networkId,
            FloatingIpAddress = held,
            FloatingPortId = portId,
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        await AssociateAsync(db, context, floating, values, devices).ConfigureAwait(false);
        db.FloatingIps.Add(floating);
        Tag.Add(db, id, values.Tags);
        db.Record(context, "create", "floatingip", id, floating.ProjectId);
        await db.SaveChangesAsync().ConfigureAwait(false);
        return floating;
    }

    public async Task<FloatingIpView> UpdateAsync(RequestContext context, string id, Values changes, CancellationToken cancel)
    {
        var devices = new List<string>();
        var view = await store.WriteAsync(async db =>
        {
            var floating = await db.FloatingIps.AsTracking().FirstOrDefaultAsync(f => f.Id == id).ConfigureAwait(false) ?? throw FloatingIpErrors.NotFound(id);
            await AssociateAsync(db, context, floating, changes, devices).ConfigureAwait(false);
            floating.Description = changes.Get(StandardFields.Description, floating.Description);
            floating.Touch(context);
            db.Record(context, "update", "floatingip", id, floating.ProjectId);
            await db.SaveChangesAsync().ConfigureAwait(false);
            return await GetAsync(db, id).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
        return view;
    }

    /// <summary>A given port is associated, a null one disassociated; without one all stays as it is.</summary>
    private async Task AssociateAsync(NeutronDb db, RequestContext context, FloatingIp floating, Values values, List<string> devices)
    {
        var (portId, fixedIp) = (values.Get(FloatingIpTable.PortId), values.Get(FloatingIpTable.FixedAddress));
        if (fixedIp is not null && portId is null) { throw FloatingIpErrors.Bad("fixed_ip_address cannot be specified without a port_id"); }
        if (!values.Has(FloatingIpTable.PortId)) { return; }
        var before = (floating.FixedPortId, floating.FixedIpAddress, floating.RouterId);
        var target = portId is null ? null : await FloatingIpTargets.FindAsync(db, context, floating, portId, fixedIp).ConfigureAwait(false);
        if (before == (target?.PortId, target?.FixedIp, target?.RouterId)) { return; }
        if (before.FixedPortId is { } left)
        {
            devices.AddRange(await db.Ports.Where(p => p.Id == left).Select(p => p.DeviceId).ToListAsync().ConfigureAwait(false));
        }
        if (target is not null) { devices.Add(target.DeviceId); }
        (floating.FixedPortId, floating.FixedIpAddress, floating.RouterId) = (target?.PortId, target?.FixedIp, target?.RouterId);
        // On the same router it goes on being translated, and the node has nothing new to report.
        if (before.RouterId is null || before.RouterId != target?.RouterId) { floating.Status = FloatingIp.Down; }
        await marks.MarkAsync(db, NetworkRecordKind.Router, [.. new[] { before.RouterId, target?.RouterId }.OfType<string>()]).ConfigureAwait(false);
    }

    public async Task DeleteAsync(RequestContext context, string id, CancellationToken cancel)
    {
        var devices = await store.WriteAsync(async db =>
        {
            var floating = await db.FloatingIps.FirstOrDefaultAsync(f => f.Id == id).ConfigureAwait(false) ?? throw FloatingIpErrors.NotFound(id);
            var served = await db.Ports.Where(p => p.Id == floating.FixedPortId).Select(p => p.DeviceId).ToListAsync().ConfigureAwait(false);
            await db.FloatingIps.Where(f => f.Id == id).ExecuteDeleteAsync().ConfigureAwait(false);
            await Tag.RemoveAsync(db, id).ConfigureAwait(false);
            await RoutingPorts.DeleteAsync(db, marks, context, floating.FloatingPortId).ConfigureAwait(false);
            if (floating.RouterId is { } router) { await marks.MarkAsync(db, NetworkRecordKind.Router, router).ConfigureAwait(false); }
            db.Record(context, "delete", "floatingip", id, floating.ProjectId);
            return served;
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
    }
}
