using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.ServerGroups;

/// <summary>
/// A server group (api-ref compute, "Server groups"): servers that shall be on one host, or on different ones. A server joins with the hint <c>group</c> when it is made, and
/// stays until it or the group is deleted. The hard policies hold when hosts are chosen (<see cref="GroupPlacement"/>), the soft ones only order them.
/// </summary>
internal sealed class ServerGroup
{
    /// <summary>In the order of creation.</summary>
    public long Number { get; set; }
    public required string Id { get; set; }
    public required string Name { get; set; }
    public required string ProjectId { get; set; }
    public required string UserId { get; set; }
    /// <summary>One of <see cref="GroupPolicies"/>.</summary>
    public required string Policy { get; set; }
    /// <summary>Rule <c>max_server_per_host</c> of anti-affinity; null: one.</summary>
    public int? MaxPerHost { get; set; }
    public required DateTime CreatedAt { get; set; }
    /// <summary>Counts placements; updating it keeps two of them from choosing at the same time.</summary>
    public long Generation { get; set; }

    public static void Map(ModelBuilder model)
    {
        model.Entity<ServerGroup>(group =>
        {
            group.ToTable("server_groups");
            group.HasKey(g => g.Number);
            group.Property(g => g.Number).ValueGeneratedOnAdd();
            group.HasIndex(g => g.Id).IsUnique().HasDatabaseName("server_groups_id");
            group.HasIndex(g => new { g.ProjectId, g.Number }).HasDatabaseName("server_groups_by_project");
        });
        model.Entity<ServerGroupMember>(member =>
        {
            member.ToTable("server_group_members");
            member.HasKey(m => m.ServerId);
            member.HasIndex(m => m.GroupNumber).HasDatabaseName("server_group_members_by_group");
            member.HasOne<ServerGroup>().WithMany().HasForeignKey(m => m.GroupNumber).OnDelete(DeleteBehavior.Cascade);
        });
    }
}

/// <summary>A server in a group.</summary>
internal sealed class ServerGroupMember
{
    public required string ServerId { get; set; }
    public required long GroupNumber { get; set; }
    /// <summary>The host chosen for it; counts while the server is being built, after that the server's own row says where it is.</summary>
    public string? Host { get; set; }
}

/// <summary>Words of <c>policy</c>.</summary>
internal static class GroupPolicies
{
    public const string Affinity = "affinity";
    public const string AntiAffinity = "anti-affinity";
    public const string SoftAffinity = "soft-affinity";
    public const string SoftAntiAffinity = "soft-anti-affinity";
}
