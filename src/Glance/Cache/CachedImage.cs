using Microsoft.EntityFrameworkCore;

namespace Nephos.Glance.Cache;

/// <summary>A copy of an image that is on a web server, or the wish for one (image api-ref v2, "Cache Manage"). The file is there before <see cref="CachedAt"/> is set.</summary>
public sealed class CachedImage
{
    public required string ImageId { get; set; }
    public required DateTime QueuedAt { get; set; }
    /// <summary>Null: still to be fetched.</summary>
    public DateTime? CachedAt { get; set; }
    public DateTime? AccessedAt { get; set; }
    public long Size { get; set; }
    public int Hits { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<CachedImage>(image =>
    {
        image.ToTable("cached_images");
        image.HasKey(c => c.ImageId);
        image.HasIndex(c => c.AccessedAt).HasDatabaseName("cached_images_by_access");
    });
}
