using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.Hypervisors;

/// <summary>
/// Hypervisors (api-ref compute, "Hypervisors"): one for each host. Pages since 2.33; UUIDs and filters instead of <c>search</c> and <c>servers</c> since 2.53; since 2.88
/// without what Placement tells better. The node does not report how long its machine is up, so <c>uptime</c> is null and its own call is 501, upstream's word for
/// drivers that cannot say it.
/// </summary>
internal static class HypervisorEndpoints
{
    private const string Root = "os_compute_api:os-hypervisors:";

    public static void Map(ResourceGroup hypervisors)
    {
        hypervisors.Get("", call => ListAsync(call, detail: false)).Policy(Root + "list", Rules.Admin).Paged();
        hypervisors.Get("/detail", call => ListAsync(call, detail: true)).Policy(Root + "list-detail", Rules.Admin).Paged();
        hypervisors.Get("/statistics", Statistics).Policy(Root + "statistics", Rules.Admin).Until("2.87");
        hypervisors.Get("/{id}", Show).Policy(Root + "show", Rules.Admin);
        hypervisors.Get("/{id}/uptime", Uptime).Policy(Root + "uptime", Rules.Admin).Until("2.87");
        hypervisors.Get("/{id}/search", call => SearchAsync(call, servers: false)).Policy(Root + "search", Rules.Admin).Until("2.52").NotPaged("upstream gives all that match");
        hypervisors.Get("/{id}/servers", call => SearchAsync(call, servers: true)).Policy(Root + "servers", Rules.Admin).Until("2.52").NotPaged("upstream gives all that match");
    }

    private static async Task<Reply> ListAsync(Call call, bool detail)
    {
        call.KnownOnly(Microversions.V2_53, "limit", "marker", "hypervisor_hostname_pattern", "with_servers");
        var queries = call.Get<HypervisorQueries>();
        if (call.Version >= Microversions.V2_53 && call.Query["hypervisor_hostname_pattern"] is { } pattern)
        {
            if (call.Query.Has("limit") || call.Query.Has("marker")) { throw new BadRequestError("Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported."); }
            var matching = await queries.MatchAsync(pattern, call.Cancel);
            return Reply.Member("hypervisors", matching.Count == 0 ? throw HostErrors.NoMatch(pattern) : await ViewsAsync(call, matching, detail, WithServers(call)));
        }
        var page = call.Version >= Microversions.V2_33 ? PageRequest.Of(call.Query, NovaLimits.MaxPage) : new PageRequest(null, null, []);
        var hosts = await queries.PageAsync(page.Limit, page.Marker, call.Version >= Microversions.V2_53, call.Cancel);
        var links = page.Limit is { } limit ? Links.Next(call, detail ? "os-hypervisors/detail" : "os-hypervisors", hosts.Count, limit, () => Id(call, hosts[^1]).ToString()!) : null;
        return Reply.Members([("hypervisors", await ViewsAsync(call, hosts, detail, WithServers(call))), ("hypervisors_links?", links)]);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_53, "with_servers");
        var host = await FindAsync(call);
        return Reply.Member("hypervisor", (await ViewsAsync(call, [host], detail: true, WithServers(call)))[0]);
    }

    private static async Task<Reply> Uptime(Call call)
    {
        await FindAsync(call);
        throw new ApiError(501, "The requested functionality is not supported.");
    }

    private static async Task<Reply> SearchAsync(Call call, bool servers)
    {
        var pattern = call.Route("id");
        var hosts = await call.Get<HypervisorQueries>().MatchAsync(pattern, call.Cancel);
        return Reply.Member("hypervisors", hosts.Count == 0 ? throw HostErrors.NoMatch(pattern) : await ViewsAsync(call, hosts, detail: false, servers));
    }

    /// <summary>Sums over the enabled hosts.</summary>
    private static async Task<Reply> Statistics(Call call)
    {
        var queries = call.Get<HypervisorQueries>();
        var hosts = (await queries.PageAsync(null, null, false, call.Cancel)).FindAll(h => !h.Disabled);
        var uses = await queries.UsesAsync(hosts, call.Cancel);
        var sizes = hosts.ConvertAll(h => Size.Of(h, uses));
        return Reply.Member("hypervisor_statistics", new
        {
            Count = hosts.Count,
            CurrentWorkload = sizes.Sum(s => s.CurrentWorkload),
            DiskAvailableLeast = 0,
            FreeDiskGb = sizes.Sum(s => s.FreeDiskGb),
            FreeRamMb = sizes.Sum(s => s.FreeRamMb),
            LocalGb = sizes.Sum(s => s.LocalGb),
            LocalGbUsed = sizes.Sum(s => s.LocalGbUsed),
            MemoryMb = sizes.Sum(s => s.MemoryMb),
            MemoryMbUsed = sizes.Sum(s => s.MemoryMbUsed),
            RunningVms = sizes.Sum(s => s.RunningVms),
            Vcpus = sizes.Sum(s => s.Vcpus),
            VcpusUsed = sizes.Sum(s => s.VcpusUsed),
        });
    }

    private static bool WithServers(Call call) => call.Version >= Microversions.V2_53 && call.Query["with_servers"] is { } text
        && (WireBoolean.Parse(text) ?? throw new BadRequestError($"Invalid input for query parameters with_servers. Value: {text}. '{text}' is not a boolean"));

    private static async Task<ComputeHost> FindAsync(Call call)
    {
        var (id, queries) = (call.Route("id"), call.Get<HypervisorQueries>());
        if (call.Version >= Microversions.V2_53)
        {
            if (!NewId.IsUuidLike(id)) { throw new BadRequestError($"Invalid uuid {id}"); }
            return await queries.FindAsync(h => h.HypervisorId == id, call.Cancel) ?? throw HostErrors.NoHypervisor(id);
        }
        return long.TryParse(id, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && await queries.FindAsync(h => h.Number == number, call.Cancel) is { } host
            ? host : throw HostErrors.NoHypervisor(id);
    }

    private static object Id(Call call, ComputeHost host) => call.Version >= Microversions.V2_53 ? host.HypervisorId : host.Number;

    private static async Task<List<HypervisorView>> ViewsAsync(Call call, List<ComputeHost> hosts, bool detail, bool withServers)
    {
        var queries = call.Get<HypervisorQueries>();
        var uses = detail && call.Version < Microversions.V2_88 ? await queries.UsesAsync(hosts, call.Cancel) : null;
        var servers = withServers ? await queries.ServersAsync(hosts, call.Cancel) : null;
        return hosts.ConvertAll(host =>
        {
            var view = new HypervisorView(Id(call, host), host.Name, host.IsUp(call.Context.Now) ? "up" : "down", host.Disabled ? "disabled" : "enabled");
            if (servers?[host.Name].ToList() is { } mine && (mine.Count > 0 || call.Version >= Microversions.V2_75)) { view = view with { Servers = mine }; }
            return detail ? view.Detailed(call, host, uses) : view;
        });
    }
}
