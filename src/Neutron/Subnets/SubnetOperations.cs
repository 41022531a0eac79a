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
using Nephos.Neutron.Ports;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron.Subnets;

/// <summary>Makes, changes and deletes subnets; keeps the DHCP ports and the automatic addresses of their network in step.</summary>
internal sealed class SubnetOperations(Store<NeutronDb> store, FeedMarks marks, DhcpPorts dhcp, DeviceNotices notices)
{
    /// <summary>The subnet when the caller may see it, else 404.</summary>
    public Task<SubnetView> GetAsync(RequestContext context, string id, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var row = await SubnetView.Scope(db, context).FirstOrDefaultAsync(s => s.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.SubnetNotFound(id);
        return (await SubnetView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }, cancel);

    private static async Task<SubnetView> GetAsync(NeutronDb db, string id)
    {
        var row = await db.Subnets.FirstOrDefaultAsync(s => s.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.SubnetNotFound(id);
        return (await SubnetView.LoadAsync(db, [row]).ConfigureAwait(false))[0];
    }

    /// <summary>All of them or none.</summary>
    public async Task<IReadOnlyList<SubnetView>> CreateAsync(RequestContext context, IReadOnlyList<Values> items, CancellationToken cancel)
    {
        var devices = new List<string>();
        var made = await store.WriteAsync<IReadOnlyList<SubnetView>>(async db =>
        {
            foreach (var group in items.GroupBy(i => i.ProjectId!)) { await Quota.EnforceAsync(db, group.Key, "subnet", group.Count()).ConfigureAwait(false); }
            var rows = new List<Subnet>();
            foreach (var item in items) { rows.Add(await CreateAsync(db, context, item, devices).ConfigureAwait(false)); }
            return await SubnetView.LoadAsync(db, rows).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
        return made;
    }

    internal async Task<Subnet> CreateAsync(NeutronDb db, RequestContext context, Values values, List<string> devices)
    {
        CheckPools(values);
        var networkId = values.Get(SubnetFields.NetworkId);
        var network = IpNetwork.Parse(values.Get(SubnetFields.Cidr)!);
        var gateway = values.Has(SubnetFields.GatewayIp) ? values.Get(SubnetFields.GatewayIp) : SubnetRules.DefaultGateway(network);
        var (dns, routes) = (values.Get(SubnetFields.Dns), values.Get(SubnetFields.Routes));
        var subnet = new Subnet
        {
            Id = NewId.Uuid(),
            ProjectId = values.ProjectId!,
            NetworkId = networkId,
            Name = values.Get(SubnetFields.Name),
            Description = values.Get(StandardFields.Description),
            IpVersion = values.Get(SubnetFields.IpVersion),
            Cidr = network.ToString(),
            GatewayIp = gateway,
            EnableDhcp = values.Get(SubnetFields.EnableDhcp),
            Ipv6RaMode = values.Get(SubnetFields.RaMode),
            Ipv6AddressMode = values.Get(SubnetFields.AddressMode),
            DnsJson = JsonSerializer.Serialize(dns),
            RoutesJson = JsonSerializer.Serialize(routes),
            ServiceTypesJson = JsonSerializer.Serialize(values.Get(SubnetFields.ServiceTypes)),
            CreatedAt = context.Now,
            UpdatedAt = context.Now,
        };
        SubnetRules.Check(subnet, dns, routes, dhcpBefore: false, "new subnet");
        subnet.PoolsJson = JsonSerializer.Serialize(SubnetRules.Pools(network, gateway, values.Get(SubnetFields.Pools)));
        await db.LockAsync("network/" + networkId).ConfigureAwait(false);
        var parent = await db.Networks.FirstOrDefaultAsync(n => n.Id == networkId).ConfigureAwait(false) ?? throw NeutronErrors.NetworkNotFound(networkId);
        var least = subnet.IpVersion == 6 ? Limits.Ipv6MinMtu : Limits.Ipv4MinMtu;
        if (parent.Mtu < least) { throw NetworkErrors.MtuConflict(networkId, least); }
        var others = await db.Subnets.Where(s => s.NetworkId == networkId).Select(s => s.Cidr).ToListAsync().ConfigureAwait(false);
        if (others.Any(o => IpNetwork.Parse(o).Overlaps(network))) { throw SubnetErrors.Overlaps(subnet.Cidr, networkId); }
        db.Subnets.Add(subnet);
        Tag.Add(db, subnet.Id, values.Tags);
        db.Record(context, "create", "subnet", subnet.Id, subnet.ProjectId);
        await db.SaveChangesAsync().ConfigureAwait(false);
        if (subnet.IsSlaac) { await AddAutomaticAsync(db, context, subnet, devices).ConfigureAwait(false); }
        await TouchNetworkAsync(db, context, networkId).ConfigureAwait(false);
        await dhcp.EnsureAsync(db, context, parent).ConfigureAwait(false);
        return subnet;
    }

    private static void CheckPools(Values values)
    {
        var (cidr, pool) = (values.Get(SubnetFields.Cidr), values.Get(SubnetFields.SubnetPoolId));
        if (cidr is not null && values.Get(SubnetFields.PrefixLength) is not null) { throw NeutronErrors.BadRequest("subnets", "cidr and prefixlen must not be supplied together"); }
        var useDefault = values.Get(SubnetFields.UseDefaultPool);
        if (useDefault && pool is not null) { throw NeutronErrors.BadRequest("subnets", "subnetpool_id and use_default_subnetpool cannot both be specified"); }
        if (pool is not null) { throw new Kernel.Errors.NotFoundError($"Subnet pool {pool} could not be found.", "SubnetPoolNotFound"); }
        if (useDefault) { throw NeutronErrors.BadRequest("subnets", $"No default subnetpool found for IPv{values.Get(SubnetFields.IpVersion)}"); }
        if (cidr is null) { throw NeutronErrors.BadRequest("subnets", "a subnetpool must be specified in the absence of a cidr"); }
    }

    public async Task<SubnetView> UpdateAsync(RequestContext context, string id, Values changes, CancellationToken cancel)
    {
        var devices = new List<string>();
        var view = await store.WriteAsync(async db =>
        {
            var subnet = await db.Subnets.AsTracking().FirstOrDefaultAsync(s => s.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.SubnetNotFound(id);
            var dhcpBefore = subnet.EnableDhcp;
            if (changes.Has(SubnetFields.EnableDhcp) && !changes.Get(SubnetFields.EnableDhcp) && (subnet.Ipv6RaMode ?? subnet.Ipv6AddressMode) is not null)
            {
                throw NeutronErrors.InvalidInput("Cannot disable enable_dhcp with ipv6 attributes set");
            }
            var gateway = changes.Get(SubnetFields.GatewayIp, subnet.GatewayIp);
            if (gateway != subnet.GatewayIp) { await CheckGatewayFreeAsync(db, subnet).ConfigureAwait(false); }
            subnet.Name = changes.Get(SubnetFields.Name, subnet.Name);
            subnet.Description = changes.Get(StandardFields.Description, subnet.Description);
            subnet.EnableDhcp = changes.Get(SubnetFields.EnableDhcp, subnet.EnableDhcp);
            subnet.GatewayIp = gateway;
            var (dns, routes) = (changes.Get(SubnetFields.Dns, subnet.DnsNameservers), changes.Get(SubnetFields.Routes, subnet.HostRoutes));
            (subnet.DnsJson, subnet.RoutesJson) = (JsonSerializer.Serialize(dns), JsonSerializer.Serialize(routes));
            subnet.ServiceTypesJson = JsonSerializer.Serialize(changes.Get(SubnetFields.ServiceTypes, subnet.ServiceTypes));
            SubnetRules.Check(subnet, dns, routes, dhcpBefore, id);
            if (changes.Get(SubnetFields.Pools) is { } pools)
            {
                subnet.PoolsJson = JsonSerializer.Serialize(SubnetRules.Pools(IpNetwork.Parse(subnet.Cidr), gateway, pools));
                subnet.Cursor = "";
            }
            else if (changes.Has(SubnetFields.GatewayIp) && gateway is not null) { SubnetRules.CheckGateway(gateway, subnet.Pools); }
            subnet.Touch(context);
            db.Record(context, "update", "subnet", id, subnet.ProjectId);
            await db.SaveChangesAsync().ConfigureAwait(false);
            await TouchNetworkAsync(db, context, subnet.NetworkId).ConfigureAwait(false);
            await dhcp.EnsureAsync(db, context, await db.Networks.FirstAsync(n => n.Id == subnet.NetworkId).ConfigureAwait(false)).ConfigureAwait(false);
            devices.AddRange(await db.Ports.Where(p => p.NetworkId == subnet.NetworkId && p.DeviceOwner.StartsWith("compute:")).Select(p => p.DeviceId).ToListAsync().ConfigureAwait(false));
            return await GetAsync(db, id).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
        return view;
    }

    /// <summary>A gateway that a router has cannot move from under it.</summary>
    private static async Task CheckGatewayFreeAsync(NeutronDb db, Subnet subnet)
    {
        if (subnet.GatewayIp is not { } current) { return; }
        var port = await db.FixedIps.Where(i => i.SubnetId == subnet.Id && i.Ip == current && db.Ports.Any(p => p.Id == i.PortId && p.DeviceOwner == DeviceOwners.RouterInterface))
            .Select(i => i.PortId).FirstOrDefaultAsync().ConfigureAwait(false);
        if (port is not null) { throw SubnetErrors.GatewayInUse(current, port); }
    }

    /// <summary>DHCP ports and automatic addresses give way; any other address on it keeps the subnet: 409.</summary>
    public async Task DeleteAsync(RequestContext context, string id, CancellationToken cancel)
    {
        var devices = new List<string>();
        await store.WriteAsync(async db =>
        {
            var subnet = await db.Subnets.FirstOrDefaultAsync(s => s.Id == id).ConfigureAwait(false) ?? throw NeutronErrors.SubnetNotFound(id);
            var users = await db.FixedIps.Where(i => i.SubnetId == id).Join(db.Ports, i => i.PortId, p => p.Id, (i, p) => new { p.Id, p.DeviceOwner, p.DeviceId }).ToListAsync().ConfigureAwait(false);
            if (users.Any(u => u.DeviceOwner != DeviceOwners.Dhcp && (!subnet.IsSlaac || DeviceOwners.IsRouting(u.DeviceOwner)))) { throw SubnetErrors.InUse(id); }
            var ports = users.Select(u => u.Id).Distinct().ToList();
            devices.AddRange(users.Where(u => u.DeviceOwner.StartsWith(DeviceOwners.ComputePrefix, StringComparison.Ordinal)).Select(u => u.DeviceId));
            await db.FixedIps.Where(i => i.SubnetId == id).ExecuteDeleteAsync().ConfigureAwait(false);
            await db.Subnets.Where(s => s.Id == id).ExecuteDeleteAsync().ConfigureAwait(false);
            await Tag.RemoveAsync(db, id).ConfigureAwait(false);
            await marks.MarkAsync(db, NetworkRecordKind.Port, ports).ConfigureAwait(false);
            await PortRows.MarkGroupsAsync(db, marks, ports).ConfigureAwait(false);
            await TouchNetworkAsync(db, context, subnet.NetworkId).ConfigureAwait(false);
            await dhcp.EnsureAsync(db, context, await db.Networks.FirstAsync(n => n.Id == subnet.NetworkId).ConfigureAwait(false)).ConfigureAwait(false);
            db.Record(context, "delete", "subnet", id, subnet.ProjectId);
        }, cancel).ConfigureAwait(false);
        await notices.ChangedAsync(devices, cancel).ConfigureAwait(false);
    }

    /// <summary>Every port that is not a router's gets the address which its host makes by itself.</summary>
    private async Task AddAutomaticAsync(NeutronDb db, RequestContext context, Subnet subnet, List<string> devices)
    {
        var ports = await db.Ports.Where(p => p.NetworkId == subnet.NetworkId && p.DeviceOwner != DeviceOwners.RouterInterface && p.DeviceOwner != DeviceOwners.Dhcp && p.DeviceOwner != DeviceOwners.FloatingIp)
            .Select(p => new { p.Id, p.Mac, p.DeviceOwner, p.DeviceId, Count = db.FixedIps.Count(i => i.PortId == p.Id) }).ToListAsync().ConfigureAwait(false);
        foreach (var port in ports)
        {
            if (await FixedIpOperations.OnSubnetAsync(db, new AddressTaker(port.Id, subnet.NetworkId, port.Mac, port.DeviceOwner), subnet, port.Count).ConfigureAwait(false) is { } ip) { db.FixedIps.Add(ip); }
        }
        var ids = ports.Select(p => p.Id).ToList();
        var now = context.Now;
        await db.Ports.Where(p => ids.Contains(p.Id)).ExecuteUpdateAsync(u => u.SetProperty(p => p.Revision, p => p.Revision + 1).SetProperty(p => p.UpdatedAt, now)).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, ids).ConfigureAwait(false);
        await PortRows.MarkGroupsAsync(db, marks, ids).ConfigureAwait(false);
        devices.AddRange(ports.Where(p => p.DeviceOwner.StartsWith(DeviceOwners.ComputePrefix, StringComparison.Ordinal)).Select(p => p.DeviceId));
    }

    /// <summary>A network's revision counts its subnets' changes.</summary>
    private async Task TouchNetworkAsync(NeutronDb db, RequestContext context, string networkId)
    {
        var now = context.Now;
        await db.Networks.Where(n => n.Id == networkId).ExecuteUpdateAsync(u => u.SetProperty(n => n.Revision, n => n.Revision + 1).SetProperty(n => n.UpdatedAt, now)).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Network, networkId).ConfigureAwait(false);
        // Routers' records hold prefix lengths and next hops of the subnets that they have a leg in.
        await marks.MarkAsync(db, NetworkRecordKind.Router,
            await db.RouterPorts.Where(l => db.Ports.Any(p => p.Id == l.PortId && p.NetworkId == networkId)).Select(l => l.RouterId).Distinct().ToListAsync().ConfigureAwait(false)).ConfigureAwait(false);
    }
}
