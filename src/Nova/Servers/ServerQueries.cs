using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Store;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.Servers;

/// <summary>Filters, sorts and pages of servers.</summary>
internal static class ServerQueries
{
    private static readonly SortKey<Server> ByNumber = SortKey<Server>.Of("number", s => s.Number);
    private static readonly SortKey<Server> ByAge = SortKey<Server>.Of("created_at", s => s.CreatedAt);
    private static readonly SortKey<Server>[] Keys =
    [
        ByNumber, ByAge, SortKey<Server>.Of("display_name", s => s.Name), SortKey<Server>.Of("display_description", s => s.Description), SortKey<Server>.Of("updated_at", s => s.UpdatedAt),
        SortKey<Server>.Of("uuid", s => s.Id), SortKey<Server>.Of("host", s => s.Host), SortKey<Server>.Of("node", s => s.Host), SortKey<Server>.Of("hostname", s => s.Hostname),
        SortKey<Server>.Of("image_ref", s => s.ImageId), SortKey<Server>.Of("instance_type_id", s => s.FlavorId), SortKey<Server>.Of("key_name", s => s.KeyName),
        SortKey<Server>.Of("launch_index", s => s.LaunchIndex), SortKey<Server>.Of("launched_at", s => s.LaunchedAt), SortKey<Server>.Of("terminated_at", s => s.TerminatedAt),
        SortKey<Server>.Of("power_state", s => s.PowerState), SortKey<Server>.Of("vm_state", s => s.VmState), SortKey<Server>.Of("task_state", s => s.TaskState),
        SortKey<Server>.Of("progress", s => s.Progress), SortKey<Server>.Of("project_id", s => s.ProjectId), SortKey<Server>.Of("user_id", s => s.UserId),
        SortKey<Server>.Of("availability_zone", s => s.AvailabilityZone), SortKey<Server>.Of("config_drive", s => s.ConfigDrive), SortKey<Server>.Of("locked_by", s => s.LockedBy),
        SortKey<Server>.Of("locked", s => s.LockedBy), SortKey<Server>.Of("access_ip_v4", s => s.AccessIpV4), SortKey<Server>.Of("access_ip_v6", s => s.AccessIpV6),
        SortKey<Server>.Of("auto_disk_config", s => s.AutoDiskConfig),
        // The same in every row: the order is the creation's.
        SortKey<Server>.Of("kernel_id", s => s.Number), SortKey<Server>.Of("ramdisk_id", s => s.Number), SortKey<Server>.Of("root_device_name", s => s.Number),
    ];

    /// <summary>A server by its id, deleted or not.</summary>
    public static readonly Func<NovaDb, string, Task<Server?>> Find = (db, id) => db.Servers.FirstOrDefaultAsync(s => s.Id == id);

    public static async Task<List<Server>> PageAsync(NovaDb db, ServerFilter filter, PageRequest page)
    {
        var sorts = page.Resolve(Keys, [new Sort<Server>(ByAge, true)], ByNumber,
            name => new BadRequestError($"Invalid input for query parameters sort_key. Value: {name}. '{name}' is not one of [{string.Join(", ", Keys.Skip(1).Select(k => $"'{k.Name}'"))}]"));
        if (filter.Nothing) { return []; }
        var query = Where(db, filter);
        if (page.Marker is { } marker)
        {
            var row = await db.Servers.FirstOrDefaultAsync(s => s.Id == marker && (filter.ProjectId == null || s.ProjectId == filter.ProjectId)) ?? throw new BadRequestError($"marker [{marker}] not found");
            query = query.After(sorts, row);
        }
        try { return await query.OrderByKeys(sorts).Take(page.Limit ?? NovaLimits.MaxPage).ToListAsync(); }
        catch (Exception error) when (StoreFailure.IsBadPattern(error)) { throw new BadRequestError("A query parameter is not a regular expression of the cloud's database"); }
    }

    private static IQueryable<Server> Where(NovaDb db, ServerFilter filter)
    {
        IQueryable<Server> query = db.Servers;
        if (filter.ProjectId is { } project) { query = query.Where(s => s.ProjectId == project); }
        if (filter.Deleted is { } deleted) { query = query.Where(s => s.Deleted == deleted); }
        if (filter.VmStates is { } vm) { query = vm.Count == 1 ? query.Where(s => s.VmState == vm[0]) : query.Where(s => vm.Contains(s.VmState)); }
        if (filter.TaskStates is { } task) { query = query.Where(s => s.TaskState != null && task.Contains(s.TaskState)); }
        if (filter.ChangedSince is { } since) { query = query.Where(s => s.UpdatedAt >= since); }
        if (filter.ChangedBefore is { } before) { query = query.Where(s => s.UpdatedAt <= before); }
        if (filter.Locked is { } locked) { query = query.Where(s => (s.LockedBy != null) == locked); }
        foreach (var (name, text) in filter.Texts) { query = Match(query, name, text); }
        foreach (var tag in filter.Tags ?? []) { query = query.Where(s => db.ServerTags.Any(t => t.ServerId == s.Id && t.Tag == tag)); }
        if (filter.TagsAny is { } any) { query = query.Where(s => db.ServerTags.Any(t => t.ServerId == s.Id && any.Contains(t.Tag))); }
        if (filter.NotTagsAny is { } notAny) { query = query.Where(s => !db.ServerTags.Any(t => t.ServerId == s.Id && notAny.Contains(t.Tag))); }
        if (filter.NotTags is { } not)
        {
            var count = not.Distinct(StringComparer.Ordinal).Count();
            query = query.Where(s => db.ServerTags.Count(t => t.ServerId == s.Id && not.Contains(t.Tag)) < count);
        }
        return query;
    }

    private static IQueryable<Server> Match(IQueryable<Server> query, string name, string text) => name switch
    {
        "name" or "display_name" => query.Where(s => Regex.IsMatch(s.Name, text)),
        "description" or "display_description" => query.Where(s => s.Description != null && Regex.IsMatch(s.Description, text)),
        "hostname" => query.Where(s => Regex.IsMatch(s.Hostname, text)),
        "key_name" => query.Where(s => s.KeyName == text),
        "image" or "image_ref" => query.Where(s => s.ImageId == text),
        "flavor" => query.Where(s => s.FlavorId == text),
        "host" or "node" => query.Where(s => s.Host == text),
        "uuid" => query.Where(s => s.Id == text),
        "user_id" => query.Where(s => s.UserId == text),
        "reservation_id" => query.Where(s => s.ReservationId == text),
        "availability_zone" => query.Where(s => s.AvailabilityZone == text),
        "config_drive" => Kernel.Wire.WireBoolean.Parse(text) is { } drive ? query.Where(s => s.ConfigDrive == drive) : query.Where(s => false),
        "auto_disk_config" => Kernel.Wire.WireBoolean.Parse(text) is { } auto ? query.Where(s => s.AutoDiskConfig == auto) : query.Where(s => false),
        "power_state" => int.TryParse(text, out var power) ? query.Where(s => s.PowerState == power) : query.Where(s => false),
        "progress" => int.TryParse(text, out var progress) ? query.Where(s => s.Progress == progress) : query.Where(s => false),
        "launch_index" => int.TryParse(text, out var index) ? query.Where(s => s.LaunchIndex == index) : query.Where(s => false),
        "locked_by" => query.Where(s => s.LockedBy == text),
        "access_ip_v4" => query.Where(s => s.AccessIpV4 == text),
        "access_ip_v6" => query.Where(s => s.AccessIpV6 == text),
        "created_at" => Kernel.Wire.WireTime.TryParse(text, out var created) ? query.Where(s => s.CreatedAt == created) : query.Where(s => false),
        "launched_at" => Kernel.Wire.WireTime.TryParse(text, out var launched) ? query.Where(s => s.LaunchedAt == launched) : query.Where(s => false),
        "terminated_at" => Kernel.Wire.WireTime.TryParse(text, out var ended) ? query.Where(s => s.TerminatedAt == ended) : query.Where(s => false),
        "ip" or "ip6" => Part(text) is var part ? query.Where(s => s.Addresses.Contains(part)) : query,
        "soft_deleted" => Kernel.Wire.WireBoolean.Parse(text) == true ? query.Where(s => s.VmState == VmStates.SoftDeleted) : query,
        _ => query,
    };

    /// <summary>Addresses are matched by part, as upstream with Neutron's substring filter; what clients write around them for a regular expression is dropped.</summary>
    private static string Part(string text)
    {
        var part = text.Replace("\\", "", StringComparison.Ordinal);
        if (part.StartsWith('^')) { part = " " + part[1..]; }
        return part.EndsWith('$') ? part[..^1] + " " : part;
    }

    /// <summary>Tags of servers, one query for all.</summary>
    public static async Task<ILookup<string, string>> TagsAsync(NovaDb db, IReadOnlyCollection<string> ids)
    {
        var rows = ids.Count == 1
            ? await db.ServerTags.Where(t => t.ServerId == ids.First()).OrderBy(t => t.Tag).ToListAsync()
            : await db.ServerTags.Where(t => ids.Contains(t.ServerId)).OrderBy(t => t.Tag).ToListAsync();
        return rows.ToLookup(t => t.ServerId, t => t.Tag);
    }

    /// <summary>UP, MAINTENANCE, DOWN or UNKNOWN by host, as <c>host_status</c> says it; of all hosts or of some.</summary>
    public static async Task<Dictionary<string, string>> HostStatusesAsync(NovaDb db, DateTime now, IReadOnlyList<string>? of = null)
    {
        IQueryable<ComputeHost> hosts = db.Hosts;
        if (of is [var one]) { hosts = hosts.Where(h => h.Name == one); } else if (of is not null) { hosts = hosts.Where(h => of.Contains(h.Name)); }
        return (await hosts.Select(h => new { h.Name, h.ForcedDown, h.Disabled, h.SeenAt }).ToListAsync())
            .ToDictionary(h => h.Name, h => h.ForcedDown ? "DOWN" : now - h.SeenAt >= NovaLimits.ServiceDown ? "UNKNOWN" : h.Disabled ? "MAINTENANCE" : "UP", StringComparer.Ordinal);
    }
}
