using System.Globalization;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// A repository of Fernet keys, as <c>keystone-manage fernet_setup</c> and <c>fernet_rotate</c> keep it: files named by numbers; the highest is the primary key, which encrypts; 0 is the
/// staged one, the primary of the next rotation; those between are former primaries, which still read. Mode 0600 in a folder of mode 0700.
/// Another process, or an upstream Keystone, may share the folder and rotate: it is looked at again at most once a second.
/// </summary>
public class KeyRepository(string directory, int maxActiveKeys, TimeProvider clock)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly Lock _lock = new();
    private volatile IReadOnlyList<FernetKey> _keys = [];
    private DateTime _written;
    private long _lookedAt;

    /// <summary>The primary first, then from young to old, the staged one last.</summary>
    internal IReadOnlyList<FernetKey> Current()
    {
        if (_keys.Count > 0 && clock.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAgain) { return _keys; }
        lock (_lock)
        {
            Volatile.Write(ref _lookedAt, clock.GetTimestamp());
            var written = Directory.GetLastWriteTimeUtc(directory);
            if (_keys.Count > 0 && written == _written) { return _keys; }
            var keys = Files().OrderByDescending(n => n).Select(n => new FernetKey(File.ReadAllText(FileOf(n)))).ToList();
            if (keys.Count == 0) { throw new InvalidOperationException($"{directory} holds no Fernet key"); }
            _written = written;
            return _keys = keys;
        }
    }

    /// <summary>Makes the repository unless it is there: a staged and a primary key. False when there was one.</summary>
    public bool Prepare()
    {
        if (Directory.Exists(directory) && Files().Count > 0) { return false; }
        if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(directory); }
        else { Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
        Write(0);
        Rotate();
        return true;
    }

    /// <summary>The staged key becomes the primary, a new one is staged, and the oldest beyond the limit go; what those encrypted ends with them. Answers the keys' numbers.</summary>
    public IReadOnlyList<int> Rotate()
    {
        lock (_lock)
        {
            var primary = Files().Max() + 1;
            File.Move(FileOf(0), FileOf(primary));
            Write(0);
            foreach (var old in Files().Where(n => n > 0 && n <= primary - Math.Max(maxActiveKeys - 1, 1))) { File.Delete(FileOf(old)); }
            _keys = [];
            return [.. Files().Order()];
        }
    }

    private List<int> Files() => [.. Directory.EnumerateFiles(directory).Select(Path.GetFileName)
        .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture))];

    private string FileOf(int number) => Path.Combine(directory, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Written aside and renamed, so that no reader ever sees half a key.</summary>
    private void Write(int number)
    {
        var aside = FileOf(number) + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
        using (var file = new FileStream(aside, options))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(FernetKey.Generate()));
            file.Flush(flushToDisk: true);
        }
        File.Move(aside, FileOf(number));
    }
}
