namespace Nephos.Neutron.Agents;

/// <summary>Upstream's names of agents (neutron-lib constants AGENT_TYPE_*).</summary>
internal static class AgentTypes
{
    public const string Dhcp = "DHCP agent";
    public const string L3 = "L3 agent";
    public const string LinuxBridge = "Linux bridge agent";
    public const string Metadata = "Metadata agent";
}
