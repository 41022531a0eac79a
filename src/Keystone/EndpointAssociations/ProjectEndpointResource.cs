using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.EndpointGroups;
using Nephos.Keystone.Projects;
using Nephos.Keystone.ServiceEndpoints;

namespace Nephos.Keystone.EndpointAssociations;

/// <summary>Which endpoints a project has. Upstream: identity api-ref, "OS-EP-FILTER".</summary>
internal static class ProjectEndpointResource
{
    public static void Map(ResourceGroup filter)
    {
        filter.Get("/projects/{project_id}/endpoints", Endpoints).Policy("identity:list_endpoints_for_project", Policies.AdminOrSystemReader).NotPaged("endpoints are few");
        filter.Get("/projects/{project_id}/endpoints/{endpoint_id}", Check).Policy("identity:check_endpoint_in_project", Policies.AdminOrSystemReader).Answers(204);
        filter.Put("/projects/{project_id}/endpoints/{endpoint_id}", Add).Policy("identity:add_endpoint_to_project", Policies.Admin).Answers(204);
        filter.Delete("/projects/{project_id}/endpoints/{endpoint_id}", Remove).Policy("identity:remove_endpoint_from_project", Policies.Admin).Answers(204);
        filter.Get("/endpoints/{endpoint_id}/projects", Projects).Policy("identity:list_projects_for_endpoint", Policies.AdminOrSystemReader).NotPaged("upstream does not page it");
    }

    private static async Task<Reply> Endpoints(Call call)
    {
        var project = await call.Get<ProjectQueries>().GetAsync(call.Route("project_id"));
        return call.List("endpoints", (await call.Get<ProjectEndpointOperations>().ListAsync(project.Id)).ConvertAll(e => ServiceEndpointView.Of(e, call.V3())));
    }

    private static async Task<Reply> Check(Call call)
    {
        var (project, endpoint) = await FindBothAsync(call);
        return await call.Get<ProjectEndpointOperations>().HasAsync(project, endpoint) ? Reply.Empty() : throw ProjectEndpointOperations.NotInProject(project, endpoint);
    }

    private static async Task<Reply> Add(Call call)
    {
        var (project, endpoint) = await FindBothAsync(call);
        await call.Get<ProjectEndpointOperations>().AddAsync(call.Context, project, endpoint);
        return Reply.Empty();
    }

    private static async Task<Reply> Remove(Call call)
    {
        await call.Get<ProjectEndpointOperations>().RemoveAsync(call.Context, call.Route("project_id"), call.Route("endpoint_id"));
        return Reply.Empty();
    }

    private static async Task<Reply> Projects(Call call)
    {
        var endpoint = await call.Get<ServiceEndpointOperations>().GetAsync(call.Route("endpoint_id"));
        return call.List("projects", (await call.Get<ProjectEndpointOperations>().ProjectsAsync(endpoint.Id)).ConvertAll(p => ProjectView.Of(p, call.V3())));
    }

    private static async Task<(string ProjectId, string EndpointId)> FindBothAsync(Call call)
    {
        var endpoint = await call.Get<ServiceEndpointOperations>().GetAsync(call.Route("endpoint_id"));
        return ((await call.Get<ProjectQueries>().GetAsync(call.Route("project_id"))).Id, endpoint.Id);
    }
}

/// <summary>Reads and writes of it.</summary>
internal sealed class ProjectEndpointOperations(Store<KeystoneDb> store, CatalogCache catalog)
{
    /// <summary>Those given to the project one by one and those of its groups.</summary>
    public Task<List<ServiceEndpoint>> ListAsync(string projectId) => store.ReadAsync(async db => await OfProjectAsync(db, projectId, await db.ServiceEndpoints.OrderBy(e => e.Id).ToListAsync()));

    /// <summary>Which of the endpoints a project has; none when it is not restricted to any.</summary>
    public static async Task<List<ServiceEndpoint>> OfProjectAsync(KeystoneDb db, string projectId, List<ServiceEndpoint> all)
    {
        var ids = (await db.ProjectEndpoints.Where(m => m.ProjectId == projectId).Select(m => m.EndpointId).ToListAsync()).ToHashSet(StringComparer.Ordinal);
        var groups = await db.EndpointGroups.Where(g => db.ProjectEndpointGroups.Any(m => m.ProjectId == projectId && m.EndpointGroupId == g.Id)).Select(g => g.Filters).ToListAsync();
        foreach (var filters in groups) { ids.UnionWith(EndpointFilters.Among(filters, all).Select(e => e.Id)); }
        return all.FindAll(e => ids.Contains(e.Id));
    }

    public Task<bool> HasAsync(string projectId, string endpointId) => store.ReadAsync(db => db.ProjectEndpoints.AnyAsync(m => m.ProjectId == projectId && m.EndpointId == endpointId));

    public Task<List<ProjectWithTags>> ProjectsAsync(string endpointId) => store.ReadAsync(async db =>
        await ProjectQueries.WithTagsAsync(db, await db.Projects.Where(p => db.ProjectEndpoints.Any(m => m.EndpointId == endpointId && m.ProjectId == p.Id)).OrderBy(p => p.Id).ToListAsync()));

    public Task AddAsync(RequestContext context, string projectId, string endpointId) => store.WriteUniqueAsync(async db =>
    {
        db.ProjectEndpoints.Add(new ProjectEndpoint { ProjectId = projectId, EndpointId = endpointId });
        await catalog.ChangedAsync(db);
        db.Record(context, "add-project", "endpoint", endpointId, projectId);
        await db.SaveChangesAsync();
        return true;
    }, () => Faults.Conflict("project_endpoint", "Duplicate entry"));

    public Task RemoveAsync(RequestContext context, string projectId, string endpointId) => store.WriteAsync(async db =>
    {
        if (await db.ProjectEndpoints.Where(m => m.ProjectId == projectId && m.EndpointId == endpointId).ExecuteDeleteAsync() == 0) { throw NotInProject(projectId, endpointId); }
        await catalog.ChangedAsync(db);
        db.Record(context, "remove-project", "endpoint", endpointId, projectId);
    });

    public static NotFoundError NotInProject(string projectId, string endpointId) => new($"Endpoint {endpointId} not found in project {projectId}");
}
