using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;

namespace Nephos.Keystone;

/// <summary>
/// The kinds of scope that Keystone's rules are for: upstream's <c>scope_types</c> (<c>keystone/common/policies</c>). Most are for system and project; those that are not are listed here. A token of
/// another kind gets 403.
/// </summary>
internal static class RuleScopes
{
    /// <summary>Rules that the others name; they are for no kind of scope in particular.</summary>
    public static readonly IReadOnlyDictionary<string, string> Named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["admin_required"] = "role:admin or is_admin:1",
        ["service_role"] = "role:service",
        ["service_or_admin"] = "rule:admin_required or rule:service_role",
        ["owner"] = "user_id:%(user_id)s",
        ["admin_or_owner"] = "rule:admin_required or rule:owner",
        ["token_subject"] = "user_id:%(target.token.user_id)s",
        ["admin_or_token_subject"] = "rule:admin_required or rule:token_subject",
        ["service_admin_or_token_subject"] = "rule:service_or_admin or rule:token_subject",
        ["domain_managed_target_role"] = "'manager':%(target.role.name)s or 'member':%(target.role.name)s or 'reader':%(target.role.name)s",
    };

    /// <summary>Asked of every token.</summary>
    private static readonly HashSet<string> Any = new(StringComparer.Ordinal)
    {
        "identity:get_auth_catalog",
        "identity:get_auth_projects",
        "identity:get_auth_domains",
        "identity:get_auth_system",
        "identity:list_projects_for_user",
        "identity:list_domains_for_user",
    };

    /// <summary>Things of a user within a project.</summary>
    private static readonly HashSet<string> ProjectOnly = new(StringComparer.Ordinal)
    {
        "identity:authorize_request_token",
        "identity:get_access_token",
        "identity:get_access_token_role",
        "identity:list_access_tokens",
        "identity:list_access_token_roles",
        "identity:delete_access_token",
        "identity:create_application_credential",
        "identity:create_trust",
    };

    /// <summary>What the admins and readers of a domain may do in it, beside those of the system.</summary>
    private static readonly HashSet<string> DomainToo = new(StringComparer.Ordinal)
    {
        "identity:get_credential",
        "identity:list_credentials",
        "identity:create_credential",
        "identity:update_credential",
        "identity:delete_credential",
        "identity:get_domain",
        "identity:list_domains",
        "identity:get_security_compliance_domain_config",
        "identity:check_grant",
        "identity:list_grants",
        "identity:create_grant",
        "identity:revoke_grant",
        "identity:get_group",
        "identity:list_groups",
        "identity:list_groups_for_user",
        "identity:create_group",
        "identity:update_group",
        "identity:delete_group",
        "identity:list_users_in_group",
        "identity:remove_user_from_group",
        "identity:check_user_in_group",
        "identity:add_user_to_group",
        "identity:get_limit_model",
        "identity:get_limit",
        "identity:list_limits",
        "identity:get_project",
        "identity:list_projects",
        "identity:list_user_projects",
        "identity:create_project",
        "identity:update_project",
        "identity:delete_project",
        "identity:list_project_tags",
        "identity:get_project_tag",
        "identity:update_project_tags",
        "identity:create_project_tag",
        "identity:delete_project_tags",
        "identity:delete_project_tag",
        "identity:get_region",
        "identity:list_regions",
        "identity:get_registered_limit",
        "identity:list_registered_limits",
        "identity:get_role",
        "identity:list_roles",
        "identity:list_role_assignments",
        "identity:list_role_assignments_for_tree",
        "identity:s3tokens_validate",
        "identity:ec2tokens_validate",
        "identity:check_token",
        "identity:validate_token",
        "identity:revoke_token",
        "identity:get_user",
        "identity:list_users",
        "identity:create_user",
        "identity:update_user",
        "identity:delete_user",
    };

    public static PolicyScopes Of(string rule) =>
        DomainToo.Contains(rule) ? PolicyScopes.System | PolicyScopes.Domain | PolicyScopes.Project
        : ProjectOnly.Contains(rule) ? PolicyScopes.Project
        : Named.ContainsKey(rule) || Any.Contains(rule) ? PolicyScopes.Any
        : PolicyScopes.System | PolicyScopes.Project;

    public static void Declare(ServiceApi api)
    {
        foreach (var (name, rule) in Named) { api.Declare(name, rule); }
    }
}
