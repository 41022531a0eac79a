using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Neutron;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel;
using Nephos.Neutron.FloatingIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Routers;
using Nephos.Neutron.SecurityGroupRules;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Subnets;

namespace Nephos.Neutron;

/// <summary>OpenStack Networking, v2.0 with the extensions of <see cref="Extensions.ExtensionList"/>.</summary>
public sealed class NeutronService : INephosService
{
    public NeutronService()
    {
        Api = new ServiceApi("neutron", "network", "/networking", new NeutronErrors()) { Description = "OpenStack Networking" };
        NetworkEndpoints.Map(Api.Group("/v2.0/networks"));
        SubnetEndpoints.Map(Api.Group("/v2.0/subnets"));
        PortEndpoints.Map(Api.Group("/v2.0/ports"));
        RouterEndpoints.Map(Api.Group("/v2.0/routers"));
        L3AgentEndpoints.Map(Api.Group("/v2.0"));
        FloatingIpEndpoints.Map(Api.Group("/v2.0/floatingips"));
        SecurityGroupEndpoints.Map(Api.Group("/v2.0/security-groups"));
        SecurityGroupRuleEndpoints.Map(Api.Group("/v2.0/security-group-rules"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<NeutronDb>("neutron");
        services.AddSingleton<FeedMarks>();
        services.AddSingleton<DeviceNotices>();
        services.AddSingleton<NetworkOperations>();
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
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        var policies = services.GetRequiredService<PolicySet>().Of(Api.Name);
        NetworkTable.Table.Register(policies);
        SubnetTable.Table.Register(policies);
        PortTable.Table.Register(policies);
        RouterTable.Table.Register(policies);
        FloatingIpTable.Table.Register(policies);
        SecurityGroupTable.Table.Register(policies);
        SecurityGroupRuleTable.Table.Register(policies);
        await services.GetRequiredService<Store<NeutronDb>>().PrepareAsync(cancel).ConfigureAwait(false);
    }

    public void Warm(IServiceProvider services) => services.GetRequiredService<Store<NeutronDb>>().Warm();
}
