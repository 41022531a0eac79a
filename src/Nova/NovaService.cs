using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Nephos.Contracts.Node;
using Nephos.Contracts.Nova;
using Nephos.Kernel;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Versions;
using Nephos.Nova.Aggregates;
using Nephos.Nova.AvailabilityZones;
using Nephos.Nova.Extensions;
using Nephos.Nova.Flavors;
using Nephos.Nova.Guests;
using Nephos.Nova.Hosts;
using Nephos.Nova.Hypervisors;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.InstanceUsageAuditLog;
using Nephos.Nova.Keypairs;
using Nephos.Nova.Metadata;
using Nephos.Nova.Migrations;
using Nephos.Nova.QuotaSets;
using Nephos.Nova.RemoteConsoles;
using Nephos.Nova.Scheduling;
using Nephos.Nova.SecurityGroupRules;
using Nephos.Nova.SecurityGroups;
using Nephos.Nova.ServerActions;
using Nephos.Nova.ServerDiagnostics;
using Nephos.Nova.ServerExternalEvents;
using Nephos.Nova.ServerGroups;
using Nephos.Nova.ServerLimits;
using Nephos.Nova.ServerMetadata;
using Nephos.Nova.ServerNetworks;
using Nephos.Nova.ServerPasswords;
using Nephos.Nova.Servers;
using Nephos.Nova.Servers.Build;
using Nephos.Nova.Servers.Create;
using Nephos.Nova.Servers.Delete;
using Nephos.Nova.ServerTags;
using Nephos.Nova.Services;
using Nephos.Nova.SimpleTenantUsage;
using Nephos.Nova.Versions;

namespace Nephos.Nova;

/// <summary>Compute: servers and what they are made of. The parts, in the order of the folders.</summary>
public sealed class NovaService : INephosService
{
    public NovaService()
    {
        Api = new ServiceApi("nova", "compute", "/compute", new NovaErrors(), new VersionScheme("compute", "X-OpenStack-Nova-API-Version", Microversions.Min, Microversions.Max, Microversions.Min))
        {
            CatalogPath = "/v2.1",
            Alias = ("/v2", "/v2.1"),
            Description = "OpenStack Compute",
            BodyBeforePolicy = true,
            Scopes = rule => Rules.Named.ContainsKey(rule) ? PolicyScopes.Any : PolicyScopes.Project,
            Deprecations = () => FormerRules.Of(typeof(NovaService).Assembly),
        };
        Rules.Declare(Api);
        VersionEndpoints.Map(Api.Group(""));
        FlavorEndpoints.Map(Api.Group("/v2.1/flavors"));
        ExtraSpecEndpoints.Map(Api.Group("/v2.1/flavors/{id}/os-extra_specs"));
        KeypairEndpoints.Map(Api.Group("/v2.1/os-keypairs"));
        ServerEndpoints.Map(Api.Group("/v2.1/servers"));
        var server = Api.Group("/v2.1/servers/{server_id}");
        ActionEndpoints.Map(server);
        LaterActions.Map(server);
        ServerSecurityGroupEndpoints.Map(server);
        FixedIpEndpoints.Map(server);
        MetadataEndpoints.Map(server.Group("/metadata"));
        TagEndpoints.Map(server.Group("/tags"));
        AddressEndpoints.Map(server.Group("/ips"));
        InterfaceEndpoints.Map(server.Group("/os-interface"));
        InstanceActionEndpoints.Map(server.Group("/os-instance-actions"));
        ConsoleEndpoints.Map(server);
        DiagnosticsEndpoints.Map(server);
        PasswordEndpoints.Map(server.Group("/os-server-password"));
        MigrationEndpoints.MapServer(server.Group("/migrations"));
        ConsoleEndpoints.MapTokens(Api.Group("/v2.1/os-console-auth-tokens"));
        ConsoleSocket.Map(Api.Group(""));
        ConsolePage.Map(Api.Group(""));
        ServerGroupEndpoints.Map(Api.Group("/v2.1/os-server-groups"));
        SecurityGroupEndpoints.Map(Api.Group("/v2.1/os-security-groups"));
        SecurityGroupRuleEndpoints.Map(Api.Group("/v2.1/os-security-group-rules"));
        QuotaSetEndpoints.Map(Api.Group("/v2.1/os-quota-sets"));
        QuotaClassSetEndpoints.Map(Api.Group("/v2.1/os-quota-class-sets"));
        LimitEndpoints.Map(Api.Group("/v2.1/limits"));
        UsageEndpoints.Map(Api.Group("/v2.1/os-simple-tenant-usage"));
        ServiceEndpoints.Map(Api.Group("/v2.1/os-services"));
        HostEndpoints.Map(Api.Group("/v2.1/os-hosts"));
        HypervisorEndpoints.Map(Api.Group("/v2.1/os-hypervisors"));
        AvailabilityZoneEndpoints.Map(Api.Group("/v2.1/os-availability-zone"));
        AggregateEndpoints.Map(Api.Group("/v2.1/os-aggregates"));
        MigrationEndpoints.Map(Api.Group("/v2.1/os-migrations"));
        ExternalEventEndpoints.Map(Api.Group("/v2.1/os-server-external-events"));
        UsageAuditLogEndpoints.Map(Api.Group("/v2.1/os-instance_usage_audit_log"));
        ExtensionEndpoints.Map(Api.Group("/v2.1/extensions"));
    }

    public ServiceApi Api { get; }

    public void AddServices(IServiceCollection services)
    {
        services.AddStore<NovaDb>("nova");
        services.AddSingleton<FlavorOperations>();
        services.AddSingleton<KeypairOperations>();
        services.AddSingleton<ServerOperations>();
        services.AddSingleton<ServerCreation>();
        services.AddSingleton<BootSource>();
        services.AddSingleton<NicRequests>();
        services.AddSingleton<HostChooser>();
        services.AddSingleton<HostRegistry>();
        services.AddSingleton<HostOperations>();
        services.AddSingleton<IComputeHosts, ComputeHosts>();
        services.AddSingleton<HypervisorQueries>();
        services.AddSingleton<AggregateOperations>();
        services.AddSingleton<ServerGroupOperations>();
        services.AddSingleton<GroupPlacement>();
        services.AddSingleton<QuotaOperations>();
        services.AddSingleton<ConsoleOperations>();
        services.TryAddSingleton(new NoVncFiles(NoVncFiles.DebiansFolder));
        services.AddSingleton<GuestTable>();
        services.AddSingleton<GuestReports>();
        services.AddSingleton<IGuestFeed, GuestFeed>();
        services.AddSingleton<InstanceTrees>();
        services.AddSingleton<IInstanceMetadata, InstanceMetadata>();
        services.AddSingleton<NetworkCache>();
        services.AddSingleton<IServerEvents, ServerEvents>();
        services.AddSingleton<InterfaceCards>();
        services.AddSingleton<InterfaceOperations>();
        services.AddSingleton<PowerOperations>();
        services.AddSingleton<LockOperations>();
        services.AddSaga<NovaDb, BuildServerSaga>();
        services.AddSaga<NovaDb, DeleteServerSaga>();
        services.AddSaga<NovaDb, AttachInterfaceSaga>();
        services.AddSaga<NovaDb, DetachInterfaceSaga>();
    }

    public async Task PrepareAsync(IServiceProvider services, CancellationToken cancel)
    {
        var store = services.GetRequiredService<Store<NovaDb>>();
        await store.PrepareAsync(cancel);
        await FirstFlavors.EnsureAsync(store, services.GetRequiredService<TimeProvider>(), cancel);
    }

    public void Warm(IServiceProvider services)
    {
        // The commonest question, and the first that a new user's client asks.
        services.GetRequiredService<ServerOperations>().ListAsync(new ServerFilter { Texts = new Dictionary<string, string>(), ProjectId = "", Deleted = false }, new(1, null, [])).GetAwaiter().GetResult();
    }
}
