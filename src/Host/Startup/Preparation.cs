using Nephos.Kernel.Configuration;
using Nephos.Kernel.Processes;

namespace Nephos.Host.Startup;

/// <summary>What must be on the machine before real guests can run: programs and the test guest's image. Costs a few file look-ups when all is there.</summary>
internal static class Preparation
{
    /// <summary>A program, or a file with its path, and the Debian package that has it.</summary>
    private static readonly (string Program, string Package)[] Programs =
    [
        ("qemu-system-x86_64", "qemu-system-x86"), ("qemu-img", "qemu-utils"), ("ip", "iproute2"), ("nft", "nftables"), ("genisoimage", "genisoimage"),
        // The page around a guest's screen.
        ("/usr/share/novnc/vnc.html", "novnc"),
        // Not for the cloud: for whoever wants to see a first server.
        ("openstack", "python3-openstackclient"),
    ];

    /// <summary>What building the guest's image takes besides.</summary>
    private static readonly (string Program, string Package)[] GuestPrograms =
    [
        ("busybox", "busybox-static"), ("cpio", "cpio"), ("lz4", "lz4"), ("xz", "xz-utils"), ("mke2fs", "e2fsprogs"), ("sfdisk", "fdisk"), ("mcopy", "mtools"), ("depmod", "kmod"),
    ];

    public static string GuestImage(NephosSettings settings) => Path.Combine(settings.StatePath, "guest", "guest.qcow2");

    /// <summary>True when real drivers have what they need; says what it does, or what is to be done.</summary>
    public static async Task<bool> RunAsync(NephosSettings settings, TextWriter output, CancellationToken cancel)
    {
        if (!settings.UsesRealDrivers)
        {
            if (settings.Drivers == DriverChoice.Auto)
            {
                output.WriteLine("Fake drivers: guests and networks are only remembered, since real ones need root on Linux.");
            }
            FakeGuestImage.Write(GuestImage(settings));
            return true;
        }
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
        {
            Console.Error.WriteLine("nephos: real drivers need root on Linux; use --drivers fake for a cloud without effects");
            return false;
        }
        var image = GuestImage(settings);
        var builder = GuestBuilder();
        var needsImage = !File.Exists(image) && builder is not null;
        var wanted = needsImage ? [.. Programs, .. GuestPrograms] : Programs;
        var missing = Missing(wanted).Select(p => p.Package).Distinct().ToList();
        if (missing.Count > 0)
        {
            if (!await InstallAsync(missing, output, cancel).ConfigureAwait(false)) { return false; }
            // A package that is installed already can lack its program all the same.
            if (Missing(wanted) is [var (program, package), ..])
            {
                Console.Error.WriteLine($"nephos: {program} is not there although its package {package} is installed; try `apt-get install --reinstall {package}`");
                return false;
            }
        }
        if (needsImage)
        {
            output.WriteLine("Building the test guest's image (once; about half a minute) ...");
            var result = await new ProcessRunner().RunAsync(builder!, [Path.GetDirectoryName(image)!], limit: TimeSpan.FromMinutes(10), cancel: cancel).ConfigureAwait(false);
            if (!result.Ok)
            {
                Console.Error.WriteLine($"nephos: the test guest's image could not be built:\n{result.Error.Trim()}");
                return false;
            }
        }
        return true;
    }

    private static List<(string Program, string Package)> Missing(IReadOnlyList<(string Program, string Package)> programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin", "/usr/bin", "/bin"]).Distinct().ToArray();
        return [.. programs.Where(p => !folders.Any(f => File.Exists(Path.Combine(f, p.Program))))];
    }

    private static async Task<bool> InstallAsync(List<string> packages, TextWriter output, CancellationToken cancel)
    {
        if (!File.Exists("/usr/bin/apt-get"))
        {
            Console.Error.WriteLine($"nephos: these programs are missing, by their Debian packages: {string.Join(' ', packages)}");
            return false;
        }
        output.WriteLine($"Installing {string.Join(", ", packages)} ...");
        var runner = new ProcessRunner();
        string[] options = ["-qq", "-o", "DPkg::Lock::Timeout=600"];
        var result = await runner.RunAsync("apt-get", [.. options, "install", "-y", "--no-install-recommends", .. packages], limit: TimeSpan.FromMinutes(20), cancel: cancel).ConfigureAwait(false);
        if (!result.Ok)
        {
            // The package lists may be old or absent.
            await runner.RunAsync("apt-get", [.. options, "update"], limit: TimeSpan.FromMinutes(10), cancel: cancel).ConfigureAwait(false);
            result = await runner.RunAsync("apt-get", [.. options, "install", "-y", "--no-install-recommends", .. packages], limit: TimeSpan.FromMinutes(20), cancel: cancel).ConfigureAwait(false);
        }
        if (!result.Ok) { Console.Error.WriteLine($"nephos: installing failed; try `apt-get install {string.Join(' ', packages)}`:\n{result.Error.Trim()}"); }
        return result.Ok;
    }

    /// <summary>The script in the first folder above the program that has it: the source tree, or an installation.</summary>
    private static string? GuestBuilder()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            var script = Path.Combine(folder, "guest/build-guest");
            if (File.Exists(script)) { return script; }
        }
        return null;
    }
}
