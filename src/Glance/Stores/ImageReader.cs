using System.Text.Json;
using Nephos.Glance.Images;
using Nephos.Glance.Web;

namespace Nephos.Glance.Stores;

/// <summary>The bytes of an image from some byte on, wherever they are.</summary>
/// <param name="Bytes">Positioned at the asked byte. Seekable when they are in a store.</param>
public sealed record OpenedImage(Stream Bytes, long Length, IAsyncDisposable? Also = null) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Bytes.DisposeAsync().ConfigureAwait(false);
        if (Also is not null) { await Also.DisposeAsync().ConfigureAwait(false); }
    }
}

/// <summary>Reads images: from the store with the highest weight that has them, else from the cache, else from the web server they are on.</summary>
public sealed class ImageReader(ImageStores stores, WebSource web, Cache.ImageCache cache)
{
    /// <summary>Null when no place has them.</summary>
    /// <exception cref="WebSourceException">They are on a web server that does not give them.</exception>
    public async Task<OpenedImage?> OpenAsync(FullImage image, long from, CancellationToken cancel)
    {
        foreach (var store in image.Locations.Select(l => stores.Find(l.Store)).OfType<NamedStore>().OrderByDescending(s => s.Weight))
        {
            if (await store.Data.OpenAsync(image.Row.Id, cancel).ConfigureAwait(false) is { } stream)
            {
                stream.Position = from;
                return new OpenedImage(stream, stream.Length);
            }
        }
        if (image.Locations.FirstOrDefault(l => l.Store == ImageStores.Http) is not { } location) { return null; }
        if (await cache.OpenAsync(image.Row.Id, cancel).ConfigureAwait(false) is { } cached)
        {
            cached.Position = from;
            return new OpenedImage(cached, cached.Length);
        }
        var content = await web.OpenAsync(new Uri(location.Url), cancel, from).ConfigureAwait(false);
        return new OpenedImage(content.Body, image.Row.Size ?? (content.Length is { } length ? length + from : 0), content);
    }

    /// <summary>A place as clients see it.</summary>
    public static Dictionary<string, object?> View(ImageLocation location)
    {
        var metadata = location.Metadata is { } json ? JsonSerializer.Deserialize<Dictionary<string, object?>>(json)! : [];
        metadata["store"] = location.Store;
        return new(StringComparer.Ordinal) { ["url"] = location.Url, ["metadata"] = metadata };
    }
}
