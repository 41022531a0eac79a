using Microsoft.EntityFrameworkCore;

namespace Nephos.Nova.Hosts;

/// <summary>Availability zones of hosts (<c>nova/availability_zones.py</c>): a host is in the default zone unless an aggregate says otherwise.</summary>
internal static class HostZones
{
    /// <summary><c>default_availability_zone</c>.</summary>
    public const string Default = "nova";

    /// <summary>The zone of every host.</summary>
    public static async Task<Dictionary<string, string>> AllAsync(NovaDb db) =>
        (await db.Hosts.Select(h => h.Name).ToListAsync()).ToDictionary(name => name, _ => Default, StringComparer.Ordinal);
}
