using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Nephos.Kernel.Reconcilers;
using Nephos.Kernel.Sagas;
using Nephos.Kernel.Store;

namespace Nephos.Kernel;

/// <summary>The words in which a service lists its parts.</summary>
public static class KernelRegistration
{
    /// <summary>The service's database, its saga engine, the purge of its past, and their place in <c>nephos status</c>.</summary>
    public static IServiceCollection AddStore<TDb>(this IServiceCollection services, string service) where TDb : ServiceDb
    {
        services.AddSingleton(p => new Store<TDb>(p.GetRequiredService<StoreOptions>(), service));
        services.AddSingleton<IStoreCheck>(p => p.GetRequiredService<Store<TDb>>());
        services.AddSingleton<SagaEngine<TDb>>();
        services.AddSingleton<ISagaOverview>(p => p.GetRequiredService<SagaEngine<TDb>>());
        services.AddSingleton<IHostedService>(p => p.GetRequiredService<SagaEngine<TDb>>());
        services.TryAddSingleton<RetentionOptions>();
        services.AddReconciler<PurgeReconciler<TDb>>();
        return services;
    }

    /// <summary>A saga's definition.</summary>
    public static IServiceCollection AddSaga<TDb, TSaga>(this IServiceCollection services) where TDb : ServiceDb where TSaga : Saga<TDb>
    {
        services.AddSingleton<TSaga>();
        services.AddSingleton<Saga<TDb>>(p => p.GetRequiredService<TSaga>());
        return services;
    }

    /// <summary>A reconciler and its loop; poke it through <see cref="Reconciler{T}"/>.</summary>
    public static IServiceCollection AddReconciler<T>(this IServiceCollection services) where T : class, IReconciler
    {
        services.AddSingleton<T>();
        services.AddSingleton(p => new Reconciler<T>(new ReconcilerLoop(p.GetRequiredService<T>(), p.GetRequiredService<TimeProvider>(), p.GetRequiredService<ILogger<ReconcilerLoop>>())));
        services.AddSingleton(p => p.GetRequiredService<Reconciler<T>>().Loop);
        services.AddSingleton<IHostedService>(p => p.GetRequiredService<Reconciler<T>>().Loop);
        return services;
    }
}

/// <summary>A reconciler's running loop, by the reconciler's type.</summary>
public sealed class Reconciler<T>(ReconcilerLoop loop) where T : IReconciler
{
    public ReconcilerLoop Loop { get; } = loop;
    /// <summary>Runs it soon.</summary>
    public void Poke() => Loop.Poke();
}
