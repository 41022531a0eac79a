using Nephos.Glance.Images;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Stores;

/// <summary>Stores as places that an image can leave (image api-ref v2, "Stores").</summary>
internal static class StoreEndpoints
{
    public static void Map(ResourceGroup stores) => stores.Delete("/{store_id}/{image_id}", Delete).PolicyOnRow("delete_image_location", ImagePolicy.Admin).Answers(204);

    private static async Task<Reply> Delete(Call call)
    {
        var (store, id) = (call.Route("store_id"), call.Route("image_id"));
        var stores = call.Get<ImageStores>();
        if (stores.Find(store) is null && !(store == ImageStores.Http && stores.HasHttp)) { throw new ConflictError($"The selected store {store} is not available on this node."); }
        var seen = await call.Get<ImageOperations>().FindAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ?? throw new NotFoundError($"Failed to find image {id}");
        ImagePolicy.Enforce(call, "get_image_location", seen);
        ImagePolicy.Enforce(call, "delete_image_location", seen);
        await call.Get<ImageOperations>().DeleteFromStoreAsync(call.Context, id, store, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }
}
