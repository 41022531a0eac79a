using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.SimpleTenantUsage;

/// <summary>
/// Usage reports (api-ref compute, "Usage reports"): hours of servers in a period, and what these times their sizes make. Deleted servers count up to their end. Pages,
/// since 2.40, are of servers, so the sums of a project may come in parts.
/// </summary>
internal static class UsageEndpoints
{
    private const string Root = "os_compute_api:os-simple-tenant-usage:";
    private static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFF"];

    public static void Map(ResourceGroup usages)
    {
        usages.Get("", List).Policy(Root + "list", Rules.Admin).Paged();
        usages.Get("/{project_id}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
    }

    private static async Task<Reply> List(Call call)
    {
        // With a slash at the end it is one project's, whose id is empty.
        if (call.Http.Request.Path.Value!.EndsWith('/')) { throw call.Endpoint.Api.Errors.NoRoute(); }
        // Upstream takes the word 1 and no other.
        var (usages, next) = await PageAsync(call, null, call.Query["detailed"] == "1", "os-simple-tenant-usage");
        return Reply.Members([("tenant_usages", usages), ("tenant_usages_links?", next)]);
    }

    private static async Task<Reply> Show(Call call)
    {
        var projectId = call.Route("project_id");
        call.EnforceProject(call.Endpoint.PolicyName!, projectId);
        var (usages, next) = await PageAsync(call, projectId, detailed: true, "os-simple-tenant-usage/" + projectId);
        return Reply.Members([("tenant_usage", usages.Count > 0 ? usages[0] : new object()), ("tenant_usage_links?", next)]);
    }

    private static async Task<(List<ProjectUsage> Usages, IReadOnlyList<Link>? Next)> PageAsync(Call call, string? projectId, bool detailed, string collection)
    {
        call.KnownOnly(Microversions.V2_75, "start", "end", "detailed", "limit", "marker");
        var (start, stop) = Period(call);
        var paged = call.Version >= Microversions.V2_40;
        var page = paged ? PageRequest.Of(call.Query, NovaLimits.MaxPage) : new PageRequest(NovaLimits.MaxPage, null, []);
        var servers = await call.Get<Store<NovaDb>>().ReadAsync(db => ServersAsync(db, projectId, start, stop, page, call.Cancel), call.Cancel);
        var usages = servers.GroupBy(s => s.ProjectId, StringComparer.Ordinal)
            .Select(g => ProjectUsage.Of(g.Key, [.. g.Select(s => ServerUsage.Of(s, start, stop, call.Context.Now))], start, stop, detailed)).ToList();
        return (usages, paged ? Links.Next(call, collection, servers.Count, page.Limit!.Value, () => servers[^1].Id) : null);
    }

    /// <summary>Servers that were up in the period, by project and id.</summary>
    private static async Task<List<Server>> ServersAsync(NovaDb db, string? projectId, DateTime start, DateTime stop, PageRequest page, CancellationToken cancel)
    {
        var query = db.Servers.Where(s => s.LaunchedAt != null && s.LaunchedAt < stop && (s.TerminatedAt == null || s.TerminatedAt > start));
        if (projectId is not null) { query = query.Where(s => s.ProjectId == projectId); }
        if (page.Marker is { } marker)
        {
            var last = await db.Servers.Where(s => s.Id == marker).Select(s => new { s.ProjectId, s.Id }).FirstOrDefaultAsync(cancel) ?? throw new BadRequestError($"Marker {marker} could not be found.");
            query = query.Where(s => string.Compare(s.ProjectId, last.ProjectId) > 0 || (s.ProjectId == last.ProjectId && string.Compare(s.Id, last.Id) > 0));
        }
        return await query.OrderBy(s => s.ProjectId).ThenBy(s => s.Id).Take(page.Limit ?? NovaLimits.MaxPage).ToListAsync(cancel);
    }

    /// <summary>From <c>start</c> to <c>end</c>, both now when absent; an end to come is now.</summary>
    private static (DateTime Start, DateTime Stop) Period(Call call)
    {
        var now = call.Context.Now;
        var (start, stop) = (Time(call, "start") ?? now, Time(call, "end") ?? now);
        if (start > stop || (start == stop && call.Query.Has("start"))) { throw new BadRequestError("Invalid start time. The start time cannot occur after the end time."); }
        return (start, stop < now ? stop : now);
    }

    private static DateTime? Time(Call call, string name) => call.Query[name] is not { Length: > 0 } text ? null
        : DateTime.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) ? time
        : throw new BadRequestError("Invalid datetime string: Datetime is in invalid format");

    /// <summary>A server in a report.</summary>
    private sealed record ServerUsage(
        string InstanceId, string Name, string TenantId, string Flavor, int Vcpus, int MemoryMb, int LocalGb, double Hours, string StartedAt, string? EndedAt, string State, long Uptime)
    {
        public static ServerUsage Of(Server server, DateTime start, DateTime stop, DateTime now)
        {
            var (launched, ended) = (server.LaunchedAt!.Value, server.TerminatedAt);
            var (from, to) = (launched > start ? launched : start, ended < stop ? ended.Value : stop);
            return new ServerUsage(
                server.Id, server.Name, server.ProjectId, server.Flavor.Name, server.Flavor.Vcpus, server.Flavor.RamMib, server.Flavor.RootGib + server.Flavor.EphemeralGib,
                Math.Max(0, (to - from).TotalHours), WireTime.Micros(launched), WireTime.Micros(ended), ended is null ? server.VmState : "terminated", (long)((ended ?? now) - launched).TotalSeconds);
        }
    }

    /// <summary>A project in a report.</summary>
    private sealed record ProjectUsage(string TenantId, string Start, string Stop, double TotalHours, double TotalVcpusUsage, double TotalMemoryMbUsage, double TotalLocalGbUsage)
    {
        public Optional<List<ServerUsage>> ServerUsages { get; init; }

        public static ProjectUsage Of(string projectId, List<ServerUsage> servers, DateTime start, DateTime stop, bool detailed) => new(
            projectId, WireTime.Micros(start), WireTime.Micros(stop), servers.Sum(s => s.Hours), servers.Sum(s => s.Hours * s.Vcpus), servers.Sum(s => s.Hours * s.MemoryMb), servers.Sum(s => s.Hours * s.LocalGb))
        {
            ServerUsages = detailed ? new(servers) : default(Optional<List<ServerUsage>>),
        };
    }
}
