using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;

namespace Nephos.Nova.Hosts;

/// <summary>
/// A host that runs guests: the <c>nova-compute</c> service (api-ref compute, "Compute services") and its one hypervisor ("Hypervisors") in one row, made and
/// refreshed by the node's heartbeat. Admins write <see cref="Disabled"/> and <see cref="ForcedDown"/>; only the heartbeat writes the rest.
/// </summary>
internal sealed class ComputeHost
{
    public required string Name { get; set; }
    /// <summary>In the order of registration: the services' and hypervisors' integer id before 2.53.</summary>
    public required long Number { get; set; }
    /// <summary>UUID of the hypervisor, and of its resource provider in Placement.</summary>
    public required string HypervisorId { get; set; }
    /// <summary>UUID of the service.</summary>
    public required string ServiceId { get; set; }
    public required NodeFacts Facts { get; set; }
    public bool Disabled { get; set; }
    public string? DisabledReason { get; set; }
    public bool ForcedDown { get; set; }
    /// <summary>Last heartbeat.</summary>
    public required DateTime SeenAt { get; set; }
    public required DateTime CreatedAt { get; set; }
    public required DateTime UpdatedAt { get; set; }
    /// <summary>Counts the changes of what its guests shall be; updated in the transaction that changes them, which keeps their order.</summary>
    public long GuestRevision { get; set; }

    public bool IsUp(DateTime now) => IsUp(ForcedDown, SeenAt, now);

    public static bool IsUp(bool forcedDown, DateTime seenAt, DateTime now) => !forcedDown && now - seenAt < NovaLimits.ServiceDown;

    public static void Map(ModelBuilder model) => model.Entity<ComputeHost>(host =>
    {
        host.ToTable("compute_hosts");
        host.HasKey(h => h.Name);
        host.HasIndex(h => h.HypervisorId).IsUnique().HasDatabaseName("compute_hosts_hypervisor");
        host.HasIndex(h => h.ServiceId).IsUnique().HasDatabaseName("compute_hosts_service");
        host.Property(h => h.Facts).HasJson();
    });
}
