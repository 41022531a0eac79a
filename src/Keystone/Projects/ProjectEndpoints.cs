using System.Text.Json.Nodes;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.Projects;

/// <summary>Projects and their tags. Upstream: identity api-ref, "Projects", "Project tags". Who may not see a project gets 403, as Keystone has it, whether it exists or not.</summary>
internal static class ProjectEndpoints
{
    public static void Map(ResourceGroup projects)
    {
        projects.Get("", List).PolicyOnRow("identity:list_projects", Policies.ListInDomain).Paged();
        projects.Post("", Create).PolicyOnRow("identity:create_project", Policies.WriteProject).Answers(201);
        projects.Get("/{project_id}", Show).PolicyOnRow("identity:get_project", Policies.ReadProject);
        projects.Patch("/{project_id}", Update).PolicyOnRow("identity:update_project", Policies.WriteProject);
        projects.Delete("/{project_id}", Delete).PolicyOnRow("identity:delete_project", Policies.WriteProject).Answers(204);
        projects.Get("/{project_id}/tags", Tags).PolicyOnRow("identity:list_project_tags", Policies.ReadProject).NotPaged("a project has 80 tags at most");
        projects.Put("/{project_id}/tags", SetTags).PolicyOnRow("identity:update_project_tags", Policies.WriteProject);
        projects.Delete("/{project_id}/tags", DeleteTags).PolicyOnRow("identity:delete_project_tags", Policies.WriteProject).Answers(204);
        projects.Get("/{project_id}/tags/{tag}", CheckTag).PolicyOnRow("identity:get_project_tag", Policies.ReadProject).Answers(204);
        projects.Put("/{project_id}/tags/{tag}", AddTag).PolicyOnRow("identity:create_project_tag", Policies.WriteProject).Answers(201);
        projects.Delete("/{project_id}/tags/{tag}", DeleteTag).PolicyOnRow("identity:delete_project_tag", Policies.WriteProject).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var domain = call.Context.Who.DomainId;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.domain_id", domain)));
        return call.Page("projects", await call.Get<ProjectQueries>().ListAsync(call.Query, domain), row => ProjectView.Of(row, call.V3()), row => row.Project.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateProject>("project");
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.project.domain_id", request.DomainId)));
        return Reply.Member("project", ProjectView.Of(await call.Get<ProjectOperations>().CreateAsync(call.Context, request, NewId.Hex()), call.V3()));
    }

    private static async Task<Reply> Show(Call call)
    {
        var found = await FindAsync(call);
        var (parents, subtree) = await AroundAsync(call, found.Project);
        return Reply.Member("project", ProjectView.Of(found, call.V3()) with { Parents = parents, Subtree = subtree });
    }

    private static async Task<Reply> Update(Call call)
    {
        var seen = await FindAsync(call);
        var request = await call.BodyAsync<UpdateProject>("project");
        return Reply.Member("project", ProjectView.Of(await call.Get<ProjectOperations>().UpdateAsync(call.Context, seen.Project, request), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var project = (await FindAsync(call)).Project;
        if (project.IsDomain) { await call.Get<Domains.DomainOperations>().DeleteAsync(call.Context, project); }
        else { await call.Get<ProjectOperations>().DeleteAsync(call.Context, project); }
        return Reply.Empty();
    }

    private static async Task<Reply> Tags(Call call) => TagsReply(call, (await FindAsync(call)).Tags);

    private static async Task<Reply> SetTags(Call call)
    {
        var project = (await FindAsync(call)).Project;
        var request = await call.BodyAsync<UpdateTags>(null);
        return TagsReply(call, await call.Get<ProjectOperations>().SetTagsAsync(call.Context, project.Id, request.Tags));
    }

    private static async Task<Reply> DeleteTags(Call call)
    {
        await call.Get<ProjectOperations>().SetTagsAsync(call.Context, (await FindAsync(call)).Project.Id, []);
        return Reply.Empty();
    }

    private static async Task<Reply> CheckTag(Call call) => (await FindAsync(call)).Tags.Contains(call.Route("tag")) ? Reply.Empty() : throw Faults.NotFound("project tag", call.Route("tag"));

    private static async Task<Reply> AddTag(Call call)
    {
        var tag = call.Route("tag");
        var project = (await FindAsync(call)).Project;
        if (tag.Length > 255 || tag.Contains(',', StringComparison.Ordinal) || tag.Contains('/', StringComparison.Ordinal)) { throw new BadRequestError($"'{tag}' does not match '^[^,/]*$'"); }
        await call.Get<ProjectOperations>().AddTagAsync(call.Context, project.Id, tag);
        return Reply.Empty().With("Location", $"{call.V3()}/projects/{project.Id}/tags/{Uri.EscapeDataString(tag)}");
    }

    private static async Task<Reply> DeleteTag(Call call)
    {
        await call.Get<ProjectOperations>().RemoveTagAsync(call.Context, (await FindAsync(call)).Project.Id, call.Route("tag"));
        return Reply.Empty();
    }

    private static Reply TagsReply(Call call, IReadOnlyList<string> tags) => Reply.Members([("links", new SelfLink(call.Asked())), ("tags", tags)]);

    private static async Task<ProjectWithTags> FindAsync(Call call)
    {
        var found = await call.Get<ProjectQueries>().FindAsync(call.Route("project_id"));
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.project.id", found?.Project.Id), ("target.project.domain_id", found?.Project.DomainId)));
        return found ?? throw Faults.NotFound("project", call.Route("project_id"));
    }

    /// <summary>What <c>parents_as_list</c>, <c>parents_as_ids</c>, <c>subtree_as_list</c> and <c>subtree_as_ids</c> ask for.</summary>
    private static async Task<(JsonNode? Parents, JsonNode? Subtree)> AroundAsync(Call call, Project project)
    {
        bool Asked(string name) => ListFilters.IsAsked(call.Query, name);
        if (Asked("parents_as_list") && Asked("parents_as_ids")) { throw new BadRequestError("Cannot use parents_as_list and parents_as_ids query params at the same time."); }
        if (Asked("subtree_as_list") && Asked("subtree_as_ids")) { throw new BadRequestError("Cannot use subtree_as_list and subtree_as_ids query params at the same time."); }
        JsonNode? parents = null, subtree = null;
        if (Asked("parents_as_list") || Asked("parents_as_ids"))
        {
            var rows = await call.Get<ProjectQueries>().ParentsAsync(project);
            parents = Asked("parents_as_list") ? await ListedAsync(call, rows) : rows.AsEnumerable().Reverse().Aggregate((JsonNode?)null, (inner, row) => new JsonObject { [row.Id] = inner });
        }
        if (Asked("subtree_as_list") || Asked("subtree_as_ids"))
        {
            var rows = await call.Get<ProjectQueries>().SubtreeAsync(project.Id);
            subtree = Asked("subtree_as_list") ? await ListedAsync(call, rows) : Ids(project.Id, rows.ToLookup(r => r.ParentId));
        }
        return (parents, subtree);
    }

    private static JsonObject? Ids(string id, ILookup<string?, Project> children) =>
        children[id].Any() ? new JsonObject(children[id].Select(c => KeyValuePair.Create(c.Id, (JsonNode?)Ids(c.Id, children)))) : null;

    /// <summary>The list holds only projects on which the caller has a role.</summary>
    private static async Task<JsonNode> ListedAsync(Call call, List<Project> rows)
    {
        var mine = (await call.Get<RoleAssignments.RoleAssignmentQueries>().ProjectsOfAsync(call.Context.UserId)).Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
        var shown = await call.Get<ProjectQueries>().WithTagsAsync(rows.FindAll(r => mine.Contains(r.Id)));
        var limits = ListFilters.IsAsked(call.Query, "include_limits") ? await call.Get<Limits.LimitOperations>().OfProjectsAsync(shown.ConvertAll(p => p.Project.Id)) : null;
        return new JsonArray([.. shown.Select(p => new JsonObject
        {
            ["project"] = System.Text.Json.JsonSerializer.SerializeToNode(ProjectView.Of(p, call.V3()) with { Limits = limits?[p.Project.Id].ToList() }, Kernel.Wire.WireJson.For(call.Version)),
        })]);
    }
}
