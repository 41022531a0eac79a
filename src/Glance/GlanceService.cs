using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Nephos.Contracts.Glance;
using Nephos.Glance.Cache;
using Nephos.Glance.Discovery;
using Nephos.Glance.ImageData;
using Nephos.Glance.Images;
using Nephos.Glance.Imports;
using Nephos.Glance.Locations;
using Nephos.Glance.Members;
using Nephos.Glance.Metadefs;
using Nephos.Glance.Quotas;
using Nephos.Glance.Schemas;
using Nephos.Glance.Stores;
using Nephos.Glance.Tasks;
using Nephos.Glance.Web;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Processes;
using Nephos.Kernel.Store;

namespace Nephos.Glance;

/// <summary>Glance: disk images and their bytes.</summary>
public sealed class GlanceService : INephosService
{
    public GlanceService()
    {
        Api = new ServiceApi("glance", "image", "/image", new GlanceErrors()) { Description = "Image Service", StrictSlashes = true, Scopes = ImagePolicy.ScopesOf, Deprecations = () => Kernel.Policy.FormerRules.Of(typeof(GlanceService).Assembly) };
        VersionEndpoints.Map(Api.Group(""));
        var v2 = Api.Group("/v2");
        ImageEndpoints.Map(v2.Group("/images"));
        ImageDataEndpoints.Map(v2.Group("/images/{image_id}"));
        ImportEndpoints.Map(v2.Group("/images/{image_id}"));
        LocationEndpoints.Map(v2.Group("/images/{image_id}"));
        TaskEndpoints.MapOfImage(v2.Group("/images/{image_id}"));
        TaskEndpoints.Map(v2.Group("/tasks"));
        StoreEndpoints.Map(v2.Group("/stores"));
        CacheEndpoints.Map(v2.Group("/cache"));
        MemberEndpoints.Map(v2.Group("/images/{image_id}/members"));
        NamespaceEndpoints.Map(v2.Group("/metadefs/namespaces"));
        ObjectEndpoints.Map(v2.Group("/metadefs/namespaces/{namespace_name}/objects"));
        PropertyEndpoints.Map(v2.Group("/metadefs/namespaces/{namespace_name}/properties"));
        TagEndpoints.Map(v2.Group("/metadefs/namespaces/{namespace_name}/tags"));
        ResourceTypeEndpoints.Map(v2.Group("/metadefs"));
        SchemaEndpoints.Map(v2.Group("/schemas"));
        DiscoveryEndpoints.Map(v2.Group("/info"));
        ImagePolicy.Declare(Api);
        MetadefScope.Declare(Api);
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<GlanceDb>("glance");
        services.TryAddSingleton<GlanceSettings>();
        services.TryAddSingleton<IProcessRunner, ProcessRunner>();
        services.AddSingleton<ImageStores>();
        services.AddSingleton<ImageReader>();
        services.AddSingleton<ImageCache>();
        services.AddReconciler<CacheReconciler>();
        services.AddSingleton<WebSource>();
        services.AddSingleton<ImageQuotas>();
        services.AddSingleton<ImportTokens>();
        services.AddSingleton<ImportFetch>();
        services.AddSingleton<ImportPlugins>();
        services.AddSingleton<ImportOperations>();
        services.AddSaga<GlanceDb, ImportSaga>();
        services.AddSaga<GlanceDb, LocationSaga>();
        services.AddSingleton<ImageOperations>();
        services.AddSingleton<MetadefOperations>();
        services.AddSingleton<MetadefFiles>();
        services.AddSingleton<ImageUploads>();
        services.AddReconciler<UploadReconciler>();
        services.AddSingleton<FirstImage>();
        services.AddSingleton<IHostedService>(p => p.GetRequiredService<FirstImage>());
        services.AddSingleton<IImages, ImagesForServices>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        await services.GetRequiredService<Store<GlanceDb>>().PrepareAsync(cancel).ConfigureAwait(false);
        await services.GetRequiredService<ImageQuotas>().RegisterAsync(cancel).ConfigureAwait(false);
        await services.GetRequiredService<FirstImage>().PrepareAsync(cancel).ConfigureAwait(false);
    }
}
