using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Projects;
using Nephos.Keystone.RegisteredLimits;

namespace Nephos.Keystone.Limits;

/// <summary>
/// What limits of a domain and of its projects have to do with each other. Upstream: <c>keystone/limit/models</c>. <c>flat</c>: nothing. <c>strict_two_level</c>: no project's limit is above that of its
/// domain (or the registered default, where the domain has none), and no tree is deeper than a project in a project in a domain.
/// </summary>
internal sealed class EnforcementModel(KeystoneSettings settings)
{
    public string Name => settings.EnforcementModel;
    public bool IsStrict => Name == "strict_two_level";
    public string Description => IsStrict ? "This model requires project hierarchy never exceeds a depth of two" : "Limit enforcement and validation does not take project hierarchy into consideration.";

    /// <summary>Projects, the domain counted, that may lie above a new one.</summary>
    public int MaxAbove => IsStrict ? Math.Min(settings.MaxProjectTreeDepth, 2) : settings.MaxProjectTreeDepth;

    /// <summary>Refuses limits that break the model, be it against those in the database or among themselves.</summary>
    /// <param name="limits">New or changed, with the registered limit each stands on.</param>
    public async Task CheckAsync(KeystoneDb db, IReadOnlyList<(Limit Limit, RegisteredLimit Registered)> limits)
    {
        if (!IsStrict) { return; }
        foreach (var (limit, registered) in limits)
        {
            if (!await FitsAsync(db, limit, registered, limits))
            {
                throw new ForbiddenError($"Invalid resource limit: The resource limit ({(limit.ProjectId is null ? "domain_id" : "project_id")}: {limit.ProjectId ?? limit.DomainId}, resource_name: {registered.ResourceName}, "
                    + $"resource_limit: {limit.ResourceLimit}, service_id: {registered.ServiceId}, region_id: {registered.RegionId ?? "None"}) doesn't satisfy current hierarchy model..");
            }
        }
    }

    private static async Task<bool> FitsAsync(KeystoneDb db, Limit limit, RegisteredLimit registered, IReadOnlyList<(Limit Limit, RegisteredLimit Registered)> limits)
    {
        if (limit.ProjectId is { } project)
        {
            var parent = await db.Projects.Where(p => p.Id == project).Select(p => p.ParentId).FirstOrDefaultAsync();
            var together = limits.FirstOrDefault(l => l.Limit.DomainId == parent && l.Registered.Id == registered.Id).Limit;
            var above = together?.ResourceLimit
                ?? await db.Limits.Where(l => l.DomainId == parent && l.RegisteredLimitId == registered.Id).Select(l => (int?)l.ResourceLimit).FirstOrDefaultAsync()
                ?? registered.DefaultLimit;
            return AtMost(limit.ResourceLimit, above);
        }
        var below = (await ProjectQueries.SubtreeAsync(db, limit.DomainId!)).ConvertAll(p => p.Id);
        var values = await db.Limits.Where(l => l.RegisteredLimitId == registered.Id && l.ProjectId != null && below.Contains(l.ProjectId)).Select(l => l.ResourceLimit).ToListAsync();
        return values.TrueForAll(value => AtMost(value, limit.ResourceLimit));
    }

    /// <summary>-1 is more than any number.</summary>
    private static bool AtMost(int value, int most) => most < 0 || (value >= 0 && value <= most);
}
