using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Nova.Aggregates;
using Nephos.Nova.Flavors;
using Nephos.Nova.Guests;
using Nephos.Nova.Hosts;
using Nephos.Nova.InstanceActions;
using Nephos.Nova.Keypairs;
using Nephos.Nova.Quotas;
using Nephos.Nova.RemoteConsoles;
using Nephos.Nova.ServerGroups;
using Nephos.Nova.Servers;

namespace Nephos.Nova;

/// <summary>Nova's tables.</summary>
internal sealed class NovaDb(DbContextOptions<NovaDb> options) : ServiceDb(options)
{
    public override string ServiceName => "nova";
    public DbSet<Flavor> Flavors => Set<Flavor>();
    public DbSet<FlavorProject> FlavorProjects => Set<FlavorProject>();
    public DbSet<QuotaLimit> QuotaLimits => Set<QuotaLimit>();
    public DbSet<QuotaUserLimit> QuotaUserLimits => Set<QuotaUserLimit>();
    public DbSet<QuotaLock> QuotaLocks => Set<QuotaLock>();
    public DbSet<Keypair> Keypairs => Set<Keypair>();

    public DbSet<Server> Servers => Set<Server>();
    public DbSet<ServerTag> ServerTags => Set<ServerTag>();
    public DbSet<InstanceAction> Actions => Set<InstanceAction>();
    public DbSet<InstanceActionEvent> ActionEvents => Set<InstanceActionEvent>();
    public DbSet<Guest> Guests => Set<Guest>();
    public DbSet<ComputeHost> Hosts => Set<ComputeHost>();
    public DbSet<Aggregate> Aggregates => Set<Aggregate>();
    public DbSet<AggregateHost> AggregateHosts => Set<AggregateHost>();
    public DbSet<ServerGroup> ServerGroups => Set<ServerGroup>();
    public DbSet<ServerGroupMember> ServerGroupMembers => Set<ServerGroupMember>();
    public DbSet<ConsoleToken> ConsoleTokens => Set<ConsoleToken>();

    protected override void Map(ModelBuilder model)
    {
        Once.Map(model);
        Flavor.Map(model);
        Keypair.Map(model);
        QuotaLimit.Map(model);
        Server.Map(model);
        InstanceAction.Map(model);
        Guest.Map(model);
        ComputeHost.Map(model);
        Aggregate.Map(model);
        ServerGroup.Map(model);
        ConsoleToken.Map(model);
    }
}

/// <summary>What a first start did, so that no later one does it again.</summary>
internal sealed class Once
{
    public required string Name { get; set; }

    public static void Map(ModelBuilder model) => model.Entity<Once>(once =>
    {
        once.ToTable("once");
        once.HasKey(o => o.Name);
    });
}
