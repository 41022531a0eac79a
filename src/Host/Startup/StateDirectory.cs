using System.Security.Cryptography;

namespace Nephos.Host.Startup;

/// <summary>The folder that holds everything of a cloud on this machine. One process at a time has it: the lock goes with the process, however it ends.</summary>
internal sealed class StateDirectory : IDisposable
{
    private readonly FileStream _lock;

    private StateDirectory(string path, FileStream held, string adminPassword)
    {
        Path = path;
        _lock = held;
        AdminPassword = adminPassword;
    }

    public string Path { get; }
    public string AdminPassword { get; }

    /// <summary>Opens or makes the folder; null with a message when another process has it.</summary>
    public static StateDirectory? Open(string path, TextWriter errors)
    {
        Directory.CreateDirectory(path);
        if (!OperatingSystem.IsWindows()) { File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            errors.WriteLine($"nephos: another process runs the cloud in {path} (`nephos status` shows it, `nephos down` stops it)");
            return null;
        }
        return new StateDirectory(path, held, Secret(System.IO.Path.Combine(path, "admin-password")));
    }

    /// <summary>Reads a secret, or makes one of 128 random bits; mode 0600.</summary>
    private static string Secret(string file)
    {
        if (File.Exists(file)) { return File.ReadAllText(file).Trim(); }
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        ClientFiles.WritePrivate(file, secret + "\n");
        return secret;
    }

    public void Dispose() => _lock.Dispose();
}
