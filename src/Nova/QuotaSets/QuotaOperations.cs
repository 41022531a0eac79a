using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Nova.Quotas;
using Nephos.Nova.Servers.Create;

namespace Nephos.Nova.QuotaSets;

/// <summary>Limits in force and what is used of them.</summary>
internal sealed record QuotaState(Dictionary<string, long> Limits, Dictionary<string, long> Used)
{
    public long Limit(string resource) => Limits.GetValueOrDefault(resource, -1);
    public long InUse(string resource) => Used.GetValueOrDefault(resource);
}

/// <summary>What admins do with limits.</summary>
internal sealed class QuotaOperations(Store<NovaDb> store)
{
    /// <summary>Limits of a project, or of a user in it, with their use. Key pairs count for users only and members for groups only, so they show none.</summary>
    public Task<QuotaState> ShowAsync(string projectId, string? userId, CancellationToken cancel) => store.ReadAsync(db => ReadAsync(db, projectId, userId), cancel);

    /// <summary>Limits of a class: what a project without own limits has, as far as they are the default class's.</summary>
    public Task<Dictionary<string, long>> ClassAsync(string name, CancellationToken cancel) => store.ReadAsync(db => QuotaCounts.LimitsAsync(db, KeyOf(name)), cancel);

    /// <summary>Sets limits; without force not below what is used, and for a user not above what the project has left.</summary>
    public Task<QuotaState> SetAsync(RequestContext context, string projectId, string? userId, IReadOnlyDictionary<string, long> limits, bool force) => store.WriteAsync(async db =>
    {
        await QuotaCounts.LockAsync(db, projectId);
        if (!force) { await CheckAsync(db, projectId, userId, limits); }
        if (userId is null) { await PutAsync(db, projectId, limits); } else { await PutUserAsync(db, projectId, userId, limits); }
        await db.SaveChangesAsync();
        db.Record(context, "update", "quota_set", projectId, projectId);
        return await ReadAsync(db, projectId, userId);
    });

    /// <summary>Back to the defaults.</summary>
    public Task ResetAsync(RequestContext context, string projectId, string? userId) => store.WriteAsync(async db =>
    {
        await db.QuotaUserLimits.Where(l => l.ProjectId == projectId && (userId == null || l.UserId == userId)).ExecuteDeleteAsync();
        if (userId is null) { await db.QuotaLimits.Where(l => l.ProjectId == projectId).ExecuteDeleteAsync(); }
        db.Record(context, "delete", "quota_set", projectId, projectId);
    });

    public Task<Dictionary<string, long>> SetClassAsync(RequestContext context, string name, IReadOnlyDictionary<string, long> limits) => store.WriteAsync(async db =>
    {
        await PutAsync(db, KeyOf(name), limits);
        await db.SaveChangesAsync();
        db.Record(context, "update", "quota_class_set", name);
        return await QuotaCounts.LimitsAsync(db, KeyOf(name));
    });

    /// <summary>Classes other than the default are kept as upstream does, apart from projects' names; nothing uses them.</summary>
    private static string KeyOf(string className) => className == QuotaCounts.DefaultClass ? className : "class/" + className;

    private static async Task<QuotaState> ReadAsync(NovaDb db, string projectId, string? userId)
    {
        var limits = await QuotaCounts.LimitsAsync(db, projectId);
        if (userId is not null)
        {
            foreach (var (resource, limit) in await QuotaCounts.UserLimitsAsync(db, projectId, userId)) { limits[resource] = limit; }
        }
        var used = await ServerQuota.UsedAsync(db, projectId, userId);
        used["server_groups"] = await db.ServerGroups.CountAsync(g => g.ProjectId == projectId && (userId == null || g.UserId == userId));
        return new QuotaState(limits, used);
    }

    private static async Task CheckAsync(NovaDb db, string projectId, string? userId, IReadOnlyDictionary<string, long> wanted)
    {
        var state = await ReadAsync(db, projectId, userId);
        var project = userId is null ? null : await QuotaCounts.LimitsAsync(db, projectId);
        var others = userId is null ? [] : await db.QuotaUserLimits.Where(l => l.ProjectId == projectId && l.UserId != userId).ToListAsync();
        var promised = (userId is null ? await db.QuotaUserLimits.Where(l => l.ProjectId == projectId).ToListAsync() : others)
            .GroupBy(l => l.Resource, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Sum(l => Math.Max(0, l.Limit)), StringComparer.Ordinal);
        foreach (var (resource, limit) in wanted)
        {
            var least = userId is null ? Math.Max(state.InUse(resource), promised.GetValueOrDefault(resource)) : state.InUse(resource);
            if (limit >= 0 && limit < least)
            {
                throw new BadRequestError($"Quota limit {limit} for {resource} must be greater than or equal to already used and reserved {least}.");
            }
            if (project?.GetValueOrDefault(resource, -1) is >= 0 and var whole && whole - promised.GetValueOrDefault(resource) is var left && (limit < 0 || limit > left))
            {
                throw new BadRequestError($"Quota limit {limit} for {resource} must be less than or equal to {left}.");
            }
        }
    }

    private static async Task PutAsync(NovaDb db, string key, IReadOnlyDictionary<string, long> limits)
    {
        var rows = await db.QuotaLimits.AsTracking().Where(l => l.ProjectId == key).ToDictionaryAsync(l => l.Resource, StringComparer.Ordinal);
        foreach (var (resource, limit) in limits)
        {
            if (rows.TryGetValue(resource, out var row)) { row.Limit = limit; }
            else { db.QuotaLimits.Add(new QuotaLimit { ProjectId = key, Resource = resource, Limit = limit }); }
        }
    }

    private static async Task PutUserAsync(NovaDb db, string projectId, string userId, IReadOnlyDictionary<string, long> limits)
    {
        var rows = await db.QuotaUserLimits.AsTracking().Where(l => l.ProjectId == projectId && l.UserId == userId).ToDictionaryAsync(l => l.Resource, StringComparer.Ordinal);
        foreach (var (resource, limit) in limits)
        {
            if (rows.TryGetValue(resource, out var row)) { row.Limit = limit; }
            else { db.QuotaUserLimits.Add(new QuotaUserLimit { ProjectId = projectId, UserId = userId, Resource = resource, Limit = limit }); }
        }
    }
}
