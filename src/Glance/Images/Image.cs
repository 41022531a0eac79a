using Microsoft.EntityFrameworkCore;
using Nephos.Glance.Stores;

namespace Nephos.Glance.Images;

/// <summary>
/// A disk image and what is said of it (image api-ref v2, "Images").
/// <list type="bullet">
/// <item>Content is written once: an active image's bytes, size and hashes never change.</item>
/// <item><see cref="UploadId"/> names the write that is going on; only its holder moves the image out of saving, importing or a running stage, and a
/// write whose holder is gone is undone by <see cref="ImageData.UploadReconciler"/>.</item>
/// <item><see cref="ImportTaskId"/> names the import (a saga) that works on the image; the two exclude each other.</item>
/// <item>Deleted images leave no row (upstream keeps them until a purge); their history is in the changes.</item>
/// </list>
/// </summary>
public sealed class Image
{
    public required string Id { get; set; }
    public string? Name { get; set; }
    public string Status { get; set; } = ImageStatus.Queued;
    public string Visibility { get; set; } = ImageVisibility.Shared;
    /// <summary>Project; null only when an admin said so.</summary>
    public string? Owner { get; set; }
    public string? DiskFormat { get; set; }
    public string? ContainerFormat { get; set; }
    /// <summary>GiB.</summary>
    public int MinDisk { get; set; }
    /// <summary>MiB.</summary>
    public int MinRam { get; set; }
    /// <summary>Bytes of the file.</summary>
    public long? Size { get; set; }
    /// <summary>Bytes of the disk inside.</summary>
    public long? VirtualSize { get; set; }
    /// <summary>MD5, hexadecimal.</summary>
    public string? Checksum { get; set; }
    public string? OsHashAlgo { get; set; }
    public string? OsHashValue { get; set; }
    public bool Protected { get; set; }
    public bool OsHidden { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    public long Generation { get; set; }
    public string? UploadId { get; set; }
    /// <summary>When the write last said that it lives.</summary>
    public DateTime? UploadSeenAt { get; set; }
    /// <summary>Shown as <c>os_glance_import_task</c>.</summary>
    public string? ImportTaskId { get; set; }
    /// <summary>Stores that an import has still to fill, by commas; null before the first import. Shown as <c>os_glance_importing_to_stores</c>.</summary>
    public string? ImportingTo { get; set; }
    /// <summary>Stores that an import could not fill. Shown as <c>os_glance_failed_import</c>.</summary>
    public string? FailedImport { get; set; }

    internal static void Map(ModelBuilder model)
    {
        model.Entity<Image>(image =>
        {
            image.ToTable("images");
            image.HasKey(i => i.Id);
            image.HasIndex(i => new { i.CreatedAt, i.Id }).HasDatabaseName("images_by_creation");
            image.HasIndex(i => new { i.UpdatedAt, i.Id }).HasDatabaseName("images_by_update");
            image.HasIndex(i => new { i.Name, i.Id }).HasDatabaseName("images_by_name");
            image.HasIndex(i => new { i.Owner, i.CreatedAt, i.Id }).HasDatabaseName("images_by_owner");
            image.HasIndex(i => new { i.Visibility, i.CreatedAt, i.Id }).HasDatabaseName("images_by_visibility");
            image.HasIndex(i => new { i.Owner, i.Status }).HasDatabaseName("images_by_owner_status");
            image.HasIndex(i => i.UploadId).HasFilter("upload_id IS NOT NULL").HasDatabaseName("images_by_upload");
        });
        model.Entity<ImageProperty>(property =>
        {
            property.ToTable("image_properties");
            property.HasKey(p => new { p.ImageId, p.Name });
            property.HasIndex(p => new { p.Name, p.Value }).HasDatabaseName("image_properties_by_value");
        });
        model.Entity<ImageTag>(tag =>
        {
            tag.ToTable("image_tags");
            tag.HasKey(t => new { t.ImageId, t.Tag });
            tag.HasIndex(t => t.Tag).HasDatabaseName("image_tags_by_tag");
        });
    }
}

/// <summary>A word that users put on an image beside its own fields.</summary>
public sealed class ImageProperty
{
    public required string ImageId { get; set; }
    public required string Name { get; set; }
    public required string Value { get; set; }
}

public sealed class ImageTag
{
    public required string ImageId { get; set; }
    public required string Tag { get; set; }
}

/// <summary>Stored words: they may only grow in number. Transitions as upstream's <c>Image.valid_state_targets</c>.</summary>
public static class ImageStatus
{
    public const string Queued = "queued";
    public const string Saving = "saving";
    public const string Active = "active";
    public const string Deactivated = "deactivated";
    public const string Uploading = "uploading";
    public const string Importing = "importing";
    public static readonly IReadOnlyList<string> All = ["queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete", "deactivated"];
}

public static class ImageVisibility
{
    public const string Public = "public";
    public const string Private = "private";
    public const string Shared = "shared";
    public const string Community = "community";
    public static readonly IReadOnlyList<string> All = ["community", "public", "private", "shared"];
}

/// <summary>The values of image_format.disk_formats and container_formats that upstream enables.</summary>
public static class ImageFormats
{
    public static readonly IReadOnlyList<string> Disk = ["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"];
    public static readonly IReadOnlyList<string> Container = ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"];
}

/// <summary>An image with all that hangs on it.</summary>
public sealed record FullImage(Image Row, IReadOnlyDictionary<string, string> Properties, IReadOnlyList<string> Tags)
{
    public IReadOnlyList<ImageLocation> Locations { get; init; } = [];
}
