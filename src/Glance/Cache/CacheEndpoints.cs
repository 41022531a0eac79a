using Nephos.Glance.Images;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Cache;

/// <summary>The cache of images (image api-ref v2, "Cache Manage"). Off, as by default, every call says so.</summary>
internal static class CacheEndpoints
{
    private sealed record CachedView(string ImageId, double LastAccessed, double LastModified, long Size, int Hits);

    public static void Map(ResourceGroup cache)
    {
        cache.Get("", List).Policy("cache_list", ImagePolicy.Admin).NotPaged("upstream gives all");
        cache.Put("/{image_id}", Queue).Policy("cache_image", ImagePolicy.Admin).Answers(202);
        cache.Delete("/{image_id}", Delete).Policy("cache_delete", ImagePolicy.Admin).Answers(204);
        cache.Delete("", Clear).Policy("cache_delete", ImagePolicy.Admin).Answers(204);
        cache.Post("/clean", Clean).Policy("cache_clean", ImagePolicy.Admin);
        cache.Post("/prune", Prune).Policy("cache_prune", ImagePolicy.Admin);
        cache.Get("/nodes/{node_reference}", Nodes).Policy("list_cached_nodes", ImagePolicy.Admin).NotPaged("upstream gives all");
    }

    private static async Task<Reply> List(Call call)
    {
        var rows = await Cache(call).ListAsync(call.Cancel).ConfigureAwait(false);
        return Reply.Members(
        [
            ("cached_images", rows.Where(c => c.CachedAt is not null).Select(c => new CachedView(c.ImageId, Seconds(c.AccessedAt), Seconds(c.CachedAt), c.Size, c.Hits)).ToList()),
            ("queued_images", rows.Where(c => c.CachedAt is null).Select(c => c.ImageId).ToList()),
        ]);
    }

    private static async Task<Reply> Queue(Call call)
    {
        var id = call.Route("image_id");
        var cache = Cache(call);
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw new NotFoundError($"Image {id} not found.");
        if (seen.Image.Row.Status != ImageStatus.Active) { throw new BadRequestError("Only images with status active can be targeted for queueing"); }
        await cache.QueueAsync(id, call.Context.Now, call.Cancel).ConfigureAwait(false);
        call.Get<Reconciler<CacheReconciler>>().Poke();
        return Reply.Empty();
    }

    private static async Task<Reply> Delete(Call call)
    {
        var id = call.Route("image_id");
        var cache = Cache(call);
        var removed = await cache.RemoveAsync(id, cached: true, queued: true, call.Cancel).ConfigureAwait(false);
        if (removed == 0 && await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) is null) { throw new NotFoundError($"Image {id} not found."); }
        return Reply.Empty();
    }

    private static async Task<Reply> Clear(Call call)
    {
        var cache = Cache(call);
        var target = call.Http.Request.Headers["x-image-cache-clear-target"].FirstOrDefault()?.ToLowerInvariant() ?? "";
        if (target is not ("" or "cache" or "queue")) { throw new BadRequestError("If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string."); }
        await cache.RemoveAsync(null, cached: target is "" or "cache", queued: target is "" or "queue", call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Clean(Call call)
    {
        await Cache(call).CleanAsync(call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Prune(Call call)
    {
        var (files, bytes) = await Cache(call).PruneAsync(call.Cancel).ConfigureAwait(false);
        return Reply.Members([("total_files_pruned", files), ("total_bytes_pruned", bytes)]);
    }

    /// <summary>For caches that share one database, which ours does not; upstream's default answers the same.</summary>
    private static Task<Reply> Nodes(Call call)
    {
        _ = Cache(call);
        throw new ConflictError("Centralized caching is not enabled");
    }

    private static ImageCache Cache(Call call) => call.Get<ImageCache>() is { IsOn: true } cache ? cache : throw new NotFoundError("Caching via API is not supported at this site.");

    private static double Seconds(DateTime? time) => time is { } t ? (t - DateTime.UnixEpoch).TotalSeconds : 0;
}
