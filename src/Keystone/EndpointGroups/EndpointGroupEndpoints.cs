using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Projects;
using Nephos.Keystone.ServiceEndpoints;

namespace Nephos.Keystone.EndpointGroups;

/// <summary>Groups of endpoints and the projects that have them. Upstream: identity api-ref, "OS-EP-FILTER".</summary>
internal static class EndpointGroupEndpoints
{
    public static void Map(ResourceGroup filter)
    {
        var groups = filter.Group("/endpoint_groups");
        groups.Get("", List).Policy("identity:list_endpoint_groups", Policies.AdminOrSystemReader).Paged();
        groups.Post("", Create).Policy("identity:create_endpoint_group", Policies.Admin).Answers(201);
        groups.Get("/{endpoint_group_id}", Show).Policy("identity:get_endpoint_group", Policies.AdminOrSystemReader);
        groups.Patch("/{endpoint_group_id}", Update).Policy("identity:update_endpoint_group", Policies.Admin);
        groups.Delete("/{endpoint_group_id}", Delete).Policy("identity:delete_endpoint_group", Policies.Admin).Answers(204);
        groups.Get("/{endpoint_group_id}/endpoints", Endpoints).Policy("identity:list_endpoints_associated_with_endpoint_group", Policies.AdminOrSystemReader).NotPaged("endpoints are few");
        groups.Get("/{endpoint_group_id}/projects", Projects).Policy("identity:list_projects_associated_with_endpoint_group", Policies.AdminOrSystemReader).NotPaged("upstream does not page it");
        groups.Get("/{endpoint_group_id}/projects/{project_id}", Check).Policy("identity:get_endpoint_group_in_project", Policies.AdminOrSystemReader);
        groups.Put("/{endpoint_group_id}/projects/{project_id}", Add).Policy("identity:add_endpoint_group_to_project", Policies.Admin).Answers(204);
        groups.Delete("/{endpoint_group_id}/projects/{project_id}", Remove).Policy("identity:remove_endpoint_group_from_project", Policies.Admin).Answers(204);
        filter.Get("/projects/{project_id}/endpoint_groups", OfProject).Policy("identity:list_endpoint_groups_for_project", Policies.AdminOrSystemReader).NotPaged("endpoint groups are few");
    }

    private static async Task<Reply> List(Call call) =>
        call.Page("endpoint_groups", await call.Get<EndpointGroupOperations>().ListAsync(call.Query), group => EndpointGroupView.Of(group, call.V3()), group => group.Id);

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateEndpointGroup>("endpoint_group");
        if (request.Filters.IsEmpty) { throw new BadRequestError("filters field is required and cannot be empty"); }
        return Reply.Member("endpoint_group", EndpointGroupView.Of(await call.Get<EndpointGroupOperations>().CreateAsync(call.Context, request), call.V3()));
    }

    private static async Task<Reply> Show(Call call) =>
        Reply.Member("endpoint_group", EndpointGroupView.Of(await call.Get<EndpointGroupOperations>().FindAsync(call.Route("endpoint_group_id")), call.V3()));

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyAsync<UpdateEndpointGroup>("endpoint_group");
        return Reply.Member("endpoint_group", EndpointGroupView.Of(await call.Get<EndpointGroupOperations>().UpdateAsync(call.Context, call.Route("endpoint_group_id"), request), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<EndpointGroupOperations>().DeleteAsync(call.Context, call.Route("endpoint_group_id"));
        return Reply.Empty();
    }

    private static async Task<Reply> Endpoints(Call call)
    {
        var group = await call.Get<EndpointGroupOperations>().FindAsync(call.Route("endpoint_group_id"));
        var all = await call.Get<ServiceEndpointOperations>().ListAsync();
        return call.List("endpoints", EndpointFilters.Among(group.Filters, all).Select(e => ServiceEndpointView.Of(e, call.V3())).ToList());
    }

    private static async Task<Reply> Projects(Call call)
    {
        var rows = await call.Get<EndpointGroupOperations>().ProjectsAsync(call.Route("endpoint_group_id"));
        return call.List("projects", rows.ConvertAll(p => ProjectView.Of(p, call.V3())));
    }

    private static async Task<Reply> Check(Call call)
    {
        var (project, group) = await FindBothAsync(call);
        if (!await call.Get<EndpointGroupOperations>().HasAsync(project, group)) { throw EndpointGroupOperations.NotInProject(); }
        return Reply.Member("project_endpoint_group", new ProjectEndpointGroupView(group, project, new SelfLink($"/OS-EP-FILTER/endpoint_groups/{group}/projects/{project}")));
    }

    private static async Task<Reply> Add(Call call)
    {
        var (project, group) = await FindBothAsync(call);
        await call.Get<EndpointGroupOperations>().AddAsync(call.Context, project, group);
        return Reply.Empty();
    }

    private static async Task<Reply> Remove(Call call)
    {
        var (project, group) = await FindBothAsync(call);
        await call.Get<EndpointGroupOperations>().RemoveAsync(call.Context, project, group);
        return Reply.Empty();
    }

    private static async Task<Reply> OfProject(Call call)
    {
        var project = await call.Get<ProjectQueries>().GetAsync(call.Route("project_id"));
        return call.List("endpoint_groups", (await call.Get<EndpointGroupOperations>().OfProjectAsync(project.Id)).ConvertAll(g => EndpointGroupView.Of(g, call.V3())));
    }

    private static async Task<(string ProjectId, string GroupId)> FindBothAsync(Call call) =>
        ((await call.Get<ProjectQueries>().GetAsync(call.Route("project_id"))).Id, (await call.Get<EndpointGroupOperations>().FindAsync(call.Route("endpoint_group_id"))).Id);
}
