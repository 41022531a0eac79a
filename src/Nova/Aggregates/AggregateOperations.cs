using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.Aggregates;

/// <summary>An aggregate and its hosts.</summary>
internal sealed record AggregateAndHosts(Aggregate Aggregate, IReadOnlyList<string> Hosts);

/// <summary>What can be done with aggregates.</summary>
internal sealed class AggregateOperations(Store<NovaDb> store)
{
    public Task<List<AggregateAndHosts>> ListAsync(CancellationToken cancel) => store.ReadAsync(async db =>
    {
        var aggregates = await db.Aggregates.OrderBy(a => a.Number).ToListAsync(cancel);
        var hosts = (await db.AggregateHosts.OrderBy(h => h.Host).ToListAsync(cancel)).ToLookup(h => h.AggregateNumber, h => h.Host);
        return aggregates.ConvertAll(a => new AggregateAndHosts(a, [.. hosts[a.Number]]));
    }, cancel);

    public Task<AggregateAndHosts> FindAsync(string id, CancellationToken cancel) => store.ReadAsync(db => FindAsync(db, id), cancel);

    public Task<AggregateAndHosts> CreateAsync(RequestContext context, string name, string? zone) => store.WriteAsync(async db =>
    {
        await CheckNameAsync(db, name, null);
        var aggregate = new Aggregate { Id = NewId.Uuid(), Name = name, Zone = zone, CreatedAt = context.Now };
        db.Aggregates.Add(aggregate);
        await db.SaveChangesAsync();
        db.Record(context, "create", "aggregate", aggregate.Id);
        return new AggregateAndHosts(aggregate, []);
    });

    public Task<AggregateAndHosts> UpdateAsync(RequestContext context, string id, string? name, bool setZone, string? zone) => ChangeAsync(context, id, "update", async (db, found) =>
    {
        if (name is not null)
        {
            await CheckNameAsync(db, name, found.Aggregate.Number);
            found.Aggregate.Name = name;
        }
        if (setZone) { await SetZoneAsync(db, found, zone, AggregateErrors.CannotUpdate); }
    });

    /// <summary>Adds, changes, and with null removes.</summary>
    public Task<AggregateAndHosts> SetMetadataAsync(RequestContext context, string id, IReadOnlyDictionary<string, string?> changes) => ChangeAsync(context, id, "set_metadata", async (db, found) =>
    {
        var metadata = new Dictionary<string, string>(found.Aggregate.Metadata, StringComparer.Ordinal);
        foreach (var (key, value) in changes)
        {
            if (key == "availability_zone") { await SetZoneAsync(db, found, value, AggregateErrors.CannotUpdateMetadata); }
            else if (value is null) { metadata.Remove(key); }
            else { metadata[key] = value; }
        }
        found.Aggregate.Metadata = metadata;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        var (aggregate, hosts) = await FindAsync(db, id);
        if (hosts.Count > 0) { throw AggregateErrors.NotEmpty(aggregate.Number); }
        await db.Aggregates.Where(a => a.Number == aggregate.Number).ExecuteDeleteAsync();
        db.Record(context, "delete", "aggregate", aggregate.Id);
    });

    public async Task<AggregateAndHosts> AddHostAsync(RequestContext context, string id, string host)
    {
        await ChangeAsync(context, id, "add_host", async (db, found) =>
        {
            var number = found.Aggregate.Number;
            if (!await db.Hosts.AnyAsync(h => h.Name == host)) { throw AggregateErrors.NoHost(host); }
            if (found.Hosts.Contains(host)) { throw AggregateErrors.HostExists(number, host); }
            if (found.Aggregate.Zone is { } zone)
            {
                await CheckOtherZonesAsync(db, number, zone, [host], AggregateErrors.CannotAdd);
                var before = (await HostZones.AllAsync(db)).GetValueOrDefault(host, HostZones.Default);
                if (before != zone && await ServersAsync(db, [host]) is > 0 and var servers) { throw AggregateErrors.CannotAdd(number, AggregateErrors.WouldMoveIn(before, zone, servers)); }
            }
            db.AggregateHosts.Add(new AggregateHost { AggregateNumber = number, Host = host });
        });
        return await store.ReadAsync(db => FindAsync(db, id));
    }

    public async Task<AggregateAndHosts> RemoveHostAsync(RequestContext context, string id, string host)
    {
        await ChangeAsync(context, id, "remove_host", async (db, found) =>
        {
            if (!found.Hosts.Contains(host)) { throw AggregateErrors.CannotRemove(host, id); }
            var number = found.Aggregate.Number;
            if (found.Aggregate.Zone is { } zone && !await OthersOf(db, number, [host]).AnyAsync(a => a.Zone == zone) && zone != HostZones.Default
                && await ServersAsync(db, [host]) is > 0 and var servers)
            {
                throw AggregateErrors.WouldMoveOut(number, zone, HostZones.Default, servers);
            }
            await db.AggregateHosts.Where(h => h.AggregateNumber == number && h.Host == host).ExecuteDeleteAsync();
        }, AggregateErrors.CannotRemove(host, id));
        return await store.ReadAsync(db => FindAsync(db, id));
    }

    private Task<AggregateAndHosts> ChangeAsync(RequestContext context, string id, string action, Func<NovaDb, AggregateAndHosts, Task> change, ApiError? unknown = null) => store.WriteAsync(async db =>
    {
        var found = await FindAsync(db, id, unknown);
        db.Attach(found.Aggregate);
        await change(db, found);
        found.Aggregate.UpdatedAt = context.Now;
        db.Record(context, action, "aggregate", found.Aggregate.Id);
        return found;
    });

    private static async Task<AggregateAndHosts> FindAsync(NovaDb db, string id, ApiError? unknown = null)
    {
        var known = long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number);
        var aggregate = known ? await db.Aggregates.FirstOrDefaultAsync(a => a.Number == number) : null;
        return aggregate is null ? throw unknown ?? AggregateErrors.NotFound(id)
            : new AggregateAndHosts(aggregate, await db.AggregateHosts.Where(h => h.AggregateNumber == number).OrderBy(h => h.Host).Select(h => h.Host).ToListAsync());
    }

    private static async Task CheckNameAsync(NovaDb db, string name, long? self)
    {
        if (await db.Aggregates.AnyAsync(a => a.Name == name && a.Number != self)) { throw AggregateErrors.NameExists(name); }
    }

    /// <summary>A zone once given can be renamed, not taken away (upstream: "does not support empty named availability zone").</summary>
    private static async Task SetZoneAsync(NovaDb db, AggregateAndHosts found, string? zone, Func<long, string, ApiError> refusal)
    {
        var (aggregate, hosts) = found;
        if (string.IsNullOrEmpty(zone)) { throw refusal(aggregate.Number, $"Aggregate {aggregate.Name} does not support empty named availability zone"); }
        await CheckOtherZonesAsync(db, aggregate.Number, zone, hosts, refusal);
        if (aggregate.Zone != zone && await ServersAsync(db, hosts) > 0) { throw refusal(aggregate.Number, "One or more hosts contain instances in this zone"); }
        aggregate.Zone = zone;
    }

    private static async Task CheckOtherZonesAsync(NovaDb db, long number, string zone, IReadOnlyList<string> hosts, Func<long, string, ApiError> refusal)
    {
        var others = await OthersOf(db, number, hosts).Where(a => a.Zone != null && a.Zone != zone).Select(a => a.Zone!).Distinct().ToListAsync();
        if (others.Count > 0) { throw refusal(number, $"One or more hosts already in availability zone(s) [{string.Join(", ", others.Select(z => $"'{z}'"))}]"); }
    }

    /// <summary>Other aggregates that have one of the hosts.</summary>
    private static IQueryable<Aggregate> OthersOf(NovaDb db, long number, IReadOnlyList<string> hosts) =>
        db.Aggregates.Where(a => a.Number != number && db.AggregateHosts.Any(h => h.AggregateNumber == a.Number && hosts.Contains(h.Host)));

    private static Task<int> ServersAsync(NovaDb db, IReadOnlyList<string> hosts) => db.Servers.CountAsync(s => s.Host != null && hosts.Contains(s.Host) && !s.Deleted);
}
