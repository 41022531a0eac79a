using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Nova.Hosts;

namespace Nephos.Nova.AvailabilityZones;

/// <summary>
/// Availability zones (api-ref compute, "Availability zones"): a zone is available when one of its hosts is enabled, whether or not it answers. There is no zone
/// <c>internal</c>, as there are no services apart from the hosts'.
/// </summary>
internal static class AvailabilityZoneEndpoints
{
    private const string Root = "os_compute_api:os-availability-zone:";

    public static void Map(ResourceGroup zones)
    {
        zones.Get("", List).Policy(Root + "list", Rules.Any).NotPaged("upstream gives the whole list");
        zones.Get("/detail", Detail).Policy(Root + "detail", Rules.Admin).NotPaged("upstream gives the whole list");
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return View(await ZonesAsync(call), _ => null);
    }

    private static async Task<Reply> Detail(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return View(await ZonesAsync(call), hosts => hosts.ToDictionary(h => h.Name, h => new Dictionary<string, HostInZone>
        {
            [HostOperations.Binary] = new(true, h.IsUp(call.Context.Now), WireTime.Micros(h.SeenAt)),
        }));
    }

    /// <summary>By name: those with an enabled host, with their enabled hosts; then the others, without.</summary>
    private static async Task<List<(string Zone, List<ComputeHost> Enabled)>> ZonesAsync(Call call)
    {
        var (hosts, zones) = await call.Get<HostOperations>().ListAsync(null, call.Cancel);
        return [.. hosts.GroupBy(h => zones.GetValueOrDefault(h.Name, HostZones.Default), StringComparer.Ordinal)
            .Select(g => (g.Key, Enabled: g.Where(h => !h.Disabled).ToList()))
            .OrderBy(z => z.Enabled.Count > 0 ? 0 : 1).ThenBy(z => z.Key, StringComparer.Ordinal)];
    }

    private static Reply View(List<(string Zone, List<ComputeHost> Enabled)> zones, Func<List<ComputeHost>, object?> hosts) =>
        Reply.Member("availabilityZoneInfo", zones.ConvertAll(z => new ZoneView(z.Zone, new ZoneState(z.Enabled.Count > 0), z.Enabled.Count > 0 ? hosts(z.Enabled) : null)));

    private sealed record ZoneState(bool Available);

    private sealed record ZoneView([property: WireName("zoneName")] string ZoneName, [property: WireName("zoneState")] ZoneState ZoneState, object? Hosts);

    private sealed record HostInZone(bool Active, bool Available, string UpdatedAt);
}
