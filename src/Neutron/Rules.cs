using Nephos.Kernel.Api;

namespace Nephos.Neutron;

/// <summary>
/// The personas in Neutron's words (<c>neutron/conf/policies/base.py</c>, neutron-lib's <c>policy/rules.py</c>), so that who overrides one of the named rules changes all calls that name it.
/// Hides the kernel's <c>Rules</c> within this service.
/// </summary>
internal static class Rules
{
    public const string Any = "rule:regular_user";
    public const string Admin = "rule:admin_only";
    public const string Service = "rule:service_api";
    public const string ServiceOrAdmin = "(rule:admin_only) or (rule:service_api)";
    public const string ProjectReader = "(rule:admin_only) or (role:reader and project_id:%(project_id)s)";
    public const string ProjectMember = "(rule:admin_only) or (role:member and project_id:%(project_id)s)";
    public const string ProjectManager = "(rule:admin_only) or (role:manager and project_id:%(project_id)s)";
    public const string NetworkOwnerMember = "(rule:admin_only) or (role:member and rule:network_owner)";
    public const string NetworkOwnerReader = "(rule:admin_only) or (role:reader and rule:network_owner)";
    public const string ParentOwnerManager = "(rule:admin_only) or (role:manager and rule:ext_parent_owner)";
    public const string ParentOwnerMember = "(rule:admin_only) or (role:member and rule:ext_parent_owner)";
    public const string ParentOwnerReader = "(rule:admin_only) or (role:reader and rule:ext_parent_owner)";
    public const string GroupOwnerMember = "(rule:admin_only) or (role:member and rule:sg_owner)";
    public const string GroupOwnerReader = "(rule:admin_only) or (role:reader and rule:sg_owner)";

    /// <summary>The rules that the others, and operators' older policy files, name; they are for no kind of scope in particular.</summary>
    public static readonly IReadOnlyDictionary<string, string> Named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["context_is_admin"] = "role:admin",
        ["context_with_global_access"] = "!",
        ["service_api"] = "role:service",
        ["owner"] = "project_id:%(project_id)s",
        ["admin_or_owner"] = "rule:context_is_admin or rule:owner",
        ["context_is_advsvc"] = "role:advsvc",
        ["admin_or_network_owner"] = "rule:context_is_admin or project_id:%(network:project_id)s",
        ["admin_owner_or_network_owner"] = "rule:owner or rule:admin_or_network_owner",
        ["network_owner"] = "project_id:%(network:project_id)s",
        ["admin_only"] = "rule:context_is_admin",
        ["regular_user"] = "",
        ["shared"] = "field:networks:shared=True",
        ["default"] = "rule:admin_or_owner",
        ["admin_or_ext_parent_owner"] = "rule:context_is_admin or project_id:%(ext_parent:project_id)s",
        ["ext_parent_owner"] = "project_id:%(ext_parent:project_id)s",
        ["sg_owner"] = "project_id:%(security_group:project_id)s",
        ["shared_address_groups"] = "field:address_groups:shared=True",
        ["shared_address_scopes"] = "field:address_scopes:shared=True",
        ["external"] = "field:networks:router:external=True",
        ["network_device"] = "field:port:device_owner=~^network:",
        ["admin_or_data_plane_int"] = "rule:context_is_admin or role:data_plane_integrator",
        ["shared_qos_policy"] = "field:policies:shared=True",
        ["restrict_wildcard"] = "(not field:rbac_policy:target_tenant=* and not field:rbac_policy:target_project=*) or rule:admin_only",
        ["admin_or_sg_owner"] = "rule:context_is_admin or project_id:%(security_group:project_id)s",
        ["admin_owner_or_sg_owner"] = "rule:owner or rule:admin_or_sg_owner",
        ["shared_security_group"] = "field:security_groups:shared=True",
        ["rule_default_sg"] = "field:security_group_rules:belongs_to_default_sg=True",
        ["external_network"] = "field:subnets:router:external=True",
        ["shared_subnetpools"] = "field:subnetpools:shared=True",
    };

    public static void Declare(ServiceApi api)
    {
        foreach (var (name, rule) in Named) { api.Declare(name, rule); }
    }
}
