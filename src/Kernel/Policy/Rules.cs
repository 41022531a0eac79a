namespace Nephos.Kernel.Policy;

/// <summary>
/// Upstream's secure-RBAC personas as default rules (community goal "Consistent and secure RBAC", phases 1 to 3): the project's reader, member and manager,
/// the admin of everything, and the service user. Each is written out instead of naming another rule, so that it stands alone in a policy file;
/// the constants mean the same as the rules named with them.
/// </summary>
public static class Rules
{
    /// <summary>Everyone with a valid token. Nova <c>RULE_ANY</c>.</summary>
    public const string Any = "@";

    /// <summary>Nobody, until the operator says otherwise. Nova <c>RULE_NOBODY</c>.</summary>
    public const string Nobody = "!";

    /// <summary>Nova and Glance <c>context_is_admin</c>, Placement <c>admin_api</c>, Neutron <c>admin_only</c>.</summary>
    public const string Admin = "role:admin";

    /// <summary>Services talking to each other. Nova <c>service_api</c>, Neutron <c>service_api</c>, Placement <c>service_api</c>.</summary>
    public const string Service = "role:service";

    /// <summary>Nova <c>service_or_admin</c>, Placement <c>admin_or_service_api</c>.</summary>
    public const string ServiceOrAdmin = "role:admin or role:service";

    /// <summary>May see what the project has. Nova <c>project_reader_or_admin</c>, Neutron <c>ADMIN_OR_PROJECT_READER</c>.</summary>
    public const string ProjectReader = "(role:admin) or (role:reader and project_id:%(project_id)s)";

    /// <summary>May change what the project has. Nova <c>project_member_or_admin</c>, Neutron <c>ADMIN_OR_PROJECT_MEMBER</c>.</summary>
    public const string ProjectMember = "(role:admin) or (role:member and project_id:%(project_id)s)";

    /// <summary>Nova <c>project_manager_or_admin</c>, Neutron <c>ADMIN_OR_PROJECT_MANAGER</c>.</summary>
    public const string ProjectManager = "(role:admin) or (role:manager and project_id:%(project_id)s)";

    /// <summary>Placement <c>admin_or_project_reader_or_service_api</c>.</summary>
    public const string ProjectReaderOrService = "(role:admin) or (role:service) or (role:reader and project_id:%(project_id)s)";

    /// <summary>Any user of the project, whatever the role. Nova's and Neutron's <c>admin_or_owner</c>.</summary>
    public const string AdminOrOwner = "(role:admin) or project_id:%(project_id)s";

    /// <summary>The resource hangs off a network, whose owner counts. Neutron <c>ADMIN_OR_NET_OWNER_MEMBER</c>.</summary>
    public const string NetworkOwnerMember = "(role:admin) or (role:member and project_id:%(network:project_id)s)";

    /// <summary>Neutron <c>ADMIN_OR_NET_OWNER_READER</c>.</summary>
    public const string NetworkOwnerReader = "(role:admin) or (role:reader and project_id:%(network:project_id)s)";

    /// <summary>The owner of the resource that this one is part of. Neutron <c>ADMIN_OR_PARENT_OWNER_MEMBER</c>.</summary>
    public const string ParentOwnerMember = "(role:admin) or (role:member and project_id:%(ext_parent:project_id)s)";

    /// <summary>Neutron <c>ADMIN_OR_PARENT_OWNER_READER</c>.</summary>
    public const string ParentOwnerReader = "(role:admin) or (role:reader and project_id:%(ext_parent:project_id)s)";

    /// <summary>Keystone <c>SYSTEM_READER</c>.</summary>
    public const string SystemReader = "role:reader and system_scope:all";

    /// <summary>Keystone <c>SYSTEM_ADMIN</c>.</summary>
    public const string SystemAdmin = "role:admin and system_scope:all";

    /// <summary>Keystone <c>DOMAIN_READER</c>.</summary>
    public const string DomainReader = "role:reader and domain_id:%(target.domain_id)s";

    /// <summary>Keystone <c>ADMIN_OR_SYSTEM_READER</c>.</summary>
    public const string AdminOrSystemReader = "(role:admin or is_admin:1) or (role:reader and system_scope:all)";

    /// <summary>Keystone <c>admin_required</c>.</summary>
    public const string AdminRequired = "role:admin or is_admin:1";

    /// <summary>Keystone <c>owner</c>.</summary>
    public const string Owner = "user_id:%(user_id)s";

    /// <summary>Keystone <c>admin_or_owner</c>.</summary>
    public const string AdminOrSelf = "(role:admin or is_admin:1) or user_id:%(user_id)s";
}
