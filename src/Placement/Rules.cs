using Nephos.Kernel.Api;
using Nephos.Kernel.Policy;

namespace Nephos.Placement;

/// <summary>The personas in Placement's words (<c>placement/policies/base.py</c>). Hides the kernel's <c>Rules</c> within this service.</summary>
internal static class Rules
{
    public const string Any = Kernel.Policy.Rules.Any;
    public const string Service = "rule:service_api";
    public const string ServiceOrAdmin = "rule:admin_or_service_api";
    public const string ProjectReaderOrService = "rule:admin_or_project_reader_or_service_api";

    /// <summary>The rules that the others name. Upstream gives scopes to all of them but the project reader's.</summary>
    private static readonly IReadOnlyDictionary<string, string> Named = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["admin_api"] = "role:admin",
        ["service_api"] = "role:service",
        ["admin_or_service_api"] = "role:admin or role:service",
        ["project_reader_api"] = "role:reader and project_id:%(project_id)s",
        ["admin_or_project_reader_or_service_api"] = "role:admin or rule:project_reader_api or role:service",
    };

    public static PolicyScopes ScopesOf(string rule) => rule == "project_reader_api" ? PolicyScopes.Any : PolicyScopes.Project;

    public static void Declare(ServiceApi api)
    {
        foreach (var (name, rule) in Named) { api.Declare(name, rule); }
    }
}
