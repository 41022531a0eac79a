using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Placement.Aggregates;
using Nephos.Placement.Allocations;
using Nephos.Placement.Inventories;
using Nephos.Placement.ResourceClasses;
using Nephos.Placement.ResourceProviders;
using Nephos.Placement.Traits;

namespace Nephos.Placement;

/// <summary>
/// Placement's tables. Standard traits and resource classes are constants of the program; only custom ones are rows. What is used of an inventory
/// stands in the inventory itself, changed in the transaction that changes the allocations, so that a search reads one row per provider and class
/// however many consumers there are; a test holds the two together.
/// </summary>
public sealed class PlacementDb(DbContextOptions<PlacementDb> options) : ServiceDb(options)
{
    public override string ServiceName => "placement";
    public DbSet<ResourceProvider> Providers => Set<ResourceProvider>();
    public DbSet<Inventory> Inventories => Set<Inventory>();
    public DbSet<Consumer> Consumers => Set<Consumer>();
    public DbSet<Allocation> Allocations => Set<Allocation>();
    public DbSet<ProviderTrait> ProviderTraits => Set<ProviderTrait>();
    public DbSet<ProviderAggregate> ProviderAggregates => Set<ProviderAggregate>();
    public DbSet<CustomTrait> CustomTraits => Set<CustomTrait>();
    public DbSet<CustomResourceClass> CustomResourceClasses => Set<CustomResourceClass>();

    protected override void Map(ModelBuilder model)
    {
        ResourceProvider.Map(model);
        Inventory.Map(model);
        Consumer.Map(model);
        Allocation.Map(model);
        ProviderTrait.Map(model);
        ProviderAggregate.Map(model);
        CustomTrait.Map(model);
        CustomResourceClass.Map(model);
    }
}
