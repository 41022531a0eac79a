using Nephos.Glance.Images;
using Nephos.Glance.Stores;
using Nephos.Kernel.Api;

namespace Nephos.Glance.Discovery;

/// <summary>What this Glance can do (image api-ref v2, "Image Service Info").</summary>
internal static class DiscoveryEndpoints
{
    private sealed record ImportMethods(string Description, string Type, IReadOnlyList<string> Value);

    private sealed record StoreView(string Id, string Description, string Default);

    private sealed record StoreDetailView(string Id, string Description, string Default, string Type, int Weight, Dictionary<string, object?> Properties);

    public static void Map(ResourceGroup info)
    {
        info.Get("/import", Import).NoPolicy("tells what the program can do");
        info.Get("/stores", Stores).NoPolicy("tells what the program can do").NotPaged("one store");
        info.Get("/stores/detail", StoreDetails).Policy("stores_info_detail", ImagePolicy.Admin + " or rule:service_api").NotPaged("one store");
    }

    private static Task<Reply> Import(Call call) => Task.FromResult(Reply.Member("import-methods", new ImportMethods("Import methods available.", "array", ["glance-direct"])));

    private static Task<Reply> Stores(Call call) => Task.FromResult(Reply.Member("stores", new[] { new StoreView(call.Get<IImageStore>().Id, "Images of this cloud", "true") }));

    private static Task<Reply> StoreDetails(Call call)
    {
        var store = call.Get<IImageStore>();
        return Task.FromResult(Reply.Member("stores", new[] { new StoreDetailView(store.Id, "Images of this cloud", "true", store.Id, 0, []) }));
    }
}
