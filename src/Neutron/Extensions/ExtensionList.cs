namespace Nephos.Neutron.Extensions;

/// <summary>An extension as <c>GET /v2.0/extensions</c> shows it.</summary>
/// <param name="Updated">Upstream's timestamp of its introduction.</param>
internal sealed record Extension(string Alias, string Name, string Description, string Updated);

/// <summary>
/// What is served beyond the core, by upstream's aliases and names (neutron-lib api/definitions, neutron extensions). Clients switch features by this
/// list: only what works entirely goes in.
/// </summary>
internal static class ExtensionList
{
    public static readonly IReadOnlyList<Extension> All =
    [
        new("aap-reject-multicast", "Allowed address pairs reject multicast extension", "Address pairs may not be multicast addresses", "2026-04-01T00:00:00-00:00"),
        new("agent", "agent", "Network agents of the nodes", "2013-02-03T10:00:00-00:00"),
        new("allowed-address-pairs", "Allowed Address Pairs", "Further addresses that a port may use", "2013-07-23T10:00:00-00:00"),
        new("availability_zone", "Availability Zone", "Zones of network agents", "2015-01-01T10:00:00-00:00"),
        new("binding", "Port Binding", "Hosts and interface types of ports", "2014-02-03T10:00:00-00:00"),
        new("dns-integration", "DNS Integration", "Names of ports and domains of networks", "2015-08-15T18:00:00-00:00"),
        new("empty-string-filtering", "Empty String Filtering Extension", "Filters by empty values", "2018-05-01T10:00:00-00:00"),
        new("ext-gw-mode", "Neutron L3 Configurable external gateway mode", "Gateways with and without SNAT", "2013-03-28T10:00:00-00:00"),
        new("external-net", "Neutron external network", "Networks that routers have gateways on", "2013-01-14T10:00:00-00:00"),
        new("extra_dhcp_opt", "Neutron Extra DHCP options", "DHCP options of single ports", "2013-03-17T12:00:00-00:00"),
        new("extraroute", "Neutron Extra Route", "Static routes of routers", "2013-02-01T10:00:00-00:00"),
        new("extraroute-atomic", "Atomically add/remove extra routes", "Single static routes come and go", "2019-07-10T00:00:00+00:00"),
        new("filter-validation", "Filter parameters validation", "Unknown filters are refused", "2018-07-04T10:00:00-00:00"),
        new("fip-port-details", "Floating IP Port Details Extension", "The port behind a floating IP", "2018-04-09T10:00:00-00:00"),
        new("ip-substring-filtering", "IP address substring filtering", "Filters ports by a part of their address", "2017-11-28T09:00:00-00:00"),
        new("ip_allocation", "IP Allocation", "When a port gets its addresses", "2016-06-10T23:00:00-00:00"),
        new("l3_agent_scheduler", "L3 Agent Scheduler", "Which agent has which router", "2013-02-07T10:00:00-00:00"),
        new("net-mtu", "Network MTU", "MTU of networks", "2015-03-25T10:00:00-00:00"),
        new("net-mtu-writable", "Network MTU (writable)", "MTU of networks can be chosen", "2017-07-12T00:00:00-00:00"),
        new("network-ip-availability", "Network IP Availability", "Used and free addresses of networks", "2015-09-24T00:00:00-00:00"),
        new("network_availability_zone", "Network Availability Zone", "Zones of networks", "2015-01-01T10:00:00-00:00"),
        new("pagination", "Pagination support", "Lists in pages", "2016-06-12T00:00:00-00:00"),
        new("port-mac-address-regenerate", "Neutron Port MAC address regenerate", "A null MAC makes a new one", "2018-05-03T10:00:00-00:00"),
        new("port-security", "Port Security", "Anti-spoofing can be switched off", "2012-07-23T10:00:00-00:00"),
        new("port-security-groups-filtering", "Port filtering on security groups", "Filters ports by their security groups", "2018-01-09T09:00:00-00:00"),
        new("project-id", "project_id field enabled", "project_id beside tenant_id", "2016-09-09T09:09:09-09:09"),
        new("provider", "Provider Network", "What networks are on the wire", "2012-09-07T10:00:00-00:00"),
        new("quota_details", "Quota details management support", "Use beside the limits of quotas", "2017-02-10T10:00:00-00:00"),
        new("quotas", "Quota management support", "Limits of projects", "2012-07-29T10:00:00-00:00"),
        new("revision-if-match", "If-Match constraints based on revision_number", "Changes on condition of a revision", "2016-12-11T00:00:00-00:00"),
        new("router", "Neutron L3 Router", "Routers and floating IPs", "2012-07-20T10:00:00-00:00"),
        new("security-group", "security-group", "Packet filters of ports", "2012-10-05T10:00:00-00:00"),
        new("security-groups-normalized-cidr", "Normalized CIDR field for security group rules", "Prefixes of rules without host bits", "2019-11-19T00:00:00-00:00"),
        new("security-groups-rules-belongs-to-default-sg", "Security group rules belongs to the project default security group", "Tells rules of default groups", "2022-10-10T10:00:00-00:00"),
        new("sort-key-validation", "Sort keys validation", "Unknown sort keys are refused", "2018-07-04T10:00:00-00:00"),
        new("sorting", "Sorting support", "Sorted lists", "2016-06-12T00:00:00-00:00"),
        new("standard-attr-description", "standard-attr-description", "Descriptions of all resources", "2016-02-10T10:00:00-00:00"),
        new("standard-attr-revisions", "Resource revision numbers", "Revisions of all resources", "2016-04-11T10:00:00-00:00"),
        new("standard-attr-tag", "Tag support for resources with standard attribute: network, subnet, port, router, floatingip, security_group", "Labels of all resources", "2017-01-01T00:00:00-00:00"),
        new("standard-attr-timestamp", "Resource timestamps", "Times of creation and last change", "2016-09-12T10:00:00-00:00"),
        new("subnet-external-network", "Subnet belongs to an external network", "Shows and filters subnets of external networks", "2024-02-05T18:00:00-00:00"),
        new("subnet-service-types", "Subnet service types", "Subnets for ports of certain owners", "2016-03-15T18:00:00-00:00"),
        new("tag-creation", "Tag creation extension", "Tags by POST", "2024-23-07T10:00:00-00:00"),
        new("tag-ports-during-bulk-creation", "Tag Ports During Bulk Creation", "Tags in the bodies of new ports", "2019-12-29T19:00:00-00:00"),
    ];
}
