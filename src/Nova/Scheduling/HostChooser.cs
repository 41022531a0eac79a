using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Placement;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Flavors;
using Nephos.Nova.Hosts;
using Nephos.Nova.ServerGroups;
using Nephos.Nova.Servers;

namespace Nephos.Nova.Scheduling;

/// <param name="Zone">Only hosts of this availability zone; null: any.</param>
/// <param name="Host">Only this host; null: any.</param>
internal sealed record Wanted(string? Zone, string? Host);

/// <summary>
/// Finds a host and claims its resources: Placement says who has room, filters take away hosts that are down, disabled or elsewhere, weighing puts the emptiest first, and
/// the first that still fits when claimed is taken. Every host that is not taken has its reasons (<see cref="NoValidHostException"/>).
/// </summary>
internal sealed class HostChooser(Store<NovaDb> store, IPlacement placement, GroupPlacement groups, TimeProvider clock)
{
    /// <summary>Claims for the server and answers host and its zone. Again for the same server replaces the claim.</summary>
    public async Task<(string Host, string Zone)> ChooseAsync(Server server, Wanted wanted, CancellationToken cancel)
    {
        var (hosts, zones) = await store.ReadAsync(async db =>
        {
            var all = await db.Hosts.ToListAsync(cancel);
            return (all, await HostZones.OfAsync(db, all.Select(h => h.Name)));
        }, cancel);
        var group = server.SchedulerHints is null ? null : await groups.FindAsync(server.Id, cancel);
        var resources = ResourcesOf(server.Flavor);
        var (required, forbidden) = TraitsOf(server.Flavor, server.ImageProperties);
        var answer = await placement.FindCandidatesAsync(new CandidateRequest(resources, required, forbidden), cancel);
        var refusals = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var refusal in answer.Refusals) { refusals[refusal.ProviderName] = string.Join("; ", refusal.Reasons); }
        var byProvider = hosts.ToDictionary(h => h.HypervisorId, StringComparer.Ordinal);
        var fitting = new List<(Candidate Candidate, ComputeHost Host)>();
        foreach (var candidate in answer.Candidates)
        {
            if (!byProvider.TryGetValue(candidate.ProviderId, out var host)) { continue; }
            if ((Refuse(host, zones.GetValueOrDefault(host.Name, HostZones.Default), wanted) ?? group?.Refuse(host.Name)) is { } reason) { refusals[host.Name] = reason; } else { fitting.Add((candidate, host)); }
        }
        foreach (var (candidate, host) in fitting.OrderByDescending(f => group?.Prefer(f.Host.Name) ?? 0).ThenByDescending(f => Weigh(f.Candidate)).ThenBy(f => f.Host.Name, StringComparer.Ordinal))
        {
            if (await placement.ClaimAsync(server.Id, server.ProjectId, server.UserId, "INSTANCE", candidate.ProviderId, resources, cancel))
            {
                if (group is null || await groups.TakeAsync(group.Group, server.Id, host.Name, cancel) is not { } late) { return (host.Name, zones.GetValueOrDefault(host.Name, HostZones.Default)); }
                await placement.ReleaseAsync(server.Id, cancel);
                refusals[host.Name] = late;
                continue;
            }
            refusals[host.Name] = "was taken by others meanwhile";
        }
        throw new NoValidHostException(refusals);
    }

    private string? Refuse(ComputeHost host, string zone, Wanted wanted) =>
        wanted.Host is { } forced && forced != host.Name ? $"the server must be on {forced}"
        : wanted.Zone is { } asked && asked != zone ? $"is in availability zone {zone}, not in {asked}"
        : host.ForcedDown ? "is forced down"
        : !host.IsUp(clock.Now()) ? "does not answer"
        : host.Disabled && wanted.Host is null ? $"is disabled{(host.DisabledReason is null ? "" : $" ({host.DisabledReason})")}"
        : null;

    /// <summary>Share of free memory, then of free processors and disk, as upstream's weighers with equal multipliers: servers spread.</summary>
    private static double Weigh(Candidate candidate) => candidate.Capacity.Sum(c => c.Value > 0 ? (c.Value - candidate.Used.GetValueOrDefault(c.Key)) / (double)c.Value : 0);

    /// <summary>What a flavor takes, changed by its <c>resources:</c> extra specs. Classes of zero are not asked for.</summary>
    internal static Dictionary<string, long> ResourcesOf(FlavorCopy flavor)
    {
        var resources = new Dictionary<string, long>(StringComparer.Ordinal)
        {
            ["VCPU"] = flavor.Vcpus,
            ["MEMORY_MB"] = flavor.RamMib,
            // Swap is in MiB and takes whole GiB of the disk.
            ["DISK_GB"] = flavor.RootGib + flavor.EphemeralGib + (flavor.SwapMib + 1023) / 1024,
        };
        foreach (var (key, value) in flavor.ExtraSpecs)
        {
            if (key.StartsWith("resources:", StringComparison.Ordinal) && long.TryParse(value, out var amount)) { resources[key["resources:".Length..]] = amount; }
        }
        return resources.Where(r => r.Value > 0).ToDictionary(r => r.Key, r => r.Value, StringComparer.Ordinal);
    }

    /// <summary><c>trait:NAME=required|forbidden</c> of flavor and image.</summary>
    internal static (List<string> Required, List<string> Forbidden) TraitsOf(FlavorCopy flavor, IReadOnlyDictionary<string, string> image)
    {
        var traits = flavor.ExtraSpecs.Concat(image).Where(p => p.Key.StartsWith("trait:", StringComparison.Ordinal)).Select(p => (Name: p.Key["trait:".Length..], p.Value)).ToList();
        return ([.. traits.Where(t => t.Value == "required").Select(t => t.Name).Distinct()], [.. traits.Where(t => t.Value == "forbidden").Select(t => t.Name).Distinct()]);
    }
}

/// <summary>Upstream's words; the lines after the first say per host why not, for admins.</summary>
internal sealed class NoValidHostException(IReadOnlyDictionary<string, string> refusals)
    : Exception("No valid host was found. There are not enough hosts available." + string.Concat(refusals.Select(r => $"\n{r.Key}: {r.Value}")))
{
    public IReadOnlyDictionary<string, string> Refusals => refusals;
}
