using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;

namespace Nephos.Neutron.Ports;

/// <summary>Changes of a port.</summary>
internal sealed partial class PortOperations
{
    public async Task<PortView> UpdateAsync(RequestContext context, string id, Values changes, CancellationToken cancel)
    {
        var devices = new List<string>();
        var view = await store.WriteAsync(async db =>
        {
            var port = await db.Ports.AsTracking().FirstOrDefaultAsync(p => p.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.PortNotFound(id);
            devices.Add(port.DeviceId);
            await ChangeAsync(db, context, port, changes).ConfigureAwait(false);
            devices.Add(port.DeviceId);
            db.Record(context, "update", "port", id, port.ProjectId);
            await db.SaveChangesAsync().ConfigureAwait(false);
            return await GetAsync(db, id).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
        return view;
    }

    private async Task ChangeAsync(NeutronDb db, RequestContext context, Port port, Values changes)
    {
        await CheckDeviceAsync(db, context, changes.Get(PortFields.DeviceOwner, port.DeviceOwner), changes.Get(PortFields.DeviceId, port.DeviceId), port.ProjectId).ConfigureAwait(false);
        var addressesChanged = await ChangeAddressesAsync(db, context, port, changes).ConfigureAwait(false);
        var groupsChanged = await ChangeSecurityAsync(db, context, port, changes).ConfigureAwait(false);
        var vnic = changes.Get(PortFields.VnicType, port.VnicType)!;
        if (vnic != port.VnicType && port.VifType != Bindings.Unbound) { throw PortErrors.InUse(port); }
        port.VnicType = vnic;
        port.Name = changes.Get(PortFields.Name, port.Name);
        port.Description = changes.Get(StandardFields.Description, port.Description);
        port.AdminStateUp = changes.Get(PortFields.AdminStateUp, port.AdminStateUp);
        port.DeviceId = changes.Get(PortFields.DeviceId, port.DeviceId);
        port.DeviceOwner = changes.Get(PortFields.DeviceOwner, port.DeviceOwner);
        port.ProfileJson = changes.Get(PortFields.Profile, port.ProfileJson);
        port.DnsName = changes.Get(PortFields.DnsName, port.DnsName);
        if (changes.Get(PortFields.DhcpOptions) is { } options) { port.DhcpOptionsJson = OptionsJson(options, Options(port)); }
        await PlaceAsync(db, context, port, changes.Get(PortFields.HostId, port.HostId)).ConfigureAwait(false);
        port.Touch(context);
        await db.SaveChangesAsync().ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, port.Id).ConfigureAwait(false);
        if (addressesChanged || groupsChanged) { await PortRows.MarkGroupsAsync(db, marks, [port.Id]).ConfigureAwait(false); }
    }

    private async Task<bool> ChangeAddressesAsync(NeutronDb db, RequestContext context, Port port, Values changes)
    {
        var macChanged = false;
        if (changes.Has(PortFields.Mac) && changes.Get(PortFields.Mac) is var asked && (asked is null || asked != port.Mac))
        {
            if (IsTrusted(port.DeviceOwner)) { throw PortErrors.UnsupportedOwner("mac address update", port); }
            var mac = await PortRows.MacAsync(db, port, asked).ConfigureAwait(false);
            if (port.VifType is not (Bindings.Unbound or Bindings.Failed)) { throw PortErrors.Bound(port, mac); }
            (port.Mac, macChanged) = (mac, true);
        }
        var current = await db.FixedIps.Where(i => i.PortId == port.Id).OrderBy(i => i.Position).ToListAsync().ConfigureAwait(false);
        var wanted = changes.Get(PortFields.FixedIps) ?? (macChanged ? [.. current.Select(i => new FixedIpRequest(i.SubnetId, null))] : null);
        if (wanted is null) { return false; }
        if (port.DeviceOwner == DeviceOwners.RouterInterface && await IsHeldAsync(db, port).ConfigureAwait(false) && await ChangesIpv4Async(db, current, wanted).ConfigureAwait(false)) { throw PortErrors.AddressChangeNotAllowed(port.Id); }
        await db.LockAsync("network/" + port.NetworkId).ConfigureAwait(false);
        if (macChanged) { wanted = await WithoutOldAutomaticAsync(db, port, current, wanted).ConfigureAwait(false); }
        var taker = new AddressTaker(port.Id, port.NetworkId, port.Mac, changes.Get(PortFields.DeviceOwner, port.DeviceOwner));
        var added = await FixedIpOperations.ChangeAsync(db, taker, current, wanted, macChanged).ConfigureAwait(false);
        var position = current.Count == 0 ? 0 : current.Max(i => i.Position) + 1;
        foreach (var ip in added)
        {
            ip.Position = position++;
            db.FixedIps.Add(ip);
        }
        await db.SaveChangesAsync().ConfigureAwait(false);
        await FloatingIps.FloatingIpRelease.CheckAddressesAsync(db, port.Id).ConfigureAwait(false);
        port.NoAddresses = changes.Get(PortFields.FixedIps) is { Count: 0 };
        return true;
    }

    /// <summary>Whether an IPv4 address would come or go.</summary>
    private static async Task<bool> ChangesIpv4Async(NeutronDb db, List<FixedIp> current, IReadOnlyList<FixedIpRequest> asked)
    {
        var (_, left, wanted) = FixedIpOperations.Match(current, asked, _ => true);
        if (left.Exists(i => i.IpKey.Length == 8) || wanted.Exists(w => w.IpAddress?.Contains(':', StringComparison.Ordinal) == false)) { return true; }
        var subnets = wanted.Where(w => w.IpAddress is null).Select(w => w.SubnetId).ToList();
        return subnets.Count > 0 && await db.Subnets.AnyAsync(s => subnets.Contains(s.Id) && s.IpVersion == 4).ConfigureAwait(false);
    }

    /// <summary>With a new MAC the automatic addresses are other ones; the rest stays.</summary>
    private static async Task<IReadOnlyList<FixedIpRequest>> WithoutOldAutomaticAsync(NeutronDb db, Port port, List<FixedIp> current, IReadOnlyList<FixedIpRequest> wanted)
    {
        var automatic = await db.Subnets.Where(s => s.NetworkId == port.NetworkId && (s.Ipv6AddressMode == "slaac" || s.Ipv6AddressMode == "dhcpv6-stateless")).Select(s => s.Id).ToListAsync().ConfigureAwait(false);
        var old = current.Where(i => automatic.Contains(i.SubnetId)).Select(i => i.Ip).ToList();
        return [.. wanted.Where(w => w.IpAddress is null || !old.Contains(w.IpAddress))];
    }

    /// <summary>Port security, address pairs and groups, which depend on each other; true when groups or their members changed.</summary>
    private async Task<bool> ChangeSecurityAsync(NeutronDb db, RequestContext context, Port port, Values changes)
    {
        var security = changes.Get(PortFields.PortSecurity) ?? port.PortSecurityEnabled;
        var asked = changes.Get(PortFields.SecurityGroups);
        var pairs = changes.Has(PortFields.AddressPairs) ? PairsJson(changes.Get(PortFields.AddressPairs), port.Mac) : port.AddressPairsJson;
        if (!security)
        {
            if (pairs != "[]") { throw PortErrors.PairsNeedPortSecurity(); }
            if (asked is { Count: > 0 }) { throw PortErrors.GroupsNeedPortSecurity(); }
            if (asked is null && await db.PortSecurityGroups.AnyAsync(b => b.PortId == port.Id).ConfigureAwait(false)) { throw PortErrors.HasGroups(); }
        }
        var pairsChanged = pairs != port.AddressPairsJson;
        (port.PortSecurityEnabled, port.AddressPairsJson) = (security, pairs);
        if (!changes.Has(PortFields.SecurityGroups) || asked is null) { return pairsChanged; }
        var current = await db.PortSecurityGroups.Where(b => b.PortId == port.Id).Select(b => b.SecurityGroupId).ToListAsync().ConfigureAwait(false);
        await CheckedGroupsAsync(db, context, [.. asked.Except(current)], port.ProjectId).ConfigureAwait(false);
        if (current.ToHashSet().SetEquals(asked)) { return pairsChanged; }
        await PortRows.MarkGroupsAsync(db, marks, [port.Id]).ConfigureAwait(false);
        await db.PortSecurityGroups.Where(b => b.PortId == port.Id && !asked.Contains(b.SecurityGroupId)).ExecuteDeleteAsync().ConfigureAwait(false);
        foreach (var group in asked.Except(current)) { db.PortSecurityGroups.Add(new PortSecurityGroup { PortId = port.Id, SecurityGroupId = group }); }
        return true;
    }

    /// <summary>Binds to a host, or unbinds. What was plugged there is gone: DOWN until the new host reports.</summary>
    private async Task PlaceAsync(NeutronDb db, RequestContext context, Port port, string host)
    {
        var before = port.HostId;
        var vif = await Bindings.VifTypeAsync(db, host, port.VnicType).ConfigureAwait(false);
        (port.HostId, port.VifType) = (host, vif);
        if (before == host) { return; }
        port.Status = "DOWN";
        await db.SaveChangesAsync().ConfigureAwait(false);
        await PortRows.MarkPlacementAsync(db, marks, port.Id, port.NetworkId, before).ConfigureAwait(false);
        if (await PortRows.MarkPlacementAsync(db, marks, port.Id, port.NetworkId, host).ConfigureAwait(false))
        {
            await dhcp.EnsureAsync(db, context, await db.Networks.FirstAsync(n => n.Id == port.NetworkId).ConfigureAwait(false)).ConfigureAwait(false);
        }
        // The groups' rules are needed on the new host, and no longer on the old one.
        await PortRows.MarkGroupsAsync(db, marks, [port.Id]).ConfigureAwait(false);
    }
}
