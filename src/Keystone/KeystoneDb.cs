using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Keystone.EndpointAssociations;
using Nephos.Keystone.EndpointGroups;
using Nephos.Keystone.EndpointPolicies;
using Nephos.Keystone.Federation.FederatedUsers;
using Nephos.Keystone.Federation.IdentityProviders;
using Nephos.Keystone.Federation.Mappings;
using Nephos.Keystone.Federation.Protocols;
using Nephos.Keystone.Federation.ServiceProviders;
using Nephos.Keystone.AccessRules;
using Nephos.Keystone.ApplicationCredentials;
using Nephos.Keystone.DomainConfigs;
using Nephos.Keystone.Credentials;
using Nephos.Keystone.Groups;
using Nephos.Keystone.Ldap;
using Nephos.Keystone.Limits;
using Nephos.Keystone.PolicyBlobs;
using Nephos.Keystone.OAuth1;
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

namespace Nephos.Keystone;

/// <summary>Keystone's tables.</summary>
public sealed class KeystoneDb(DbContextOptions<KeystoneDb> options) : ServiceDb(options)
{
    public override string ServiceName => "keystone";

    public DbSet<Project> Projects => Set<Project>();
    public DbSet<ProjectTag> ProjectTags => Set<ProjectTag>();
    public DbSet<User> Users => Set<User>();
    public DbSet<Password> Passwords => Set<Password>();
    public DbSet<Group> Groups => Set<Group>();
    public DbSet<Membership> Memberships => Set<Membership>();
    public DbSet<Role> Roles => Set<Role>();
    public DbSet<ImpliedRole> ImpliedRoles => Set<ImpliedRole>();
    public DbSet<RoleAssignment> RoleAssignments => Set<RoleAssignment>();
    public DbSet<Region> Regions => Set<Region>();
    public DbSet<Service> Services => Set<Service>();
    public DbSet<ServiceEndpoint> ServiceEndpoints => Set<ServiceEndpoint>();
    public DbSet<EndpointGroup> EndpointGroups => Set<EndpointGroup>();
    public DbSet<ProjectEndpointGroup> ProjectEndpointGroups => Set<ProjectEndpointGroup>();
    public DbSet<ProjectEndpoint> ProjectEndpoints => Set<ProjectEndpoint>();
    public DbSet<PolicyBlob> PolicyBlobs => Set<PolicyBlob>();
    public DbSet<EndpointPolicy> EndpointPolicies => Set<EndpointPolicy>();
    public DbSet<RegisteredLimit> RegisteredLimits => Set<RegisteredLimit>();
    public DbSet<Limit> Limits => Set<Limit>();
    public DbSet<Revocation> Revocations => Set<Revocation>();
    public DbSet<ApplicationCredential> ApplicationCredentials => Set<ApplicationCredential>();
    public DbSet<ApplicationCredentialRole> ApplicationCredentialRoles => Set<ApplicationCredentialRole>();
    public DbSet<ApplicationCredentialRule> ApplicationCredentialRules => Set<ApplicationCredentialRule>();
    public DbSet<AccessRule> AccessRules => Set<AccessRule>();
    public DbSet<Credential> Credentials => Set<Credential>();
    public DbSet<Consumer> Consumers => Set<Consumer>();
    public DbSet<RequestToken> RequestTokens => Set<RequestToken>();
    public DbSet<AccessToken> AccessTokens => Set<AccessToken>();
    public DbSet<Trust> Trusts => Set<Trust>();
    public DbSet<TrustRole> TrustRoles => Set<TrustRole>();
    public DbSet<IdentityVersion> IdentityVersions => Set<IdentityVersion>();
    public DbSet<IdentityProvider> IdentityProviders => Set<IdentityProvider>();
    public DbSet<RemoteId> RemoteIds => Set<RemoteId>();
    public DbSet<FederationProtocol> FederationProtocols => Set<FederationProtocol>();
    public DbSet<Mapping> Mappings => Set<Mapping>();
    public DbSet<ServiceProvider> ServiceProviders => Set<ServiceProvider>();
    public DbSet<FederatedUser> FederatedUsers => Set<FederatedUser>();
    public DbSet<ExpiringMembership> ExpiringMemberships => Set<ExpiringMembership>();

    protected override void Map(ModelBuilder model)
    {
        Project.Map(model);
        User.Map(model);
        Group.Map(model);
        Role.Map(model);
        RoleAssignment.Map(model);
        Region.Map(model);
        Service.Map(model);
        ServiceEndpoint.Map(model);
        EndpointGroup.Map(model);
        ProjectEndpoint.Map(model);
        PolicyBlob.Map(model);
        EndpointPolicy.Map(model);
        RegisteredLimit.Map(model);
        Limit.Map(model);
        Revocation.Map(model);
        IdentityVersion.Map(model);
        IdentityProvider.Map(model);
        FederationProtocol.Map(model);
        Mapping.Map(model);
        ServiceProvider.Map(model);
        FederatedUser.Map(model);
        ApplicationCredential.Map(model);
        AccessRule.Map(model);
        Credential.Map(model);
        Consumer.Map(model);
        Trust.Map(model);
        DomainConfig.Map(model);
        IdMapping.Map(model);
    }
}
