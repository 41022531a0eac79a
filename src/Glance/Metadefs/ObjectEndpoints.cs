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
        return Reply.Json(MetadefViews.Of(await call.CreatePartAsync(seen, row => MetadefParts.Object(body, row.Id, call.Context.Now)).ConfigureAwait(false), seen.Namespace));
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

    private static async Task<Reply> DeleteAll(Call call) =>
        await call.DeletePartsAsync<MetadefObject>(await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false)).ConfigureAwait(false);

    private static async Task<Reply> Show(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(await call.FindPartAsync<MetadefObject>(seen, call.Route("object_name")).ConfigureAwait(false), seen.Namespace));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "object", ReadOnly).ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false);
        var updated = await call.UpdatePartAsync<MetadefObject>(seen, call.Route("object_name"), MetadefShape.Text(body, "name")!, found => MetadefParts.Fill(found, body)).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(updated, seen.Namespace));
    }

    private static async Task<Reply> Delete(Call call) =>
        await call.DeletePartAsync<MetadefObject>(await MetadefScope.FindAsync(call, MetadefScope.Long).ConfigureAwait(false), call.Route("object_name")).ConfigureAwait(false);
}
