using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Agents;

namespace Nephos.Neutron.AvailabilityZones;

/// <summary>/v2.0/availability_zones: where there are DHCP agents (for networks) and L3 agents (for routers).</summary>
internal static class AvailabilityZoneEndpoints
{
    public static void Map(ResourceGroup zones) =>
        zones.Get("", List).Policy("get_availability_zone", "role:reader").NotPaged("a few per cloud").Extension("availability_zone");

    private static async Task<Reply> List(Call call)
    {
        var agents = await call.Get<Store<NeutronDb>>().ReadAsync(db => db.Agents.Where(a => a.AgentType == AgentTypes.Dhcp || a.AgentType == AgentTypes.L3).ToListAsync(), call.Cancel);
        var zones = agents.GroupBy(a => (a.AvailabilityZone, a.AgentType)).Select(g => new
        {
            name = g.Key.AvailabilityZone,
            resource = g.Key.AgentType == AgentTypes.Dhcp ? "network" : "router",
            state = g.Any(a => a.AdminStateUp && a.IsAlive(call.Context.Now)) ? "available" : "unavailable",
        });
        return Reply.Member("availability_zones", zones.Where(z => Fits(call, "name", z.name) && Fits(call, "resource", z.resource) && Fits(call, "state", z.state))
            .OrderBy(z => z.name, StringComparer.Ordinal).ThenBy(z => z.resource, StringComparer.Ordinal).ToList());
    }

    private static bool Fits(Call call, string name, string value) => !call.Query.Has(name) || call.Query.All(name).Contains(value, StringComparer.Ordinal);
}
