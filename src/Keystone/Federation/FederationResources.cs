using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nephos.Kernel.Api;
using Nephos.Kernel;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Federation.IdentityProviders;
using Nephos.Keystone.Federation.Logins;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Federation.Oidc;
using Nephos.Keystone.Federation.Protocols;
using Nephos.Keystone.Federation.Saml;
using Nephos.Keystone.Federation.ServiceProviders;
using Nephos.Keystone.Federation.Websso;

namespace Nephos.Keystone.Federation;

/// <summary>All of OS-FEDERATION: what it maps, what it registers.</summary>
internal static class FederationResources
{
    public static void Map(ResourceGroup v3)
    {
        var federation = v3.Group("/OS-FEDERATION");
        IdentityProviderEndpoints.Map(federation.Group("/identity_providers"));
        FederationProtocolEndpoints.Map(federation.Group("/identity_providers/{idp_id}/protocols"));
        FederationAuthEndpoints.Map(federation.Group("/identity_providers/{idp_id}/protocols/{protocol_id}"));
        WebssoEndpoints.Map(v3.Group("/auth/OS-FEDERATION"));
        SamlEndpoints.Map(v3);
        MappingEndpoints.Map(federation.Group("/mappings"));
        ServiceProviderEndpoints.Map(federation.Group("/service_providers"));
    }

    public static void AddFederation(this IServiceCollection services)
    {
        services.TryAddSingleton(p => p.GetRequiredService<KeystoneSettings>().Federation);
        services.AddSingleton<IdentityProviderOperations>();
        services.AddSingleton<FederationProtocolOperations>();
        services.AddSingleton<MappingOperations>();
        services.AddSingleton<ServiceProviderOperations>();
        services.AddSingleton<ShadowUsers>();
        services.AddSingleton<ShadowProjects>();
        services.AddSingleton<FederatedLogin>();
        services.AddSingleton<ProxyStatements>();
        services.AddSingleton<StatementReader>();
        services.AddSingleton<FederationUrls>();
        services.TryAddSingleton<OidcBackchannel>();
        services.AddSingleton<OidcLogin>();
        services.AddSingleton<SamlServiceProvider>();
        services.AddSingleton<SamlLogin>();
        services.AddSingleton<SamlIdentity>();
        services.AddSingleton<SamlAssertions>();
        services.AddReconciler<UsedStatements>();
        services.AddReconciler<ExpiringMembershipReconciler>();
    }
}
