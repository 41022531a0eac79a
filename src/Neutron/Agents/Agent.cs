using Microsoft.EntityFrameworkCore;

namespace Nephos.Neutron.Agents;

/// <summary>A network agent of a node, known by its heartbeats (api-ref network v2, "Networking Agents").</summary>
internal sealed class Agent
{
    public required string Id { get; set; }
    public required string Host { get; set; }
    /// <summary>Upstream's agent type: <c>Linux bridge agent</c>, <c>DHCP agent</c>, <c>L3 agent</c>, <c>Metadata agent</c>.</summary>
    public required string AgentType { get; set; }
    public required string Binary { get; set; }
    public required string Topic { get; set; }
    public bool AdminStateUp { get; set; } = true;
    public required DateTime CreatedAt { get; set; }
    public required DateTime StartedAt { get; set; }
    public required DateTime HeartbeatAt { get; set; }
    public string Description { get; set; } = "";
    public string AvailabilityZone { get; set; } = "nova";
    /// <summary>JSON object, as the node reports it.</summary>
    public string ConfigurationsJson { get; set; } = "{}";

    public bool IsAlive(DateTime now) => now - HeartbeatAt < Limits.AgentDownTime;

    public static void Map(ModelBuilder model) => model.Entity<Agent>(agent =>
    {
        agent.ToTable("agents");
        agent.HasKey(a => a.Id);
        agent.HasIndex(a => new { a.AgentType, a.Host }).IsUnique().HasDatabaseName("agents_by_host");
    });
}
