using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Wire;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.Hypervisors;

/// <summary>A server on a hypervisor.</summary>
internal sealed record HypervisorServer(string Name, string Uuid);

/// <summary>A hypervisor; detailed views have everything, brief ones the four first members.</summary>
internal sealed record HypervisorView(object Id, string HypervisorHostname, string State, string Status)
{
    public Optional<List<HypervisorServer>> Servers { get; init; }
    public Optional<string> HypervisorType { get; init; }
    public Optional<int> HypervisorVersion { get; init; }
    public Optional<string> HostIp { get; init; }
    public Optional<ServiceOfHypervisor> Service { get; init; }
    [Until("2.87")] public Optional<object> CpuInfo { get; init; }
    [Until("2.87")] public Optional<long> CurrentWorkload { get; init; }
    /// <summary>Disks are thin and the node does not report what is really free; upstream's null.</summary>
    [Until("2.87")] public Optional<long?> DiskAvailableLeast { get; init; }
    [Until("2.87")] public Optional<long> FreeDiskGb { get; init; }
    [Until("2.87")] public Optional<long> FreeRamMb { get; init; }
    [Until("2.87")] public Optional<long> LocalGb { get; init; }
    [Until("2.87")] public Optional<long> LocalGbUsed { get; init; }
    [Until("2.87")] public Optional<long> MemoryMb { get; init; }
    [Until("2.87")] public Optional<long> MemoryMbUsed { get; init; }
    [Until("2.87")] public Optional<long> RunningVms { get; init; }
    [Until("2.87")] public Optional<long> Vcpus { get; init; }
    [Until("2.87")] public Optional<long> VcpusUsed { get; init; }
    [Since("2.88")] public Optional<string?> Uptime { get; init; }

    public HypervisorView Detailed(Call call, ComputeHost host, IReadOnlyDictionary<string, HypervisorUse>? uses)
    {
        var facts = host.Facts;
        var view = this with
        {
            HypervisorType = facts.HypervisorType,
            HypervisorVersion = facts.HypervisorVersion,
            HostIp = facts.HostIp,
            Service = new ServiceOfHypervisor(call.Version >= Microversions.V2_53 ? host.ServiceId : host.Number, host.Name, host.DisabledReason),
            Uptime = new Optional<string?>(null),
        };
        if (uses is null) { return view; }
        var size = Size.Of(host, uses);
        var cpu = new CpuInfoView(facts.CpuArch, facts.CpuModel, facts.CpuVendor, facts.CpuFeatures, new CpuTopology(facts.Cores, facts.Threads, facts.Sockets));
        return view with
        {
            // Text that holds JSON until 2.27.
            CpuInfo = new Optional<object>(call.Version >= Microversions.V2_28 ? cpu : JsonSerializer.Serialize(cpu, WireJson.For(call.Version))),
            CurrentWorkload = size.CurrentWorkload,
            DiskAvailableLeast = new Optional<long?>(null),
            FreeDiskGb = size.FreeDiskGb,
            FreeRamMb = size.FreeRamMb,
            LocalGb = size.LocalGb,
            LocalGbUsed = size.LocalGbUsed,
            MemoryMb = size.MemoryMb,
            MemoryMbUsed = size.MemoryMbUsed,
            RunningVms = size.RunningVms,
            Vcpus = size.Vcpus,
            VcpusUsed = size.VcpusUsed,
        };
    }
}

/// <summary>The service of a hypervisor.</summary>
internal sealed record ServiceOfHypervisor(object Id, string Host, string? DisabledReason);

internal sealed record CpuInfoView(string Arch, string Model, string Vendor, IReadOnlyList<string> Features, CpuTopology Topology);

internal sealed record CpuTopology(int Cores, int Threads, int Sockets);

/// <summary>Sizes of a host: what it has, and what its servers' flavors add up to, running or not. Used memory has upstream's reserve in it.</summary>
internal sealed record Size(long Vcpus, long VcpusUsed, long MemoryMb, long MemoryMbUsed, long LocalGb, long LocalGbUsed, long RunningVms, long CurrentWorkload)
{
    public long FreeRamMb => MemoryMb - MemoryMbUsed;
    public long FreeDiskGb => LocalGb - LocalGbUsed;

    public static Size Of(ComputeHost host, IReadOnlyDictionary<string, HypervisorUse> uses)
    {
        var (facts, use) = (host.Facts, uses.GetValueOrDefault(host.Name) ?? new HypervisorUse(host.Name, 0, 0, 0, 0, 0));
        return new Size(facts.Vcpus, use.Vcpus, facts.RamMib, HostRegistry.ReservedOf(facts) + use.RamMib, facts.DiskGib, use.DiskGib, use.Servers, use.Busy);
    }
}
