using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Placement;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Placement.Aggregates;
using Nephos.Placement.AllocationCandidates;
using Nephos.Placement.Allocations;
using Nephos.Placement.Inventories;
using Nephos.Placement.Reshaper;
using Nephos.Placement.ResourceClasses;
using Nephos.Placement.ResourceProviders;
using Nephos.Placement.Traits;
using Nephos.Placement.Usages;

namespace Nephos.Placement;

/// <summary>Placement: who has which resources, and who uses them.</summary>
public sealed class PlacementService : INephosService
{
    public PlacementService()
    {
        Api = new ServiceApi("placement", "placement", "/placement", new PlacementErrors(), Microversions.Scheme)
        {
            Description = "Placement Service", VersionsEverywhere = true, Scopes = Rules.ScopesOf, Deprecations = () => Kernel.Policy.FormerRules.Of(typeof(PlacementService).Assembly),
        };
        Rules.Declare(Api);
        var root = Api.Group("");
        VersionEndpoints.Map(root);
        ResourceProviderEndpoints.Map(root.Group("/resource_providers"));
        InventoryEndpoints.Map(root.Group("/resource_providers/{uuid}/inventories"));
        AggregateEndpoints.Map(root.Group("/resource_providers/{uuid}/aggregates"));
        TraitEndpoints.Map(root);
        ResourceClassEndpoints.Map(root.Group("/resource_classes"));
        AllocationEndpoints.Map(root);
        UsageEndpoints.Map(root);
        ReshaperEndpoints.Map(root.Group("/reshaper"));
        AllocationCandidateEndpoints.Map(root.Group("/allocation_candidates"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<PlacementDb>("placement");
        services.AddSingleton<ResourceProviderOperations>();
        services.AddSingleton<InventoryOperations>();
        services.AddSingleton<AllocationCandidateSearch>();
        services.AddSingleton<ProviderRegistrar>();
        services.AddSingleton<ProviderCache>();
        services.AddSingleton<ReshapeOperations>();
        services.AddSingleton<CandidateSearch>();
        services.AddSingleton<AllocationOperations>();
        services.AddSingleton<IPlacement, PlacementForServices>();
    }

    public Task PrepareAsync(IServiceProvider services, CancellationToken cancel) => services.GetRequiredService<Store<PlacementDb>>().PrepareAsync(cancel);
}
