using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Quotas;

namespace Nephos.Neutron.Ports;

/// <summary>Ports for other services: the same rows, rules and quota as the API.</summary>
internal sealed partial class PortOperations : IPorts
{
    async Task<string> IPorts.CreateAsync(RequestContext context, NewPort port, CancellationToken cancel)
    {
        var values = new Values { ProjectId = port.ProjectId }
            .Set(PortFields.NetworkId, port.NetworkId)
            .Set(PortFields.DeviceId, port.DeviceId)
            .Set(PortFields.DeviceOwner, port.DeviceOwner)
            .Set(PortFields.HostId, port.HostId)
            .Set(PortFields.DnsName, port.DnsName)
            .Set(PortFields.SecurityGroups, port.SecurityGroupIds);
        if (port.FixedIp is { } ip)
        {
            if (!IpAddress.TryParse(ip, out var address)) { throw Field.Invalid("fixed_ips", $"'{ip}' is not a valid IP address"); }
            values.Set(PortFields.FixedIps, [new FixedIpRequest(null, address.ToString())]);
        }
        return await store.WriteAsync(async db =>
        {
            if (await db.Ports.Where(p => p.Id == port.Id).Select(p => p.HostId).FirstOrDefaultAsync().ConfigureAwait(false) is { } host) { return host; }
            var network = await NetworkView.Scope(db, context).FirstOrDefaultAsync(n => n.Id == port.NetworkId).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(port.NetworkId);
            await Quota.EnforceAsync(db, port.ProjectId, "port").ConfigureAwait(false);
            return (await CreateAsync(db, context, network, values, port.Id).ConfigureAwait(false)).HostId;
        }, cancel).ConfigureAwait(false);
    }

    Task<PortFacts?> IPorts.FindAsync(RequestContext context, string portId, CancellationToken cancel) =>
        store.ReadAsync(async db => (await PortFactsQuery.LoadAsync(db, PortView.Scope(db, context).Where(p => p.Id == portId)).ConfigureAwait(false)) is [var port] ? port : null, cancel);

    Task<IReadOnlyList<PortFacts>> IPorts.OfDevicesAsync(IReadOnlyCollection<string> deviceIds, CancellationToken cancel) =>
        store.ReadAsync<IReadOnlyList<PortFacts>>(async db => await PortFactsQuery.LoadAsync(db, db.Ports.Where(p => deviceIds.Contains(p.DeviceId))).ConfigureAwait(false), cancel);

    Task<PortFacts?> IPorts.AtAddressAsync(string networkId, string ip, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var text = IpAddress.TryParse(ip, out var address) ? address.ToString() : ip;
        return (await PortFactsQuery.LoadAsync(db, db.Ports.Where(p => db.FixedIps.Any(i => i.NetworkId == networkId && i.Ip == text && i.PortId == p.Id))).ConfigureAwait(false)) is [var port, ..] ? port : null;
    }, cancel);

    Task IPorts.BindAsync(RequestContext context, string portId, string deviceId, string deviceOwner, string hostId, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var port = await db.Ports.AsTracking().FirstOrDefaultAsync(p => p.Id == portId).ConfigureAwait(false) ?? throw NeutronErrors.PortNotFound(portId);
        if (port.DeviceId.Length > 0 && port.DeviceId != deviceId) { throw PortErrors.InUse(port); }
        if ((port.DeviceId, port.DeviceOwner, port.HostId) == (deviceId, deviceOwner, hostId)) { return; }
        await ChangeAsync(db, context, port, new Values().Set(PortFields.DeviceId, deviceId).Set(PortFields.DeviceOwner, deviceOwner).Set(PortFields.HostId, hostId)).ConfigureAwait(false);
        db.Record(context, "bind", "port", portId, port.ProjectId);
    }, cancel);

    Task IPorts.UnbindAsync(RequestContext context, string portId, string deviceId, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        if (await db.Ports.AsTracking().FirstOrDefaultAsync(p => p.Id == portId && p.DeviceId == deviceId).ConfigureAwait(false) is not { } port) { return; }
        await ChangeAsync(db, context, port, new Values().Set(PortFields.DeviceId, "").Set(PortFields.DeviceOwner, "").Set(PortFields.HostId, "")).ConfigureAwait(false);
        db.Record(context, "unbind", "port", portId, port.ProjectId);
    }, cancel);

    /// <summary>The caller knows already: no notice of the deletion goes back to it.</summary>
    Task IPorts.DeleteAsync(RequestContext context, string portId, CancellationToken cancel) => RemoveAsync(context, portId, missingIsFine: true, cancel);

    async Task IPorts.AddFixedIpAsync(RequestContext context, string portId, string subnetId, CancellationToken cancel) =>
        await ChangeFixedIpsAsync(context, portId, current => [.. current, new FixedIpRequest(subnetId, null)], cancel).ConfigureAwait(false);

    Task<bool> IPorts.RemoveFixedIpAsync(RequestContext context, string portId, string ip, CancellationToken cancel)
    {
        var text = IpAddress.TryParse(ip, out var address) ? address.ToString() : ip;
        return ChangeFixedIpsAsync(context, portId, current => [.. current.Where(i => i.IpAddress != text)], cancel);
    }

    /// <summary>Reads and writes in one transaction, so that two changes at once do not lose each other's address. False when nothing would change.</summary>
    private Task<bool> ChangeFixedIpsAsync(RequestContext context, string portId, Func<IReadOnlyList<FixedIpRequest>, IReadOnlyList<FixedIpRequest>> change, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var port = await db.Ports.AsTracking().FirstOrDefaultAsync(p => p.Id == portId).ConfigureAwait(false) ?? throw NeutronErrors.PortNotFound(portId);
        await db.LockAsync("network/" + port.NetworkId).ConfigureAwait(false);
        var current = await db.FixedIps.Where(i => i.PortId == portId).OrderBy(i => i.Position).Select(i => new FixedIpRequest(i.SubnetId, i.Ip)).ToListAsync().ConfigureAwait(false);
        var wanted = change(current);
        if (wanted.Count == current.Count) { return false; }
        if (wanted.Count > Math.Max(current.Count, Limits.FixedIpsPerPort)) { throw PortErrors.TooManyFixedIps(); }
        await ChangeAsync(db, context, port, new Values().Set(PortFields.FixedIps, wanted)).ConfigureAwait(false);
        db.Record(context, "update", "port", portId, port.ProjectId);
        return true;
    }, cancel);

    async Task IPorts.SetSecurityGroupsAsync(RequestContext context, string portId, IReadOnlyList<string> securityGroupIds, CancellationToken cancel) =>
        await UpdateAsync(context, portId, new Values().Set(PortFields.SecurityGroups, securityGroupIds), cancel).ConfigureAwait(false);
}
