using Nephos.Glance.Stores;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Images;

/// <summary>An image as clients see it: its properties stand beside its own members.</summary>
internal static class ImageView
{
    /// <param name="showLocations">Whether the configuration lets clients see where the bytes are.</param>
    public static Dictionary<string, object?> Of(FullImage image, bool showLocations)
    {
        var row = image.Row;
        var view = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in image.Properties) { view[name] = value; }
        if (row.ImportTaskId is { } task) { view["os_glance_import_task"] = task; }
        if (row.ImportingTo is { } importing) { view["os_glance_importing_to_stores"] = importing; }
        if (row.FailedImport is { } failed) { view["os_glance_failed_import"] = failed; }
        view["name"] = row.Name;
        view["disk_format"] = row.DiskFormat;
        view["container_format"] = row.ContainerFormat;
        view["visibility"] = row.Visibility;
        view["size"] = row.Size;
        view["virtual_size"] = row.VirtualSize;
        view["status"] = row.Status;
        view["checksum"] = row.Checksum;
        view["protected"] = row.Protected;
        view["min_ram"] = row.MinRam;
        view["min_disk"] = row.MinDisk;
        view["owner"] = row.Owner;
        view["os_hidden"] = row.OsHidden;
        view["os_hash_algo"] = row.OsHashAlgo;
        view["os_hash_value"] = row.OsHashValue;
        view["id"] = row.Id;
        view["created_at"] = WireTime.Seconds(row.CreatedAt);
        view["updated_at"] = WireTime.Seconds(row.UpdatedAt);
        view["tags"] = image.Tags;
        view["self"] = "/v2/images/" + row.Id;
        view["file"] = $"/v2/images/{row.Id}/file";
        view["schema"] = "/v2/schemas/image";
        if (showLocations) { view["locations"] = image.Locations.Select(ImageReader.View).ToList(); }
        if (image.Locations.Count > 0) { view["stores"] = string.Join(',', image.Locations.Select(l => l.Store)); }
        return view;
    }
}
