namespace Nephos.Kernel.Policy;

/// <summary>
/// A caller who is only thought of, for tools that ask what such a one may do. Upstream's personas (community goal "Consistent and secure RBAC"): each role implies the lesser ones, as the first start
/// sets them up.
/// </summary>
public sealed class Persona : PolicyCredentials
{
    public const string Own = "own", Other = "other";
    private static readonly string[] Admin = ["admin", "manager", "member", "reader"], Manager = ["manager", "member", "reader"], Member = ["member", "reader"], Reader = ["reader"];

    /// <summary>From those who may least. A new persona goes here.</summary>
    public static readonly IReadOnlyList<Persona> All =
    [
        new("nobody", [], PolicyScopes.Project),
        new("project-reader", Reader, PolicyScopes.Project),
        new("project-member", Member, PolicyScopes.Project),
        new("project-manager", Manager, PolicyScopes.Project),
        new("project-admin", Admin, PolicyScopes.Project),
        new("domain-reader", Reader, PolicyScopes.Domain),
        new("domain-member", Member, PolicyScopes.Domain),
        new("domain-manager", Manager, PolicyScopes.Domain),
        new("domain-admin", Admin, PolicyScopes.Domain),
        new("system-reader", Reader, PolicyScopes.System),
        new("system-member", Member, PolicyScopes.System),
        new("system-admin", Admin, PolicyScopes.System),
        new("service", ["service"], PolicyScopes.Project),
    ];

    private readonly string[] _roles;
    private readonly PolicyScopes _scope;

    public Persona(string name, IEnumerable<string> roles, PolicyScopes scope) => (Name, _roles, _scope) = (name, [.. roles], scope);

    public string Name { get; }

    public override IReadOnlyList<string> Roles => _roles;
    public override string? UserId => Own;
    public override string? UserDomainId => Own;
    public override string? ProjectId => _scope == PolicyScopes.Project ? Own : null;
    public override string? ProjectDomainId => _scope == PolicyScopes.Project ? Own : null;
    public override string? DomainId => _scope == PolicyScopes.Domain ? Own : null;
    public override string? SystemScope => _scope == PolicyScopes.System ? "all" : null;
    public override bool IsAdmin => false;

    /// <summary>As tokens have it for Keystone's rules: <c>token.domain.id</c>.</summary>
    public override bool TryGet(string name, out object? value)
    {
        if (name != "token") { return base.TryGet(name, out value); }
        var id = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = Own };
        value = _scope switch
        {
            PolicyScopes.Domain => new Dictionary<string, object?>(StringComparer.Ordinal) { ["domain"] = id },
            PolicyScopes.Project => new Dictionary<string, object?>(StringComparer.Ordinal) { ["project"] = new Dictionary<string, object?>(StringComparer.Ordinal) { ["id"] = Own, ["domain"] = id } },
            _ => new Dictionary<string, object?>(StringComparer.Ordinal),
        };
        return true;
    }

    /// <summary>
    /// An object for a rule: every attribute that the rule compares with who or where the caller is (user, project, domain) says that it is the caller's own, or another's; <paramref name="more"/>
    /// adds or replaces attributes.
    /// </summary>
    public static Dictionary<string, object?> Target(IEnumerable<string> attributes, bool own, IReadOnlyDictionary<string, string>? more = null)
    {
        var target = attributes.Distinct(StringComparer.Ordinal).ToDictionary(a => a, object? (_) => own ? Own : Other, StringComparer.Ordinal);
        foreach (var (name, value) in more ?? new Dictionary<string, string>()) { target[name] = value; }
        return target;
    }
}
