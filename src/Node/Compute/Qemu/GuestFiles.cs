using System.Security.Cryptography;
using System.Text;

namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// The files of one guest. A socket's path has 107 bytes at most (sockaddr_un); below a state directory that is too deep for that, sockets are named through a
/// link in /run, which <see cref="MakeShortcut"/> makes.
/// </summary>
internal readonly record struct GuestFiles(string Folder)
{
    private const int LongestSocket = 107;

    public string PidFile => At("qemu.pid");
    public string Qmp => Socket("qmp.sock");
    public string Vnc => Socket("vnc.sock");
    public string Serial => Socket("serial.sock");
    public string Migration => Socket("memory.sock");
    public string Console => At(ConsoleLog.FileName);
    public string Overlay => At("root.qcow2");
    public string ConfigDrive => At("config.iso");
    /// <summary>Which image the disk was made from; its presence says that the disks are complete.</summary>
    public string Root => At("root.json");
    /// <summary><see cref="QemuLaunch"/>.</summary>
    public string Launch => At("launch.json");
    /// <summary>Saved memory; its presence, without a process, says that the guest is suspended.</summary>
    public string Memory => At("memory");

    /// <summary>Makes the link that sockets are named through, if they need it. /run is empty after a boot, and only root may write there, who also runs QEMU.</summary>
    public void MakeShortcut()
    {
        if (!IsTooLong(At("serial.sock")))
        {
            return;
        }
        var link = new FileInfo(ShortcutOf(Folder));
        if (link.LinkTarget != Folder)
        {
            link.Delete();
            File.CreateSymbolicLink(link.FullName, Folder);
        }
    }

    /// <summary>Takes the link away again.</summary>
    public void RemoveShortcut()
    {
        if (IsTooLong(At("serial.sock")))
        {
            File.Delete(ShortcutOf(Folder));
        }
    }

    private static string ShortcutOf(string folder) => "/run/nephos-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder)).AsSpan(0, 12));

    private static bool IsTooLong(string path) => Encoding.UTF8.GetByteCount(path) > LongestSocket;

    /// <summary>All or none of a guest's sockets go through the link, so the longest name decides.</summary>
    private string Socket(string name) => IsTooLong(At("serial.sock")) ? Path.Combine(ShortcutOf(Folder), name) : At(name);

    private string At(string name) => Path.Combine(Folder, name);
}
