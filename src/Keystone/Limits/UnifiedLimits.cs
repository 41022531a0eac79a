using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Keystone;
using Nephos.Kernel.Api;
using Nephos.Kernel.Store;
using Nephos.Keystone.RegisteredLimits;

namespace Nephos.Keystone.Limits;

/// <summary>What other services ask about limits. Looked for as oslo.limit does: those of this cloud's region first, then those of all regions; the project's own before the registered default.</summary>
internal sealed class UnifiedLimits(Store<KeystoneDb> store, RegisteredLimitOperations registered, EnforcementModel model, CloudFacts facts) : IUnifiedLimits
{
    public Task RegisterAsync(string serviceType, IReadOnlyCollection<LimitDefault> defaults, CancellationToken cancel) => registered.RegisterAsync(serviceType, defaults, cancel);

    public Task<ProjectLimits> AskAsync(string serviceType, string projectId, IReadOnlyCollection<string> resourceNames, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var rows = await db.RegisteredLimits
            .Where(r => db.Services.Any(s => s.Id == r.ServiceId && s.Type == serviceType) && (r.RegionId == null || r.RegionId == facts.Region) && resourceNames.Contains(r.ResourceName))
            .ToListAsync(cancel);
        var ids = rows.ConvertAll(r => r.Id);
        var limits = await LimitsAsync(projectId);
        var known = rows.Select(r => r.ResourceName).ToHashSet(StringComparer.Ordinal);
        var answer = new ProjectLimits(projectId, limits) { Unregistered = [.. resourceNames.Where(name => !known.Contains(name))] };
        if (!model.IsStrict || await db.Projects.Where(p => p.Id == projectId).Select(p => p.DomainId).FirstOrDefaultAsync(cancel) is not { } domain) { return answer; }
        var projects = await db.Projects.Where(p => p.DomainId == domain).Select(p => p.Id).ToListAsync(cancel);
        return answer with { Tree = new ProjectTree(domain, [domain, .. projects], await LimitsAsync(domain)) };

        async Task<Dictionary<string, int>> LimitsAsync(string owner)
        {
            var own = await db.Limits.Where(l => ids.Contains(l.RegisteredLimitId) && (l.ProjectId == owner || l.DomainId == owner)).ToDictionaryAsync(l => l.RegisteredLimitId, l => l.ResourceLimit, cancel);
            return resourceNames.Distinct().ToDictionary(name => name, name => Value(rows.FindAll(r => r.ResourceName == name), own));
        }
    }, cancel);

    private static int Value(List<RegisteredLimit> rows, Dictionary<string, int> own)
    {
        // Of the region before that of all regions.
        rows.Sort((a, b) => (a.RegionId is null).CompareTo(b.RegionId is null));
        foreach (var row in rows)
        {
            if (own.TryGetValue(row.Id, out var limit)) { return limit; }
        }
        return rows.Count > 0 ? rows[0].DefaultLimit : 0;
    }
}
