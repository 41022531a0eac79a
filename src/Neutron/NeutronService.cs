using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Neutron;
using Nephos.Contracts.Node;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel;
using Nephos.Neutron.Agents;
using Nephos.Neutron.AvailabilityZones;
using Nephos.Neutron.Extensions;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.FloatingIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.Routers;
using Nephos.Neutron.SecurityGroupRules;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Subnets;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron;

/// <summary>OpenStack Networking, v2.0 with the extensions of <see cref="Extensions.ExtensionList"/>.</summary>
public sealed class NeutronService : INephosService
{
    public NeutronService()
    {
        Api = new ServiceApi("neutron", "network", "/networking", new NeutronErrors()) 
        {
            Description = "OpenStack Networking",
            Scopes = rule => Rules.Named.ContainsKey(rule) ? PolicyScopes.Any : PolicyScopes.Project,
            Deprecations = () => FormerRules.Of(typeof(NeutronService).Assembly),
        };
        Rules.Declare(Api);
        ExtensionEndpoints.Map(Api.Group(""));
        NetworkEndpoints.Map(Api.Group("/v2.0/networks"));
        SubnetEndpoints.Map(Api.Group("/v2.0/subnets"));
        PortEndpoints.Map(Api.Group("/v2.0/ports"));
        RouterEndpoints.Map(Api.Group("/v2.0/routers"));
        L3AgentEndpoints.Map(Api.Group("/v2.0"));
        FloatingIpEndpoints.Map(Api.Group("/v2.0/floatingips"));
        TagEndpoints.Map(Api.Group("/v2.0"));
        QuotaEndpoints.Map(Api.Group("/v2.0/quotas"));
        AgentEndpoints.Map(Api.Group("/v2.0"));
        AvailabilityZoneEndpoints.Map(Api.Group("/v2.0/availability_zones"));
        AvailabilityEndpoints.Map(Api.Group("/v2.0/network-ip-availabilities"));
        SecurityGroupEndpoints.Map(Api.Group("/v2.0/security-groups"));
        SecurityGroupRuleEndpoints.Map(Api.Group("/v2.0/security-group-rules"));
        NetworkTable.Table.Declare(Api);
        SubnetTable.Table.Declare(Api);
        PortTable.Table.Declare(Api);
        RouterTable.Table.Declare(Api);
        FloatingIpTable.Table.Declare(Api);
        SecurityGroupTable.Table.Declare(Api);
        SecurityGroupRuleTable.Table.Declare(Api);
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<NeutronDb>("neutron");
        services.AddSingleton<FeedMarks>();
        services.AddSingleton<DeviceNotices>();
        services.AddSingleton<AgentHeartbeats>();
        services.AddSingleton<INetworkFeed, NetworkFeed>();
        services.AddReconciler<FeedPurge>();
        services.AddSingleton<NetworkOperations>();
        services.AddSingleton<INetworks, NetworkContract>();
        services.AddSingleton<PublicNetwork>();
        services.AddSingleton<SubnetOperations>();
        services.AddSingleton<DhcpPorts>();
        services.AddSingleton<PortOperations>();
        services.AddSingleton<IPorts>(p => p.GetRequiredService<PortOperations>());
        services.AddSingleton<RouterOperations>();
        services.AddSingleton<RouterInterfaces>();
        services.AddSingleton<FloatingIpOperations>();
        services.AddSingleton<SecurityGroupOperations>();
        services.AddSingleton<ISecurityGroups>(p => p.GetRequiredService<SecurityGroupOperations>());
        services.AddSingleton<SecurityGroupRuleOperations>();
        services.AddSingleton<ISecurityGroupCalls, SecurityGroupCalls>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        await services.GetRequiredService<Store<NeutronDb>>().PrepareAsync(cancel).ConfigureAwait(false);
        await services.GetRequiredService<PublicNetwork>().EnsureAsync(cancel).ConfigureAwait(false);
    }
}
