using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Contracts.Node;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Neutron.Networks;
using Nephos.Neutron.NodeFeed;
using Nephos.Neutron.Ports;
using Nephos.Neutron.Routers;

namespace Nephos.Neutron.Agents;

/// <summary>Writes heartbeats down, and gives an agent that appears what was waiting for it: networks without DHCP, routers without a host, ports that could not be bound.</summary>
internal sealed class AgentHeartbeats(Store<NeutronDb> store, DhcpPorts dhcp, FeedMarks marks, TimeProvider clock)
{
    public async Task RecordAsync(string host, IReadOnlyList<AgentFacts> agents, CancellationToken cancel)
    {
        var now = clock.Now();
        var appeared = await store.WriteAsync(async db =>
        {
            var known = await db.Agents.AsTracking().Where(a => a.Host == host).ToListAsync().ConfigureAwait(false);
            var fresh = new List<string>();
            foreach (var facts in agents)
            {
                var json = JsonSerializer.Serialize(facts.Configurations);
                if (known.FirstOrDefault(a => a.AgentType == facts.Type) is { } agent)
                {
                    if (!agent.IsAlive(now)) { agent.StartedAt = now; }
                    (agent.HeartbeatAt, agent.ConfigurationsJson, agent.Binary) = (now, json, facts.Binary);
                    continue;
                }
                db.Agents.Add(new Agent
                {
                    Id = NewId.Uuid(),
                    Host = host,
                    AgentType = facts.Type,
                    Binary = facts.Binary,
                    Topic = TopicOf(facts.Type),
                    CreatedAt = now,
                    StartedAt = now,
                    HeartbeatAt = now,
                    ConfigurationsJson = json,
                });
                fresh.Add(facts.Type);
            }
            if (fresh.Contains(AgentTypes.LinuxBridge)) { await RebindAsync(db, host).ConfigureAwait(false); }
            if (agents.Any(a => a.Type == AgentTypes.L3)) { await RouterHosts.AdoptAsync(db, marks, host).ConfigureAwait(false); }
            return fresh;
        }, cancel).ConfigureAwait(false);
        if (appeared.Contains(AgentTypes.Dhcp)) { await ServeWaitingAsync(RequestContext.ForService("neutron", now), cancel).ConfigureAwait(false); }
    }

    /// <summary>Ports that were bound to the host before it was known.</summary>
    private async Task RebindAsync(NeutronDb db, string host)
    {
        var ports = await db.Ports.Where(p => p.HostId == host && p.VifType == Bindings.Failed && p.VnicType == "normal").Select(p => p.Id).ToListAsync().ConfigureAwait(false);
        await db.Ports.Where(p => ports.Contains(p.Id)).ExecuteUpdateAsync(u => u.SetProperty(p => p.VifType, Bindings.Bridge)).ConfigureAwait(false);
        await marks.MarkAsync(db, NetworkRecordKind.Port, ports).ConfigureAwait(false);
    }

    /// <summary>Networks that want DHCP and have none, one write each, so that others get their turn between.</summary>
    private async Task ServeWaitingAsync(RequestContext context, CancellationToken cancel)
    {
        var waiting = await store.ReadAsync(db => db.Networks.Where(n => db.Subnets.Any(s => s.NetworkId == n.Id && s.EnableDhcp) && !db.Ports.Any(p => p.NetworkId == n.Id && p.DeviceOwner == DeviceOwners.Dhcp))
            .Select(n => n.Id).ToListAsync(), cancel).ConfigureAwait(false);
        foreach (var id in waiting)
        {
            await store.WriteAsync(async db =>
            {
                if (await db.Networks.FirstOrDefaultAsync(n => n.Id == id).ConfigureAwait(false) is { } network) { await dhcp.EnsureAsync(db, context, network).ConfigureAwait(false); }
            }, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Names of upstream's message queues, which clients print.</summary>
    private static string TopicOf(string type) => type switch
    {
        AgentTypes.Dhcp => "dhcp_agent",
        AgentTypes.L3 => "l3_agent",
        _ => "N/A",
    };
}
