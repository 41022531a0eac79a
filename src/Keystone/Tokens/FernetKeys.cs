using System.Globalization;
using Nephos.Kernel.Api;

namespace Nephos.Keystone.Tokens;

/// <summary>
/// The key repository, as <c>keystone-manage fernet_setup</c> and <c>fernet_rotate</c> keep it: files named by numbers; the highest is the primary key, which makes tokens; 0 is the
/// staged one, the primary of the next rotation; those between are former primaries, which still read. Mode 0600 in a folder of mode 0700.
/// Another process, or an upstream Keystone, may share the folder and rotate: it is looked at again at most once a second.
/// </summary>
internal sealed class FernetKeys(CloudFacts facts, KeystoneSettings settings, TimeProvider clock)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private readonly string _directory = Path.Combine(facts.StateDirectory, "fernet-keys");
    private readonly Lock _lock = new();
    private volatile IReadOnlyList<FernetKey> _keys = [];
    private DateTime _written;
    private long _lookedAt;

    /// <summary>The primary first, then from young to old, the staged one last.</summary>
    public IReadOnlyList<FernetKey> Current()
    {
        if (_keys.Count > 0 && clock.GetElapsedTime(Volatile.Read(ref _lookedAt)) < LookAgain) { return _keys; }
        lock (_lock)
        {
            Volatile.Write(ref _lookedAt, clock.GetTimestamp());
            var written = Directory.GetLastWriteTimeUtc(_directory);
            if (_keys.Count > 0 && written == _written) { return _keys; }
            var keys = Files().OrderByDescending(n => n).Select(n => new FernetKey(File.ReadAllText(FileOf(n)))).ToList();
            if (keys.Count == 0) { throw new InvalidOperationException($"{_directory} holds no Fernet key"); }
            _written = written;
            return _keys = keys;
        }
    }

    /// <summary>Makes the repository unless it is there: a staged and a primary key.</summary>
    public void Prepare()
    {
        if (Directory.Exists(_directory) && Files().Any()) { return; }
        if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(_directory); }
        else { Directory.CreateDirectory(_directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); }
        Write(0);
        Rotate();
    }

    /// <summary>The staged key becomes the primary, a new one is staged, and the oldest beyond the limit go; the tokens of those end with them.</summary>
    public void Rotate()
    {
        lock (_lock)
        {
            var primary = Files().Max() + 1;
            File.Move(FileOf(0), FileOf(primary));
            Write(0);
            foreach (var old in Files().Where(n => n > 0 && n <= primary - Math.Max(settings.FernetMaxActiveKeys - 1, 1))) { File.Delete(FileOf(old)); }
            _keys = [];
        }
    }

    private IEnumerable<int> Files() => Directory.EnumerateFiles(_directory).Select(Path.GetFileName)
        .Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture)).ToList();

    private string FileOf(int number) => Path.Combine(_directory, number.ToString(CultureInfo.InvariantCulture));

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
