using Nephos.Contracts.Node;

namespace Nephos.Node.Networks;

/// <summary>
/// The node as the agents that clients know from upstream, with the keys that upstream's agents put into <c>configurations</c> (neutron: agent/l3/agent.py,
/// agent/dhcp/agent.py, agent/metadata/agent.py, plugins/ml2/drivers/linuxbridge). It is one program here, so they live and die together.
/// </summary>
internal static class AgentReports
{
    /// <summary>Port of Nova's metadata API upstream; here the tree is asked for in process, and the key is kept for clients that print it.</summary>
    private const int NovaMetadataPort = 8775;

    public static List<AgentFacts> Of(NodeOptions options, DesiredNetworks desired) =>
    [
        new(options.Host, "Linux bridge agent", "neutron-linuxbridge-agent", new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["bridge_mappings"] = options.Bridges,
            ["interface_mappings"] = new Dictionary<string, string>(StringComparer.Ordinal),
            ["tunneling_ip"] = options.HostIp,
            ["tunnel_types"] = new[] { "vxlan" },
            ["l2_population"] = false,
            ["extensions"] = Array.Empty<string>(),
            ["devices"] = desired.Ports.Count(static p => p.Local),
        }),
        new(options.Host, "DHCP agent", "neutron-dhcp-agent", new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["dhcp_driver"] = "nephos",
            ["dhcp_lease_duration"] = (int)Dhcp.DhcpResponder.LeaseTime.TotalSeconds,
            ["log_agent_heartbeats"] = false,
            ["networks"] = desired.Networks.Count(static n => n.Dhcp is not null),
            ["subnets"] = desired.Networks.Where(static n => n.Dhcp is not null).Sum(static n => n.Subnets.Count),
            ["ports"] = desired.Ports.Count,
        }),
        new(options.Host, "L3 agent", "neutron-l3-agent", new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["agent_mode"] = "legacy",
            ["handle_internal_only_routers"] = true,
            ["interface_driver"] = "linuxbridge",
            ["log_agent_heartbeats"] = false,
            ["extensions"] = Array.Empty<string>(),
            ["routers"] = desired.Routers.Count,
            ["ex_gw_ports"] = desired.Routers.Count(static r => r.Gateway is not null),
            ["interfaces"] = desired.Routers.Sum(static r => r.Legs.Count),
            ["floating_ips"] = desired.Routers.Sum(static r => r.FloatingIps.Count),
        }),
        new(options.Host, "Metadata agent", "neutron-metadata-agent", new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["metadata_proxy_socket"] = "",
            ["nova_metadata_host"] = options.HostIp,
            ["nova_metadata_port"] = NovaMetadataPort,
            ["log_agent_heartbeats"] = false,
        }),
    ];
}
