using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>A card at its place.</summary>
/// <param name="Slot">Number of the root port; -1 on a machine that has one bus for all.</param>
internal sealed record LaunchNic(string PortId, string Mac, int Mtu, int Slot);

/// <summary>
/// With what a guest's process is started: everything that its command line depends on. Kept in <c>guests/ID/launch.json</c> from before the start, so that
/// a later agent knows with which boots count the running process was started, and a suspended guest gets the very same hardware again.
/// </summary>
internal sealed record QemuLaunch
{
    /// <summary>Where cards go: behind the root disk and the config drive.</summary>
    public const int FirstNicSlot = 2;

    /// <summary>
    /// Root ports of a q35 machine; each takes one device, also later. Two for the disks made at start, and eight each for cards and for volumes. Each costs the
    /// guest's firmware and kernel some milliseconds at boot.
    /// </summary>
    public const int Slots = 18;

    public required string Id { get; init; }
    public required string InstanceName { get; init; }
    public required long Boots { get; init; }
    /// <summary>kvm or tcg.</summary>
    public required string Accelerator { get; init; }
    /// <summary>With its version, as saved memory fits only the same.</summary>
    public required string Machine { get; init; }
    public required int Vcpus { get; init; }
    public required int RamMib { get; init; }
    /// <summary>virtio, scsi, sata, ide, usb.</summary>
    public required string DiskBus { get; init; }
    /// <summary>QEMU's name of the card's model.</summary>
    public required string NicModel { get; init; }
    /// <summary>QEMU's name of the screen adapter, for <c>-vga</c>.</summary>
    public required string Video { get; init; }
    public required string ImagePath { get; init; }
    /// <summary>raw or qcow2.</summary>
    public required string ImageFormat { get; init; }
    /// <summary>The image itself, read-only, in place of an overlay.</summary>
    public required bool Cdrom { get; init; }
    public required bool ConfigDrive { get; init; }
    public required IReadOnlyList<LaunchNic> Nics { get; init; }

    /// <summary>True when devices are plugged into root ports.</summary>
    public bool HasSlots => IsQ35(Machine);

    /// <summary>The hardware of a specification. Image properties by upstream's names and words (glance, "Useful image properties"); what QEMU cannot do is refused, not ignored.</summary>
    /// <param name="version">QEMU's version as 7002022; zero when unknown.</param>
    public static QemuLaunch Of(GuestSpec spec, CachedImage image, bool configDrive, string accelerator, int version)
    {
        var machine = spec.Hardware.GetValueOrDefault("hw_machine_type") switch
        {
            null or "q35" => version > 0 ? $"pc-q35-{version / 1_000_000}.{version / 1000 % 1000}" : "q35",
            "pc" => version > 0 ? $"pc-i440fx-{version / 1_000_000}.{version / 1000 % 1000}" : "pc",
            var other when other.StartsWith("pc-q35-", StringComparison.Ordinal) || other.StartsWith("pc-i440fx-", StringComparison.Ordinal) => other,
            var other => throw Unsupported("hw_machine_type", other),
        };
        var q35 = IsQ35(machine);
        var cdrom = spec.Root.Format == "iso";
        return new QemuLaunch
        {
            Id = spec.Id,
            InstanceName = spec.InstanceName,
            Boots = spec.Boots,
            Accelerator = accelerator,
            Machine = machine,
            Vcpus = spec.Vcpus,
            RamMib = spec.RamMib,
            DiskBus = cdrom ? "sata" : spec.Hardware.GetValueOrDefault("hw_disk_bus") switch
            {
                null or "virtio" => "virtio",
                "scsi" => "scsi",
                "sata" or "ide" => q35 ? "sata" : "ide",
                "usb" => "usb",
                var other => throw Unsupported("hw_disk_bus", other),
            },
            NicModel = spec.Hardware.GetValueOrDefault("hw_vif_model") switch
            {
                null or "virtio" => "virtio-net-pci",
                var model and ("e1000" or "e1000e" or "rtl8139" or "ne2k_pci" or "pcnet" or "vmxnet3") => model,
                var other => throw Unsupported("hw_vif_model", other),
            },
            Video = spec.Hardware.GetValueOrDefault("hw_video_model") switch
            {
                null or "vga" => "std",
                var model and ("cirrus" or "virtio" or "none") => model,
                "vmvga" => "vmware",
                var other => throw Unsupported("hw_video_model", other),
            },
            ImagePath = image.Path,
            ImageFormat = image.Format,
            Cdrom = cdrom,
            ConfigDrive = configDrive,
            Nics = [.. spec.Nics.Select((nic, index) => new LaunchNic(nic.PortId, nic.Mac, nic.Mtu, q35 ? FirstNicSlot + index : -1))],
        };
    }

    private static bool IsQ35(string machine) => machine == "q35" || machine.StartsWith("pc-q35-", StringComparison.Ordinal);

    private static GuestException Unsupported(string property, string value) => new($"This host does not support the image property {property}={value}");
}
