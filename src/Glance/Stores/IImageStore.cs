namespace Nephos.Glance.Stores;

/// <summary>
/// Where the bytes of images lie, by key (the image's id, or that with <see cref="Staged"/>). A key has all of its bytes or does not exist, also
/// after a crash or a power cut: what is being written has no key yet.
/// </summary>
public interface IImageStore
{
    /// <summary>Suffix of the key of staged data.</summary>
    const string Staged = ".staged";

    /// <summary>Name of the store for clients (<c>GET /v2/info/stores</c>).</summary>
    string Id { get; }

    /// <summary>Starts writing. Bytes get their key by <see cref="IImageWriter.CommitAsync"/>; without it, disposing the writer leaves nothing.</summary>
    IImageWriter Begin();

    /// <summary>The bytes, seekable; null when there are none. Stays readable when the key is deleted meanwhile.</summary>
    Stream? Open(string key);

    /// <summary>Gives the bytes another key, in one step that survives a power cut; false when there are none.</summary>
    bool Move(string from, string to);

    /// <summary>False when there was nothing.</summary>
    bool Delete(string key);

    /// <summary>All keys, for leak checks.</summary>
    IReadOnlyList<string> Keys();

    /// <summary>Removes what writers left that died before their commit; harmless to living ones of this process. Returns how many.</summary>
    int RemoveLeftovers();
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
