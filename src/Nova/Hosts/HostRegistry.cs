using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Hosts;

/// <summary>
/// Takes the heartbeats of nodes: a new host becomes a row and a resource provider, a known one is seen again. Placement is told when the facts change, and once
/// in the life of a process, in case it was not reached before.
/// </summary>
internal sealed class HostRegistry(Store<NovaDb> store, IPlacement placement, TimeProvider clock)
{
    /// <summary>Upstream's first ratios (<c>initial_cpu_allocation_ratio</c>, ...) and <c>reserved_host_memory_mb</c>.</summary>
    private const double CpuRatio = 4.0;
    private const double RamRatio = 1.0;
    private const double DiskRatio = 1.0;
    private const int ReservedRamMib = 512;

    /// <summary>What Placement was told last, by host, as JSON. Only spares it repetition.</summary>
    private readonly ConcurrentDictionary<string, string> _told = new(StringComparer.Ordinal);

    public async Task SeeAsync(NodeFacts facts, CancellationToken cancel)
    {
        var now = clock.Now();
        var text = JsonSerializer.Serialize(facts, JsonSerializerOptions.Default);
        var seen = _told.TryGetValue(facts.Host, out var before) && before == text
            && await store.WriteAsync(db => db.Hosts.Where(h => h.Name == facts.Host).ExecuteUpdateAsync(u => u.SetProperty(h => h.SeenAt, now), cancel), cancel) == 1;
        if (seen) { return; }
        var id = await store.WriteAsync(async db =>
        {
            var host = await db.Hosts.AsTracking().FirstOrDefaultAsync(h => h.Name == facts.Host, cancel);
            if (host is null)
            {
                var number = await db.Hosts.MaxAsync(h => (long?)h.Number, cancel) ?? 0;
                host = new ComputeHost { Name = facts.Host, Number = number + 1, HypervisorId = NewId.Uuid(), ServiceId = NewId.Uuid(), Facts = facts, SeenAt = now, CreatedAt = now, UpdatedAt = now };
                db.Hosts.Add(host);
            }
            (host.Facts, host.SeenAt, host.UpdatedAt) = (facts, now, now);
            return host.HypervisorId;
        }, cancel);
        // Forgotten first: when Placement cannot be told now, the next heartbeat tries again.
        _told.TryRemove(facts.Host, out _);
        await placement.EnsureProviderAsync(ProviderOf(id, facts), cancel);
        _told[facts.Host] = text;
    }

    /// <summary>Memory kept for the host itself, in MiB: on a machine of less than a gibibyte half of it, so that a test guest fits at all.</summary>
    public static int ReservedOf(NodeFacts facts) => Math.Min(ReservedRamMib, facts.RamMib / 2);

    private static ProviderFacts ProviderOf(string id, NodeFacts facts) => new(id, facts.Host,
    [
        new("VCPU", facts.Vcpus, MaxUnit: facts.Vcpus, AllocationRatio: CpuRatio),
        new("MEMORY_MB", facts.RamMib, Reserved: ReservedOf(facts), MaxUnit: facts.RamMib, AllocationRatio: RamRatio),
        new("DISK_GB", facts.DiskGib, MaxUnit: facts.DiskGib, AllocationRatio: DiskRatio),
    ], ["COMPUTE_NODE", "COMPUTE_NET_ATTACH_INTERFACE"]);
}
