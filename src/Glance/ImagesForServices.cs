using Nephos.Contracts.Glance;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Auth;

namespace Nephos.Glance;

/// <summary>What other services ask, answered by the operations that also answer the public API.</summary>
internal sealed class ImagesForServices(ImageOperations images, ImageReader reader) : IImages
{
    public async Task<ImageFacts?> FindAsync(RequestContext context, string imageId, CancellationToken cancel) =>
        await images.FindAsync(context, imageId, cancel).ConfigureAwait(false) is { } seen ? Facts(seen.Image) : null;

    public async Task<Stream?> OpenAsync(RequestContext context, string imageId, CancellationToken cancel) =>
        await images.FindAsync(context, imageId, cancel).ConfigureAwait(false) is { Image: { Row.Status: ImageStatus.Active or ImageStatus.Deactivated } image }
        && await reader.OpenAsync(image, 0, cancel).ConfigureAwait(false) is { } opened ? opened.Bytes : null;

    private static ImageFacts Facts(FullImage image) => new()
    {
        Id = image.Row.Id,
        Name = image.Row.Name,
        Status = image.Row.Status,
        OwnerProjectId = image.Row.Owner,
        Visibility = image.Row.Visibility,
        DiskFormat = image.Row.DiskFormat,
        ContainerFormat = image.Row.ContainerFormat,
        Size = image.Row.Size,
        VirtualSize = image.Row.VirtualSize,
        MinDiskGib = image.Row.MinDisk,
        MinRamMib = image.Row.MinRam,
        Checksum = image.Row.Checksum,
        Protected = image.Row.Protected,
        Properties = image.Properties,
        Tags = image.Tags,
        CreatedAt = image.Row.CreatedAt,
        UpdatedAt = image.Row.UpdatedAt,
    };
}
