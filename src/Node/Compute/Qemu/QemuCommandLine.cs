using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nephos.Contracts.Node;

namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// QEMU's arguments, from a launch and nothing else. Devices are given as JSON (since QEMU 6.2): no escaping of commas, and the same objects serve hot-plugging.
/// Order matters to guests: it decides which disk is vda.
/// </summary>
internal static class QemuCommandLine
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static IReadOnlyList<string> Build(QemuLaunch launch, GuestFiles files, bool incoming)
    {
        List<string> line =
        [
            "-name", $"guest={Escape(launch.InstanceName)},debug-threads=on",
            "-daemonize", "-pidfile", files.PidFile,
            // CPUs held: the cards are plugged before the first instruction runs.
            "-S",
            "-no-user-config", "-nodefaults",
            // As far as a daemon may: forbidding fork or setsid would end it before it is one.
            "-sandbox", "on,obsolete=deny,resourcecontrol=deny",
            "-machine", launch.Machine,
            .. Accelerator(launch.Accelerator),
            "-m", Number(launch.RamMib),
            "-smp", $"{launch.Vcpus},sockets={launch.Vcpus},cores=1,threads=1",
            "-uuid", launch.Id,
            // cloud-init knows an OpenStack guest by the product's name (its ds-identify).
            "-smbios", $"type=1,manufacturer=OpenStack Foundation,product=OpenStack Nova,version=1.0,serial={launch.Id},uuid={launch.Id},family=Virtual Machine",
            "-rtc", "base=utc,driftfix=slew",
            "-boot", "strict=on",
            "-vga", launch.Video,
            "-vnc", "unix:" + files.Vnc,
            "-chardev", $"socket,id=qmp,path={Escape(files.Qmp)},server=on,wait=off", "-mon", "chardev=qmp,mode=control",
            "-chardev", $"socket,id=serial0,path={Escape(files.Serial)},server=on,wait=off,logfile={Escape(files.Console)},logappend=on", "-serial", "chardev:serial0",
        ];
        if (launch.HasSlots)
        {
            for (var slot = 0; slot < QemuLaunch.Slots; slot++)
            {
                // Eight ports are the functions of one device of the root bus; from device 4 on, as the board has its own on 0 to 3 and 31.
                Device(line, new JsonObject
                {
                    ["driver"] = "pcie-root-port", ["id"] = Port(slot), ["bus"] = "pcie.0", ["chassis"] = slot + 1,
                    ["addr"] = $"0x{4 + (slot / 8):x}.{slot % 8}", ["multifunction"] = true, ["io-reserve"] = 0,
                });
            }
        }
        RootDisk(line, launch, files);
        if (launch.ConfigDrive)
        {
            Block(line, File("config", "raw", files.ConfigDrive, readOnly: true));
            // A disk and not a CD, as distributions' cloud kernels have no driver for the board's SATA controller.
            Device(line, At(launch, 1, new JsonObject { ["driver"] = "virtio-blk-pci", ["id"] = "disk-config", ["drive"] = "config" }));
        }
        foreach (var nic in launch.Nics)
        {
            line.AddRange(["-netdev", Text(Backend(nic.PortId))]);
            Device(line, Card(launch, nic));
        }
        Device(line, new JsonObject { ["driver"] = "virtio-rng-pci", ["id"] = "rng0" });
        Device(line, new JsonObject { ["driver"] = "virtio-balloon-pci", ["id"] = "balloon0", ["free-page-reporting"] = true });
        if (incoming)
        {
            line.AddRange(["-incoming", "defer"]);
        }
        return line;
    }

    /// <summary>The host's end of a card. QEMU makes the tap, so that it goes away with the process.</summary>
    public static JsonObject Backend(string portId) => new()
    {
        ["type"] = "tap", ["id"] = NetId(portId), ["ifname"] = TapNames.Of(portId), ["script"] = "no", ["downscript"] = "no",
    };

    /// <summary>The guest's end of a card.</summary>
    public static JsonObject Card(QemuLaunch launch, LaunchNic nic)
    {
        var card = new JsonObject
        {
            ["driver"] = launch.NicModel, ["id"] = CardId(nic.PortId), ["netdev"] = NetId(nic.PortId), ["mac"] = nic.Mac,
            // No boot from network: the firmware would wait for it.
            ["romfile"] = "",
        };
        if (launch.NicModel == "virtio-net-pci" && nic.Mtu > 0)
        {
            card["host_mtu"] = nic.Mtu;
        }
        return nic.Slot >= 0 ? At(launch, nic.Slot, card) : card;
    }

    public static string NetId(string portId) => "net-" + portId;

    public static string CardId(string portId) => "nic-" + portId;

    /// <summary>The port of a card's device id; null when the device is no card.</summary>
    public static string? PortOf(string deviceId) => deviceId.StartsWith("nic-", StringComparison.Ordinal) ? deviceId[4..] : null;

    /// <summary>The bus of a slot.</summary>
    public static string Port(int slot) => "rp" + Number(slot);

    private static string[] Accelerator(string accelerator) => accelerator == "kvm"
        ? ["-accel", "kvm", "-cpu", "host"]
        // The translation cache is bounded: by default it grows to a share of the host's memory, per guest, and is no faster.
        : ["-accel", "tcg,thread=multi,tb-size=32", "-cpu", "max"];

    private static void RootDisk(List<string> line, QemuLaunch launch, GuestFiles files)
    {
        if (launch.Cdrom)
        {
            Block(line, File("root", "raw", launch.ImagePath, readOnly: true));
            Device(line, new JsonObject { ["driver"] = "ide-cd", ["id"] = "disk-root", ["bus"] = "ide.0", ["drive"] = "root", ["bootindex"] = 1 });
            return;
        }
        var root = File("root", "qcow2", files.Overlay, readOnly: false);
        root["discard"] = "unmap";
        // The chain is spelled out: what a file says of its backing file is not believed.
        var image = File("image", launch.ImageFormat, launch.ImagePath, readOnly: true);
        if (launch.ImageFormat == "qcow2")
        {
            image["backing"] = null;
        }
        root["backing"] = image;
        Block(line, root);
        var disk = new JsonObject { ["id"] = "disk-root", ["drive"] = "root", ["bootindex"] = 1 };
        switch (launch.DiskBus)
        {
            case "virtio":
                disk["driver"] = "virtio-blk-pci";
                Device(line, At(launch, 0, disk));
                break;
            case "scsi":
                Device(line, At(launch, 0, new JsonObject { ["driver"] = "virtio-scsi-pci", ["id"] = "scsi0" }));
                (disk["driver"], disk["bus"]) = ("scsi-hd", "scsi0.0");
                Device(line, disk);
                break;
            case "usb":
                Device(line, At(launch, 0, new JsonObject { ["driver"] = "qemu-xhci", ["id"] = "usb0" }));
                (disk["driver"], disk["bus"]) = ("usb-storage", "usb0.0");
                Device(line, disk);
                break;
            default:
                (disk["driver"], disk["bus"]) = ("ide-hd", "ide.0");
                Device(line, disk);
                break;
        }
    }

    private static JsonObject File(string node, string format, string path, bool readOnly) => new()
    {
        ["node-name"] = node, ["driver"] = format, ["read-only"] = readOnly,
        ["file"] = new JsonObject { ["driver"] = "file", ["filename"] = path, ["read-only"] = readOnly },
    };

    private static JsonObject At(QemuLaunch launch, int slot, JsonObject device)
    {
        if (launch.HasSlots)
        {
            device["bus"] = slot < QemuLaunch.Slots ? Port(slot) : throw new GuestException($"A guest can have no more than {QemuLaunch.Slots - QemuLaunch.FirstNicSlot} network cards");
        }
        return device;
    }

    private static void Block(List<string> line, JsonObject node) => line.AddRange(["-blockdev", Text(node)]);

    private static void Device(List<string> line, JsonObject device) => line.AddRange(["-device", Text(device)]);

    private static string Text(JsonObject json) => json.ToJsonString(Json);

    /// <summary>In QEMU's key=value syntax a comma is doubled.</summary>
    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
