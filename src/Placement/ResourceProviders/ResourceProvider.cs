using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Ids;

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
    /// <summary>Raised by every write that touches the provider or anything of it, also those that leave the generation: what is kept in memory goes by it.</summary>
    public long Revision { get; set; } = FirstRevision();
    public string? ParentId { get; set; }
    public required string RootId { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }

    /// <summary>At random, so that a provider with the id of a deleted one is never taken for it; 40 bits, so that the sum over a million providers is no overflow.</summary>
    private static long FirstRevision() => BitConverter.ToInt64(Guid.Parse(NewId.Uuid()).ToByteArray()) & ((1L << 40) - 1);

    internal static void Map(ModelBuilder model) => model.Entity<ResourceProvider>(provider =>
    {
        provider.ToTable("resource_providers");
        provider.HasKey(p => p.Id);
        provider.HasIndex(p => p.Name).IsUnique().HasDatabaseName("resource_providers_by_name");
        provider.HasIndex(p => p.RootId).HasDatabaseName("resource_providers_by_root");
        provider.HasIndex(p => p.ParentId).HasDatabaseName("resource_providers_by_parent");
    });
}
