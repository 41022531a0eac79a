using Microsoft.EntityFrameworkCore;

namespace Nephos.Placement.Traits;

/// <summary>A quality that a provider has (placement api-ref, "Resource provider traits").</summary>
public sealed class ProviderTrait
{
    public required string ProviderId { get; set; }
    public required string Trait { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ProviderTrait>(trait =>
    {
        trait.ToTable("provider_traits");
        trait.HasKey(t => new { t.ProviderId, t.Trait });
        trait.HasIndex(t => t.Trait).HasDatabaseName("provider_traits_by_trait");
    });
}

/// <summary>A trait that an operator made; its name begins with <c>CUSTOM_</c>.</summary>
public sealed class CustomTrait
{
    public required string Name { get; set; }
    public required DateTime CreatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<CustomTrait>(trait =>
    {
        trait.ToTable("custom_traits");
        trait.HasKey(t => t.Name);
    });
}
