namespace Nephos.Keystone;

/// <summary>Upstream's default rules (<c>keystone/common/policies</c>), with the rules that they name written out.</summary>
internal static class Policies
{
    public const string Admin = "rule:admin_required";
    public const string AdminOrSystemReader = "rule:admin_required or (role:reader and system_scope:all)";
    public const string Anyone = "";
    public const string Owner = "user_id:%(user_id)s";
    public const string AdminOrOwner = "rule:admin_or_owner";
    public const string AdminOrSystemReaderOrOwner = AdminOrSystemReader + " or rule:owner";
    public const string SystemReaderOrUser = "(role:reader and system_scope:all) or user_id:%(target.user.id)s";
    public const string SystemAdminOrUser = "(role:admin and system_scope:all) or user_id:%(target.user.id)s";

    public const string ReadDomain = AdminOrSystemReader + " or token.domain.id:%(target.domain.id)s or token.project.domain.id:%(target.domain.id)s";
    public const string ListDomains = AdminOrSystemReader + " or (role:reader and domain_id:%(target.domain.id)s)";

    public const string ReadProject = AdminOrSystemReader + " or (role:reader and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s) or project_id:%(target.project.id)s";
    public const string WriteProject = Admin + " or (role:manager and domain_id:%(target.project.domain_id)s and not None:%(target.project.domain_id)s)";
    public const string ReadLimit = AdminOrSystemReader + " or domain_id:%(target.limit.domain.id)s or domain_id:%(target.limit.project.domain_id)s or (project_id:%(target.limit.project_id)s and not None:%(target.limit.project_id)s)";
    public const string ListInDomain = AdminOrSystemReader + " or (role:reader and domain_id:%(target.domain_id)s)";

    public const string ReadUser = AdminOrSystemReader + " or (role:reader and token.domain.id:%(target.user.domain_id)s) or user_id:%(target.user.id)s";
    public const string WriteUser = Admin + " or (role:manager and token.domain.id:%(target.user.domain_id)s)";
    public const string UserProjects = AdminOrSystemReader + " or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(target.user.id)s";
    public const string UserGroups = AdminOrSystemReader + " or (role:reader and domain_id:%(target.user.domain_id)s) or user_id:%(user_id)s";

    public const string ReadGroup = AdminOrSystemReader + " or (role:reader and domain_id:%(target.group.domain_id)s)";
    public const string WriteGroup = Admin + " or (role:manager and domain_id:%(target.group.domain_id)s)";
    public const string ReadMember = AdminOrSystemReader + " or (role:reader and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)";
    public const string WriteMember = Admin + " or (role:manager and domain_id:%(target.group.domain_id)s and domain_id:%(target.user.domain_id)s)";

    private const string ManagedRole = "rule:domain_managed_target_role";
    public const string ReadRole = AdminOrSystemReader + " or (role:manager and " + ManagedRole + ")";
    public const string ListRoles = AdminOrSystemReader + " or (role:manager and not domain_id:None)";

    private const string UserAndProject = "domain_id:%(target.user.domain_id)s and domain_id:%(target.project.domain_id)s", UserAndDomain = "domain_id:%(target.user.domain_id)s and domain_id:%(target.domain.id)s";
    private const string GroupAndProject = "domain_id:%(target.group.domain_id)s and domain_id:%(target.project.domain_id)s", GroupAndDomain = "domain_id:%(target.group.domain_id)s and domain_id:%(target.domain.id)s";
    /// <summary>Actor and target are both of the domain that the token is for.</summary>
    private const string InDomain = "((" + UserAndProject + ") or (" + UserAndDomain + ") or (" + GroupAndProject + ") or (" + GroupAndDomain + "))";
    private const string RoleFits = "(domain_id:%(target.role.domain_id)s or None:%(target.role.domain_id)s)";
    public const string ReadGrant = AdminOrSystemReader + " or (role:reader and " + InDomain + " and " + RoleFits + ")";
    public const string ListGrants = AdminOrSystemReader + " or (role:reader and " + InDomain + ")";
    public const string WriteGrant = Admin + " or (role:admin and " + InDomain + " and " + RoleFits + ") or (role:manager and " + InDomain + " and " + ManagedRole + ")";
}

/// <summary>What a policy is asked about: upstream's flat names. A value that is not there is left out, so that a rule that compares with it denies.</summary>
internal static class Target
{
    public static Dictionary<string, object?> Of(params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var target = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in values)
        {
            if (value is not null) { target[name] = value; }
        }
        return target;
    }
}
