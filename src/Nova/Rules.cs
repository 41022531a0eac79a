using Nephos.Kernel.Api;

namespace Nephos.Nova;

/// <summary>
/// The personas in Nova's words (<c>nova/policies/base.py</c>), so that who overrides one of these rules changes all calls that name it. Hides the kernel's <c>Rules</c> within this service.
/// </summary>
internal static class Rules
{
    public const string Any = Kernel.Policy.Rules.Any;
    public const string Nobody = Kernel.Policy.Rules.Nobody;
    public const string Admin = "rule:context_is_admin";
    public const string Service = "rule:service_api";
    public const string ServiceOrAdmin = "rule:service_or_admin";
    public const string ProjectReader = "rule:project_reader_or_admin";
    public const string ProjectMember = "rule:project_member_or_admin";
    public const string ProjectManager = "rule:project_manager_or_admin";
    /// <summary>Keypairs belong to users.</summary>
    public const string UserOrAdmin = "(rule:context_is_admin) or user_id:%(user_id)s";

    /// <summary>The rules that the others name; they are for no kind of scope in particular.</summary>
    public static readonly IReadOnlyDictionary<string, string> Named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["context_is_admin"] = "role:admin",
        ["admin_or_owner"] = "is_admin:True or project_id:%(project_id)s",
        ["admin_api"] = "is_admin:True",
        ["project_manager_api"] = "role:manager and project_id:%(project_id)s",
        ["project_member_api"] = "role:member and project_id:%(project_id)s",
        ["project_reader_api"] = "role:reader and project_id:%(project_id)s",
        ["service_api"] = "role:service",
        ["project_manager_or_admin"] = "rule:project_manager_api or rule:context_is_admin",
        ["project_member_or_admin"] = "rule:project_member_api or rule:context_is_admin",
        ["project_reader_or_admin"] = "rule:project_reader_api or rule:context_is_admin",
        ["service_or_admin"] = "rule:service_api or rule:context_is_admin",
    };

    public static void Declare(ServiceApi api)
    {
        foreach (var (name, rule) in Named) { api.Declare(name, rule); }
    }
}
