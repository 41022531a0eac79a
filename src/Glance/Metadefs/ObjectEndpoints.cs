using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Metadefs;

/// <summary>Objects of a namespace: properties that belong together (image api-ref v2, "Metadata definition objects").</summary>
internal static class ObjectEndpoints
{
    private static readonly string[] ReadOnly = ["self", "schema", "created_at", "updated_at"];

    public static void Map(ResourceGroup objects)
    {
        objects.Post("", Create).PolicyOnRow("add_metadef_object", MetadefScope.Admin).Answers(201);
        objects.Get("", List).PolicyOnRow("get_metadef_objects", MetadefScope.Seen).NotPaged("upstream gives all of a namespace");
        objects.Delete("", DeleteAll).PolicyOnRow("delete_metadef_namespace", MetadefScope.Admin).Answers(204);
        objects.Get("/{object_name}", Show).PolicyOnRow("get_metadef_object", MetadefScope.Seen);
        objects.Put("/{object_name}", Update).PolicyOnRow("modify_metadef_object", MetadefScope.Admin);
        objects.Delete("/{object_name}", Delete).PolicyOnRow("delete_metadef_object", MetadefScope.Admin).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "object", ReadOnly).ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        var made = await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            var made = MetadefParts.Object(body, row.Id, call.Context.Now);
            if (await db.MetadefObjects.AnyAsync(o => o.NamespaceId == row.Id && o.Name == made.Name, call.Cancel).ConfigureAwait(false)) { throw MetadefOperations.ObjectExists(made.Name, row.Namespace); }
            db.MetadefObjects.Add(made);
            return made;
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(made, seen.Namespace));
    }

    private static async Task<Reply> List(Call call)
    {
        if (call.Query["visibility"] is { Length: > 0 } asked and not ("public" or "private" or "shared")) { throw new BadRequestError($"Invalid visibility value: {asked}"); }
        if (call.Query["sort_dir"] is { } direction and not ("asc" or "desc")) { throw new BadRequestError($"Invalid sort direction: {direction}"); }
        if (NamespaceEndpoints.Limit(call.Query["limit"]) == 0) { throw new BadRequestError("limit param must be positive"); }
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        var rows = await call.Get<MetadefOperations>().ReadAsync(db => db.MetadefObjects.Where(o => o.NamespaceId == seen.Id).OrderBy(o => o.CreatedAt).ThenBy(o => o.Name).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        var shown = MetadefScope.Allows(call, "get_metadef_object", seen) ? rows : [];
        // Without the leading slash, as upstream.
        return Reply.Members([("objects", shown.ConvertAll(o => MetadefViews.Of(o, seen.Namespace))), ("schema", "v2/schemas/metadefs/objects")]);
    }

    private static async Task<Reply> DeleteAll(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        await call.Get<MetadefOperations>().ClearAsync(call.Context, seen, db => db.MetadefObjects.Where(o => o.NamespaceId == seen.Id), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Show(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        var name = call.Route("object_name");
        var row = await call.Get<MetadefOperations>().ReadAsync(db => db.MetadefObjects.FirstOrDefaultAsync(o => o.NamespaceId == seen.Id && o.Name == name, call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(row ?? throw Missing(name, seen), seen.Namespace));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "object", ReadOnly).ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        var updated = await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            var (old, name) = (call.Route("object_name"), MetadefShape.Text(body, "name")!);
            var found = await db.MetadefObjects.AsTracking().FirstOrDefaultAsync(o => o.NamespaceId == row.Id && o.Name == old, call.Cancel).ConfigureAwait(false) ?? throw Missing(old, row);
            if (name != old && await db.MetadefObjects.AnyAsync(o => o.NamespaceId == row.Id && o.Name == name, call.Cancel).ConfigureAwait(false))
            {
                throw new ConflictError($"Invalid update. It would result in a duplicate metadata definition object with the same name={name} in namespace={row.Namespace}.");
            }
            (found.Name, found.UpdatedAt) = (name, call.Context.Now);
            MetadefParts.Fill(found, body);
            return found;
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(updated, seen.Namespace));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            var name = call.Route("object_name");
            if (!await db.MetadefObjects.AnyAsync(o => o.NamespaceId == row.Id && o.Name == name, call.Cancel).ConfigureAwait(false)) { throw Missing(name, row); }
            if (row.Protected) { throw new ForbiddenError($"Metadata definition object {name} is protected and cannot be deleted."); }
            return await db.MetadefObjects.Where(o => o.NamespaceId == row.Id && o.Name == name).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static NotFoundError Missing(string name, MetadefNamespace row) => new($"The metadata definition object with name={name} was not found in namespace={row.Namespace}.");
}
