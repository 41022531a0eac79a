namespace Nephos.Node.Compute.Qemu;

/// <summary>The files of one guest. Sockets' paths must fit into 107 bytes (sockaddr_un), which limits the state directory's length.</summary>
internal readonly record struct GuestFiles(string Folder)
{
    /// <summary>The longest state directory: <c>/guests/</c>, an id of 36, <c>/</c> and the longest socket name must follow.</summary>
    public const int LongestState = 107 - 8 - 36 - 1 - 11;

    public string PidFile => At("qemu.pid");
    public string Qmp => At("qmp.sock");
    public string Vnc => At("vnc.sock");
    public string Serial => At("serial.sock");
    public string Migration => At("memory.sock");
    public string Console => At(ConsoleLog.FileName);
    public string Overlay => At("root.qcow2");
    public string ConfigDrive => At("config.iso");
    /// <summary>Which image the disk was made from; its presence says that the disks are complete.</summary>
    public string Root => At("root.json");
    /// <summary><see cref="QemuLaunch"/>.</summary>
    public string Launch => At("launch.json");
    /// <summary>Saved memory; its presence, without a process, says that the guest is suspended.</summary>
    public string Memory => At("memory");

    private string At(string name) => Path.Combine(Folder, name);

    /// <summary>Refuses a state directory in which sockets cannot be named.</summary>
    public static void ThrowIfTooLong(string stateDirectory)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(Path.GetFullPath(stateDirectory)) > LongestState)
        {
            throw new ArgumentException($"The state directory's path may have {LongestState} bytes at most, because the guests' sockets are in it", nameof(stateDirectory));
        }
    }
}
