using Nephos.Contracts.Node;
using Nephos.Kernel.Api;
using Nephos.Kernel.Audit;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Processes;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Signals;
using Nephos.Kernel.Store;
using Nephos.Node;

namespace Nephos.Host;

/// <summary>Everything a cloud in this process is made of.</summary>
public sealed record CloudOptions
{
    public required CloudFacts Facts { get; init; }
    public required StoreOptions Store { get; init; }
    /// <summary>Null: this process is no node.</summary>
    public NodeOptions? Node { get; init; }
    /// <summary>A service's file of policy overrides, which need not exist.</summary>
    public Func<string, string?> PolicyFile { get; init; } = _ => null;
    public PolicyOptions Policy { get; init; } = PolicyOptions.Default;
    public RetentionOptions Retention { get; init; } = new();
    public AuditSettings Audit { get; init; } = new();
}

/// <summary>Composes the program: the list of services, the request pipeline, the node.</summary>
public static class CloudHost
{
    /// <summary>Builds the host; <paramref name="server"/> chooses Kestrel or a test server and may replace services.</summary>
    public static WebApplication Build(CloudOptions options, Action<WebApplicationBuilder> server, IReadOnlyList<INephosService>? list = null)
    {
        var services = list ?? ServiceList.All();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "nephos" });
        builder.Services.AddLogging();
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(options.Facts);
        builder.Services.AddSingleton(options.Store);
        builder.Services.AddSingleton(options.Retention);
        builder.Services.AddSingleton(options.Audit);
        builder.Services.AddSingleton<AuditLog>();
        builder.Services.AddSingleton<IHostedService>(p => p.GetRequiredService<AuditLog>());
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<SignalHub>();
        builder.Services.AddSingleton<IProcessRunner, ProcessRunner>();
        builder.Services.AddSingleton(p => new PolicySet(options.PolicyFile, p.GetRequiredService<TimeProvider>(), options.Policy));
        builder.Services.AddSingleton<IReadOnlyList<INephosService>>(services);
        builder.Services.AddSingleton<IReadOnlyList<ServiceApi>>([.. services.Select(s => s.Api)]);
        builder.Services.AddSingleton<ServicePipeline>();
        foreach (var service in services) { service.AddServices(builder.Services); }
        // A node speaks for this machine to Nova and Neutron: without them there is nobody to speak to.
        if (options.Node is { } node && builder.Services.Any(s => s.ServiceType == typeof(IGuestFeed)) && builder.Services.Any(s => s.ServiceType == typeof(INetworkFeed))) { builder.Services.AddNode(node); }
        server(builder);
        var app = builder.Build();
        RequestPipeline.Compose(app);
        return app;
    }

    /// <summary>Brings the databases to today's schema and makes what a first start needs.</summary>
    public static async Task PrepareAsync(WebApplication app, CancellationToken cancel = default)
    {
        Directory.CreateDirectory(app.Services.GetRequiredService<StoreOptions>().Directory);
        app.Services.GetRequiredService<ServicePipeline>().RegisterPolicies();
        foreach (var service in app.Services.GetRequiredService<IReadOnlyList<INephosService>>())
        {
            await service.PrepareAsync(app.Services, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Builds EF's models, beside the rest of the start, which needs none of them. The last service's first: nodes report to Nova.</summary>
    public static Task BuildModelsAsync(WebApplication app) => Task.Run(() =>
    {
        foreach (var store in app.Services.GetServices<IStoreCheck>().Reverse()) { store.BuildModel(); }
    });

    /// <summary>Runs what the first requests need, in the background, after the start.</summary>
    public static void Warm(WebApplication app)
    {
        var thread = new Thread(() =>
        {
            foreach (var service in app.Services.GetRequiredService<IReadOnlyList<INephosService>>()) { service.Warm(app.Services); }
        })
        { IsBackground = true, Name = "warm" };
        thread.Start();
    }
}
