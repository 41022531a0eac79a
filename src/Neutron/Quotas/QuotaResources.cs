using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;

namespace Nephos.Neutron.Quotas;

/// <summary>A resource that is limited: its name, upstream's default (neutron conf/quota), and how a project's are counted.</summary>
internal sealed record QuotaResource(string Name, int Default, Func<NeutronDb, string, Task<int>> CountAsync);

/// <summary>All limited resources. A new one goes here; the quota calls follow by themselves.</summary>
internal static class QuotaResources
{
    public static readonly IReadOnlyList<QuotaResource> All =
    [
        new("network", 100, (db, project) => db.Networks.CountAsync(n => n.ProjectId == project)),
        new("subnet", 100, (db, project) => db.Subnets.CountAsync(s => s.ProjectId == project)),
        new("router", 10, (db, project) => db.Routers.CountAsync(r => r.ProjectId == project)),
        new("floatingip", 50, (db, project) => db.FloatingIps.CountAsync(f => f.ProjectId == project)),
        // A limit per router, not per project: nothing is ever counted as used.
        new("router_route", 30, (_, _) => Task.FromResult(0)),
        new("security_group", 10, (db, project) => db.SecurityGroups.CountAsync(g => g.ProjectId == project)),
        new("security_group_rule", 100, (db, project) => db.SecurityGroupRules.CountAsync(r => r.ProjectId == project)),
        new("port", 500, (db, project) => db.Ports.CountAsync(p => p.ProjectId == project)),
    ];

    public static QuotaResource? Find(string name) => All.FirstOrDefault(r => r.Name == name);
}

/// <summary>Limits, enforced by counting inside the transaction that inserts.</summary>
internal static class Quota
{
    /// <summary>
    /// Throws upstream's 409 unless the project may have that many more. To be called inside a write, before the rows are added. SQLite writes one at a
    /// time; on PostgreSQL a lock on (project, resource) until the commit makes counting and inserting one.
    /// </summary>
    public static async Task EnforceAsync(NeutronDb db, string projectId, string resource, int more = 1)
    {
        if (projectId.Length == 0) { return; }
        var declared = QuotaResources.Find(resource) ?? throw new InvalidOperationException($"no quota resource {resource}");
        await db.LockAsync($"quota/{projectId}/{resource}").ConfigureAwait(false);
        var limit = await LimitAsync(db, projectId, declared).ConfigureAwait(false);
        if (limit < 0) { return; }
        if (await declared.CountAsync(db, projectId).ConfigureAwait(false) + more > limit)
        {
            throw new ConflictError($"Quota exceeded for resources: ['{resource}'].", "OverQuota");
        }
    }

    public static async Task<int> LimitAsync(NeutronDb db, string projectId, QuotaResource resource) =>
        await db.QuotaLimits.Where(q => q.ProjectId == projectId && q.Resource == resource.Name).Select(q => (int?)q.Limit).FirstOrDefaultAsync().ConfigureAwait(false) ?? resource.Default;
}
