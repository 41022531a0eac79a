using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Stores;

/// <summary>A store and what the operator says of it.</summary>
public sealed record NamedStore(string Id, IImageStore Data, string? Description, int Weight);

/// <summary>
/// The stores of this cloud, and the place where staged bytes wait. Staged bytes are files in a folder of their own, because programs (qemu-img) read and write them. The address that a location shows
/// (<c>file:///var/lib/nephos/images/ID</c>) is the store's to make; what finds the bytes is the store's name and the image's id.
/// </summary>
public sealed class ImageStores
{
    /// <summary>Name of the store whose bytes are on web servers.</summary>
    public const string Http = "http";

    private readonly Dictionary<string, NamedStore> _byName;

    public ImageStores(GlanceSettings settings, CloudFacts facts, TimeProvider clock)
    {
        var state = facts.StateDirectory;
        FileImageStore Files(string folder) => new(folder, FileImageStore.OwnerOf(facts), clock);
        Staging = Files(settings.StagingDirectory.Length > 0 ? settings.StagingDirectory : Path.Combine(state, "image-staging"));
        All =
        [
            .. settings.Stores.Select((store, at) => new NamedStore(store.Key, store.Value switch
            {
                "memory" => new MemoryImageStore(),
                // The first store's folder is where images have always been.
                "file" => Files(Path.Combine(state, at == 0 ? "images" : "images-" + store.Key)),
                var folder => Files(folder["file:".Length..]),
            }, settings.StoreDescriptions.GetValueOrDefault(store.Key), settings.StoreWeights.GetValueOrDefault(store.Key))),
        ];
        _byName = All.ToDictionary(s => s.Id, StringComparer.Ordinal);
        Default = _byName[settings.DefaultStore.Length > 0 ? settings.DefaultStore : All[0].Id];
        HasHttp = settings.HttpStore;
    }

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<NamedStore> All { get; }

    public NamedStore Default { get; }

    public FileImageStore Staging { get; }

    /// <summary>True: images may be on web servers.</summary>
    public bool HasHttp { get; }

    public NamedStore? Find(string id) => _byName.GetValueOrDefault(id);

    /// <summary>Removes an image's bytes from a store; those on web servers stay there.</summary>
    public async Task DeleteAsync(string store, string imageId)
    {
        if (Find(store) is { } named) { await named.Data.DeleteAsync(imageId).ConfigureAwait(false); }
    }

    /// <summary>Removes an image's bytes from every store and from staging; for an image that is no more.</summary>
    public async Task DeleteEverywhereAsync(string imageId)
    {
        foreach (var store in All) { await store.Data.DeleteAsync(imageId).ConfigureAwait(false); }
        DeleteStaged(imageId);
    }

    public void DeleteStaged(string imageId)
    {
        foreach (var suffix in Suffixes) { Staging.Delete(imageId + suffix); }
    }

    /// <summary>As the bytes came, decompressed, converted: each is made of the one before, so that a step that runs twice finds what it made.</summary>
    public static readonly IReadOnlyList<string> Suffixes = ["", ".decompressed", ".converted"];

    /// <summary>The image whose staged bytes a key is.</summary>
    public static string ImageOf(string key) => key.IndexOf('.', StringComparison.Ordinal) is >= 0 and var dot ? key[..dot] : key;

    /// <summary>The stores of <c>X-Image-Meta-Store</c> for an upload: one, or the default.</summary>
    public NamedStore OfHeader(Call call) => call.Http.Request.Headers["x-image-meta-store"].FirstOrDefault() is { } name ? Find(name) ?? throw new BadRequestError(Unknown(name)) : Default;

    public static string Unknown(string name) => $"Unknown scheme '{name}' found in URI";
}
