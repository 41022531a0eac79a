using System.Buffers.Binary;
using System.IO.Compression;
using Nephos.Glance.Formats;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Processes;

namespace Nephos.Glance.Imports;

/// <summary>
/// What may be done to imported bytes (upstream's glance/async_/flows/plugins). Each reads one file of staging and makes another; what is made is bounded like an upload, so that an archive that grows
/// without end is refused.
/// </summary>
internal sealed class ImportPlugins(ImageStores stores, IProcessRunner processes, GlanceSettings settings)
{
    private static readonly TimeSpan ConversionLimit = TimeSpan.FromHours(6);
    private static readonly byte[] Zip = [0x50, 0x4B, 0x03, 0x04];
    private static readonly byte[] Gzip = [0x1F, 0x8B, 0x08];
    private static readonly byte[] Lha = [0x2D, 0x6C, 0x68]; // "-lh" at offset 2

    /// <summary>Unpacks gzip, or a zip of one file; null when the bytes are neither, or shall stay packed.</summary>
    public async Task<StagedBytes?> DecompressAsync(Image image, StagedBytes staged, CancellationToken cancel)
    {
        if ((staged.ContainerFormat ?? image.ContainerFormat) == "compressed") { return null; }
        await using var packed = stores.Staging.Open(image.Id + staged.Suffix) ?? throw new ImportException("the staged bytes are gone");
        var head = new byte[5];
        var length = await packed.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        packed.Position = 0;
        var start = head.AsMemory(0, length);
        if (start.Length >= 5 && start.Span[2..].StartsWith(Lha)) { throw new ImportException("No lhafile available."); }
        try
        {
            if (start.Span.StartsWith(Gzip))
            {
                await using var unpacked = new GZipStream(packed, CompressionMode.Decompress, leaveOpen: true);
                var bytes = await WriteAsync(image.Id, unpacked, staged, cancel).ConfigureAwait(false);
                await CheckGzipAsync(packed, bytes.Size, cancel).ConfigureAwait(false);
                return bytes;
            }
            if (!start.Span.StartsWith(Zip)) { return null; }
            using var archive = new ZipArchive(packed, ZipArchiveMode.Read, leaveOpen: true);
            if (archive.Entries.Count != 1) { throw new ImportException("Archive contains more than one file."); }
            await using var entry = await archive.Entries[0].OpenAsync(cancel).ConfigureAwait(false);
            return await WriteAsync(image.Id, entry, staged, cancel).ConfigureAwait(false);
        }
        catch (InvalidDataException error)
        {
            throw new ImportException("the archive is damaged: " + error.Message, error);
        }
    }

    /// <summary>Makes the configured format of the bytes; null when they are of it. They are looked into before the program sees them, and its work after.</summary>
    public async Task<StagedBytes?> ConvertAsync(Image image, StagedBytes staged, CancellationToken cancel)
    {
        var source = staged.DiskFormat ?? image.DiskFormat!;
        var target = settings.ConversionOutputFormat;
        var (found, size) = await InspectAsync(image.Id + staged.Suffix, source).ConfigureAwait(false);
        if (found == "iso") { return source == "iso" ? null : throw new ImportException("Image has disallowed configuration"); }
        if ((found == "gpt" ? "raw" : found) != source) { throw new ImportException("Image format mismatch"); }
        if (source == target) { return null; }
        // A few kilobytes can say that they are a disk of petabytes; as raw bytes it would have to be read to its end.
        if (target == "raw" && size > settings.ImageSizeCap) { throw new ImageTooLargeException(settings.ImageSizeCap); }
        const string suffix = ".converted";
        var (from, to) = (stores.Staging.PathOf(image.Id + staged.Suffix), stores.Staging.PathOf(image.Id + suffix));
        var result = await processes.RunAsync("qemu-img", ["convert", "-f", QemuName(source), "-O", QemuName(target), from, to], limit: ConversionLimit, cancel: cancel).ConfigureAwait(false);
        if (!result.Ok) { throw new ImportException(result.Error.Trim().Replace(from, "source", StringComparison.Ordinal).Replace(to, "target", StringComparison.Ordinal)); }
        await using (var flush = new FileStream(to, FileMode.Open, FileAccess.ReadWrite)) { await Task.Run(() => flush.Flush(flushToDisk: true), cancel).ConfigureAwait(false); }
        var (made, _) = await InspectAsync(image.Id + suffix, target).ConfigureAwait(false);
        if ((made == "gpt" ? "raw" : made) != target) { throw new ImportException("Converted image in unexpected format"); }
        await using var bytes = stores.Staging.Open(image.Id + suffix)!;
        var copied = await HashedCopy.RunAsync(bytes, new NowhereWriter(), settings.ImageSizeCap, _ => Task.CompletedTask, cancel).ConfigureAwait(false);
        return staged with { Suffix = suffix, Size = copied.Size, Md5 = copied.Md5, Sha512 = copied.Sha512, DiskFormat = target, ContainerFormat = "bare" };
    }

    /// <summary>The framework takes a file that was cut for one that ends there; its last four bytes tell (RFC 1952, 2.3.1: ISIZE). A file of several members does not pass either.</summary>
    private static async Task CheckGzipAsync(Stream packed, long size, CancellationToken cancel)
    {
        var trailer = new byte[4];
        packed.Position = packed.Length - trailer.Length;
        await packed.ReadExactlyAsync(trailer, cancel).ConfigureAwait(false);
        if (BinaryPrimitives.ReadUInt32LittleEndian(trailer) != (uint)size) { throw new ImportException("the archive is damaged, or has several members"); }
    }

    private async Task<StagedBytes> WriteAsync(string imageId, Stream unpacked, StagedBytes staged, CancellationToken cancel)
    {
        const string suffix = ".decompressed";
        await using var writer = stores.Staging.Begin();
        var copied = await HashedCopy.RunAsync(unpacked, writer, settings.ImageSizeCap, _ => Task.CompletedTask, cancel).ConfigureAwait(false);
        await writer.CommitAsync(imageId + suffix).ConfigureAwait(false);
        return staged with { Suffix = suffix, Size = copied.Size, Md5 = copied.Md5, Sha512 = copied.Sha512 };
    }

    private async Task<InspectedImage> InspectAsync(string key, string claimed)
    {
        await using var bytes = stores.Staging.Open(key) ?? throw new ImportException("the staged bytes are gone");
        try
        {
            return FormatInspector.Inspect(bytes, claimed);
        }
        catch (ImageFormatException error)
        {
            throw new ImportException(error.Message == "Image failed safety checks" ? "Image has disallowed configuration" : "Image format mismatch", error);
        }
    }

    /// <summary>qemu calls Microsoft's older format by the name of its first maker.</summary>
    private static string QemuName(string format) => format == "vhd" ? "vpc" : format;
}
