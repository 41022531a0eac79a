using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.AvailabilityZones;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Networks;

/// <summary>Makes, changes and deletes networks.</summary>
internal sealed class NetworkOperations(Store<NeutronDb> store, FeedMarks marks)
{
    /// <summary>How many of the ports in use an error names; upstream names all.</summary>
    private const int ShownUsers = 20;

    /// <summary>Networks by id, each of which the caller may see; else 404 for the first that he may not.</summary>
    public async Task<IReadOnlyDictionary<string, Network>> VisibleAsync(Call call, IEnumerable<string> ids)
    {
        var wanted = ids.Distinct(StringComparer.Ordinal).ToList();
        var found = await store.ReadAsync(db => NetworkView.Scope(db, call.Context).Where(n => wanted.Contains(n.Id)).ToDictionaryAsync(n => n.Id), call.Cancel).ConfigureAwait(false);
        return wanted.FirstOrDefault(id => !found.ContainsKey(id)) is { } missing ? throw NeutronErrors.NetworkNotFound(missing) : found;
    }

    /// <summary>The network with what its JSON shows, or 404; rights are the caller's to check.</summary>
    public Task<NetworkView> GetAsync(string id, CancellationToken cancel) => store.ReadAsync(db => GetAsync(db, id), cancel);

    public static async Task<NetworkView> GetAsync(NeutronDb db, string id)
    {
        var row = await db.Networks.FirstOrDefaultAsync(n => n.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(id);
        return (await NetworkView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }

    /// <summary>All of them or none.</summary>
    public Task<IReadOnlyList<NetworkView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel) =>
        store.WriteAsync<IReadOnlyList<NetworkView>>(async db =>
        {
            foreach (var group in items.GroupBy(i => i.ProjectId!)) { await Quota.EnforceAsync(db, group.Key, "network", group.Count()).ConfigureAwait(false); }
            var made = new List<NetworkView>();
            foreach (var item in items) { made.Add(await CreateAsync(db, context, item).ConfigureAwait(false)); }
            return made;
        }, cancel);

    internal async Task<NetworkView> CreateAsync(NeutronDb db, RequestContext context, Values values)
    {
        ZoneHints.Check(values.Get(NetworkTable.ZoneHints));
        var (type, physical, segment) = await Segments.ChooseAsync(db, values).ConfigureAwait(false);
        var network = new Network
        {
            Id = NewId.Uuid(),
            ProjectId = values.ProjectId!,
            Name = values.Get(NetworkTable.Name),
            Description = values.Get(StandardFields.Description),
            AdminStateUp = values.Get(NetworkTable.AdminStateUp),
            Shared = values.Get(NetworkTable.Shared),
            External = values.Get(NetworkTable.External),
            IsDefault = values.Get(NetworkTable.IsDefault),
            Mtu = Segments.Mtu(type, values.Get(NetworkTable.Mtu)),
            PortSecurityEnabled = values.Get(NetworkTable.PortSecurity),
            NetworkType = type,
            PhysicalNetwork = physical,
            SegmentationId = segment,
            DnsDomain = values.Get(NetworkTable.DnsDomain),
            ZoneHints = JsonSerializer.Serialize(values.Get(NetworkTable.ZoneHints)),
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        db.Networks.Add(network);
        Tag.Add(db, network.Id, values.Tags);
        db.Record(context, "create", "network", network.Id, network.ProjectId);
        await marks.MarkNewAsync(db, NetworkRecordKind.Network, network.Id).ConfigureAwait(false);
        // The next of a bulk must see this one's segment.
        await db.SaveChangesAsync().ConfigureAwait(false);
        return new NetworkView(network, [], [.. (values.Tags ?? []).Order(StringComparer.Ordinal)]);
    }

    public Task<NetworkView> UpdateAsync(RequestContext context, string id, Values changes, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var network = await db.Networks.AsTracking().FirstOrDefaultAsync(n => n.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(id);
        if (changes.Has(NetworkTable.NetworkType) || changes.Has(NetworkTable.PhysicalNetwork) || changes.Has(NetworkTable.SegmentationId))
        {
            throw NeutronErrors.InvalidInput("Plugin does not support updating the following provider network attributes: provider:network_type, provider:physical_network, provider:segmentation_id");
        }
        await CheckSharingAsync(db, network, changes).ConfigureAwait(false);
        network.Name = changes.Get(NetworkTable.Name, network.Name);
        network.Description = changes.Get(StandardFields.Description, network.Description);
        network.AdminStateUp = changes.Get(NetworkTable.AdminStateUp, network.AdminStateUp);
        network.Shared = changes.Get(NetworkTable.Shared, network.Shared);
        network.External = changes.Get(NetworkTable.External, network.External);
        network.IsDefault = changes.Get(NetworkTable.IsDefault, network.IsDefault);
        network.PortSecurityEnabled = changes.Get(NetworkTable.PortSecurity, network.PortSecurityEnabled);
        network.DnsDomain = changes.Get(NetworkTable.DnsDomain, network.DnsDomain);
        if (changes.Has(NetworkTable.Mtu))
        {
            network.Mtu = Segments.Mtu(network.NetworkType, changes.Get(NetworkTable.Mtu));
            await CheckMtuAsync(db, network).ConfigureAwait(false);
        }
        network.Touch(context);
        db.Record(context, "update", "network", id, network.ProjectId);
        await marks.MarkAsync(db, NetworkRecordKind.Network, id).ConfigureAwait(false);
        await db.SaveChangesAsync().ConfigureAwait(false);
        return await GetAsync(db, id).ConfigureAwait(false);
    }, cancel);

    /// <summary>Sharing ends only when no other project uses the network; being external only when no router or floating IP does.</summary>
    private static async Task CheckSharingAsync(NeutronDb db, Network network, Values changes)
    {
        if (network.Shared && !changes.Get(NetworkTable.Shared, true)
            && await db.Ports.AnyAsync(p => p.NetworkId == network.Id && p.ProjectId != network.ProjectId && p.ProjectId != "" && !p.DeviceOwner.StartsWith("network:")).ConfigureAwait(false))
        {
            throw NetworkErrors.InvalidSharedSetting(network.Name);
        }
        if (network.External && !changes.Get(NetworkTable.External, true)
            && await db.Ports.AnyAsync(p => p.NetworkId == network.Id && (p.DeviceOwner == DeviceOwners.RouterGateway || p.DeviceOwner == DeviceOwners.FloatingIp)).ConfigureAwait(false))
        {
            throw NetworkErrors.ExternalInUse(network.Id);
        }
    }

    private static async Task CheckMtuAsync(NeutronDb db, Network network)
    {
        var versions = await db.Subnets.Where(s => s.NetworkId == network.Id).Select(s => s.IpVersion).Distinct().ToListAsync().ConfigureAwait(false);
        if (versions.Contains(6) && network.Mtu < Limits.Ipv6MinMtu) { throw NetworkErrors.MtuConflict(network.Id, Limits.Ipv6MinMtu); }
        if (versions.Contains(4) && network.Mtu < Limits.Ipv4MinMtu) { throw NetworkErrors.MtuConflict(network.Id, Limits.Ipv4MinMtu); }
    }

    /// <summary>Its subnets and DHCP ports go with it; any other port keeps it: 409.</summary>
    public Task DeleteAsync(RequestContext context, string id, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var network = await db.Networks.FirstOrDefaultAsync(n => n.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(id);
        if (network.External) { await FloatingIps.FloatingIpRelease.DeleteFreeAsync(db, marks, context, id).ConfigureAwait(false); }
        var users = await db.Ports.Where(p => p.NetworkId == id && p.DeviceOwner != DeviceOwners.Dhcp).OrderBy(p => p.Id).Select(p => p.Id).Take(ShownUsers).ToListAsync().ConfigureAwait(false);
        if (users.Count > 0) { throw NetworkErrors.InUse(id, users); }
        var ports = await db.Ports.Where(p => p.NetworkId == id).Select(p => p.Id).ToListAsync().ConfigureAwait(false);
        var subnets = await db.Subnets.Where(s => s.NetworkId == id).Select(s => s.Id).ToListAsync().ConfigureAwait(false);
        await db.Ports.Where(p => ports.Contains(p.Id)).ExecuteDeleteAsync().ConfigureAwait(false);
        await db.Subnets.Where(s => s.NetworkId == id).ExecuteDeleteAsync().ConfigureAwait(false);
        await db.Networks.Where(n => n.Id == id).ExecuteDeleteAsync().ConfigureAwait(false);
        await Tag.RemoveAsync(db, [id, .. subnets, .. ports]).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, ports).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Network, id).ConfigureAwait(false);
        db.Record(context, "delete", "network", id, network.ProjectId);
    }, cancel);
}
