using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Metadefs;

/// <summary>Kinds of resources, and which of them a namespace's words are for (image api-ref v2, "Metadata definition resource types").</summary>
internal static class ResourceTypeEndpoints
{
    public static void Map(ResourceGroup metadefs)
    {
        metadefs.Get("/resource_types", List).Policy("list_metadef_resource_types", MetadefScope.Seen).NotPaged("upstream gives all");
        var associations = metadefs.Group("/namespaces/{namespace_name}/resource_types");
        associations.Post("", Create).PolicyOnRow("add_metadef_resource_type_association", MetadefScope.Admin).Answers(201);
        associations.Get("", Show).PolicyOnRow("list_metadef_resource_types", MetadefScope.Seen).NotPaged("upstream gives all of a namespace");
        associations.Delete("/{name}", Delete).PolicyOnRow("remove_metadef_resource_type_association", MetadefScope.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var rows = await call.Get<MetadefOperations>().ReadAsync(db => db.MetadefResourceTypes.OrderBy(t => t.Name).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Member("resource_types", rows.ConvertAll(MetadefViews.Of));
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "resource_type", "created_at", "updated_at").ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var made = await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            var made = MetadefParts.Association(body, row.Id, call.Context.Now);
            if (await db.MetadefAssociations.AnyAsync(a => a.NamespaceId == row.Id && a.ResourceType == made.ResourceType, call.Cancel).ConfigureAwait(false))
            {
                throw MetadefOperations.AssociationExists(made.ResourceType, row.Namespace);
            }
            await MetadefOperations.AddTypesAsync(db, [made.ResourceType], call.Context.Now, system: false, call.Cancel).ConfigureAwait(false);
            db.MetadefAssociations.Add(made);
            return made;
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(made));
    }

    private static async Task<Reply> Show(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var rows = await call.Get<MetadefOperations>().ReadAsync(db => db.MetadefAssociations.Where(a => a.NamespaceId == seen.Id).OrderBy(a => a.ResourceType).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Member("resource_type_associations", MetadefScope.Allows(call, "get_metadef_resource_type", seen) ? rows.ConvertAll(MetadefViews.Of) : []);
    }

    private static async Task<Reply> Delete(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var name = call.Route("name");
        await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            if (!await db.MetadefAssociations.AnyAsync(a => a.NamespaceId == row.Id && a.ResourceType == name, call.Cancel).ConfigureAwait(false)) { throw new NotFoundError($"Failed to find resource type {name} to delete"); }
            if (row.Protected) { throw new ForbiddenError($"Metadata definition resource-type-association {name} is protected and cannot be deleted."); }
            return await db.MetadefAssociations.Where(a => a.NamespaceId == row.Id && a.ResourceType == name).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    /// <summary>Upstream tells an unknown kind from one that is not associated.</summary>
    internal static async Task<ApiError> MissingAsync(GlanceDb db, MetadefNamespace row, string type, CancellationToken cancel) =>
        await db.MetadefResourceTypes.AnyAsync(t => t.Name == type, cancel).ConfigureAwait(false)
            ? new NotFoundError($"The metadata definition resource-type association of resource-type={type} to namespace={row.Namespace}, was not found.")
            : new NotFoundError($"The metadata definition resource-type with name={type}, was not found.");
}
