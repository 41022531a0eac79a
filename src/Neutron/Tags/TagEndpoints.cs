using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;

namespace Nephos.Neutron.Tags;

/// <summary>/v2.0/{resources}/{id}/tags, for every kind in <see cref="TaggedResources"/> (extensions standard-attr-tag and tag-creation).</summary>
internal static class TagEndpoints
{
    public static void Map(ResourceGroup v2)
    {
        foreach (var kind in TaggedResources.All)
        {
            var tags = v2.Group($"/{kind.Path}/{{id}}/tags");
            var (get, create, update, delete) = ($"get_{kind.Singular}:tags", $"create_{kind.Singular}:tags", $"update_{kind.Singular}:tags", $"delete_{kind.Singular}:tags");
            tags.Get("", call => List(call, kind)).PolicyOnRow(get, kind.GetRule).NotPaged("at most 50").Extension("standard-attr-tag");
            tags.Get("/{tag}", call => Show(call, kind)).PolicyOnRow(get, kind.GetRule).Answers(204).Extension("standard-attr-tag");
            tags.Post("", call => Create(call, kind)).PolicyOnRow(create, kind.ChangeRule).Answers(201).Extension("tag-creation");
            tags.Put("", call => Replace(call, kind)).PolicyOnRow(update, kind.ChangeRule).Extension("standard-attr-tag");
            tags.Put("/{tag}", call => Add(call, kind)).PolicyOnRow(update, kind.ChangeRule).Answers(201).Extension("standard-attr-tag");
            tags.Delete("/{tag}", call => Remove(call, kind)).PolicyOnRow(delete, kind.DeleteRule).Answers(204).Extension("standard-attr-tag");
            tags.Delete("", call => Clear(call, kind)).PolicyOnRow(delete, kind.DeleteRule).Answers(204).Extension("standard-attr-tag");
        }
    }

    private static async Task<Reply> List(Call call, TaggedResource kind)
    {
        var id = await Find(call, kind);
        return Reply.Member("tags", await call.Get<Store<NeutronDb>>().ReadAsync(db => Of(db, id), call.Cancel));
    }

    private static async Task<Reply> Show(Call call, TaggedResource kind)
    {
        var (id, tag) = (await Find(call, kind), call.Route("tag"));
        if (!await call.Get<Store<NeutronDb>>().ReadAsync(db => db.Tags.AnyAsync(t => t.ResourceId == id && t.Name == tag), call.Cancel)) { throw NoTag(tag); }
        return Reply.Empty();
    }

    private static async Task<Reply> Create(Call call, TaggedResource kind)
    {
        var id = await Find(call, kind);
        var tags = await Body(call);
        return Reply.Member("tags", await Change(call, kind, id, async db =>
        {
            var current = await Of(db, id).ConfigureAwait(false);
            var fresh = tags.Except(current, StringComparer.Ordinal).ToList();
            CheckCount(current.Count + fresh.Count);
            Tag.Add(db, id, fresh);
        }));
    }

    private static async Task<Reply> Replace(Call call, TaggedResource kind)
    {
        var id = await Find(call, kind);
        var tags = await Body(call);
        return Reply.Member("tags", await Change(call, kind, id, async db =>
        {
            await Tag.RemoveAsync(db, id).ConfigureAwait(false);
            Tag.Add(db, id, tags);
        }));
    }

    private static async Task<Reply> Add(Call call, TaggedResource kind)
    {
        var (id, tag) = (await Find(call, kind), call.Route("tag"));
        Tag.Check(tag);
        await Change(call, kind, id, async db =>
        {
            var current = await Of(db, id).ConfigureAwait(false);
            if (current.Contains(tag, StringComparer.Ordinal)) { return; }
            CheckCount(current.Count + 1);
            Tag.Add(db, id, [tag]);
        });
        return Reply.Empty();
    }

    private static async Task<Reply> Remove(Call call, TaggedResource kind)
    {
        var (id, tag) = (await Find(call, kind), call.Route("tag"));
        await Change(call, kind, id, async db =>
        {
            if (await db.Tags.Where(t => t.ResourceId == id && t.Name == tag).ExecuteDeleteAsync().ConfigureAwait(false) == 0) { throw NoTag(tag); }
        });
        return Reply.Empty();
    }

    private static async Task<Reply> Clear(Call call, TaggedResource kind)
    {
        var id = await Find(call, kind);
        await Change(call, kind, id, db => Tag.RemoveAsync(db, id));
        return Reply.Empty();
    }

    /// <summary>The resource's id, when the caller may see it and the rule lets him.</summary>
    private static async Task<string> Find(Call call, TaggedResource kind)
    {
        var id = call.Route("id");
        var target = await call.Get<Store<NeutronDb>>().ReadAsync(db => kind.Target(db, call.Context, id), call.Cancel);
        if (target is null || !call.Allows($"get_{kind.Singular}:tags", target)) { throw new NotFoundError($"Resource {kind.Singular} {id} could not be found.", "TagResourceNotFound"); }
        call.Enforce(call.Endpoint.PolicyName!, target);
        return id;
    }

    private static Task<List<string>> Of(NeutronDb db, string id) => db.Tags.Where(t => t.ResourceId == id).OrderBy(t => t.Name).Select(t => t.Name).ToListAsync();

    private static Task<List<string>> Change(Call call, TaggedResource kind, string id, Func<NeutronDb, Task> change) => call.Get<Store<NeutronDb>>().WriteAsync(async db =>
    {
        await change(db).ConfigureAwait(false);
        await db.SaveChangesAsync().ConfigureAwait(false);
        await kind.Touch(db, call.Context, id).ConfigureAwait(false);
        db.Record(call.Context, "tag", kind.Singular, id);
        return await Of(db, id).ConfigureAwait(false);
    }, call.Cancel);

    private static async Task<IReadOnlyList<string>> Body(Call call)
    {
        var body = await call.JsonAsync();
        return body.ValueKind == JsonValueKind.Object && body.TryGetProperty("tags", out var tags) ? Tag.Read(tags)
            : throw new BadRequestError("Invalid input for operation: Invalid tags body.", "InvalidInput");
    }

    private static void CheckCount(int count)
    {
        if (count > Limits.TagsPerResource) { throw new BadRequestError($"Invalid input for operation: A maximum of {Limits.TagsPerResource} tags can be set.", "InvalidInput"); }
    }

    private static NotFoundError NoTag(string tag) => new($"Tag {tag} could not be found.", "TagNotFound");
}
