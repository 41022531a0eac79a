using Nephos.Kernel.Policy;
using Nephos.Neutron.Attributes;

namespace Nephos.Neutron.Ports;

/// <summary>The port's attributes and upstream's rules for them (neutron conf/policies/port.py).</summary>
internal static class PortTable
{
    private const string NetOwner = "(role:member and rule:network_owner)";
    private const string ServiceOrNetOwner = Rules.ServiceOrAdmin + " or " + NetOwner;
    private const string MemberOrService = Rules.ProjectMember + " or rule:service_api";
    private const string NetOwnerOrService = Rules.NetworkOwnerMember + " or rule:service_api";
    private const string NotNetworkDevice = "not rule:network_device or " + ServiceOrNetOwner;
    private const string Shared = " or rule:shared";

    public const string CreateRule = ServiceOrNetOwner + Shared;
    public const string GetRule = Rules.ServiceOrAdmin + " or (role:reader and rule:network_owner) or (role:reader and project_id:%(project_id)s)";
    public const string UpdateRule = Rules.ServiceOrAdmin + " or (role:member and project_id:%(project_id)s)";
    public const string DeleteRule = ServiceOrNetOwner + " or (role:member and project_id:%(project_id)s)";

    /// <summary>Tags have rules of their own upstream, which name the older role of services.</summary>
    public const string TagsGetRule = "rule:context_is_advsvc or " + Rules.NetworkOwnerReader + " or (role:reader and project_id:%(project_id)s)";
    public const string TagsDeleteRule = "rule:context_is_advsvc or " + Rules.NetworkOwnerMember + " or (role:member and project_id:%(project_id)s)";

    public static readonly ResourceTable<Port, PortView> Table = new ResourceTable<Port, PortView>("port", "ports", NeutronErrors.PortNotFound)
        .Standard()
        .Text("name", v => v.Row.Name, p => p.Name).Takes(PortFields.Name)
        .Text("network_id", v => v.Row.NetworkId, p => p.NetworkId).Takes(PortFields.NetworkId)
        .Flag("admin_state_up", v => v.Row.AdminStateUp, p => p.AdminStateUp).Takes(PortFields.AdminStateUp)
        .Text("status", v => v.Row.Status, p => p.Status)
        .Text("mac_address", v => v.Row.Mac, p => p.Mac).Takes(PortFields.Mac).Guarded(create: ServiceOrNetOwner, update: Rules.ServiceOrAdmin + " or (role:manager and rule:network_owner)")
            .FilteredBy((_, query, values) =>
            {
                var macs = values.Select(v => Addresses.Mac(v) ?? v.ToLowerInvariant()).ToList();
                return query.Where(p => macs.Contains(p.Mac));
            })
        .Json("fixed_ips", (writer, v) => v.WriteFixedIps(writer)).Takes(PortFields.FixedIps).Guarded(create: ServiceOrNetOwner + Shared, update: ServiceOrNetOwner).FilteredBy(PortFilters.FixedIps)
        .Text("device_id", v => v.Row.DeviceId, p => p.DeviceId).Takes(PortFields.DeviceId).Guarded(create: MemberOrService, update: MemberOrService)
        .Text("device_owner", v => v.Row.DeviceOwner, p => p.DeviceOwner).Takes(PortFields.DeviceOwner).Guarded(create: NotNetworkDevice, update: NotNetworkDevice)
        .Texts("security_groups", v => v.SecurityGroupIds).Takes(PortFields.SecurityGroups).FilteredBy((db, query, values) =>
        {
            var ids = values.ToList();
            return query.Where(p => db.PortSecurityGroups.Any(b => b.PortId == p.Id && ids.Contains(b.SecurityGroupId)));
        })
        .Flag("port_security_enabled", v => v.Row.PortSecurityEnabled, p => p.PortSecurityEnabled).Takes(PortFields.PortSecurity).Guarded(create: ServiceOrNetOwner, update: ServiceOrNetOwner)
        .Json("allowed_address_pairs", (writer, v) => writer.WriteRawValue(v.Row.AddressPairsJson, skipInputValidation: true)).Takes(PortFields.AddressPairs).Guarded(create: NetOwnerOrService, update: NetOwnerOrService)
        .Json("extra_dhcp_opts", (writer, v) => writer.WriteRawValue(v.Row.DhcpOptionsJson, skipInputValidation: true)).Takes(PortFields.DhcpOptions)
        .Text("binding:host_id", v => v.Row.HostId, p => p.HostId).Takes(PortFields.HostId).Guarded(Rules.ServiceOrAdmin, Rules.ServiceOrAdmin, Rules.ServiceOrAdmin)
        .Text("binding:vif_type", v => v.Row.VifType, p => p.VifType).Guarded(get: Rules.ServiceOrAdmin)
        .Json("binding:vif_details", (writer, v) => writer.WriteRawValue(v.Row.VifType == Bindings.Bridge ? """{"connectivity":"l2","port_filter":true}""" : "{}", skipInputValidation: true)).Guarded(get: Rules.ServiceOrAdmin)
        .Text("binding:vnic_type", v => v.Row.VnicType, p => p.VnicType).Takes(PortFields.VnicType).Guarded(create: MemberOrService, update: Rules.ServiceOrAdmin + " or (role:member and project_id:%(project_id)s)")
        .Json("binding:profile", (writer, v) => writer.WriteRawValue(v.Row.ProfileJson, skipInputValidation: true)).Takes(PortFields.Profile).Guarded(Rules.ServiceOrAdmin, Rules.Service, Rules.Service)
        .Text("ip_allocation", v => v.FixedIps.Count == 0 && v.Row.NoAddresses ? "none" : "immediate")
        .Text("dns_name", v => v.Row.DnsName, p => p.DnsName).Takes(PortFields.DnsName)
        .Json("dns_assignment", (writer, v) => v.WriteDnsAssignment(writer))
        .Rule("create_port:fixed_ips:ip_address", ServiceOrNetOwner)
        .Rule("create_port:fixed_ips:subnet_id", ServiceOrNetOwner + Shared)
        .Rule("update_port:fixed_ips:ip_address", ServiceOrNetOwner)
        .Rule("update_port:fixed_ips:subnet_id", ServiceOrNetOwner + Shared);
}

/// <summary>Filters on what is in other tables.</summary>
internal static class PortFilters
{
    /// <summary><c>fixed_ips=ip_address=A</c>, <c>subnet_id=S</c>, <c>ip_address_substr=T</c>: values of one key are alternatives, different keys must all hold.</summary>
    public static IQueryable<Port> FixedIps(NeutronDb db, IQueryable<Port> query, IReadOnlyList<string> values)
    {
        var pairs = values.SelectMany(v => v.Split(',')).Select(v => v.Split('=', 2)).ToList();
        if (pairs.Any(p => p.Length != 2)) { throw Field.Inconvertible($"'{values[0]}' is not of the form <key>=[value]"); }
        foreach (var group in pairs.GroupBy(p => p[0], p => p[1], StringComparer.Ordinal))
        {
            var wanted = group.ToList();
            query = group.Key switch
            {
                "ip_address" => query.Where(p => db.FixedIps.Any(i => i.PortId == p.Id && wanted.Contains(i.Ip))),
                "subnet_id" or "subnet" => query.Where(p => db.FixedIps.Any(i => i.PortId == p.Id && wanted.Contains(i.SubnetId))),
                "ip_address_substr" => Substrings(db, query, wanted),
                _ => throw NeutronErrors.InvalidInput($"'{group.Key}' is not a key of fixed_ips"),
            };
        }
        return query;
    }

    private static IQueryable<Port> Substrings(NeutronDb db, IQueryable<Port> query, List<string> parts)
    {
        foreach (var part in parts) { query = query.Where(p => db.FixedIps.Any(i => i.PortId == p.Id && i.Ip.Contains(part))); }
        return query;
    }
}
