namespace Nephos.Kernel.Policy;

/// <summary>
/// The caller as the policy language sees it: upstream's <c>RequestContext.to_policy_values()</c> (oslo.context), by name through
/// <see cref="TryGet"/>. Roles are complete: implied roles were expanded when the token was made.
/// </summary>
public abstract class PolicyCredentials
{
    public abstract IReadOnlyList<string> Roles { get; }

    public abstract string? UserId { get; }

    public abstract string? UserDomainId { get; }

    /// <summary>The project of a project-scoped token.</summary>
    public abstract string? ProjectId { get; }

    public abstract string? ProjectDomainId { get; }

    /// <summary>The domain of a domain-scoped token.</summary>
    public abstract string? DomainId { get; }

    /// <summary><c>all</c> for a system-scoped token.</summary>
    public abstract string? SystemScope { get; }

    /// <summary>Set for the service itself and by the rule <c>context_is_admin</c>, as upstream does.</summary>
    public abstract bool IsAdmin { get; }

    /// <summary>True unless an admin project is configured and this token is for another.</summary>
    public virtual bool IsAdminProject => true;

    /// <summary>The roles of the service token that came along, if one did.</summary>
    public virtual IReadOnlyList<string> ServiceRoles => [];

    /// <summary>Which kind of scope upstream's <c>enforce_scope</c> takes the token for: system first, then domain; all else counts as project.</summary>
    public PolicyScopes Scope =>
        !string.IsNullOrEmpty(SystemScope) ? PolicyScopes.System : !string.IsNullOrEmpty(DomainId) ? PolicyScopes.Domain : PolicyScopes.Project;

    /// <summary>
    /// The value of a credential. False when there is no such name, which denies; a known name without a value is null, which the language
    /// writes as <c>None</c>. Override for more: <c>token.project.domain.id</c> needs <c>token</c> as a dictionary.
    /// </summary>
    public virtual bool TryGet(string name, out object? value)
    {
        (var known, value) = name switch
        {
            "user_id" or "user" => (true, (object?)UserId),
            "project_id" or "tenant_id" or "tenant" => (true, ProjectId),
            "domain_id" => (true, DomainId),
            "user_domain_id" or "user_domain" => (true, UserDomainId),
            "project_domain_id" or "project_domain" => (true, ProjectDomainId),
            "system_scope" => (true, SystemScope),
            "system" => (SystemScope is not null, SystemScope),
            "is_admin" => (true, IsAdmin),
            "is_admin_project" => (true, IsAdminProject),
            "roles" => (true, Roles),
            "service_roles" => (true, ServiceRoles),
            _ => (false, null),
        };
        return known;
    }
}

/// <summary>The scopes that a rule is meant for.</summary>
[Flags]
public enum PolicyScopes
{
    /// <summary>The rule does not care.</summary>
    Any = 0,

    System = 1,

    Domain = 2,

    Project = 4,
}
