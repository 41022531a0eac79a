using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Attributes;
using Nephos.Neutron.Networks;
using Nephos.Neutron.Ports;

namespace Nephos.Neutron.Agents;

/// <summary>/v2.0/agents, and which DHCP agents serve which networks.</summary>
internal static class AgentEndpoints
{
    public static void Map(ResourceGroup v2)
    {
        // As every list of upstream: what the caller may not see is left out, down to nothing.
        v2.Get("/agents", List).PolicyOnRow("get_agent", Rules.Admin).NotPaged("four per node; upstream's clients take them whole").Extension("agent");
        v2.Get("/agents/{id}", Show).Policy("get_agent", Rules.Admin).Extension("agent");
        v2.Put("/agents/{id}", Update).Policy("update_agent", Rules.Admin).Extension("agent");
        v2.Delete("/agents/{id}", Delete).Policy("delete_agent", Rules.Admin).Answers(204).Extension("agent");
        v2.Get("/networks/{id}/dhcp-agents", OfNetwork).Policy("get_dhcp-agents", Rules.Admin).NotPaged("a few per network");
        v2.Get("/agents/{id}/dhcp-networks", Networks).Policy("get_dhcp-networks", Rules.Admin).NotPaged("upstream does not page it");
    }

    private static async Task<Reply> List(Call call)
    {
        if (!call.AllowsProject("get_agent", null)) { return Reply.Member("agents", Array.Empty<object>()); }
        var agents = await call.Get<Store<NeutronDb>>().ReadAsync(db => db.Agents.OrderBy(a => a.Host).ThenBy(a => a.AgentType).ToListAsync(), call.Cancel);
        return Reply.Member("agents", agents.Select(a => View(a, call.Context.Now)).Where(v => Fits(call, v)).Select(v => Only(call, v)).ToList());
    }

    private static bool Fits(Call call, JsonObject agent) => ((ReadOnlySpan<string>)["id", "agent_type", "host", "binary", "topic", "alive", "admin_state_up", "availability_zone", "description"])
        .ToArray().All(name => !call.Query.Has(name) || call.Query.All(name).Any(v => string.Equals(agent[name]?.ToString(), v, StringComparison.OrdinalIgnoreCase)));

    private static JsonObject Only(Call call, JsonObject agent)
    {
        var fields = call.Query.All("fields").Where(f => f.Length > 0).ToHashSet(StringComparer.Ordinal);
        if (fields.Count > 0) { foreach (var name in agent.Select(p => p.Key).Where(k => !fields.Contains(k)).ToList()) { agent.Remove(name); } }
        return agent;
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("agent", Only(call, View(await Find(call), call.Context.Now)));

    private static async Task<Agent> Find(Call call)
    {
        var id = call.Route("id");
        return await call.Get<Store<NeutronDb>>().ReadAsync(db => db.Agents.FirstOrDefaultAsync(a => a.Id == id), call.Cancel) ?? throw NotFound(id);
    }

    private static async Task<Reply> Update(Call call)
    {
        var id = call.Route("id");
        var body = await call.JsonAsync();
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("agent", out var changes) || changes.ValueKind != JsonValueKind.Object) { throw NeutronErrors.Bad("Unable to find 'agent' in request body"); }
        if (changes.EnumerateObject().Select(p => p.Name).FirstOrDefault(n => n is not ("admin_state_up" or "description")) is { } other) { throw NeutronErrors.Bad($"Cannot update read-only attribute {other}"); }
        var updated = await call.Get<Store<NeutronDb>>().WriteAsync(async db =>
        {
            var agent = await db.Agents.AsTracking().FirstOrDefaultAsync(a => a.Id == id).ConfigureAwait(false) ?? throw NotFound(id);
            if (changes.TryGetProperty("admin_state_up", out var up)) { agent.AdminStateUp = Field.Flag(up); }
            if (changes.TryGetProperty("description", out var text)) { agent.Description = text.ValueKind == JsonValueKind.Null ? "" : Field.CheckedText(text, "description", Limits.DescriptionLength); }
            db.Record(call.Context, "update", "agent", id);
            return agent;
        }, call.Cancel);
        return Reply.Member("agent", View(updated, call.Context.Now));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var id = call.Route("id");
        await call.Get<Store<NeutronDb>>().WriteAsync(async db =>
        {
            if (await db.Agents.Where(a => a.Id == id).ExecuteDeleteAsync().ConfigureAwait(false) == 0) { throw NotFound(id); }
            db.Record(call.Context, "delete", "agent", id);
        }, call.Cancel);
        return Reply.Empty();
    }

    private static async Task<Reply> OfNetwork(Call call)
    {
        var id = call.Route("id");
        var agents = await call.Get<Store<NeutronDb>>().ReadAsync(async db =>
        {
            if (!await db.Networks.AnyAsync(n => n.Id == id).ConfigureAwait(false)) { throw NeutronErrors.NetworkNotFound(id); }
            return await db.Agents.Where(a => a.AgentType == AgentTypes.Dhcp && db.Ports.Any(p => p.NetworkId == id && p.DeviceOwner == DeviceOwners.Dhcp && p.HostId == a.Host)).OrderBy(a => a.Host).ToListAsync().ConfigureAwait(false);
        }, call.Cancel);
        return Reply.Member("agents", agents.Select(a => View(a, call.Context.Now)).ToList());
    }

    private static async Task<Reply> Networks(Call call)
    {
        var agent = await Find(call);
        var networks = await call.Get<Store<NeutronDb>>().ReadAsync(async db => await NetworkView.LoadAsync(db, await db.Networks
            .Where(n => db.Ports.Any(p => p.NetworkId == n.Id && p.DeviceOwner == DeviceOwners.Dhcp && p.HostId == agent.Host)).OrderBy(n => n.Id).ToListAsync().ConfigureAwait(false)).ConfigureAwait(false), call.Cancel);
        return NetworkTable.Table.ShowMany(call, networks);
    }

    private static NotFoundError NotFound(string id) => new($"Agent {id} could not be found.", "AgentNotFound");

    internal static JsonObject View(Agent agent, DateTime now) => new()
    {
        ["id"] = agent.Id,
        ["agent_type"] = agent.AgentType,
        ["binary"] = agent.Binary,
        ["topic"] = agent.Topic,
        ["host"] = agent.Host,
        ["admin_state_up"] = agent.AdminStateUp,
        ["created_at"] = Time(agent.CreatedAt),
        ["started_at"] = Time(agent.StartedAt),
        ["heartbeat_timestamp"] = Time(agent.HeartbeatAt),
        ["description"] = agent.Description.Length == 0 ? null : agent.Description,
        ["configurations"] = JsonNode.Parse(agent.ConfigurationsJson),
        ["resource_versions"] = new JsonObject(),
        ["alive"] = agent.IsAlive(now),
        ["availability_zone"] = agent.AgentType is AgentTypes.Dhcp or AgentTypes.L3 ? agent.AvailabilityZone : null,
        ["resources_synced"] = null,
    };

    /// <summary>Agents have Python's plain time format, unlike every other resource.</summary>
    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
