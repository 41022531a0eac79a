using Nephos.Kernel.Wire;

namespace Nephos.Glance.Images;

/// <summary>An image as clients see it: its properties stand beside its own members.</summary>
internal static class ImageView
{
    /// <param name="storeId">Name of the store that holds active images.</param>
    public static Dictionary<string, object?> Of(FullImage image, string storeId)
    {
        var row = image.Row;
        var view = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in image.Properties) { view[name] = value; }
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
        if (row.Status is ImageStatus.Active or ImageStatus.Deactivated) { view["stores"] = storeId; }
        return view;
    }
}
