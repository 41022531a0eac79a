using Microsoft.EntityFrameworkCore;
using Nephos.Nova.Flavors;
using Nephos.Nova.Quotas;

namespace Nephos.Nova.Servers.Create;

/// <summary>Instances, cores and memory of a project, counted in the transaction that inserts (<c>compute/utils.py</c>, check_num_instances_quota).</summary>
internal static class ServerQuota
{
    /// <summary>How many of the wanted servers may be made: at least <paramref name="min"/>, or upstream's 403.</summary>
    public static async Task<int> FitAsync(NovaDb db, string projectId, string userId, Flavor flavor, int min, int max)
    {
        await QuotaCounts.LockAsync(db, projectId);
        var (limits, used, free) = await RoomAsync(db, projectId, userId);
        var each = new Dictionary<string, long> { ["instances"] = 1, ["cores"] = flavor.Vcpus, ["ram"] = flavor.RamMib };
        var fits = (int)Math.Clamp(free.Min(f => Math.Max(0, f.Value) / each[f.Key]), 0, max);
        if (fits >= min) { return fits; }
        var overs = free.Where(f => f.Value < each[f.Key] * max).Select(f => f.Key).Order(StringComparer.Ordinal).ToList();
        throw ServerErrors.TooManyInstances(overs,
            overs.Select(r => r == "instances" && min != max ? $"{min}-{max}" : $"{each[r] * max}"), overs.Select(r => used[r]), overs.Select(r => limits[r]));
    }

    /// <summary>Upstream's 403 unless a server may become larger by this much; what does not grow is not counted (<c>compute/api.py</c>, _check_quota_for_upsize).</summary>
    public static async Task CheckGrowthAsync(NovaDb db, string projectId, string userId, long cores, long ramMib)
    {
        var wanted = new Dictionary<string, long> { ["cores"] = Math.Max(0, cores), ["ram"] = Math.Max(0, ramMib) };
        var (limits, used, free) = await RoomAsync(db, projectId, userId);
        var overs = wanted.Where(w => w.Value > 0 && w.Value > free[w.Key]).Select(w => w.Key).Order(StringComparer.Ordinal).ToList();
        if (overs.Count > 0) { throw ServerErrors.TooManyInstances(overs, overs.Select(r => $"{wanted[r]}"), overs.Select(r => used[r]), overs.Select(r => limits[r])); }
    }

    /// <summary>Limits, use and what is free between them, of the project or, where that is less, of the user in it.</summary>
    private static async Task<(Dictionary<string, long> Limits, Dictionary<string, long> Used, Dictionary<string, long> Free)> RoomAsync(NovaDb db, string projectId, string userId)
    {
        var limits = await QuotaCounts.LimitsAsync(db, projectId);
        var used = await UsedAsync(db, projectId);
        var free = new[] { "instances", "cores", "ram" }.ToDictionary(r => r, r => limits[r] < 0 ? long.MaxValue : limits[r] - used[r], StringComparer.Ordinal);
        var own = await QuotaCounts.UserLimitsAsync(db, projectId, userId);
        if (own.Count > 0)
        {
            var usedByUser = await UsedAsync(db, projectId, userId);
            // Where less is left of the user's limit than of the project's, it is the one that holds.
            foreach (var resource in free.Keys.Where(r => own.GetValueOrDefault(r, -1) is >= 0 and var limit && limit - usedByUser[r] < free[r]).ToList())
            {
                (limits[resource], used[resource]) = (own[resource], usedByUser[resource]);
                free[resource] = limits[resource] - used[resource];
            }
        }
        return (limits, used, free);
    }

    /// <summary>What the project, or the user in it, uses now.</summary>
    public static async Task<Dictionary<string, long>> UsedAsync(NovaDb db, string projectId, string? userId = null)
    {
        var servers = db.Servers.Where(s => s.ProjectId == projectId && !s.Deleted);
        if (userId is not null) { servers = servers.Where(s => s.UserId == userId); }
        var used = await servers.GroupBy(s => 1)
            .Select(g => new { Instances = g.LongCount(), Cores = g.Sum(s => (long)s.Vcpus), Ram = g.Sum(s => (long)s.RamMib) }).FirstOrDefaultAsync();
        return new Dictionary<string, long>(StringComparer.Ordinal) { ["instances"] = used?.Instances ?? 0, ["cores"] = used?.Cores ?? 0, ["ram"] = used?.Ram ?? 0 };
    }
}
