using System.Collections.Concurrent;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Nephos.Kernel.Api;
using Nephos.Kernel.Ids;

namespace Nephos.Glance.Stores;

/// <summary>
/// A file per image in one folder. A write goes to a hidden file of a name of its own; the commit flushes it, renames it, and flushes the folder, so
/// that a power cut leaves either the whole file under its name or nothing under it. What it does besides writing takes no time, so it can be asked without waiting too.
/// </summary>
public sealed partial class FileImageStore : IImageStore, ITakesFiles
{
    private const string Incoming = ".incoming-";
    /// <summary>What another process left is removed when it has not been written to for so long: it may be alive.</summary>
    private static readonly TimeSpan Foreign = TimeSpan.FromDays(1);
    private const int NoSpace = 28; // ENOSPC, errno.h
    private const int OverQuota = 122; // EDQUOT
    private const int OtherFileSystem = 18; // EXDEV
    private const uint WriteOnly = 2; // SYNC_FILE_RANGE_WRITE
    /// <summary>After so many bytes the disk is told to begin with them.</summary>
    private const long AheadBytes = 16 << 20;
    private readonly string _folder;
    private readonly ConcurrentDictionary<string, bool> _writing = new(StringComparer.Ordinal);

    private readonly string _mine;
    private readonly TimeProvider _clock;

    /// <param name="folder">Made when it is missing. Processes may share one.</param>
    /// <param name="owner">Which process this is, the same after its next start: <see cref="OwnerOf"/>.</param>
    public FileImageStore(string folder, string owner, TimeProvider clock)
    {
        (_folder, _mine, _clock) = (folder, Incoming + owner + "-", clock);
        Directory.CreateDirectory(folder);
    }

    /// <summary>A process by its machine and its state directory.</summary>
    public static string OwnerOf(CloudFacts facts) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(facts.Host + "\0" + facts.StateDirectory)))[..8];

    public string Type => "file";

    /// <summary>Upstream's names; it reads and writes in chunks of 64 KiB, and so do its clients count.</summary>
    public IReadOnlyDictionary<string, object?> Properties => new Dictionary<string, object?>(StringComparer.Ordinal) { ["data_dir"] = _folder, ["chunk_size"] = 65536, ["thin_provisioning"] = false };

    public string Url(string key) => "file://" + PathOf(key);

    public IImageWriter Begin() => new Writer(this, _mine + NewId.Hex());

    public Stream? Open(string key)
    {
        try
        {
            return new FileStream(PathOf(key), new FileStreamOptions { Mode = FileMode.Open, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.Asynchronous });
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public ValueTask<Stream?> OpenAsync(string key, CancellationToken cancel) => ValueTask.FromResult(Open(key));
    public ValueTask<bool> DeleteAsync(string key) => ValueTask.FromResult(Delete(key));
    public ValueTask<IReadOnlyList<string>> KeysAsync(CancellationToken cancel) => ValueTask.FromResult(Keys());
    public ValueTask<int> RemoveLeftoversAsync() => ValueTask.FromResult(RemoveLeftovers());

    public bool Take(string path, string key)
    {
        try
        {
            if (Rename(path, PathOf(key)) != 0)
            {
                var error = Marshal.GetLastPInvokeError();
                return error == OtherFileSystem ? false : throw new IOException($"{path}: {new Win32Exception(error).Message}");
            }
        }
        catch (DllNotFoundException)
        {
            // No POSIX system: the copy does it.
            return false;
        }
        FlushFolder();
        return true;
    }

    public bool Delete(string key)
    {
        var path = PathOf(key);
        if (!File.Exists(path)) { return false; }
        File.Delete(path);
        return true;
    }

    public IReadOnlyList<string> Keys() => [.. new DirectoryInfo(_folder).EnumerateFiles().Select(f => f.Name).Where(n => n[0] != '.')];

    public int RemoveLeftovers()
    {
        var removed = 0;
        foreach (var file in new DirectoryInfo(_folder).EnumerateFiles(Incoming + "*"))
        {
            var living = file.Name.StartsWith(_mine, StringComparison.Ordinal) ? _writing.ContainsKey(file.Name) : _clock.GetUtcNow() - file.LastWriteTimeUtc < Foreign;
            if (living) { continue; }
            file.Delete();
            removed++;
        }
        return removed;
    }

    /// <summary>Where the bytes of a key are, for programs that read or write them. Keys are ids that clients may choose (in a UUID's shape), never paths.</summary>
    public string PathOf(string key) => key.Length > 0 && key[0] != '.' && key.AsSpan().IndexOfAny('/', '\\', '\0') < 0
        ? Path.Combine(_folder, key)
        : throw new ArgumentException("not a key", nameof(key));

    private void FlushFolder()
    {
        if (OperatingSystem.IsWindows()) { return; }
        var handle = Open(_folder, 0);
        if (handle < 0) { throw new Win32Exception(Marshal.GetLastPInvokeError()); }
        var result = Fsync(handle);
        var error = Marshal.GetLastPInvokeError();
        _ = Close(handle);
        if (result < 0) { throw new Win32Exception(error); }
    }

    // The framework flushes files, not folders.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    // File.Move copies when the file systems differ, which must be told.
    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int handle);

    // Starts to write pages to the disk and does not wait for them.
    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SyncFileRange(SafeFileHandle file, long offset, long count, uint flags);

    private sealed class Writer : IImageWriter
    {
        private readonly FileImageStore _store;
        private readonly string _name;
        private readonly FileStream _stream;
        private long _written;
        private long _onItsWay;
        private bool _committed;

        public Writer(FileImageStore store, string name)
        {
            (_store, _name) = (store, name);
            store._writing[name] = true;
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.Asynchronous };
            if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; }
            _stream = new FileStream(PathHere, options);
        }

        private string PathHere => Path.Combine(_store._folder, _name);

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
        {
            try
            {
                await _stream.WriteAsync(bytes, cancel).ConfigureAwait(false);
                _written += bytes.Length;
                if (_written - _onItsWay >= AheadBytes) { SendAhead(); }
            }
            catch (IOException error) when (error.HResult is NoSpace or OverQuota)
            {
                throw new ImageStoreFullException("No space left on device", error);
            }
        }

        /// <summary>Lets the disk write while more is hashed, so that the flush at the end has little left to do. Only a hint: what counts is that flush.</summary>
        private void SendAhead()
        {
            if (OperatingSystem.IsLinux()) { _ = SyncFileRange(_stream.SafeFileHandle, _onItsWay, _written - _onItsWay, WriteOnly); }
            _onItsWay = _written;
        }

        public Stream Read() => new FileStream(PathHere, new FileStreamOptions { Mode = FileMode.Open, Share = FileShare.ReadWrite | FileShare.Delete });

        public async Task CommitAsync(string key)
        {
            await Task.Run(() => _stream.Flush(flushToDisk: true)).ConfigureAwait(false);
            await _stream.DisposeAsync().ConfigureAwait(false);
            File.Move(PathHere, _store.PathOf(key), overwrite: true);
            _committed = true;
            _store._writing.TryRemove(_name, out _);
            _store.FlushFolder();
        }

        public async ValueTask DisposeAsync()
        {
            await _stream.DisposeAsync().ConfigureAwait(false);
            if (!_committed) { File.Delete(PathHere); }
            _store._writing.TryRemove(_name, out _);
        }
    }
}
