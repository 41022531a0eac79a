namespace Nephos.Glance.Stores;

/// <summary>
/// Where the bytes of images lie, by key (the image's id). A key has all of its bytes or does not exist, also after a crash or a power cut: what is being written has no key yet. Every store passes
/// the <c>ImageStoreKit</c> of the tests; docs/adding-an-image-store.md says how to add one.
/// </summary>
public interface IImageStore
{
    /// <summary>Upstream's word for the kind: <c>file</c>, <c>swift</c>, <c>rbd</c>.</summary>
    string Type { get; }

    /// <summary>What <c>GET /v2/info/stores/detail</c> tells administrators.</summary>
    IReadOnlyDictionary<string, object?> Properties { get; }

    /// <summary>The address that locations show.</summary>
    string Url(string key);

    /// <summary>Starts writing. Bytes get their key by <see cref="IImageWriter.CommitAsync"/>; without it, disposing the writer leaves nothing.</summary>
    IImageWriter Begin();

    /// <summary>The bytes, seekable; null when there are none. Stays readable when the key is deleted meanwhile.</summary>
    ValueTask<Stream?> OpenAsync(string key, CancellationToken cancel);

    /// <summary>False when there was nothing, so that it may be called twice.</summary>
    ValueTask<bool> DeleteAsync(string key);

    /// <summary>All keys, for leak checks.</summary>
    ValueTask<IReadOnlyList<string>> KeysAsync(CancellationToken cancel);

    /// <summary>Removes what writers left that died before their commit; harmless to living ones of this process. Returns how many.</summary>
    ValueTask<int> RemoveLeftoversAsync();
}

/// <summary>A store that can take a file over without copying it.</summary>
public interface ITakesFiles
{
    /// <summary>Gives a file its key in one step that survives a power cut; false when that takes a copy (another file system). The file must be flushed.</summary>
    bool Take(string path, string key);
}

/// <summary>One write.</summary>
public interface IImageWriter : IAsyncDisposable
{
    /// <exception cref="ImageStoreFullException">No room.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>What was written so far, seekable, to look into; close it before the commit.</summary>
    Stream Read();

    /// <summary>Durable under the key when it returns; replaces what was there.</summary>
    Task CommitAsync(string key);
}

/// <summary>The medium is full.</summary>
public sealed class ImageStoreFullException(string message, Exception inner) : IOException(message, inner);
