using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Projects;

namespace Nephos.Keystone.EndpointGroups;

/// <summary>Reads and writes of endpoint groups and of who has them.</summary>
internal sealed class EndpointGroupOperations(Store<KeystoneDb> store, KeystoneSettings settings, CatalogCache catalog)
{
    public async Task<EndpointGroup> FindAsync(string id) => await store.ReadAsync(db => db.EndpointGroups.FirstOrDefaultAsync(g => g.Id == id)) ?? throw NotFound(id);

    public Task<ListPage<EndpointGroup>> ListAsync(CallQuery query) => store.ReadAsync(db => db.EndpointGroups.Text(query, "name", g => g.Name).PageAsync(query, settings, g => g.Id, g => g.Name));

    public Task<List<EndpointGroup>> OfProjectAsync(string projectId) => store.ReadAsync(db =>
        db.EndpointGroups.Where(g => db.ProjectEndpointGroups.Any(m => m.ProjectId == projectId && m.EndpointGroupId == g.Id)).OrderBy(g => g.Id).ToListAsync());

    public Task<List<ProjectWithTags>> ProjectsAsync(string groupId) => store.ReadAsync(async db =>
        await ProjectQueries.WithTagsAsync(db, await db.Projects.Where(p => db.ProjectEndpointGroups.Any(m => m.EndpointGroupId == groupId && m.ProjectId == p.Id)).OrderBy(p => p.Id).ToListAsync()));

    public Task<bool> HasAsync(string projectId, string groupId) => store.ReadAsync(db => db.ProjectEndpointGroups.AnyAsync(m => m.ProjectId == projectId && m.EndpointGroupId == groupId));

    public Task<EndpointGroup> CreateAsync(RequestContext context, CreateEndpointGroup request) => store.WriteAsync(db =>
    {
        var group = new EndpointGroup { Id = NewId.Hex(), Name = request.Name, Description = request.Description, Filters = request.Filters.Text() };
        db.EndpointGroups.Add(group);
        db.Record(context, "create", "endpoint_group", group.Id);
        return Task.FromResult(group);
    });

    public Task<EndpointGroup> UpdateAsync(RequestContext context, string id, UpdateEndpointGroup request) => store.WriteAsync(async db =>
    {
        var filters = request.Filters?.Text();
        var group = await db.EndpointGroups.AsTracking().FirstOrDefaultAsync(g => g.Id == id) ?? throw NotFound(id);
        group.Name = request.Name ?? group.Name;
        if (request.Description.IsSet) { group.Description = request.Description.Value; }
        group.Filters = filters ?? group.Filters;
        await catalog.ChangedAsync(db);
        db.Record(context, "update", "endpoint_group", id);
        return group;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.EndpointGroups.Where(g => g.Id == id).ExecuteDeleteAsync() == 0) { throw NotFound(id); }
        await catalog.ChangedAsync(db);
        db.Record(context, "delete", "endpoint_group", id);
    });

    public Task AddAsync(RequestContext context, string projectId, string groupId) => store.WriteUniqueAsync(async db =>
    {
        db.ProjectEndpointGroups.Add(new ProjectEndpointGroup { ProjectId = projectId, EndpointGroupId = groupId });
        await catalog.ChangedAsync(db);
        db.Record(context, "add-project", "endpoint_group", groupId, projectId);
        await db.SaveChangesAsync();
        return true;
    }, () => Faults.Conflict("project_endpoint_group", "Duplicate entry"));

    public Task RemoveAsync(RequestContext context, string projectId, string groupId) => store.WriteAsync(async db =>
    {
        if (await db.ProjectEndpointGroups.Where(m => m.ProjectId == projectId && m.EndpointGroupId == groupId).ExecuteDeleteAsync() == 0) { throw NotInProject(); }
        await catalog.ChangedAsync(db);
        db.Record(context, "remove-project", "endpoint_group", groupId, projectId);
    });

    public static NotFoundError NotInProject() => new("Endpoint Group Project Association not found");
    private static NotFoundError NotFound(string id) => new($"Could not find Endpoint Group: {id}.");
}
