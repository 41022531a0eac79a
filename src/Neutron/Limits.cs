namespace Nephos.Neutron;

/// <summary>Sizes and counts, with their sources.</summary>
internal static class Limits
{
    /// <summary>neutron-lib db/constants NAME_FIELD_SIZE, in characters.</summary>
    public const int NameLength = 255;
    /// <summary>neutron-lib db/constants DESCRIPTION_FIELD_SIZE.</summary>
    public const int DescriptionLength = 255;
    /// <summary>neutron-lib db/constants PROJECT_ID_FIELD_SIZE.</summary>
    public const int ProjectIdLength = 255;
    /// <summary>neutron-lib db/constants DEVICE_ID_FIELD_SIZE.</summary>
    public const int DeviceIdLength = 255;
    /// <summary>neutron-lib db/constants DEVICE_OWNER_FIELD_SIZE.</summary>
    public const int DeviceOwnerLength = 255;
    /// <summary>neutron <c>max_dns_nameservers</c>.</summary>
    public const int DnsNameservers = 5;
    /// <summary>neutron <c>max_subnet_host_routes</c>.</summary>
    public const int HostRoutes = 20;
    /// <summary>neutron <c>max_allowed_address_pair</c>.</summary>
    public const int AllowedAddressPairs = 10;
    /// <summary>neutron <c>max_fixed_ips_per_port</c> as the reference deployment has it; more is 400.</summary>
    public const int FixedIpsPerPort = 64;
    /// <summary>neutron extensions/tagging: a tag's length, and tags per resource.</summary>
    public const int TagLength = 255;
    public const int TagsPerResource = 50;
    /// <summary>MTU of the underlay, in bytes; external networks have it.</summary>
    public const int UnderlayMtu = 1500;
    /// <summary>Bytes that vxlan over IPv4 adds (ml2 type_vxlan).</summary>
    public const int VxlanOverhead = 50;
    /// <summary>Segmentation ids of tenant networks: <c>vni_ranges</c>.</summary>
    public const int VniMin = 1;
    public const int VniMax = (1 << 24) - 1;
    /// <summary>RFC 8200 section 5 and RFC 791: the least MTU of a network with IPv6 and with IPv4 subnets.</summary>
    public const int Ipv6MinMtu = 1280;
    public const int Ipv4MinMtu = 68;
    /// <summary>An agent is alive this long after its last report: neutron <c>agent_down_time</c>.</summary>
    public static readonly TimeSpan AgentDownTime = TimeSpan.FromSeconds(75);
}
