using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Contracts.Keystone;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Glance.Web;

namespace Nephos.Glance.Imports;

/// <summary>Brings the bytes of an import into staging, by each of the methods.</summary>
internal sealed class ImportFetch(ImageStores stores, WebSource web, ImportTokens tokens, GlanceSettings settings, IServiceProvider services)
{
    /// <summary>Longest description of an image that another Glance may send, bytes.</summary>
    private const int MaxDescription = 1 << 20;

    public Task<StagedBytes> RunAsync(ImportParameters import, FullImage image, CancellationToken cancel) => import.Method switch
    {
        "glance-direct" => Task.FromResult(Direct(image)),
        "web-download" => WebAsync(import, cancel),
        "glance-download" => GlanceAsync(import, cancel),
        var other => throw new ImportException($"Unknown import method name '{other}'."),
    };

    /// <summary>The bytes were hashed when they were staged.</summary>
    private static StagedBytes Direct(FullImage image) => new("", image.Row.Size ?? 0, image.Row.Checksum ?? "", image.Row.OsHashValue ?? "");

    private async Task<StagedBytes> WebAsync(ImportParameters import, CancellationToken cancel)
    {
        await using var content = await web.OpenAsync(new Uri(import.Uri!), cancel).ConfigureAwait(false);
        var copied = await StageAsync(import, content, cancel).ConfigureAwait(false);
        if (content.Length is { } said && said != copied.Size) { throw Short(import, copied.Size, said); }
        return new StagedBytes("", copied.Size, copied.Md5, copied.Sha512);
    }

    private async Task<StagedBytes> GlanceAsync(ImportParameters import, CancellationToken cancel)
    {
        var remote = import.Remote!;
        var token = tokens.Find(import.TaskId) ?? throw new ImportException("the import was interrupted; its token is not kept");
        var endpoint = services.GetService<IServiceCatalog>() is { } catalog ? await catalog.FindAsync("image", remote.Region, remote.Interface, cancel).ConfigureAwait(false) : null;
        if (endpoint is null) { throw new ImportException($"{remote.Interface} glance endpoint not found for region {remote.Region}"); }
        var address = $"{endpoint.TrimEnd('/')}/v2/images/{remote.ImageId}";
        JsonElement description;
        await using (var content = await web.OpenTrustedAsync(new Uri(address), token, cancel).ConfigureAwait(false))
        {
            var text = new byte[MaxDescription];
            var length = await content.Body.ReadAtLeastAsync(text, MaxDescription, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
            try { description = JsonSerializer.Deserialize<JsonElement>(text.AsSpan(0, length)); }
            catch (JsonException error) { throw new ImportException("the other Glance sent no description of an image", error); }
        }
        if (description.ValueKind != JsonValueKind.Object || Text(description, "status") is not { } status) { throw new ImportException("the other Glance sent no description of an image"); }
        if (status != ImageStatus.Active) { throw new ImportException($"Source image status should be active instead of {status}"); }
        if (!description.TryGetProperty("size", out var size) || !size.TryGetInt64(out var bytes)) { throw new ImportException($"Size attribute of remote image {remote.ImageId} could not be determined."); }
        var (disk, container) = (Text(description, "disk_format"), Text(description, "container_format"));
        if (!ImageFormats.Disk.Contains(disk) || !ImageFormats.Container.Contains(container)) { throw new ImportException("the other image is of a format that is unknown here"); }
        await using var data = await web.OpenTrustedAsync(new Uri(address + "/file"), token, cancel).ConfigureAwait(false);
        var copied = await StageAsync(import, data, cancel).ConfigureAwait(false);
        if (copied.Size != bytes) { throw Short(import, copied.Size, bytes); }
        return new StagedBytes("", copied.Size, copied.Md5, copied.Sha512)
        {
            DiskFormat = disk,
            ContainerFormat = container,
            Properties = description.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.String && p.Name.Length <= Limits.MaxText && !ImageSchema.Base.Contains(p.Name) && !ImageSchema.IsReserved(p.Name)
                && settings.DownloadProperties.Any(start => p.Name.StartsWith(start, StringComparison.Ordinal))).ToDictionary(p => p.Name, p => p.Value.GetString()!, StringComparer.Ordinal),
        };
    }

    private async Task<CopiedData> StageAsync(ImportParameters import, WebContent content, CancellationToken cancel)
    {
        if (content.Length > settings.ImageSizeCap) { throw new ImageTooLargeException(settings.ImageSizeCap); }
        await using var writer = stores.Staging.Begin();
        var copied = await HashedCopy.RunAsync(content.Body, writer, settings.ImageSizeCap, _ => Task.CompletedTask, cancel).ConfigureAwait(false);
        await writer.CommitAsync(import.ImageId).ConfigureAwait(false);
        return copied;
    }

    private static string? Text(JsonElement value, string name) => value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static ImportException Short(ImportParameters import, long got, long expected) =>
        new(string.Create(CultureInfo.InvariantCulture, $"Task {import.TaskId} failed because downloaded data size {got} is different from expected {expected}"));
}
