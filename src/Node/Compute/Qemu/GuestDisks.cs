using System.Text.Json;
using Nephos.Contracts.Node;
using Nephos.Kernel.Processes;

namespace Nephos.Node.Compute.Qemu;

/// <summary>From which image a guest's disk was made; in <c>root.json</c>.</summary>
internal sealed record RootRecord(string ImageId, string Format, bool ConfigDrive);

/// <summary>The disks of guests: an overlay over the cached image, and the config drive. Each file is made under another name first, <c>root.json</c> last.</summary>
internal sealed class GuestDisks(NodeOptions options, GuestFolders folders, IGuestFeed feed, ImageCache images, IProcessRunner runner)
{
    /// <summary>Makes the disks, unless they are there.</summary>
    public async Task MakeAsync(GuestSpec spec, CancellationToken cancel)
    {
        var files = new GuestFiles(folders.Make(spec.Id));
        if (File.Exists(files.Root))
        {
            return;
        }
        var drive = spec.ConfigDrive ? MakeConfigDriveAsync(spec.Id, files, cancel) : Task.CompletedTask;
        var image = images.GetAsync(spec.Root, cancel);
        await Task.WhenAll(drive, image).ConfigureAwait(false);
        if (spec.Root.Format != "iso")
        {
            GuestFolders.WriteWhole(files.Overlay, Qcow2.Overlay(SizeOf(spec.Root, await image.ConfigureAwait(false)), (await image.ConfigureAwait(false)).Path, (await image.ConfigureAwait(false)).Format));
        }
        GuestFolders.WriteWhole(files.Root, JsonSerializer.SerializeToUtf8Bytes(new RootRecord(spec.Root.ImageId, spec.Root.Format, spec.ConfigDrive), NodeJson.Default.RootRecord));
    }

    /// <summary>What the disks were made from; null when they are not made.</summary>
    public RootRecord? Find(string id)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(new GuestFiles(folders.Of(id)).Root), NodeJson.Default.RootRecord);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The image below a guest's overlay; it cannot be missing while the guest exists.</summary>
    public CachedImage ImageOf(RootRecord root)
    {
        var path = images.PathOf(root.ImageId);
        return File.Exists(path) ? new CachedImage(path, root.Format == "qcow2" ? "qcow2" : "raw", 0) : throw new GuestException($"Image {root.ImageId} is no longer on this host");
    }

    /// <summary>Removes images that no guest uses any more.</summary>
    public void Sweep() => images.Sweep(folders.List().Select(Find).OfType<RootRecord>().Select(root => root.ImageId).ToHashSet(StringComparer.Ordinal));

    private static long SizeOf(GuestDisk disk, CachedImage image)
    {
        const int Sector = 512;
        var wanted = (long)disk.SizeGib << 30;
        return wanted == 0 ? (image.VirtualSize + Sector - 1) / Sector * Sector
            : wanted >= image.VirtualSize ? wanted
            : throw new GuestException($"The flavor's disk of {disk.SizeGib} GiB is too small for the image, which needs {image.VirtualSize} bytes");
    }

    private async Task MakeConfigDriveAsync(string id, GuestFiles files, CancellationToken cancel)
    {
        if (File.Exists(files.ConfigDrive))
        {
            return;
        }
        var tree = await feed.GetTreeAsync(options.Host, id, cancel).ConfigureAwait(false) ?? throw new GuestException("The server's metadata could not be found");
        var folder = Path.Combine(files.Folder, "config");
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
        foreach (var (name, content) in tree.Files)
        {
            var path = Path.GetFullPath(Path.Combine(folder, name));
            if (!path.StartsWith(folder + "/", StringComparison.Ordinal))
            {
                throw new GuestException($"'{name}' cannot be a file of a config drive");
            }
            GuestFolders.MakePrivate(Path.GetDirectoryName(path)!);
            await File.WriteAllBytesAsync(path, content, cancel).ConfigureAwait(false);
        }
        var temporary = files.ConfigDrive + ".tmp";
        try
        {
            // Label and format as upstream (nova/virt/configdrive.py: iso9660, volume config-2, Rock Ridge and Joliet names).
            await runner.RunOrThrowAsync("genisoimage", ["-quiet", "-V", "config-2", "-r", "-J", "-l", "-ldots", "-allow-lowercase", "-allow-multidot", "-o", temporary, folder], cancel: cancel).ConfigureAwait(false);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new GuestException("genisoimage is not installed: apt install genisoimage", e);
        }
        File.Move(temporary, files.ConfigDrive, overwrite: true);
        Directory.Delete(folder, recursive: true);
    }
}
