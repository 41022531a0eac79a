using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nephos.Contracts.Keystone;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Keystone.Bootstrap;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Versions;

namespace Nephos.Keystone;

/// <summary>The identity service: who is who, who may what where, tokens, and the catalog.</summary>
public sealed class KeystoneService : INephosService
{
    public KeystoneService()
    {
        Api = new ServiceApi("keystone", "identity", "/identity", new KeystoneErrors()) { Description = "Identity: users, projects, roles, tokens, and the catalog." };
        VersionDocuments.Map(Api.Group(""));
        TokenEndpoints.Map(Api.Group("/v3/auth"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.TryAddSingleton(new KeystoneSettings());
        services.AddStore<KeystoneDb>("keystone");
        services.AddSingleton<KeystoneErrors>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<FernetKeys>();
        services.AddSingleton<TokenCache>();
        services.AddSingleton<TokenInvalidation>();
        services.AddSingleton<TokenLoader>();
        services.AddSingleton<TokenValidator>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<TokenOperations>();
        services.AddSingleton<CatalogReader>();
        services.AddSingleton<ITokenValidator>(p => p.GetRequiredService<TokenValidator>());
        services.AddSingleton<IProjects, ProjectLookup>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        services.GetRequiredService<FernetKeys>().Prepare();
        await services.GetRequiredService<Store<KeystoneDb>>().PrepareAsync(cancel);
        await services.GetRequiredService<FirstStart>().RunAsync(cancel);
    }

    public void Warm(IServiceProvider services) => services.GetRequiredService<Store<KeystoneDb>>().Warm();
}
