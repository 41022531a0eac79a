using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.RoleAssignments;

/// <summary>Lists of assignments, and what the caller can scope a token to. Upstream: identity api-ref, "List role assignments", "Get available project scopes" and the like.</summary>
internal static class RoleAssignmentEndpoints
{
    /// <summary>What a request for a subtree is asked in place of <c>identity:list_role_assignments</c>.</summary>
    private const string ForTree = "identity:list_role_assignments_for_tree";

    public static void Map(ResourceGroup v3)
    {
        v3.Api.Declare(ForTree, Policies.ListInDomain);
        v3.Get("/role_assignments", List).PolicyOnRow("identity:list_role_assignments", Policies.ListInDomain).NotPaged("upstream does not page it");
        v3.Get("/auth/projects", MyProjects).NoPolicy("everyone may see their own").NotPaged("upstream does not; bounded by the user's assignments");
        v3.Get("/auth/domains", MyDomains).NoPolicy("everyone may see their own").NotPaged("upstream does not; bounded by the user's assignments");
        v3.Get("/OS-FEDERATION/projects", MyProjects).NoPolicy("everyone may see their own; the older path of /auth/projects").NotPaged("upstream does not; bounded by the user's assignments");
        v3.Get("/OS-FEDERATION/domains", MyDomains).NoPolicy("everyone may see their own; the older path of /auth/domains").NotPaged("upstream does not; bounded by the user's assignments");
        v3.Get("/auth/system", MySystem).NoPolicy("everyone may see their own").NotPaged("there is one system");
    }

    private static async Task<Reply> List(Call call)
    {
        var query = call.Query;
        var domain = call.Context.Who.DomainId;
        var subtree = ListFilters.IsAsked(query, "include_subtree");
        var project = subtree && query["scope.project.id"] is { } id ? await call.Get<ProjectQueries>().FindAsync(id) : null;
        call.Enforce(subtree ? ForTree : call.Endpoint.PolicyName!, Target.Of(("target.domain_id", subtree ? project?.Project.DomainId : domain)));
        if (subtree && query["scope.project.id"] is not { Length: > 0 }) { throw new BadRequestError("scope.project.id must be specified if include_subtree is also specified"); }
        if (subtree && project is null) { throw Faults.NotFound("project", query["scope.project.id"]!); }
        var filter = Read(query, subtree) with { OnlyDomain = domain };
        var queries = call.Get<RoleAssignmentQueries>();
        var found = await queries.ListAsync(filter);
        var names = ListFilters.IsAsked(query, "include_names") ? await queries.NamesAsync(found) : null;
        return call.List("role_assignments", found.ConvertAll(f => RoleAssignmentView.Of(f, call.V3(), names)));
    }

    private static AssignmentFilter Read(CallQuery query, bool subtree)
    {
        string? Text(string name) => query[name] is { Length: > 0 } text ? text : null;
        var filter = new AssignmentFilter(Text("user.id"), Text("group.id"), Text("role.id"), Text("scope.project.id"), Text("scope.domain.id"), query["scope.system"] == "all",
            query.Has("scope.OS-INHERIT:inherited_to") ? query["scope.OS-INHERIT:inherited_to"] == "projects" : null, ListFilters.IsAsked(query, "effective"), subtree);
        var wrong = filter switch
        {
            { DomainId: not null, ProjectId: not null } => "Specify a domain or project, not both",
            { DomainId: not null } when Text("scope.system") is not null => "Specify system or domain, not both",
            { ProjectId: not null } when Text("scope.system") is not null => "Specify system or project, not both",
            { UserId: not null, GroupId: not null } => "Specify a user or group, not both",
            { Effective: true, GroupId: not null } => "Combining effective and group filter will always result in an empty list.",
            { Effective: true, Inherited: true, DomainId: not null } => "Combining effective, domain and inherited filters will always result in an empty list.",
            _ => null,
        };
        return wrong is null ? filter : throw new BadRequestError(wrong);
    }

    /// <summary>The groups that a federated token carries; null for another.</summary>
    private static async Task<IReadOnlyList<string>?> GroupsAsync(Call call) => (await call.Get<Tokens.TokenValidator>().FindAsync(call.Context.Token!, TimeSpan.Zero, call.Cancel))?.Payload.Federation?.GroupIds;

    private static async Task<Reply> MyProjects(Call call)
    {
        var queries = call.Get<RoleAssignmentQueries>();
        return call.List("projects", await queries.ViewsAsync(await queries.ProjectsOfAsync(call.Context.UserId, await GroupsAsync(call)), call.V3()));
    }

    private static async Task<Reply> MyDomains(Call call)
    {
        var queries = call.Get<RoleAssignmentQueries>();
        return call.List("domains", await queries.DomainViewsAsync(await queries.DomainsOfAsync(call.Context.UserId, await GroupsAsync(call)), call.V3()));
    }

    private static async Task<Reply> MySystem(Call call) =>
        Reply.Members([("system", await call.Get<RoleAssignmentQueries>().HasSystemAsync(call.Context.UserId, await GroupsAsync(call)) ? new[] { new { all = true } } : []), ("links", new SelfLink($"{call.V3()}/auth/system"))]);
}

/// <summary>One line of the list.</summary>
public sealed record RoleAssignmentView(AssignmentLinks Links, AssignmentScope Scope, AssignmentName Role)
{
    [OmitNull] public AssignmentName? User { get; init; }
    [OmitNull] public AssignmentName? Group { get; init; }

    internal static RoleAssignmentView Of(FoundAssignment found, string v3, IReadOnlyDictionary<string, NamedThing>? names)
    {
        var inherited = found.Inherited || found.FromTarget is not null;
        var (targetType, targetId) = found.FromTarget ?? (found.TargetType, found.TargetId);
        var target = targetType switch { RoleAssignment.Project => $"/projects/{targetId}", RoleAssignment.Domain => $"/domains/{targetId}", _ => "/system" };
        var actor = found.FromGroup is { } group ? $"/groups/{group}" : $"/{found.ActorType}s/{found.ActorId}";
        var link = $"{target}{actor}/roles/{found.FromRole ?? found.RoleId}";
        return new RoleAssignmentView(
            new AssignmentLinks(inherited ? $"{v3}/OS-INHERIT{link}/inherited_to_projects" : v3 + link)
            {
                Membership = found.FromGroup is null ? null : $"{v3}/groups/{found.FromGroup}/users/{found.ActorId}",
                PriorRole = found.FromRole is null ? null : $"{v3}/prior_role/{found.RoleId}/implies/{found.FromRole}",
            },
            new AssignmentScope
            {
                Project = found.TargetType == RoleAssignment.Project ? Name(found.TargetId, names) : null,
                Domain = found.TargetType == RoleAssignment.Domain ? Name(found.TargetId, names) is var d ? d with { Domain = null } : null : null,
                System = found.TargetType == RoleAssignment.System ? new Tokens.SystemView(true) : null,
                InheritedTo = inherited ? "projects" : null,
            },
            Name(found.RoleId, names))
        {
            User = found.ActorType == RoleAssignment.User ? Name(found.ActorId, names) : null,
            Group = found.ActorType == RoleAssignment.Group ? Name(found.ActorId, names) : null,
        };
    }

    private static AssignmentName Name(string id, IReadOnlyDictionary<string, NamedThing>? names)
    {
        if (names is null || !names.TryGetValue(id, out var thing)) { return new(id); }
        return new(id) { Name = thing.Name, Domain = thing.DomainId is { } of ? new Tokens.NameView(of, names.TryGetValue(of, out var domain) ? domain.Name : of) : null };
    }
}

public sealed record AssignmentLinks(string Assignment)
{
    [OmitNull] public string? Membership { get; init; }
    [OmitNull] public string? PriorRole { get; init; }
}

public sealed record AssignmentScope
{
    [OmitNull] public AssignmentName? Project { get; init; }
    [OmitNull] public AssignmentName? Domain { get; init; }
    [OmitNull] public Tokens.SystemView? System { get; init; }
    [OmitNull, WireName("OS-INHERIT:inherited_to")] public string? InheritedTo { get; init; }
}

public sealed record AssignmentName(string Id)
{
    [OmitNull] public string? Name { get; init; }
    [OmitNull] public Tokens.NameView? Domain { get; init; }
}
