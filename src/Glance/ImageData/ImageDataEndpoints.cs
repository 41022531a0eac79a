using System.Buffers;
using System.Globalization;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.ImageData;

/// <summary>The bytes of images (image api-ref v2, "Image data", "Interoperable image import"). Neither direction holds an image in memory.</summary>
internal static class ImageDataEndpoints
{
    private const int Block = 1 << 18;

    public static void Map(ResourceGroup image)
    {
        image.Put("/file", Upload).PolicyOnRow("upload_image", ImagePolicy.Member).Answers(204).Body(0);
        image.Get("/file", Download).PolicyOnRow("download_image", ImagePolicy.Download);
        image.Put("/stage", Stage).PolicyOnRow("modify_image", ImagePolicy.Member).Answers(204).Body(0);
    }

    private static async Task<Reply> Upload(Call call)
    {
        CheckMediaType(call);
        var size = SaidSize(call);
        var target = call.Get<ImageStores>().OfHeader(call);
        var seen = await ImageEndpoints.SeeAsync(call).ConfigureAwait(false);
        await call.Get<ImageUploads>().UploadAsync(call.Context, seen.Image.Row, target, call.Http.Request.Body, size, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Stage(Call call)
    {
        CheckMediaType(call);
        var size = SaidSize(call);
        var seen = await ImageEndpoints.SeeAsync(call).ConfigureAwait(false);
        await call.Get<ImageUploads>().StageAsync(call.Context, seen.Image.Row, call.Http.Request.Body, size, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Download(Call call)
    {
        var id = call.Route("image_id");
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        var row = seen.Image.Row;
        if (row.Status == ImageStatus.Deactivated && !call.Context.IsAdmin) { throw new ForbiddenError("The requested image has been deactivated. Image data download is forbidden."); }
        await ImageEndpoints.SeeAsync(call).ConfigureAwait(false);
        if (row.Status is not (ImageStatus.Active or ImageStatus.Deactivated)) { return Reply.Empty(204); }
        var reader = call.Get<ImageReader>();
        var size = row.Size ?? 0;
        var range = ByteRange.Parse(call.Http.Request.Headers.Range.FirstOrDefault(), size);
        var part = range ?? new ByteRange(0, size);
        OpenedImage? opened;
        try { opened = await reader.OpenAsync(seen.Image, part.Start, call.Cancel).ConfigureAwait(false); }
        catch (WebSourceException error) { throw new UnavailableError($"The data of image {id} cannot be read: {error.Message}"); }
        if (opened is null) { return Reply.Empty(204); }
        var reply = Reply.Custom((c, response) => SendAsync(opened, part, response, c.Cancel), range is null ? 200 : 206)
            .With("Content-Type", "application/octet-stream").With("Content-Length", part.Length.ToString(CultureInfo.InvariantCulture));
        if (row.Checksum is { } checksum) { reply.With("Content-MD5", checksum); }
        if (range is not null) { reply.With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {part.Start}-{part.Start + part.Length - 1}/{size}")); }
        return reply;
    }

    private static async Task SendAsync(OpenedImage image, ByteRange part, Microsoft.AspNetCore.Http.HttpResponse response, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            await using (image)
            {
                for (var left = part.Length; left > 0;)
                {
                    var count = await image.Bytes.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, Block)), cancel).ConfigureAwait(false);
                    if (count == 0) { throw new EndOfStreamException("the image is shorter than its size"); }
                    await response.Body.WriteAsync(buffer.AsMemory(0, count), cancel).ConfigureAwait(false);
                    left -= count;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void CheckMediaType(Call call)
    {
        var type = call.Http.Request.ContentType?.Split(';')[0].Trim();
        if (type != "application/octet-stream") { throw new ApiError(415, $"Invalid content type {type ?? "None"}"); }
    }

    private static long? SaidSize(Call call)
    {
        if (call.Http.Request.Headers["x-openstack-image-size"].FirstOrDefault() is { } text)
        {
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : throw new BadRequestError("Invalid or missing image size in request headers.");
        }
        return call.Http.Request.ContentLength;
    }
}
