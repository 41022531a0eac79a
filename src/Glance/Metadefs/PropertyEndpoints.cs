using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Glance.Metadefs;

/// <summary>Properties of a namespace that stand alone (image api-ref v2, "Metadata definition properties").</summary>
internal static class PropertyEndpoints
{
    private static readonly string[] ReadOnly = ["created_at", "updated_at"];

    public static void Map(ResourceGroup properties)
    {
        properties.Post("", Create).PolicyOnRow("add_metadef_property", MetadefScope.Admin).Answers(201);
        properties.Get("", List).PolicyOnRow("get_metadef_properties", MetadefScope.Seen).NotPaged("upstream gives all of a namespace");
        properties.Delete("", DeleteAll).PolicyOnRow("delete_metadef_namespace", MetadefScope.Admin).Answers(204);
        properties.Get("/{property_name}", Show).PolicyOnRow("get_metadef_property", MetadefScope.Seen);
        properties.Put("/{property_name}", Update).PolicyOnRow("modify_metadef_property", MetadefScope.Admin);
        properties.Delete("/{property_name}", Delete).PolicyOnRow("remove_metadef_property", MetadefScope.Admin).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "property", ReadOnly).ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(await call.CreatePartAsync(seen, row => MetadefParts.Property(body, MetadefShape.Text(body, "name")!, row.Id, call.Context.Now)).ConfigureAwait(false)));
    }

    private static async Task<Reply> List(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var rows = await call.Get<MetadefOperations>().ReadAsync(db => db.MetadefProperties.Where(o => o.NamespaceId == seen.Id).OrderBy(o => o.Name).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Member("properties", rows.ToDictionary(p => p.Name, p => JsonNode.Parse(p.Schema), StringComparer.Ordinal));
    }

    private static async Task<Reply> DeleteAll(Call call) =>
        await call.DeletePartsAsync<MetadefProperty>(await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>With <c>resource_type</c>, the name is the one on that kind of resource: with its prefix.</summary>
    private static async Task<Reply> Show(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var name = call.Route("property_name");
        var type = call.Query["resource_type"] is { Length: > 0 } asked ? asked : null;
        if (type is not null) { MetadefScope.Enforce(call, "get_metadef_resource_type", seen); }
        var found = await call.Get<MetadefOperations>().ReadAsync(async db =>
        {
            if (type is not null)
            {
                var association = await db.MetadefAssociations.FirstOrDefaultAsync(a => a.NamespaceId == seen.Id && a.ResourceType == type, call.Cancel).ConfigureAwait(false)
                    ?? throw await ResourceTypeEndpoints.MissingAsync(db, seen, type, call.Cancel).ConfigureAwait(false);
                name = association.Prefix is { Length: > 0 } prefix && name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..]
                    : throw new NotFoundError($"Property {name} does not start with the expected resource type association prefix of '{association.Prefix ?? "None"}'.");
            }
            return await db.MetadefProperties.FirstOrDefaultAsync(p => p.NamespaceId == seen.Id && p.Name == name, call.Cancel).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(found ?? throw MetadefProperty.Words.Missing(name, seen)));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "property", ReadOnly).ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var updated = await call.UpdatePartAsync<MetadefProperty>(seen, call.Route("property_name"), MetadefShape.Text(body, "name")!, found => found.Schema = MetadefShape.Property(body).ToJsonString()).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(updated));
    }

    private static async Task<Reply> Delete(Call call) =>
        await call.DeletePartAsync<MetadefProperty>(await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false), call.Route("property_name")).ConfigureAwait(false);
}
