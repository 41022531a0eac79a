using Microsoft.Extensions.DependencyInjection;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Nova.Flavors;
using Nephos.Nova.Keypairs;
using Nephos.Nova.Versions;

namespace Nephos.Nova;

/// <summary>Compute: servers and what they are made of. The parts, in the order of the folders.</summary>
public sealed class NovaService : INephosService
{
    public NovaService()
    {
        Api = new ServiceApi("nova", "compute", "/compute", new NovaErrors(), new VersionScheme("compute", "X-OpenStack-Nova-API-Version", Microversions.Min, Microversions.Max, Microversions.Min))
        {
            CatalogPath = "/v2.1",
            Description = "OpenStack Compute",
            BodyBeforePolicy = true,
        };
        VersionEndpoints.Map(Api.Group(""));
        FlavorEndpoints.Map(Api.Group("/v2.1/flavors"));
        ExtraSpecEndpoints.Map(Api.Group("/v2.1/flavors/{id}/os-extra_specs"));
        KeypairEndpoints.Map(Api.Group("/v2.1/os-keypairs"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<NovaDb>("nova");
        services.AddSingleton<FlavorOperations>();
        services.AddSingleton<KeypairOperations>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        var store = services.GetRequiredService<Store<NovaDb>>();
        await store.PrepareAsync(cancel);
        await FirstFlavors.EnsureAsync(store, services.GetRequiredService<TimeProvider>(), cancel);
    }

    public void Warm(IServiceProvider services) => services.GetRequiredService<Store<NovaDb>>().Warm();
}
