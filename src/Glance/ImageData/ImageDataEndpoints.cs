using System.Buffers;
using System.Globalization;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
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
        image.Post("/import", Import).PolicyOnRow("modify_image", ImagePolicy.Member).Answers(202);
    }

    private static async Task<Reply> Upload(Call call)
    {
        CheckMediaType(call);
        var size = SaidSize(call);
        CheckStore(call);
        var seen = await ImageEndpoints.SeeAsync(call).ConfigureAwait(false);
        await call.Get<ImageUploads>().UploadAsync(call.Context, seen.Image.Row, call.Http.Request.Body, size, call.Cancel).ConfigureAwait(false);
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

    /// <summary>Only <c>glance-direct</c>: the staged bytes become the image. They are here already, so the import is done when this answers.</summary>
    private static async Task<Reply> Import(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != System.Text.Json.JsonValueKind.Object || !body.TryGetProperty("method", out var method)) { throw new BadRequestError("Import request requires a 'method' field."); }
        if (method.ValueKind != System.Text.Json.JsonValueKind.Object || !method.TryGetProperty("name", out var name)) { throw new BadRequestError("Import request requires a 'name' field."); }
        if (name.ToString() != "glance-direct") { throw new BadRequestError($"Unknown import method name '{name}'."); }
        var seen = await ImageEndpoints.SeeAsync(call).ConfigureAwait(false);
        var row = seen.Image.Row;
        if (row.Status == ImageStatus.Active) { throw new ConflictError("Image with status active cannot be target for import"); }
        if (row.Status != ImageStatus.Uploading || row.UploadId is not null) { throw new ConflictError("Image needs to be staged before 'glance-direct' method can be used"); }
        if (row.ContainerFormat is null) { throw new ConflictError("'container_format' needs to be set before import"); }
        if (row.DiskFormat is null) { throw new ConflictError("'disk_format' needs to be set before import"); }
        await call.Get<ImageUploads>().ImportStagedAsync(call.Context, row, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Download(Call call)
    {
        var id = call.Route("image_id");
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw GlanceErrors.NoImage(id);
        var row = seen.Image.Row;
        if (row.Status == ImageStatus.Deactivated && !call.Context.IsAdmin) { throw new ForbiddenError("The requested image has been deactivated. Image data download is forbidden."); }
        await ImageEndpoints.SeeAsync(call).ConfigureAwait(false);
        var stream = row.Status is ImageStatus.Active or ImageStatus.Deactivated ? call.Get<IImageStore>().Open(id) : null;
        if (stream is null) { return Reply.Empty(204); }
        try
        {
            var size = stream.Length;
            var range = ByteRange.Parse(call.Http.Request.Headers.Range.FirstOrDefault(), size);
            var part = range ?? new ByteRange(0, size);
            var reply = Reply.Custom((c, response) => SendAsync(stream, part, response, c.Cancel), range is null ? 200 : 206)
                .With("Content-Type", "application/octet-stream").With("Content-Length", part.Length.ToString(CultureInfo.InvariantCulture));
            if (row.Checksum is { } checksum) { reply.With("Content-MD5", checksum); }
            if (range is not null) { reply.With("Content-Range", string.Create(CultureInfo.InvariantCulture, $"bytes {part.Start}-{part.Start + part.Length - 1}/{size}")); }
            return reply;
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task SendAsync(Stream stream, ByteRange part, Microsoft.AspNetCore.Http.HttpResponse response, CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            await using (stream)
            {
                stream.Position = part.Start;
                for (var left = part.Length; left > 0;)
                {
                    var count = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, Block)), cancel).ConfigureAwait(false);
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

    private static void CheckStore(Call call)
    {
        if (call.Http.Request.Headers["x-image-meta-store"].FirstOrDefault() is { } store && store != call.Get<IImageStore>().Id) { throw new BadRequestError($"Unknown scheme '{store}' found in URI"); }
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
