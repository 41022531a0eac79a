using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Servers;

/// <summary>What a list of servers is asked for, out of its query string (<c>compute/servers.py</c>, _get_servers). Each text is what to match, null when it is not asked.</summary>
internal sealed record ServerFilter
{
    private static readonly string[] Everyones = ["reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"];
    private static readonly string[] Since283 =
        ["availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at", "power_state", "task_state", "vm_state", "progress", "user_id"];
    private static readonly string[] Joined = ["block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices"];
    private static readonly string[] Known275 =
    [
        "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "kernel_id", "ramdisk_id", "hostname", "key_name", "power_state", "vm_state", "task_state", "host",
        "node", "flavor", "reservation_id", "launched_at", "terminated_at", "availability_zone", "name", "display_name", "description", "display_description", "locked_by", "uuid",
        "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6", "auto_disk_config", "progress", "sort_key", "sort_dir", "all_tenants", "soft_deleted", "deleted", "status",
        "changes-since", "changes-before", "ip", "ip6", "created_at", "limit", "marker", "tags", "tags-any", "not-tags", "not-tags-any", "locked",
        "block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices",
    ];

    /// <summary>Nothing can match: an unknown status before 2.38.</summary>
    public bool Nothing { get; init; }
    /// <summary>Null: every project.</summary>
    public string? ProjectId { get; init; }
    public IReadOnlyList<string>? VmStates { get; init; }
    public IReadOnlyList<string>? TaskStates { get; init; }
    /// <summary>Null: deleted and not.</summary>
    public bool? Deleted { get; init; }
    public DateTime? ChangedSince { get; init; }
    public DateTime? ChangedBefore { get; init; }
    public bool? Locked { get; init; }
    public IReadOnlyList<string>? Tags { get; init; }
    public IReadOnlyList<string>? TagsAny { get; init; }
    public IReadOnlyList<string>? NotTags { get; init; }
    public IReadOnlyList<string>? NotTagsAny { get; init; }
    /// <summary>Texts by the filter's name.</summary>
    public required IReadOnlyDictionary<string, string> Texts { get; init; }

    public string? this[string name] => Texts.GetValueOrDefault(name);

    public static ServerFilter Of(Call call, bool detail)
    {
        if (call.Version >= Microversions.V2_75)
        {
            call.KnownOnly(Microversions.V2_75, Known275);
        }
        var all = call.AllowsProject("os_compute_api:servers:allow_all_filters", call.Context.Who.ProjectId);
        var texts = call.Query.Names.Where(n => n is not ("limit" or "marker" or "sort_key" or "sort_dir") && (all || Allowed(call).Contains(n, StringComparer.Ordinal)))
            .ToDictionary(n => n, n => call.Query[n] ?? "", StringComparer.Ordinal);
        if (texts.Keys.FirstOrDefault(n => Joined.Contains(n, StringComparer.Ordinal) || n.StartsWith('_')) is { } refused) { throw new BadRequestError($"Invalid filter field: {refused}."); }
        foreach (var name in new[] { "name", "display_name", "hostname", "key_name", "description", "display_description" })
        {
            if (texts.TryGetValue(name, out var pattern) && LinearRegex.TryMake(pattern) is null) { throw new BadRequestError($"Invalid input for query parameters {name}. Value: {pattern}. '{pattern}' is not a 'regex'"); }
        }
        var (since, before) = Changes.Of(call);
        var filter = new ServerFilter { Texts = texts, ChangedSince = since, ChangedBefore = before, Deleted = since is null && before is null ? false : null };
        if (texts.TryGetValue("deleted", out var deleted)) { filter = filter with { Deleted = WireBoolean.Parse(deleted) ?? false }; }
        filter = WithStates(call, filter);
        if (filter.VmStates is ["deleted"])
        {
            filter = call.Context.IsAdmin ? filter with { Deleted = true } : throw new ForbiddenError("Only administrators may list deleted instances");
        }
        if (texts.TryGetValue("locked", out var locked) && call.Version >= Microversions.V2_73)
        {
            filter = filter with { Locked = WireBoolean.Parse(locked) ?? throw new BadRequestError($"Invalid input received: Unrecognized value '{locked}'") };
        }
        if (call.Version >= Microversions.V2_26)
        {
            filter = filter with { Tags = Split(filter["tags"]), TagsAny = Split(filter["tags-any"]), NotTags = Split(filter["not-tags"]), NotTagsAny = Split(filter["not-tags-any"]) };
        }
        return WithProject(call, filter, detail);
    }

    private static ServerFilter WithStates(Call call, ServerFilter filter)
    {
        if (!call.Query.Has("status"))
        {
            return filter with { VmStates = filter["vm_state"] is { } vm ? [vm] : null, TaskStates = filter["task_state"] is { } task ? [task] : null };
        }
        var (states, tasks) = ServerStatus.Find(call.Query.All("status"));
        if (states.Count > 0) { return filter with { VmStates = states, TaskStates = tasks }; }
        return call.Version >= Microversions.V2_38 ? throw new BadRequestError("Invalid status value") : filter with { Nothing = true };
    }

    private static ServerFilter WithProject(Call call, ServerFilter filter, bool detail)
    {
        var everyone = filter.Texts.TryGetValue("all_tenants", out var text)
            && (text.Length == 0 || (WireBoolean.Parse(text) ?? throw new BadRequestError($"Invalid input received: Unrecognized value '{text}', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'")));
        if (!everyone) { return filter with { ProjectId = call.Context.Who.ProjectId ?? "" }; }
        call.EnforceProject($"os_compute_api:servers:{(detail ? "detail" : "index")}:get_all_tenants", call.Context.Who.ProjectId);
        return filter with { ProjectId = filter["project_id"] ?? filter["tenant_id"] };
    }

    private static IEnumerable<string> Allowed(Call call)
    {
        IEnumerable<string> names = Everyones;
        if (call.Version >= Microversions.V2_5) { names = names.Append("ip6"); }
        if (call.Version >= Microversions.V2_26) { names = names.Concat(["tags", "tags-any", "not-tags", "not-tags-any"]); }
        if (call.Version >= Microversions.V2_66) { names = names.Append("changes-before"); }
        if (call.Version >= Microversions.V2_73) { names = names.Append("locked"); }
        if (call.Version >= Microversions.V2_83) { names = names.Concat(Since283); }
        if (call.Version >= Microversions.V2_90) { names = names.Append("hostname"); }
        return names;
    }

    private static string[]? Split(string? text) => text?.Split(',');

    /// <summary>Sort keys that were once taken and do nothing (<c>SERVER_LIST_IGNORE_SORT_KEY</c>).</summary>
    private static readonly string[] IgnoredSorts =
    [
        "architecture", "cell_name", "cleaned", "default_ephemeral_device", "default_swap_device", "deleted", "deleted_at", "disable_terminate", "ephemeral_gb", "ephemeral_key_uuid",
        "id", "key_data", "launched_on", "memory_mb", "os_type", "reservation_id", "root_gb", "shutdown_terminate", "user_data", "vcpus", "vm_mode",
    ];

    /// <summary>The page, without sort keys that do nothing; those of the host are for admins.</summary>
    public static PageRequest Page(Call call)
    {
        var page = PageRequest.Of(call.Query, NovaLimits.MaxPage);
        if (page.Sorts.FirstOrDefault(s => s.Key is "host" or "node").Key is { } admins && !call.Context.IsAdmin) { throw new ForbiddenError($"Only administrators can sort servers by {admins}"); }
        if (call.Version >= Microversions.V2_75) { return page; }
        return page with { Sorts = [.. page.Sorts.Where(s => !IgnoredSorts.Contains(s.Key, StringComparer.Ordinal) && (s.Key != "locked" || call.Version >= Microversions.V2_73))] };
    }
}
