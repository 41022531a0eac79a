using Nephos.Contracts.Glance;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Nova.Flavors;

namespace Nephos.Nova.Servers.Create;

/// <summary>What a server boots from. There is no block storage yet, so it is an image on a local disk; everything else is refused in upstream's words for what cannot be got.</summary>
internal sealed class BootSource(IImages images)
{
    public async Task<ImageFacts> ResolveAsync(Call call, CreateServer request)
    {
        var imageId = ImageIdOf(request);
        return await images.FindAsync(call.Context, imageId, call.Cancel) ?? throw new BadRequestError("Can not find requested image");
    }

    private static string ImageIdOf(CreateServer request)
    {
        var asked = string.IsNullOrEmpty(request.ImageRef) ? null : request.ImageRef;
        if (request.BlockDeviceMapping is { Count: > 0 } && request.BlockDeviceMappingV2 is { Count: > 0 })
        {
            throw new BadRequestError("Using different block_device_mapping syntaxes is not allowed in the same request.");
        }
        if (request.BlockDeviceMapping is { Count: > 0 } legacy)
        {
            var volume = legacy[0].ValueKind == System.Text.Json.JsonValueKind.Object && legacy[0].TryGetProperty("volume_id", out var id) ? id.ToString() : "";
            throw new BadRequestError($"Block Device Mapping is Invalid: failed to get volume {volume}.");
        }
        foreach (var device in request.BlockDeviceMappingV2 ?? [])
        {
            var source = device.SourceType ?? (device.VolumeId is not null ? "volume" : device.SnapshotId is not null ? "snapshot" : device.ImageId is not null ? "image" : "blank");
            if (source == "volume") { throw new BadRequestError($"Block Device Mapping is Invalid: failed to get volume {device.VolumeId ?? device.Uuid}."); }
            if (source == "snapshot") { throw new BadRequestError($"Block Device Mapping is Invalid: failed to get snapshot {device.SnapshotId ?? device.Uuid}."); }
            if (source == "blank" || device.DestinationType == "volume") { throw new BadRequestError("Block Device Mapping is Invalid: this cloud has no block storage, only an image on a local disk can be booted."); }
            if (device.BootIndex != 0) { throw new BadRequestError("Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid."); }
            var id = device.ImageId ?? device.Uuid ?? throw new BadRequestError("Block Device Mapping is Invalid: Missing device UUID.");
            if (asked is not null && asked != id) { throw new BadRequestError("Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid."); }
            asked = id;
        }
        return asked ?? throw new BadRequestError("Invalid imageRef provided.");
    }

    /// <summary>The image fits the flavor (<c>compute/api.py</c>, _validate_flavor_image).</summary>
    public static void Check(Call call, ImageFacts image, Flavor flavor)
    {
        if (image.Status != "active") { throw new BadRequestError($"Image {image.Id} is not active."); }
        if (flavor.RamMib < image.MinRamMib) { throw new BadRequestError("Flavor's memory is too small for requested image."); }
        if (flavor.RootGib == 0)
        {
            // Zero means "as large as the image", which would let anyone take any amount of disk.
            if (!call.AllowsProject("os_compute_api:servers:create:zero_disk_flavor", call.Context.Who.ProjectId)) { throw new ForbiddenError("Only volume-backed servers are allowed for flavors with zero disk."); }
            return;
        }
        var (disk, needed) = ((long)flavor.RootGib << 30, Math.Max(image.Size ?? 0, image.VirtualSize ?? 0));
        if (needed > disk) { throw new BadRequestError($"Flavor's disk is too small for requested image. Flavor disk is {disk} bytes, image is {needed} bytes."); }
        var least = (long)image.MinDiskGib << 30;
        if (least > disk) { throw new BadRequestError($"Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is {disk} bytes, minimum size is {least} bytes."); }
    }
}
