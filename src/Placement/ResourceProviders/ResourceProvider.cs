using Microsoft.EntityFrameworkCore;

namespace Nephos.Placement.ResourceProviders;

/// <summary>
/// Something that has resources to give: a compute node, a share of storage, a device (placement api-ref, "Resource Providers").
/// <list type="bullet">
/// <item>Providers form trees; <see cref="RootId"/> of a root is its own id.</item>
/// <item>The generation grows with every change of the provider's inventories, traits, aggregates and allocations; who writes inventories or traits says
/// which generation was seen.</item>
/// </list>
/// </summary>
public sealed class ResourceProvider
{
    /// <summary>api-ref: name, 1 to 200 characters, unique.</summary>
    public const int MaxName = 200;

    public required string Id { get; set; }
    public required string Name { get; set; }
    public long Generation { get; set; }
    public string? ParentId { get; set; }
    public required string RootId { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ResourceProvider>(provider =>
    {
        provider.ToTable("resource_providers");
        provider.HasKey(p => p.Id);
        provider.HasIndex(p => p.Name).IsUnique().HasDatabaseName("resource_providers_by_name");
        provider.HasIndex(p => p.RootId).HasDatabaseName("resource_providers_by_root");
        provider.HasIndex(p => p.ParentId).HasDatabaseName("resource_providers_by_parent");
    });
}
