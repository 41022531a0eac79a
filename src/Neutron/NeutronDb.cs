using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Store;
using Nephos.Neutron.Agents;
using Nephos.Neutron.FixedIps;
using Nephos.Neutron.FloatingIps;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Quotas;
using Nephos.Neutron.Routers;
using Nephos.Neutron.SecurityGroupRules;
using Nephos.Neutron.SecurityGroups;
using Nephos.Neutron.Subnets;
using Nephos.Neutron.Tags;

namespace Nephos.Neutron;

/// <summary>Neutron's tables.</summary>
internal sealed class NeutronDb(DbContextOptions<NeutronDb> options) : ServiceDb(options)
{
    public override string ServiceName => "neutron";

    public DbSet<Network> Networks => Set<Network>();
    public DbSet<Subnet> Subnets => Set<Subnet>();
    public DbSet<Port> Ports => Set<Port>();
    public DbSet<PortSecurityGroup> PortSecurityGroups => Set<PortSecurityGroup>();
    public DbSet<FixedIp> FixedIps => Set<FixedIp>();
    public DbSet<Tag> Tags => Set<Tag>();
    public DbSet<QuotaLimit> QuotaLimits => Set<QuotaLimit>();
    public DbSet<Agent> Agents => Set<Agent>();
    public DbSet<FeedChange> FeedChanges => Set<FeedChange>();

    public DbSet<SecurityGroup> SecurityGroups => Set<SecurityGroup>();
    public DbSet<SecurityGroupRule> SecurityGroupRules => Set<SecurityGroupRule>();
    public DbSet<Router> Routers => Set<Router>();
    public DbSet<RouterPort> RouterPorts => Set<RouterPort>();
    public DbSet<RouterRoute> RouterRoutes => Set<RouterRoute>();
    public DbSet<FloatingIp> FloatingIps => Set<FloatingIp>();

    protected override void Map(ModelBuilder model)
    {
        Network.Map(model);
        Subnet.Map(model);
        Port.Map(model);
        FixedIp.Map(model);
        Tag.Map(model);
        QuotaLimit.Map(model);
        Agent.Map(model);
        FeedChange.Map(model);
        SecurityGroup.Map(model);
        SecurityGroupRule.Map(model);
        Router.Map(model);
        FloatingIp.Map(model);
    }

    /// <summary>Holds a named lock until the transaction ends. SQLite has one writer at a time and needs none.</summary>
    public Task LockAsync(string name) => Database.ProviderName!.EndsWith("Sqlite", StringComparison.Ordinal)
        ? Task.CompletedTask
        : Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({name}, 0))");
}
