using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.Hosts;

/// <summary>Availability zones of hosts (<c>nova/availability_zones.py</c>): a host is in the default zone unless an aggregate says otherwise.</summary>
internal static class HostZones
{
    /// <summary><c>default_availability_zone</c>.</summary>
    public const string Default = "nova";

    /// <summary>The zone of every host.</summary>
    public static async Task<Dictionary<string, string>> AllAsync(NovaDb db) => await OfAsync(db, await db.Hosts.Select(h => h.Name).ToListAsync());

    /// <summary>The zone of each of these hosts.</summary>
    public static async Task<Dictionary<string, string>> OfAsync(NovaDb db, IEnumerable<string> hosts)
    {
        var zones = hosts.ToDictionary(name => name, _ => Default, StringComparer.Ordinal);
        var given = from member in db.AggregateHosts
                    join aggregate in db.Aggregates on member.AggregateNumber equals aggregate.Number
                    where aggregate.Zone != null
                    select new { member.Host, Zone = aggregate.Zone! };
        // The same for all aggregates of a host (Aggregate's invariant).
        foreach (var row in await given.ToListAsync())
        {
            if (zones.ContainsKey(row.Host)) { zones[row.Host] = row.Zone; }
        }
        return zones;
    }
}
