using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Hosts;

/// <summary>
/// Hosts as clients before 2.43 ask for them (api-ref compute, "Hosts (os-hosts)"): the same rows as services and hypervisors. Maintenance and power of a machine are not this cloud's to
/// change, as they are not upstream's with its common driver: 501.
/// </summary>
internal static class HostEndpoints
{
    private const string Root = "os_compute_api:os-hosts:";
    private const string Last = "2.42";

    public static void Map(ResourceGroup hosts)
    {
        hosts.Get("", List).Policy(Root + "list", Rules.Admin).Until(Last).NotPaged("upstream gives the whole list");
        hosts.Get("/{host_name}", Show).Policy(Root + "show", Rules.Admin).Until(Last);
        hosts.Put("/{host_name}", Update).PolicyOnRow(Root + "update", Rules.Admin).Until(Last);
        hosts.Get("/{host_name}/startup", Power).Policy(Root + "start", Rules.Admin).Until(Last);
        hosts.Get("/{host_name}/shutdown", Power).Policy(Root + "shutdown", Rules.Admin).Until(Last);
        hosts.Get("/{host_name}/reboot", Power).Policy(Root + "reboot", Rules.Admin).Until(Last);
    }

    private static async Task<Reply> List(Call call)
    {
        var (hosts, zones) = await call.Get<HostOperations>().ListAsync(null, call.Cancel);
        var zone = call.Query["zone"];
        return Reply.Member("hosts", hosts.Where(h => !h.Disabled && (string.IsNullOrEmpty(zone) || zones[h.Name] == zone)).Select(h => new { HostName = h.Name, Service = "compute", Zone = zones[h.Name] }).ToList());
    }

    private static async Task<Reply> Show(Call call)
    {
        var host = await FindAsync(call);
        var projects = await call.Get<Store<NovaDb>>().ReadAsync(db => db.Servers.Where(s => s.Host == host.Name && !s.Deleted).GroupBy(s => s.ProjectId)
            .Select(g => new { Project = g.Key, Cpu = g.Sum(s => (long)s.Vcpus), Memory = g.Sum(s => (long)s.RamMib), Disk = g.Sum(s => (long)s.DiskGib) }).OrderBy(p => p.Project).ToListAsync(call.Cancel), call.Cancel);
        var (cpu, memory, disk) = (projects.Sum(p => p.Cpu), projects.Sum(p => p.Memory), projects.Sum(p => p.Disk));
        List<ResourceView> views =
        [
            new(new(host.Name, "(total)", host.Facts.Vcpus, host.Facts.RamMib, host.Facts.DiskGib)), new(new(host.Name, "(used_now)", cpu, memory, disk)), new(new(host.Name, "(used_max)", cpu, memory, disk)),
            .. projects.Select(p => new ResourceView(new(host.Name, p.Project, p.Cpu, p.Memory, p.Disk))),
        ];
        return Reply.Member("host", views);
    }

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyAsync<UpdateHost>(null);
        if (request is { Status: null, MaintenanceMode: null }) { throw new BadRequestError("Invalid input for field/attribute body. Value: {}. {} is not valid under any of the given schemas"); }
        call.Enforce(call.Endpoint.PolicyName!, new Dictionary<string, object?>(StringComparer.Ordinal));
        var host = await FindAsync(call);
        if (request.MaintenanceMode is not null) { throw ServerErrors.NotOffered("maintenance_mode"); }
        var enable = request.Status!.Equals("enable", StringComparison.OrdinalIgnoreCase);
        await call.Get<HostOperations>().ChangeAsync(call.Context, h => h.Name == host.Name, h =>
        {
            h.Disabled = !enable;
            if (enable) { h.DisabledReason = null; }
        }, HostErrors.NotMapped(host.Name));
        return Reply.Members([("host", host.Name), ("status", enable ? "enabled" : "disabled")]);
    }

    private static async Task<Reply> Power(Call call)
    {
        await FindAsync(call);
        throw ServerErrors.NotOffered(call.Endpoint.Path.Split('/')[^1]);
    }

    private static async Task<ComputeHost> FindAsync(Call call)
    {
        var name = call.Route("host_name");
        var (hosts, _) = await call.Get<HostOperations>().ListAsync(name, call.Cancel);
        return hosts.Count > 0 ? hosts[0] : throw new NotFoundError($"Host '{name}' is not mapped to any cell");
    }

    private sealed record UpdateHost
    {
        [Text(OneOf = ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"])] public string? Status { get; init; }
        [Text(OneOf = ["enable", "disable", "Enable", "Disable", "ENABLE", "DISABLE"])] public string? MaintenanceMode { get; init; }
    }

    private sealed record ResourceView(Amounts Resource);

    private sealed record Amounts(string Host, string Project, long Cpu, long MemoryMb, long DiskGb);
}
