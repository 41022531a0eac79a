using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Ports;

/// <summary>Makes, changes and deletes ports for the API and, through <c>PortOperations.Contract.cs</c>, for other services.</summary>
internal sealed partial class PortOperations(Store<NeutronDb> store, FeedMarks marks, DhcpPorts dhcp, DeviceNotices notices)
{
    public Task<PortView> GetAsync(string id, CancellationToken cancel) => store.ReadAsync(db => GetAsync(db, id), cancel);

    private static async Task<PortView> GetAsync(NeutronDb db, string id)
    {
        var row = await db.Ports.FirstOrDefaultAsync(p => p.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.PortNotFound(id);
        return (await PortView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }

    /// <summary>All of them or none.</summary>
    public async Task<IReadOnlyList<PortView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel)
    {
        var made = await store.WriteAsync(async db =>
        {
            foreach (var group in items.GroupBy(i => i.ProjectId!)) { await Quota.EnforceAsync(db, group.Key, "port", group.Count()).ConfigureAwait(false); }
            var rows = new List<Port>();
            foreach (var item in items)
            {
                var networkId = item.Get(PortFields.NetworkId);
                var network = await db.Networks.FirstOrDefaultAsync(n => n.Id == networkId).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(networkId);
                rows.Add(await CreateAsync(db, context, network, item, NewId.Uuid()).ConfigureAwait(false));
                // Saved and done with: EF looks through all it tracks at every step, which would make a bulk's cost grow with its square.
                db.ChangeTracker.Clear();
            }
            return await PortView.LoadAsync(db, rows).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync([.. made.Where(p => p.Row.DeviceOwner.StartsWith(DeviceOwners.ComputePrefix, StringComparison.Ordinal)).Select(p => p.Row.DeviceId)], cancel).ConfigureAwait(false);
        return made;
    }

    private async Task<Port> CreateAsync(NeutronDb db, RequestContext context, Network network, Values values, string id)
    {
        var owner = values.Get(PortFields.DeviceOwner);
        var security = values.Get(PortFields.PortSecurity) ?? (network.PortSecurityEnabled && !IsTrusted(owner));
        var pairs = values.Get(PortFields.AddressPairs);
        if (pairs.Count > 0 && !security) { throw PortErrors.PairsNeedPortSecurity(); }
        await CheckDeviceAsync(db, context, owner, values.Get(PortFields.DeviceId), values.ProjectId!).ConfigureAwait(false);
        var groups = await GroupsAsync(db, context, values, security, owner).ConfigureAwait(false);
        var host = values.Get(PortFields.HostId);
        var vnic = values.Get(PortFields.VnicType)!;
        var port = new Port
        {
            Id = id,
            ProjectId = values.ProjectId!,
            NetworkId = network.Id,
            Name = values.Get(PortFields.Name),
            Description = values.Get(StandardFields.Description),
            AdminStateUp = values.Get(PortFields.AdminStateUp),
            Mac = "",
            DeviceId = values.Get(PortFields.DeviceId),
            DeviceOwner = owner,
            HostId = host,
            VnicType = vnic,
            VifType = await Bindings.VifTypeAsync(db, host, vnic).ConfigureAwait(false),
            PortSecurityEnabled = security,
            ProfileJson = values.Get(PortFields.Profile),
            DhcpOptionsJson = OptionsJson(values.Get(PortFields.DhcpOptions) ?? [], []),
            DnsName = values.Get(PortFields.DnsName),
            NoAddresses = values.Get(PortFields.FixedIps) is { Count: 0 },
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        Tag.Add(db, id, values.Tags);
        // A host that serves the network's DHCP has all that the network wants of it already.
        var served = host.Length > 0 && await db.Ports.AnyAsync(p => p.NetworkId == network.Id && p.DeviceOwner == DeviceOwners.Dhcp && p.HostId == host).ConfigureAwait(false);
        await PortRows.InsertAsync(db, marks, context, port, values.Get(PortFields.Mac), values.Get(PortFields.FixedIps), groups, served).ConfigureAwait(false);
        // A pair without a MAC means the port's own, which is known only now.
        port.AddressPairsJson = PairsJson(pairs, port.Mac);
        if (host.Length > 0 && !served) { await dhcp.EnsureAsync(db, context, network).ConfigureAwait(false); }
        await db.SaveChangesAsync().ConfigureAwait(false);
        return port;
    }

    /// <summary>Upstream's <c>is_port_trusted</c>: ports of the network's own services have neither port security nor groups.</summary>
    private static bool IsTrusted(string owner) => owner.StartsWith("network:", StringComparison.Ordinal);

    /// <summary>The asked groups, each of which the project must have, or its default group.</summary>
    private static async Task<IReadOnlyList<string>> GroupsAsync(NeutronDb db, RequestContext context, Values values, bool security, string owner)
    {
        var asked = values.Get(PortFields.SecurityGroups);
        if (!security) { return asked is { Count: > 0 } ? throw PortErrors.GroupsNeedPortSecurity() : []; }
        if (asked is not null) { return await CheckedGroupsAsync(db, context, asked, values.ProjectId!).ConfigureAwait(false); }
        if (IsTrusted(owner)) { return []; }
        return [await DefaultGroups.EnsureAsync(db, values.ProjectId!, context.Now).ConfigureAwait(false)];
    }

    private static async Task<IReadOnlyList<string>> CheckedGroupsAsync(NeutronDb db, RequestContext context, IReadOnlyList<string> asked, string projectId)
    {
        var found = await db.SecurityGroups.Where(g => asked.Contains(g.Id) && (context.IsAdmin || g.ProjectId == projectId)).Select(g => g.Id).ToListAsync().ConfigureAwait(false);
        return asked.FirstOrDefault(a => !found.Contains(a)) is { } missing ? throw PortErrors.GroupNotFound(missing) : asked;
    }

    /// <summary>Nobody gives a port to another project's router.</summary>
    private static async Task CheckDeviceAsync(NeutronDb db, RequestContext context, string owner, string device, string projectId)
    {
        if (owner != DeviceOwners.RouterInterface || device.Length == 0 || context.IsAdmin) { return; }
        if (await db.Routers.AnyAsync(r => r.Id == device && r.ProjectId != projectId).ConfigureAwait(false)) { throw PortErrors.NotOwnersDevice(device); }
    }

    private static string PairsJson(IReadOnlyList<AddressPairEntry> pairs, string mac) =>
        pairs.Count == 0 ? "[]" : JsonSerializer.Serialize(pairs.Select(p => new { ip_address = p.IpAddress, mac_address = p.Mac ?? mac }));

    /// <summary>Options by name and IP version: given ones replace, a null value removes.</summary>
    private static string OptionsJson(IReadOnlyList<DhcpOption> given, IReadOnlyList<DhcpOption> current)
    {
        var merged = current.Where(c => given.All(g => (g.Name, g.IpVersion) != (c.Name, c.IpVersion))).Concat(given.Where(g => g.Value is not null)).ToList();
        return merged.Count == 0 ? "[]" : JsonSerializer.Serialize(merged.Select(o => new { opt_name = o.Name, opt_value = o.Value, ip_version = o.IpVersion }));
    }

    /// <summary>The options that a port has.</summary>
    internal static IReadOnlyList<DhcpOption> Options(Port port) => port.DhcpOptionsJson == "[]" ? [] :
        [.. JsonDocument.Parse(port.DhcpOptionsJson).RootElement.EnumerateArray().Select(o => new DhcpOption(o.GetProperty("opt_name").GetString()!, o.GetProperty("opt_value").GetString(), o.GetProperty("ip_version").GetInt32()))];

    /// <summary>Deletes a port. Routers' and floating IPs' ports go only with those: 409.</summary>
    public async Task DeleteAsync(RequestContext context, string id, CancellationToken cancel)
    {
        var port = await RemoveAsync(context, id, missingIsFine: false, cancel).ConfigureAwait(false);
        if (port is not null && port.DeviceOwner.StartsWith(DeviceOwners.ComputePrefix, StringComparison.Ordinal)) { await notices.DeletedAsync(port.DeviceId, id, cancel).ConfigureAwait(false); }
    }

    private Task<Port?> RemoveAsync(RequestContext context, string id, bool missingIsFine, CancellationToken cancel) => store.WriteAsync<Port?>(async db =>
    {
        if (await db.Ports.FirstOrDefaultAsync(p => p.Id == id).ConfigureAwait(false) is not { } row) { return missingIsFine ? null : throw NeutronErrors.PortNotFound(id); }
        if (await IsHeldAsync(db, row).ConfigureAwait(false)) { throw PortErrors.ServicePortInUse(row); }
        await FloatingIps.FloatingIpRelease.OfPortsAsync(db, marks, context, [id]).ConfigureAwait(false);
        await PortRows.RemoveAsync(db, marks, context, [row]).ConfigureAwait(false);
        return row;
    }, cancel);

    /// <summary>True while its router or floating IP exists.</summary>
    private static async Task<bool> IsHeldAsync(NeutronDb db, Port port) =>
        DeviceOwners.IsRouting(port.DeviceOwner)
        && (await db.Routers.AnyAsync(r => r.Id == port.DeviceId).ConfigureAwait(false) || await db.FloatingIps.AnyAsync(f => f.FloatingPortId == port.Id).ConfigureAwait(false));
}
