using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Paging;
using Nephos.Kernel.Wire;

namespace Nephos.Glance.Metadefs;

/// <summary>Tags that a namespace defines (image api-ref v2, "Metadata definition tags").</summary>
internal static class TagEndpoints
{
    private static readonly string[] ReadOnly = ["created_at", "updated_at"];

    private sealed record NameView(string Name);

    public static void Map(ResourceGroup tags)
    {
        tags.Post("", CreateSome).PolicyOnRow("add_metadef_tags", MetadefScope.Admin).Answers(201);
        tags.Get("", List).PolicyOnRow("get_metadef_tags", MetadefScope.Seen).Paged();
        tags.Delete("", DeleteAll).PolicyOnRow("delete_metadef_tags", MetadefScope.Admin).Answers(204);
        tags.Post("/{tag_name}", Create).PolicyOnRow("add_metadef_tag", MetadefScope.Admin).Answers(201);
        tags.Get("/{tag_name}", Show).PolicyOnRow("get_metadef_tag", MetadefScope.Seen);
        tags.Put("/{tag_name}", Update).PolicyOnRow("modify_metadef_tag", MetadefScope.Admin);
        tags.Delete("/{tag_name}", Delete).PolicyOnRow("delete_metadef_tag", MetadefScope.Admin).Answers(204);
    }

    /// <summary>Replaces the namespace's tags, or adds to them when the header <c>X-Openstack-Append</c> is true.</summary>
    private static async Task<Reply> CreateSome(Call call)
    {
        var request = call.Http.Request;
        if (request.ContentLength is null or 0 && !request.Headers.TransferEncoding.Contains("chunked")) { throw new BadRequestError("Body expected in request."); }
        var body = await call.JsonAsync().ConfigureAwait(false);
        if (body.ValueKind != JsonValueKind.Object) { throw MetadefShape.Invalid("tags", $"{WireSchema.Show(body)} is not of type 'object'"); }
        foreach (var name in ReadOnly.Where(n => body.TryGetProperty(n, out _))) { throw GlanceErrors.ReadOnly(name); }
        var names = MetadefShape.Tags(body);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var append = WireBoolean.Parse(request.Headers["X-Openstack-Append"].FirstOrDefault()) ?? false;
        await call.Get<MetadefOperations>().ChangeAsync(call.Context, seen, async (db, row) =>
        {
            if (names.Count == 0) { return 0; }
            if (!append) { await db.MetadefTags.Where(t => t.NamespaceId == row.Id).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false); }
            var there = (await db.MetadefTags.Where(t => t.NamespaceId == row.Id).Select(t => t.Name).ToListAsync(call.Cancel).ConfigureAwait(false)).ToHashSet(StringComparer.Ordinal);
            foreach (var name in names)
            {
                if (!there.Add(name)) { throw MetadefTag.Words.AlreadyThere(name, row); }
                db.MetadefTags.Add(MetadefParts.Tag(name, row.Id, call.Context.Now));
            }
            return names.Count;
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Member("tags", names.Select(n => new NameView(n)).ToList());
    }

    private static async Task<Reply> List(Call call)
    {
        if (call.Query["visibility"] is { Length: > 0 } asked and not ("public" or "private" or "shared")) { throw new BadRequestError($"Invalid visibility value: {asked}"); }
        var (sorts, limit, marker) = (NamespaceEndpoints.Sorts(call.Query, MetadefOperations.TagKeys), NamespaceEndpoints.Limit(call.Query["limit"] is { Length: > 0 } text ? text : null), call.Query["marker"]);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var rows = await call.Get<MetadefOperations>().ReadAsync(async db =>
        {
            var query = db.MetadefTags.Where(t => t.NamespaceId == seen.Id).OrderByKeys(sorts);
            if (marker is { Length: > 0 })
            {
                query = query.After(sorts, await db.MetadefTags.FirstOrDefaultAsync(t => t.NamespaceId == seen.Id && t.Name == marker, call.Cancel).ConfigureAwait(false) ?? throw MetadefTag.Words.Missing(marker, seen));
            }
            return await (limit is { } most ? query.Take(most) : query).ToListAsync(call.Cancel).ConfigureAwait(false);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Member("tags", rows.ConvertAll(t => new NameView(t.Name)));
    }

    private static async Task<Reply> DeleteAll(Call call) =>
        await call.DeletePartsAsync<MetadefTag>(await MetadefScope.FindAsync(call, MetadefScope.Short, "delete_metadef_namespace").ConfigureAwait(false)).ConfigureAwait(false);

    private static async Task<Reply> Create(Call call)
    {
        var name = call.Route("tag_name");
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        MetadefShape.Check("tag", JsonSerializer.SerializeToElement(new Dictionary<string, string> { ["name"] = name }));
        return Reply.Json(MetadefViews.Of(await call.CreatePartAsync(seen, row => MetadefParts.Tag(name, row.Id, call.Context.Now)).ConfigureAwait(false)));
    }

    private static async Task<Reply> Show(Call call)
    {
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(await call.FindPartAsync<MetadefTag>(seen, call.Route("tag_name")).ConfigureAwait(false)));
    }

    private static async Task<Reply> Update(Call call)
    {
        var body = await MetadefShape.ReadAsync(call, "tag", ReadOnly).ConfigureAwait(false);
        var seen = await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false);
        var updated = await call.UpdatePartAsync<MetadefTag>(seen, call.Route("tag_name"), MetadefShape.Text(body, "name")!, _ => { }).ConfigureAwait(false);
        return Reply.Json(MetadefViews.Of(updated));
    }

    private static async Task<Reply> Delete(Call call) =>
        await call.DeletePartAsync<MetadefTag>(await MetadefScope.FindAsync(call, MetadefScope.Short).ConfigureAwait(false), call.Route("tag_name")).ConfigureAwait(false);
}
