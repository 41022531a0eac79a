using System.Globalization;
using Nephos.Contracts.Node;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerDiagnostics;

/// <summary>
/// What the hypervisor counts of a running guest (api-ref compute, "Servers diagnostics"), asked of its node at this moment. Before 2.48 the answer is a flat map in
/// libvirt's words, one member for each figure. Also its topology (2.78): guests here have no NUMA nodes, which upstream shows as an empty list.
/// </summary>
internal static class DiagnosticsEndpoints
{
    public static void Map(ResourceGroup server)
    {
        server.Get("/diagnostics", Show).PolicyOnRow("os_compute_api:os-server-diagnostics", Rules.Admin);
        server.Get("/topology", Topology).PolicyOnRow("compute:server:topology:index", Rules.ProjectReader).Since("2.78");
        server.Api.Declare("compute:server:topology:host:index", Rules.Admin);
    }

    private static async Task<Reply> Topology(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        await call.ServerAsync();
        return Reply.Members([("nodes", Array.Empty<object>()), ("pagesize_kb", null)]);
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        var server = await call.ServerAsync();
        if (server.Host is not { } host) { throw ServerErrors.NotReady(server.Id); }
        var found = await call.Get<INodeConsole>().DiagnoseAsync(host, server.Id, call.Cancel)
            ?? throw ServerErrors.InvalidState("get_diagnostics", server.Id, "power state", PowerStates.Name(server.PowerState));
        return Reply.Json(call.Version >= Microversions.V2_48 ? View(server, found, call.Context.Now) : Flat(server, found));
    }

    private static Dictionary<string, object?> View(Server server, GuestDiagnostics found, DateTime now) => new()
    {
        ["state"] = "running",
        // Clients know a closed list of drivers; ours does to QEMU what upstream's libvirt driver does.
        ["driver"] = "libvirt",
        ["hypervisor"] = found.Hypervisor,
        ["hypervisor_os"] = "linux",
        ["uptime"] = server.LaunchedAt is { } launched ? (long)(now - launched).TotalSeconds : null,
        ["config_drive"] = server.ConfigDrive,
        ["num_cpus"] = found.Cpus.Count,
        ["num_nics"] = found.Nics.Count,
        ["num_disks"] = found.Disks.Count,
        ["disk_details"] = found.Disks.Select(d => new { d.ReadBytes, d.ReadRequests, d.WriteBytes, d.WriteRequests, d.ErrorsCount }).ToList(),
        ["cpu_details"] = found.Cpus.Select(c => new { c.Id, Time = c.TimeNanoseconds, Utilisation = (int?)null }).ToList(),
        ["nic_details"] = found.Nics.Select(n => new
        {
            n.MacAddress, n.RxOctets, n.RxErrors, n.RxDrop, n.RxPackets, RxRate = (long?)null, n.TxOctets, n.TxErrors, n.TxDrop, n.TxPackets, TxRate = (long?)null,
        }).ToList(),
        ["memory_details"] = new { Maximum = found.MemoryMib, Used = found.MemoryUsedMib },
    };

    private static Dictionary<string, long> Flat(Server server, GuestDiagnostics found)
    {
        var flat = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var cpu in found.Cpus) { flat[string.Create(CultureInfo.InvariantCulture, $"cpu{cpu.Id}_time")] = cpu.TimeNanoseconds; }
        foreach (var disk in found.Disks)
        {
            (flat[disk.Name + "_read_req"], flat[disk.Name + "_read"], flat[disk.Name + "_write_req"], flat[disk.Name + "_write"], flat[disk.Name + "_errors"]) =
                (disk.ReadRequests, disk.ReadBytes, disk.WriteRequests, disk.WriteBytes, disk.ErrorsCount);
        }
        // KiB here, as libvirt has it.
        (flat["memory"], flat["memory-actual"]) = (server.RamMib * 1024L, found.MemoryUsedMib * 1024);
        foreach (var nic in found.Nics)
        {
            var name = TapNames.Of(nic.PortId);
            (flat[name + "_rx"], flat[name + "_rx_packets"], flat[name + "_rx_errors"], flat[name + "_rx_drop"]) = (nic.RxOctets, nic.RxPackets, nic.RxErrors, nic.RxDrop);
            (flat[name + "_tx"], flat[name + "_tx_packets"], flat[name + "_tx_errors"], flat[name + "_tx_drop"]) = (nic.TxOctets, nic.TxPackets, nic.TxErrors, nic.TxDrop);
        }
        return flat;
    }
}
