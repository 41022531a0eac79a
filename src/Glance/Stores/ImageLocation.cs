using Microsoft.EntityFrameworkCore;

namespace Nephos.Glance.Stores;

/// <summary>
/// Where an active image's bytes are (image api-ref v2, "Stores", "Add Location", "Get Location"). An image has one row per place; the bytes are there before the row is, and go after it went.
/// </summary>
public sealed class ImageLocation
{
    public required string Id { get; set; }
    public required string ImageId { get; set; }
    /// <summary>Name of the store; <see cref="ImageStores.Http"/>: on a web server.</summary>
    public required string Store { get; set; }
    public required string Url { get; set; }
    /// <summary>JSON of what a client said of the place beside the store; null: nothing.</summary>
    public string? Metadata { get; set; }
    /// <summary>Order within the image.</summary>
    public required int Position { get; set; }

    internal static void Map(ModelBuilder model) => model.Entity<ImageLocation>(location =>
    {
        location.ToTable("image_locations");
        location.HasKey(l => l.Id);
        location.HasIndex(l => new { l.ImageId, l.Position }).HasDatabaseName("image_locations_by_image");
    });
}
