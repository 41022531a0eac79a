using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Placement;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Placement.AllocationCandidates;
using Nephos.Placement.Allocations;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement;

/// <summary>Placement: who has which resources, and who uses them.</summary>
public sealed class PlacementService : INephosService
{
    public PlacementService()
    {
        Api = new ServiceApi("placement", "placement", "/placement", new PlacementErrors(), Microversions.Scheme) { Description = "Placement Service" };
        VersionEndpoints.Map(Api.Group(""));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<PlacementDb>("placement");
        services.AddSingleton<ProviderRegistrar>();
        services.AddSingleton<CandidateSearch>();
        services.AddSingleton<AllocationOperations>();
        services.AddSingleton<IPlacement, PlacementForServices>();
    }

    public Task PrepareAsync(IServiceProvider services, CancellationToken cancel) => services.GetRequiredService<Store<PlacementDb>>().PrepareAsync(cancel);

    public void Warm(IServiceProvider services) => services.GetRequiredService<Store<PlacementDb>>().Warm();
}
