using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;

namespace Nephos.Neutron;

/// <summary>OpenStack Networking, v2.0 with the extensions of <see cref="Extensions.ExtensionList"/>.</summary>
public sealed class NeutronService : INephosService
{
    public NeutronService()
    {
        Api = new ServiceApi("neutron", "network", "/networking", new NeutronErrors()) { Description = "OpenStack Networking" };
        NetworkEndpoints.Map(Api.Group("/v2.0/networks"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<NeutronDb>("neutron");
        services.AddSingleton<FeedMarks>();
        services.AddSingleton<DeviceNotices>();
        services.AddSingleton<NetworkOperations>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        var policies = services.GetRequiredService<PolicyEngine>();
        NetworkTable.Table.Register(policies);
        await services.GetRequiredService<Store<NeutronDb>>().PrepareAsync(cancel).ConfigureAwait(false);
    }

    public void Warm(IServiceProvider services) => services.GetRequiredService<Store<NeutronDb>>().Warm();
}
