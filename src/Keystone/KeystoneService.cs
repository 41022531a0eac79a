using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nephos.Contracts.Keystone;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.AuthMethods;
using Nephos.Keystone.Credentials;
using Nephos.Keystone.Ec2Credentials;
using Nephos.Keystone.OAuth1;
using Nephos.Keystone.OAuth2;
using Nephos.Keystone.Bootstrap;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.DomainConfigs;
using Nephos.Keystone.Domains;
using Nephos.Keystone.EndpointAssociations;
using Nephos.Keystone.EndpointGroups;
using Nephos.Keystone.EndpointPolicies;
using Nephos.Keystone.Federation;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Limits;
using Nephos.Keystone.Passwords;
using Nephos.Keystone.PolicyBlobs;
using Nephos.Keystone.Projects;
using Nephos.Keystone.Regions;
using Nephos.Keystone.RegisteredLimits;
using Nephos.Keystone.RoleAssignments;
using Nephos.Keystone.Roles;
using Nephos.Keystone.ServiceEndpoints;
using Nephos.Keystone.Services;
using Nephos.Keystone.Tokens;
using Nephos.Keystone.Trusts;
using Nephos.Keystone.Users;
using Nephos.Keystone.Versions;

namespace Nephos.Keystone;

/// <summary>The identity service: who is who, who may what where, tokens, and the catalog.</summary>
public sealed class KeystoneService : INephosService
{
    public KeystoneService()
    {
        Api = new ServiceApi("keystone", "identity", "/identity", new KeystoneErrors()) { Description = "Identity: users, projects, roles, tokens, and the catalog.", Scopes = RuleScopes.Of, Deprecations = () => Kernel.Policy.FormerRules.Of(typeof(KeystoneService).Assembly) };
        RuleScopes.Declare(Api);
        VersionDocuments.Map(Api.Group(""));
        var v3 = Api.Group("/v3");
        TokenEndpoints.Map(v3.Group("/auth"));
        DomainEndpoints.Map(v3.Group("/domains"));
        DomainConfigEndpoints.Map(v3.Group("/domains"));
        ProjectEndpoints.Map(v3.Group("/projects"));
        UserEndpoints.Map(v3.Group("/users"));
        ApplicationCredentialEndpoints.Map(v3.Group("/users"));
        AccessRuleResource.Map(v3.Group("/users"));
        CredentialEndpoints.Map(v3.Group("/credentials"));
        Ec2CredentialEndpoints.Map(v3.Group("/users"));
        Ec2TokenEndpoints.Map(v3);
        RevocationEndpoints.Map(v3.Group("/OS-REVOKE"));
        OAuth1Endpoints.Map(v3);
        OAuth2Endpoints.Map(v3.Group("/OS-OAUTH2"));
        TrustEndpoints.Map(v3.Group("/OS-TRUST/trusts"));
        GroupEndpoints.Map(v3.Group("/groups"));
        RoleEndpoints.Map(v3);
        GrantEndpoints.Map(v3);
        RoleAssignmentEndpoints.Map(v3);
        RegionEndpoints.Map(v3.Group("/regions"));
        ServiceResource.Map(v3.Group("/services"));
        ServiceEndpointResource.Map(v3.Group("/endpoints"));
        EndpointGroupEndpoints.Map(v3.Group("/OS-EP-FILTER"));
        ProjectEndpointResource.Map(v3.Group("/OS-EP-FILTER"));
        PolicyBlobResource.Map(v3.Group("/policies"));
        EndpointPolicyResource.Map(v3);
        RegisteredLimitEndpoints.Map(v3.Group("/registered_limits"));
        LimitEndpoints.Map(v3.Group("/limits"));
        FederationResources.Map(v3);
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.TryAddSingleton(new KeystoneSettings());
        services.AddStore<KeystoneDb>("keystone");
        services.AddSingleton<KeystoneErrors>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<PasswordHasher>();
        services.AddSingleton<AccountRules>();
        services.AddSingleton<PasswordLogin>();
        services.AddSingleton<PasswordChange>();
        services.AddSingleton<DomainConfigOperations>();
        services.TryAddSingleton<LdapLibrary>();
        services.AddSingleton<DomainDirectories>();
        services.AddSingleton<ShadowRows>();
        services.AddSingleton<DirectoryIdentities>();
        services.AddSingleton<Import.AccountImport>();
        services.AddSingleton<KeystoneMaintenance.Directories>();
        services.AddSingleton(p => new KeystoneMaintenance(p.GetRequiredService<Store<KeystoneDb>>(), p.GetRequiredService<FirstStart>(), p.GetRequiredService<PasswordHasher>(), p.GetRequiredService<PasswordChange>(),
            p.GetRequiredService<TokenInvalidation>(), p.GetRequiredService<KeystoneMaintenance.Directories>(), p.GetRequiredService<TimeProvider>()));
        services.AddReconciler<DirectoryRefresh>();
        services.AddSingleton<FernetKeys>();
        services.AddSingleton<FernetTokens>();
        services.AddSingleton<JwsTokens>();
        services.AddSingleton<ITokenFormat>(p => p.GetRequiredService<KeystoneSettings>().Auth.TokenProvider == "jws" ? p.GetRequiredService<JwsTokens>() : p.GetRequiredService<FernetTokens>());
        services.AddSingleton<TokenCache>();
        services.AddSingleton<TokenInvalidation>();
        services.AddSingleton<TokenLoader>();
        services.AddSingleton<TokenValidator>();
        services.AddAuthMethods();
        services.AddSingleton<ApplicationCredentialOperations>();
        services.AddSingleton<AccessRuleOperations>();
        services.AddSingleton(p => new CredentialKeys(p.GetRequiredService<CloudFacts>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton<CredentialOperations>();
        services.AddSingleton<CredentialMigration>();
        services.AddSingleton<OAuth1Operations>();
        services.AddSingleton<TrustOperations>();
        services.AddSingleton<ScopeFinder>();
        services.AddSingleton<TokenIssuer>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<TokenOperations>();
        services.AddSingleton<CatalogReader>();
        services.AddSingleton<IServiceCatalog, CatalogForServices>();
        services.AddSingleton<CatalogCache>();
        services.AddHostedService<IdentityListener>();
        services.AddSingleton<TokenRenderer>();
        services.AddSingleton<ProjectQueries>();
        services.AddSingleton<ProjectOperations>();
        services.AddSingleton<DomainOperations>();
        services.AddSingleton<UserQueries>();
        services.AddSingleton<UserOperations>();
        services.AddSingleton<GroupQueries>();
        services.AddSingleton<GroupOperations>();
        services.AddSingleton<RoleOperations>();
        services.AddSingleton<GrantOperations>();
        services.AddSingleton<RoleAssignmentQueries>();
        services.AddSingleton<RegionOperations>();
        services.AddSingleton<ServiceOperations>();
        services.AddSingleton<ServiceEndpointOperations>();
        services.AddSingleton<EndpointGroupOperations>();
        services.AddSingleton<ProjectEndpointOperations>();
        services.AddSingleton<PolicyBlobOperations>();
        services.AddSingleton<EndpointPolicyOperations>();
        services.AddSingleton<EnforcementModel>();
        services.AddSingleton<RegisteredLimitOperations>();
        services.AddSingleton<LimitOperations>();
        services.AddFederation();
        services.AddReconciler<RevocationPurge>();
        services.AddReconciler<TrustPurge>();
        services.AddSingleton<ITokenValidator>(p => p.GetRequiredService<TokenValidator>());
        services.AddSingleton<IProjects, ProjectLookup>();
        services.AddSingleton<IUnifiedLimits, UnifiedLimits>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        services.GetRequiredService<FernetKeys>().Prepare();
        services.GetRequiredService<ITokenFormat>().Prepare();
        services.GetRequiredService<CredentialKeys>().Prepare();
        await services.GetRequiredService<Store<KeystoneDb>>().PrepareAsync(cancel);
        await services.GetRequiredService<FirstStart>().RunAsync(cancel);
    }
}
