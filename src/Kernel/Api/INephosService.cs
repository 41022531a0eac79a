using Microsoft.Extensions.DependencyInjection;

namespace Nephos.Kernel.Api;

/// <summary>One OpenStack service as the host composes it. Everything in it is a literal list: what it registers, what it maps.</summary>
public interface INephosService
{
    /// <summary>The API with all its endpoints mapped.</summary>
    ServiceApi Api { get; }

    /// <summary>Registers store, operations, sagas, reconcilers and the contracts it implements.</summary>
    void AddServices(IServiceCollection services);

    /// <summary>Creates or migrates the database and makes what a first start needs; quick and harmless when all is there. In the order of the list of services.</summary>
    Task PrepareAsync(IServiceProvider services, CancellationToken cancel);

    /// <summary>Runs the commonest queries once, after the start, so that the first request does not pay.</summary>
    void Warm(IServiceProvider services) { }
}
