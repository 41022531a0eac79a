using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron.Networks;

/// <summary>The external network of a first start. It belongs to no project: everyone sees it, only admins change it.</summary>
internal sealed class PublicNetwork(Store<NeutronDb> store, NetworkOperations networks, SubnetOperations subnets, CloudFacts facts, TimeProvider clock)
{
    /// <summary>Makes it when the database has no network at all yet and no change was ever written, so that one which an admin deleted does not come back.</summary>
    public async Task EnsureAsync(CancellationToken cancel)
    {
        // In plain SQL: every start asks, and is not to wait for EF's model.
        if (await store.AnyAsync("SELECT 1 FROM changes LIMIT 1", cancel).ConfigureAwait(false)) { return; }
        var wanted = facts.PublicNetwork;
        var context = RequestContext.ForService("neutron", clock.Now());
        await store.WriteAsync(async db =>
        {
            var network = await networks.CreateAsync(db, context, new Values { ProjectId = "" }
                .Set(NetworkTable.Name, wanted.Name)
                .Set(NetworkTable.External, true)
                .Set(NetworkTable.IsDefault, true)
                .Set(NetworkTable.NetworkType, Segments.Flat)
                .Set(NetworkTable.PhysicalNetwork, wanted.PhysicalNetwork)).ConfigureAwait(false);
            await subnets.CreateAsync(db, context, new Values { ProjectId = "" }
                .Set(SubnetFields.Name, wanted.Name + "-subnet")
                .Set(SubnetFields.NetworkId, network.Row.Id)
                .Set(SubnetFields.IpVersion, 4)
                .Set(SubnetFields.Cidr, wanted.Cidr)
                .Set(SubnetFields.GatewayIp, wanted.Gateway)
                .Set(SubnetFields.EnableDhcp, false)
                .Set(SubnetFields.Pools, [new AddressPool(wanted.PoolStart, wanted.PoolEnd)]), []).ConfigureAwait(false);
        }, cancel).ConfigureAwait(false);
    }
}
