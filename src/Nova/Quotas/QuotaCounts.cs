using System.Collections.Frozen;
using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.Quotas;

/// <summary>A project's limit that differs from the default, set by an admin. -1 is no limit.</summary>
internal sealed class QuotaLimit
{
    public required string ProjectId { get; set; }
    /// <summary>instances, cores, ram, ...</summary>
    public required string Resource { get; set; }
    public required long Limit { get; set; }

    public static void Map(ModelBuilder model)
    {
        model.Entity<QuotaLimit>(limit =>
        {
            limit.ToTable("quota_limits");
            limit.HasKey(l => new { l.ProjectId, l.Resource });
        });
        model.Entity<QuotaUserLimit>(limit =>
        {
            limit.ToTable("quota_user_limits");
            limit.HasKey(l => new { l.ProjectId, l.UserId, l.Resource });
        });
        model.Entity<QuotaLock>(row =>
        {
            row.ToTable("quota_locks");
            row.HasKey(l => l.ProjectId);
        });
    }
}

/// <summary>A limit of one user in a project, beside the project's own.</summary>
internal sealed class QuotaUserLimit
{
    public required string ProjectId { get; set; }
    public required string UserId { get; set; }
    public required string Resource { get; set; }
    public required long Limit { get; set; }
}

/// <summary>One row a project, updated by every transaction that counts, so that two of them cannot both fit into the same last place.</summary>
internal sealed class QuotaLock
{
    public required string ProjectId { get; set; }
    public long Counted { get; set; }
}

/// <summary>Limits and their counting. Nothing is reserved: the transaction that inserts counts the rows there are.</summary>
internal static class QuotaCounts
{
    /// <summary>The <c>default</c> quota class: an admin's change of the defaults is stored under this name.</summary>
    public const string DefaultClass = "default";

    /// <summary>Upstream's defaults (<c>nova/conf/quota.py</c>).</summary>
    public static readonly FrozenDictionary<string, long> Defaults = new Dictionary<string, long>
    {
        ["instances"] = 10,
        ["cores"] = 20,
        ["ram"] = 50 * 1024,
        ["metadata_items"] = 128,
        ["injected_files"] = 5,
        ["injected_file_content_bytes"] = 10 * 1024,
        ["injected_file_path_bytes"] = 255,
        ["key_pairs"] = 100,
        ["server_groups"] = 10,
        ["server_group_members"] = 10,
    }.ToFrozenDictionary();

    /// <summary>The limit in force: the project's, else the default class's, else upstream's default. -1 is none.</summary>
    public static async Task<long> LimitAsync(NovaDb db, string? projectId, string resource) => (await LimitsAsync(db, projectId))[resource];

    /// <summary>All limits in force.</summary>
    public static async Task<Dictionary<string, long>> LimitsAsync(NovaDb db, string? projectId)
    {
        var limits = new Dictionary<string, long>(Defaults, StringComparer.Ordinal);
        var rows = await db.QuotaLimits.Where(l => l.ProjectId == DefaultClass || l.ProjectId == projectId).ToListAsync();
        foreach (var row in rows.OrderBy(r => r.ProjectId == DefaultClass ? 0 : 1)) { limits[row.Resource] = row.Limit; }
        return limits;
    }

    /// <summary>Limits that an admin set for a user in the project; mostly none.</summary>
    public static Task<Dictionary<string, long>> UserLimitsAsync(NovaDb db, string projectId, string userId) =>
        db.QuotaUserLimits.Where(l => l.ProjectId == projectId && l.UserId == userId).ToDictionaryAsync(l => l.Resource, l => l.Limit, StringComparer.Ordinal);

    /// <summary>Keeps other transactions of the project from counting until this one ends. One statement, so that a project's first servers, made side by side, do not all insert the row.</summary>
    public static Task LockAsync(NovaDb db, string projectId) => db.Database.ExecuteSqlAsync(
        $"INSERT INTO quota_locks (project_id, counted) VALUES ({projectId}, 1) ON CONFLICT (project_id) DO UPDATE SET counted = quota_locks.counted + 1");
}
