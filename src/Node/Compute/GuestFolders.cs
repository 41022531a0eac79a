namespace Nephos.Node.Compute;

/// <summary>Where a node keeps its guests. All folders are mode 0700: disks and consoles are their owners' business.</summary>
public sealed class GuestFolders
{
    public GuestFolders(NodeOptions options)
    {
        State = Path.GetFullPath(options.StateDirectory);
        Guests = Path.Combine(State, "guests");
        Images = Path.Combine(State, "images");
    }

    /// <summary>The node's folder.</summary>
    public string State { get; }

    /// <summary>One folder per guest, named by the server's id.</summary>
    public string Guests { get; }

    /// <summary>Cached images, <c>ID.base</c>.</summary>
    public string Images { get; }

    /// <summary>A guest's folder. An id that could lead elsewhere is refused: ids come from another machine.</summary>
    public string Of(string id) =>
        Guid.TryParseExact(id, "D", out _) ? Path.Combine(Guests, id) : throw new ArgumentException($"'{id}' is not a server id", nameof(id));

    /// <summary>Makes a guest's folder.</summary>
    public string Make(string id)
    {
        var folder = Of(id);
        MakePrivate(folder);
        return folder;
    }

    /// <summary>The ids of all guests that have a folder.</summary>
    public IReadOnlyList<string> List() =>
        Directory.Exists(Guests)
            ? [.. Directory.EnumerateDirectories(Guests).Select(path => Path.GetFileName(path)).Where(name => Guid.TryParseExact(name, "D", out _))]
            : [];

    /// <summary>Makes a folder, and those above it, which only its owner may enter.</summary>
    public static void MakePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a small file so that a reader, also one after a crash, sees the old or the new content and nothing between.</summary>
    public static void WriteWhole(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".tmp";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
