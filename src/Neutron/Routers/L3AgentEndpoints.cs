using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Neutron.Agents;
using Nephos.Neutron.NodeFeed;

namespace Nephos.Neutron.Routers;

/// <summary>Which L3 agent has which router: upstream's extension l3_agent_scheduler, for admins.</summary>
internal static class L3AgentEndpoints
{
    /// <param name="root">/v2.0.</param>
    public static void Map(ResourceGroup root)
    {
        root.Get("/agents/{id}/l3-routers", List).Policy("get_l3-routers", Rules.Admin).NotPaged("upstream answers all").Extension("l3_agent_scheduler");
        root.Get("/routers/{id}/l3-agents", OfRouter).Policy("get_l3-agents", Rules.Admin).NotPaged("one per router").Extension("l3_agent_scheduler");
        root.Post("/agents/{id}/l3-routers", Add).Policy("create_l3-router", Rules.Admin).Answers(201).Extension("l3_agent_scheduler");
        root.Delete("/agents/{id}/l3-routers/{router_id}", Remove).Policy("delete_l3-router", Rules.Admin).Answers(204).Extension("l3_agent_scheduler");
    }

    private static async Task<Reply> List(Call call)
    {
        var routers = await call.Get<Store<NeutronDb>>().ReadAsync(async db =>
        {
            var host = await HostAsync(db, call.Route("id"), mustServe: false).ConfigureAwait(false);
            return await RouterView.LoadAsync(db, await db.Routers.Where(r => r.HostId == host).OrderBy(r => r.Id).ToListAsync(call.Cancel).ConfigureAwait(false)).ConfigureAwait(false);
        }, call.Cancel);
        return RouterTable.Table.ShowMany(call, routers);
    }

    private static async Task<Reply> OfRouter(Call call)
    {
        var agents = await call.Get<Store<NeutronDb>>().ReadAsync(async db =>
        {
            var router = await db.Routers.FirstOrDefaultAsync(r => r.Id == call.Route("id")).ConfigureAwait(false) ?? throw RouterErrors.NotFound(call.Route("id"));
            return await db.Agents.Where(a => a.AgentType == AgentTypes.L3 && a.Host == router.HostId).ToListAsync(call.Cancel).ConfigureAwait(false);
        }, call.Cancel);
        return Reply.Member("agents", agents.Select(a => AgentEndpoints.View(a, call.Context.Now)).ToList());
    }

    private static async Task<Reply> Add(Call call)
    {
        var body = await call.JsonAsync();
        var routerId = body.ValueKind == JsonValueKind.Object && body.TryGetProperty("router_id", out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()! : throw NeutronErrors.Bad("Missing router_id in request body");
        var marks = call.Get<FeedMarks>();
        await call.Get<Store<NeutronDb>>().WriteAsync(async db =>
        {
            var agentId = call.Route("id");
            var host = await HostAsync(db, agentId, mustServe: true).ConfigureAwait(false);
            var router = await db.Routers.FirstOrDefaultAsync(r => r.Id == routerId).ConfigureAwait(false) ?? throw RouterErrors.NotFound(routerId);
            if (router.HostId == host) { return; }
            if (router.HostId.Length > 0) { throw new ConflictError($"The router {routerId} has been already hosted by the L3 Agent {agentId}.", "RouterHostedByL3Agent"); }
            await RouterHosts.MoveAsync(db, marks, [routerId], host).ConfigureAwait(false);
            db.Record(call.Context, "schedule", "router", routerId, router.ProjectId);
        }, call.Cancel);
        return Reply.Json(new { });
    }

    private static async Task<Reply> Remove(Call call)
    {
        var routerId = call.Route("router_id");
        var marks = call.Get<FeedMarks>();
        await call.Get<Store<NeutronDb>>().WriteAsync(async db =>
        {
            var agentId = call.Route("id");
            var host = await HostAsync(db, agentId, mustServe: false).ConfigureAwait(false);
            var router = await db.Routers.FirstOrDefaultAsync(r => r.Id == routerId).ConfigureAwait(false) ?? throw RouterErrors.NotFound(routerId);
            if (router.HostId != host) { throw new ConflictError($"The router {routerId} is not hosted by the L3 Agent {agentId}.", "RouterNotHostedByL3Agent"); }
            await RouterHosts.MoveAsync(db, marks, [routerId], "").ConfigureAwait(false);
            db.Record(call.Context, "unschedule", "router", routerId, router.ProjectId);
        }, call.Cancel);
        return Reply.Empty();
    }

    private static async Task<string> HostAsync(NeutronDb db, string agentId, bool mustServe)
    {
        var agent = await db.Agents.FirstOrDefaultAsync(a => a.Id == agentId).ConfigureAwait(false) ?? throw new NotFoundError($"Agent {agentId} could not be found", "AgentNotFound");
        return agent.AgentType == AgentTypes.L3 && (agent.AdminStateUp || !mustServe) ? agent.Host : throw new NotFoundError($"Agent {agentId} is not a L3 Agent or has been disabled", "InvalidL3Agent");
    }
}
