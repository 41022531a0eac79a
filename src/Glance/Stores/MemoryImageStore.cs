using System.Collections.Concurrent;

namespace Nephos.Glance.Stores;

/// <summary>Images in memory, for tests and clouds that shall leave no trace. Forgets all when the process ends.</summary>
public sealed class MemoryImageStore : IImageStore
{
    private readonly ConcurrentDictionary<string, byte[]> _data = new(StringComparer.Ordinal);

    public string Type => "memory";
    public IReadOnlyDictionary<string, object?> Properties => new Dictionary<string, object?>(StringComparer.Ordinal);
    public string Url(string key) => "memory://" + key;

    /// <summary>Writes fail as on a full medium beyond this many bytes; null: never.</summary>
    public long? Room { get; set; }

    public IImageWriter Begin() => new Writer(this);
    public ValueTask<Stream?> OpenAsync(string key, CancellationToken cancel) => ValueTask.FromResult<Stream?>(_data.TryGetValue(key, out var bytes) ? new MemoryStream(bytes, writable: false) : null);
    public ValueTask<bool> DeleteAsync(string key) => ValueTask.FromResult(_data.TryRemove(key, out _));
    public ValueTask<IReadOnlyList<string>> KeysAsync(CancellationToken cancel) => ValueTask.FromResult<IReadOnlyList<string>>([.. _data.Keys]);
    public ValueTask<int> RemoveLeftoversAsync() => ValueTask.FromResult(0);

    private sealed class Writer(MemoryImageStore store) : IImageWriter
    {
        private readonly MemoryStream _stream = new();

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
        {
            if (store.Room is { } room && _stream.Length + bytes.Length > room) { throw new ImageStoreFullException("No space left in memory store", new IOException()); }
            return _stream.WriteAsync(bytes, cancel);
        }

        public Stream Read() => new MemoryStream(_stream.GetBuffer(), 0, (int)_stream.Length, writable: false);

        public Task CommitAsync(string key)
        {
            store._data[key] = _stream.ToArray();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => _stream.DisposeAsync();
    }
}
