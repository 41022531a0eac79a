using Nephos.Glance.Images;
using Nephos.Glance.Quotas;
using Nephos.Glance.Stores;
using Nephos.Kernel.Api;

namespace Nephos.Glance.Discovery;

/// <summary>What this Glance can do, and what the caller has of it (image api-ref v2, "Image Service Info").</summary>
internal static class DiscoveryEndpoints
{
    private sealed record ImportMethods(string Description, string Type, IReadOnlyList<string> Value);

    private sealed record UsageView(long Usage, long Limit);

    public static void Map(ResourceGroup info)
    {
        info.Get("/import", Import).NoPolicy("tells what the program can do");
        info.Get("/stores", Stores).NoPolicy("tells what the program can do").NotPaged("as many as are configured");
        info.Get("/stores/detail", StoreDetails).Policy("stores_info_detail", ImagePolicy.Admin + " or rule:service_api").NotPaged("as many as are configured");
        info.Get("/usage", Usage).NoPolicy("tells a project what is its own");
    }

    private static Task<Reply> Import(Call call) => Task.FromResult(Reply.Member("import-methods", new ImportMethods("Import methods available.", "array", call.Get<GlanceSettings>().EnabledImportMethods)));

    private static Task<Reply> Stores(Call call) => Task.FromResult(Reply.Member("stores", Views(call.Get<ImageStores>(), detailed: false)));

    private static Task<Reply> StoreDetails(Call call) => Task.FromResult(Reply.Member("stores", Views(call.Get<ImageStores>(), detailed: true)));

    private static async Task<Reply> Usage(Call call)
    {
        var usages = await call.Get<ImageQuotas>().ListAsync(call.Context.Who.ProjectId, call.Cancel).ConfigureAwait(false);
        return Reply.Member("usage", usages.ToDictionary(u => u.Name, u => new UsageView(u.Usage, u.Limit), StringComparer.Ordinal));
    }

    private static List<Dictionary<string, object?>> Views(ImageStores stores, bool detailed)
    {
        var views = new List<Dictionary<string, object?>>();
        foreach (var store in stores.All)
        {
            var view = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = store.Id };
            if (store.Description is not null) { view["description"] = store.Description; }
            if (store == stores.Default) { view["default"] = "true"; }
            if (detailed) { (view["type"], view["properties"], view["weight"]) = (store.Data.Type, store.Data.Properties, store.Weight); }
            views.Add(view);
        }
        if (stores.HasHttp)
        {
            var view = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = ImageStores.Http, ["read-only"] = "true" };
            if (detailed) { (view["type"], view["properties"], view["weight"]) = (ImageStores.Http, new Dictionary<string, object?>(), 0); }
            views.Add(view);
        }
        return views;
    }
}
