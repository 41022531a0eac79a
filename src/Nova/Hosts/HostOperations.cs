using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;

namespace Nephos.Nova.Hosts;

/// <summary>What admins do with hosts: as services they are disabled, forced down, and removed when they are gone for good.</summary>
internal sealed class HostOperations(Store<NovaDb> store, IPlacement placement)
{
    /// <summary>The one service with a heartbeat.</summary>
    public const string Binary = "nova-compute";

    /// <summary>All hosts, or the one of that name, and the zones of all.</summary>
    public Task<(List<ComputeHost> Hosts, Dictionary<string, string> Zones)> ListAsync(string? name, CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var hosts = string.IsNullOrEmpty(name) ? db.Hosts : db.Hosts.Where(h => h.Name == name);
        return (await hosts.OrderBy(h => h.Number).ToListAsync(cancel), await HostZones.AllAsync(db));
    }, cancel);

    public Task<ComputeHost> ChangeAsync(RequestContext context, Expression<Func<ComputeHost, bool>> which, Action<ComputeHost> change, ApiError unknown) => store.WriteAsync(async db =>
    {
        var host = await db.Hosts.AsTracking().FirstOrDefaultAsync(which) ?? throw unknown;
        change(host);
        host.UpdatedAt = context.Now;
        db.Record(context, "update", "service", host.ServiceId);
        return host;
    });

    /// <summary>
    /// Forgets a host without servers, also as a member of aggregates. Its provider in Placement keeps its row, under another name and without inventory, so nothing is
    /// placed there; a node that is still alive registers anew with its next heartbeat.
    /// </summary>
    public async Task DeleteAsync(RequestContext context, Expression<Func<ComputeHost, bool>> which, string id, CancellationToken cancel)
    {
        var host = await store.ReadAsync(db => db.Hosts.FirstOrDefaultAsync(which, cancel), cancel) ?? throw new NotFoundError($"Service {id} not found.");
        await store.WriteAsync(async db =>
        {
            if (await db.Servers.AnyAsync(s => s.Host == host.Name && !s.Deleted)) { throw HostErrors.HasServers(); }
            await db.AggregateHosts.Where(h => h.Host == host.Name).ExecuteDeleteAsync();
            await db.Hosts.Where(h => h.Name == host.Name).ExecuteDeleteAsync();
            db.Record(context, "delete", "service", host.ServiceId);
        }, cancel);
        await placement.EnsureProviderAsync(new ProviderFacts(host.HypervisorId, "deleted-" + host.HypervisorId, [], []), cancel);
    }
}
