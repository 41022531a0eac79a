using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.Routers;

/// <summary>A body of <c>add_router_interface</c> and <c>remove_router_interface</c>.</summary>
internal sealed record InterfaceRequest(string? PortId, string? SubnetId)
{
    public static InterfaceRequest Read(JsonElement body, bool removal)
    {
        var (port, subnet) = (Id(body, "port_id"), Id(body, "subnet_id"));
        if (port is null && subnet is null) { throw RouterErrors.Bad("Either subnet_id or port_id must be specified"); }
        if (port is not null && subnet is not null && !removal) { throw RouterErrors.Bad("Cannot specify both subnet-id and port-id"); }
        return new InterfaceRequest(port, subnet);
    }

    private static string? Id(JsonElement body, string name)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(name, out var value)) { return null; }
        return value.ValueKind == JsonValueKind.String && NewId.IsUuidLike(value.GetString()) ? value.GetString() : throw RouterErrors.Bad($"{WireSchema.Show(value).Quoted()} is not a valid UUID");
    }
}

/// <summary>The answer to both.</summary>
internal sealed record InterfaceView(string Id, string ProjectId, string TenantId, string PortId, string NetworkId, string SubnetId, IReadOnlyList<string> SubnetIds);

/// <summary>
/// The inside legs: ports with the subnets' gateway addresses (added by subnet) or ports that the client made (added by port). IPv6 subnets of one network
/// share a port, since routers advertise all their prefixes from one link-local address.
/// </summary>
internal sealed class RouterInterfaces(Store<NeutronDb> store, FeedMarks marks)
{
    public Task<InterfaceView> AddAsync(RequestContext context, string routerId, InterfaceRequest request, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var router = await LockAsync(db, routerId).ConfigureAwait(false);
        var (portId, subnets) = request.PortId is { } given
            ? (given, await AddPortAsync(db, context, router, given).ConfigureAwait(false))
            : await AddSubnetAsync(db, context, router, request.SubnetId!).ConfigureAwait(false);
        return await ChangedAsync(db, context, router, portId, subnets, subnets[^1]).ConfigureAwait(false);
    }, cancel);

    public Task<InterfaceView> RemoveAsync(RequestContext context, string routerId, InterfaceRequest request, CancellationToken cancel) => store.WriteAsync(async db =>
    {
        var router = await LockAsync(db, routerId).ConfigureAwait(false);
        return request.PortId is { } port
            ? await RemovePortAsync(db, context, router, port, request.SubnetId).ConfigureAwait(false)
            : await RemoveSubnetAsync(db, context, router, request.SubnetId!).ConfigureAwait(false);
    }, cancel);

    private static async Task<Router> LockAsync(NeutronDb db, string routerId)
    {
        await db.LockAsync("router/" + routerId).ConfigureAwait(false);
        return await db.Routers.AsTracking().FirstOrDefaultAsync(r => r.Id == routerId).ConfigureAwait(false) ?? throw RouterErrors.NotFound(routerId);
    }

    private async Task<InterfaceView> ChangedAsync(NeutronDb db, RequestContext context, Router router, string portId, IReadOnlyList<Subnet> subnets, Subnet shown)
    {
        router.Touch(context);
        db.Record(context, "update", "router", router.Id, router.ProjectId);
        await marks.MarkAsync(db, NetworkRecordKind.Router, router.Id).ConfigureAwait(false);
        return new InterfaceView(router.Id, router.ProjectId, router.ProjectId, portId, shown.NetworkId, shown.Id, [.. subnets.Select(s => s.Id)]);
    }

    private async Task<(string PortId, IReadOnlyList<Subnet> Subnets)> AddSubnetAsync(NeutronDb db, RequestContext context, Router router, string subnetId)
    {
        var subnet = await SubnetView.Scope(db, context).FirstOrDefaultAsync(s => s.Id == subnetId).ConfigureAwait(false) ?? throw NeutronErrors.SubnetNotFound(subnetId);
        if (subnet.GatewayIp is null) { throw RouterErrors.Bad("Subnet for router interface must have a gateway IP"); }
        if (subnet.ProjectId != context.Who.ProjectId && !context.IsAdmin) { throw RouterErrors.Bad($"Cannot add interface to router because subnet {subnetId} is not owned by project making the request"); }
        CheckAddressMode(subnet);
        await RouterSubnets.CheckAsync(db, router.Id, [subnet]).ConfigureAwait(false);
        var asked = new FixedIpRequest(subnet.Id, subnet.GatewayIp);
        if (subnet.IpVersion == 6 && await Ipv6PortAsync(db, router.Id, subnet.NetworkId).ConfigureAwait(false) is { } shared)
        {
            await ExtendAsync(db, shared, asked).ConfigureAwait(false);
            return (shared, [subnet]);
        }
        var id = NewId.Uuid();
        await RoutingPorts.CreateAsync(db, marks, context, new NewRoutingPort(id, router.ProjectId, subnet.NetworkId, router.Id, DeviceOwners.RouterInterface, router.HostId, [asked])).ConfigureAwait(false);
        db.RouterPorts.Add(new RouterPort { PortId = id, RouterId = router.Id });
        return (id, [subnet]);
    }

    /// <summary>The router's port that carries the network's IPv6 prefixes.</summary>
    private static Task<string?> Ipv6PortAsync(NeutronDb db, string routerId, string networkId) =>
        db.RouterPorts.Where(l => l.RouterId == routerId && !l.IsGateway).Join(db.FixedIps, l => l.PortId, i => i.PortId, (l, i) => i)
            .Where(i => i.NetworkId == networkId && i.IpKey.Length == 32).Select(i => (string?)i.PortId).FirstOrDefaultAsync();

    private async Task ExtendAsync(NeutronDb db, string portId, FixedIpRequest more)
    {
        var port = await db.Ports.FirstAsync(p => p.Id == portId).ConfigureAwait(false);
        var current = await db.FixedIps.Where(i => i.PortId == portId).OrderBy(i => i.Position).ToListAsync().ConfigureAwait(false);
        var taker = new AddressTaker(port.Id, port.NetworkId, port.Mac, port.DeviceOwner);
        db.FixedIps.AddRange(await FixedIpOperations.ChangeAsync(db, taker, current, [.. current.Select(i => new FixedIpRequest(i.SubnetId, i.Ip)), more], macChanged: false).ConfigureAwait(false));
        await marks.MarkAsync(db, NetworkRecordKind.Port, portId).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<Subnet>> AddPortAsync(NeutronDb db, RequestContext context, Router router, string portId)
    {
        var port = await PortView.Scope(db, context).AsTracking().FirstOrDefaultAsync(p => p.Id == portId).ConfigureAwait(false) ?? throw NeutronErrors.PortNotFound(portId);
        if (port.DeviceId.Length > 0) { throw RouterErrors.PortInUse(portId, port.NetworkId, port.DeviceId); }
        var addresses = await db.FixedIps.Where(i => i.PortId == portId).OrderBy(i => i.Position).ToListAsync().ConfigureAwait(false);
        if (addresses.Count == 0) { throw RouterErrors.Bad("Router port must have at least one fixed IP"); }
        var ids = addresses.Select(i => i.SubnetId).ToList();
        var found = await db.Subnets.Where(s => ids.Contains(s.Id)).ToDictionaryAsync(s => s.Id).ConfigureAwait(false);
        Subnet[] subnets = [.. ids.Select(i => found[i])];
        foreach (var subnet in subnets) { CheckAddressMode(subnet); }
        if (subnets.Any(s => s.IpVersion == 6) && await Ipv6PortAsync(db, router.Id, port.NetworkId).ConfigureAwait(false) is { } other)
        {
            throw RouterErrors.Bad($"Router already contains IPv6 port {other} belonging to network id {port.NetworkId}. Only one IPv6 port from the same network subnet can be connected to a router.");
        }
        await RouterSubnets.CheckAsync(db, router.Id, subnets).ConfigureAwait(false);
        if (subnets.Count(s => s.IpVersion == 4) > 1) { throw RouterErrors.Bad("Cannot have multiple IPv4 subnets on router port"); }
        CheckPools(context, port, addresses, found);
        (port.DeviceId, port.DeviceOwner, port.HostId, port.VifType) = (router.Id, DeviceOwners.RouterInterface, router.HostId, RoutingPorts.VifType(router.HostId));
        port.Touch(context);
        db.RouterPorts.Add(new RouterPort { PortId = portId, RouterId = router.Id });
        db.Record(context, "update", "port", portId, port.ProjectId);
        await marks.MarkAsync(db, NetworkRecordKind.Port, portId).ConfigureAwait(false);
        await PortRows.MarkPlacementAsync(db, marks, portId, port.NetworkId, port.HostId).ConfigureAwait(false);
        return subnets;
    }

    /// <summary>On another project's subnet, only addresses of its pools: its gateway is not the caller's to take.</summary>
    private static void CheckPools(RequestContext context, Port port, List<FixedIp> addresses, Dictionary<string, Subnet> subnets)
    {
        if (context.IsAdmin) { return; }
        foreach (var address in addresses)
        {
            var (subnet, ip) = (subnets[address.SubnetId], IpAddress.Parse(address.Ip));
            if (subnet.ProjectId != context.Who.ProjectId && !subnet.Pools.Any(p => ip >= IpAddress.Parse(p.Start) && ip <= IpAddress.Parse(p.End)))
            {
                throw RouterErrors.Bad($"Cannot add interface to router because specified port {port.Id} has an IP address out of the allocation pool of subnet {subnet.Id}, which is not owned by the project making the request");
            }
        }
    }

    private static void CheckAddressMode(Subnet subnet)
    {
        if (subnet is { IpVersion: 6, Ipv6RaMode: null, Ipv6AddressMode: not null })
        {
            throw RouterErrors.Bad($"IPv6 subnet {subnet.Id} configured to receive RAs from an external router cannot be added to Neutron Router.");
        }
    }

    private async Task<InterfaceView> RemovePortAsync(NeutronDb db, RequestContext context, Router router, string portId, string? subnetId)
    {
        if (!await db.RouterPorts.AnyAsync(l => l.PortId == portId && l.RouterId == router.Id && !l.IsGateway).ConfigureAwait(false)) { throw RouterErrors.InterfaceNotFound(router.Id, portId); }
        var ids = await db.FixedIps.Where(i => i.PortId == portId).OrderBy(i => i.Position).Select(i => i.SubnetId).ToListAsync().ConfigureAwait(false);
        if (subnetId is not null && !ids.Contains(subnetId)) { throw RouterErrors.SubnetMismatch(portId, subnetId); }
        var subnets = await db.Subnets.Where(s => ids.Contains(s.Id)).OrderBy(s => s.Id).ToListAsync().ConfigureAwait(false);
        foreach (var subnet in subnets) { await CheckLeavingAsync(db, router.Id, subnet).ConfigureAwait(false); }
        await RoutingPorts.DeleteAsync(db, marks, context, portId).ConfigureAwait(false);
        return await ChangedAsync(db, context, router, portId, subnets, subnets[0]).ConfigureAwait(false);
    }

    private async Task<InterfaceView> RemoveSubnetAsync(NeutronDb db, RequestContext context, Router router, string subnetId)
    {
        var subnet = await SubnetView.Scope(db, context).FirstOrDefaultAsync(s => s.Id == subnetId).ConfigureAwait(false) ?? throw NeutronErrors.SubnetNotFound(subnetId);
        var portId = await db.RouterPorts.Where(l => l.RouterId == router.Id && !l.IsGateway && db.FixedIps.Any(i => i.PortId == l.PortId && i.SubnetId == subnetId)).Select(l => l.PortId)
            .FirstOrDefaultAsync().ConfigureAwait(false) ?? throw RouterErrors.InterfaceNotFoundForSubnet(router.Id, subnetId);
        await CheckLeavingAsync(db, router.Id, subnet).ConfigureAwait(false);
        if (await db.FixedIps.AnyAsync(i => i.PortId == portId && i.SubnetId != subnetId).ConfigureAwait(false))
        {
            // The port carries other prefixes too: only this one leaves it.
            await db.FixedIps.Where(i => i.PortId == portId && i.SubnetId == subnetId).ExecuteDeleteAsync().ConfigureAwait(false);
            await marks.MarkAsync(db, NetworkRecordKind.Port, portId).ConfigureAwait(false);
        }
        else { await RoutingPorts.DeleteAsync(db, marks, context, portId).ConfigureAwait(false); }
        return await ChangedAsync(db, context, router, portId, [subnet], subnet).ConfigureAwait(false);
    }

    /// <summary>409 while a route or a floating IP needs the leg into the subnet.</summary>
    private static async Task CheckLeavingAsync(NeutronDb db, string routerId, Subnet subnet)
    {
        if (await db.FloatingIps.AnyAsync(f => f.RouterId == routerId && db.FixedIps.Any(i => i.PortId == f.FixedPortId && i.Ip == f.FixedIpAddress && i.SubnetId == subnet.Id)).ConfigureAwait(false))
        {
            throw RouterErrors.InterfaceInUseByFloatingIp(routerId, subnet.Id);
        }
        await RouterRoutes.CheckLeavingAsync(db, routerId, subnet.Id, subnet.Cidr).ConfigureAwait(false);
    }
}
