using System.Globalization;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.Hypervisors;

/// <summary>What the servers on a host take.</summary>
/// <param name="Busy">Servers to which something is being done.</param>
internal sealed record HypervisorUse(string Host, long Servers, long Busy, long Vcpus, long RamMib, long DiskGib);

/// <summary>Reads hosts as hypervisors.</summary>
internal sealed class HypervisorQueries(Store<NovaDb> store)
{
    /// <param name="marker">Id of the last one before; a UUID or a number.</param>
    public Task<List<ComputeHost>> PageAsync(int? limit, string? marker, bool byUuid, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        IQueryable<ComputeHost> query = db.Hosts.OrderBy(h => h.Number);
        if (marker is not null)
        {
            var known = long.TryParse(marker, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || byUuid;
            var after = !known ? null : byUuid
                ? await db.Hosts.Where(h => h.HypervisorId == marker).Select(h => (long?)h.Number).FirstOrDefaultAsync(cancel)
                : await db.Hosts.Where(h => h.Number == number).Select(h => (long?)h.Number).FirstOrDefaultAsync(cancel);
            if (after is null) { throw new BadRequestError($"marker [{marker}] not found"); }
            query = query.Where(h => h.Number > after);
        }
        return await (limit is { } most ? query.Take(most) : query).ToListAsync(cancel);
    }, cancel);

    /// <summary>Those with the text in their name.</summary>
    public Task<List<ComputeHost>> MatchAsync(string part, CancellationToken cancel) =>
        store.ReadAsync(db => db.Hosts.Where(h => h.Name.Contains(part)).OrderBy(h => h.Number).ToListAsync(cancel), cancel);

    public Task<ComputeHost?> FindAsync(Expression<Func<ComputeHost, bool>> which, CancellationToken cancel) => store.ReadAsync(db => db.Hosts.FirstOrDefaultAsync(which, cancel), cancel);

    /// <summary>By host; hosts without servers are not in it.</summary>
    public Task<Dictionary<string, HypervisorUse>> UsesAsync(List<ComputeHost> hosts, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var names = hosts.ConvertAll(h => h.Name);
        var rows = await db.Servers.Where(s => s.Host != null && names.Contains(s.Host) && !s.Deleted).GroupBy(s => s.Host!)
            .Select(g => new { g.Key, Servers = g.LongCount(), Busy = g.Sum(s => s.TaskState != null ? 1L : 0L), Vcpus = g.Sum(s => (long)s.Vcpus), Ram = g.Sum(s => (long)s.RamMib), Disk = g.Sum(s => (long)s.DiskGib) })
            .ToListAsync(cancel);
        return rows.ToDictionary(r => r.Key, r => new HypervisorUse(r.Key, r.Servers, r.Busy, r.Vcpus, r.Ram, r.Disk), StringComparer.Ordinal);
    }, cancel);

    /// <summary>Servers by host.</summary>
    public Task<ILookup<string, HypervisorServer>> ServersAsync(List<ComputeHost> hosts, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var names = hosts.ConvertAll(h => h.Name);
        var rows = await db.Servers.Where(s => s.Host != null && names.Contains(s.Host) && !s.Deleted).OrderBy(s => s.Number).Select(s => new { s.Host, s.Name, s.Id }).ToListAsync(cancel);
        return rows.ToLookup(s => s.Host!, s => new HypervisorServer(s.Name, s.Id), StringComparer.Ordinal);
    }, cancel);
}
