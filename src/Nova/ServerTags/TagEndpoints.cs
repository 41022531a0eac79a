using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerTags;

/// <summary>Tags of a server (api-ref compute, "Server tags"; since 2.26).</summary>
internal static class TagEndpoints
{
    private const string Root = "os_compute_api:os-server-tags:";

    public static void Map(ResourceGroup tags)
    {
        tags.Get("", List).PolicyOnRow(Root + "index", Rules.ProjectReader).Since("2.26").NotPaged("at most 50");
        tags.Put("", Replace).PolicyOnRow(Root + "update_all", Rules.ProjectMember).Since("2.26");
        tags.Delete("", Clear).PolicyOnRow(Root + "delete_all", Rules.ProjectMember).Since("2.26").Answers(204);
        tags.Get("/{tag}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader).Since("2.26").Answers(204);
        tags.Put("/{tag}", Add).PolicyOnRow(Root + "update", Rules.ProjectMember).Since("2.26").Answers(201);
        tags.Delete("/{tag}", Remove).PolicyOnRow(Root + "delete", Rules.ProjectMember).Since("2.26").Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var server = await call.ServerAsync();
        return Reply.Member("tags", await call.Get<Store<NovaDb>>().ReadAsync(db => TagsAsync(db, server.Id)));
    }

    private static async Task<Reply> Replace(Call call)
    {
        var wanted = (await call.BodyAsync<TagsBody>(null)).Tags;
        return Reply.Member("tags", await ChangeAsync(call, "update tags", async (db, id) =>
        {
            await db.ServerTags.Where(t => t.ServerId == id).ExecuteDeleteAsync();
            db.ServerTags.AddRange(wanted.Distinct(StringComparer.Ordinal).Select(t => new ServerTag { ServerId = id, Tag = t }));
            await db.SaveChangesAsync();
            return await TagsAsync(db, id);
        }));
    }

    private static async Task<Reply> Clear(Call call)
    {
        await ChangeAsync(call, "delete tags", (db, id) => db.ServerTags.Where(t => t.ServerId == id).ExecuteDeleteAsync());
        return Reply.Empty();
    }

    private static async Task<Reply> Show(Call call)
    {
        var (server, tag) = (await call.ServerAsync(), call.Route("tag"));
        return await call.Get<Store<NovaDb>>().ReadAsync(db => db.ServerTags.AnyAsync(t => t.ServerId == server.Id && t.Tag == tag))
            ? Reply.Empty() : throw new NotFoundError($"Server {server.Id} has no tag '{tag}'");
    }

    private static async Task<Reply> Add(Call call)
    {
        var tag = call.Route("tag");
        var why = tag.Length == 0 ? "'' is too short" : tag.Length > NovaLimits.Tag ? $"'{tag}' is too long" : tag.AsSpan().ContainsAny(',', '/') ? $"'{tag}' does not match '^[^,/]*$'" : null;
        var made = await ChangeAsync(call, "update tag", async (db, id) =>
        {
            if (why is not null) { throw new BadRequestError($"Tag '{tag}' is invalid. It must be a non empty string without characters '/' and ','. Validation error message: {why}"); }
            var tags = await TagsAsync(db, id);
            if (tags.Count >= NovaLimits.Tags) { throw new BadRequestError($"The number of tags exceeded the per-server limit {NovaLimits.Tags}"); }
            if (tags.Contains(tag, StringComparer.Ordinal)) { return false; }
            db.ServerTags.Add(new ServerTag { ServerId = id, Tag = tag });
            return true;
        });
        return made ? Reply.Empty().With("Location", $"{call.BaseUrl}/v2.1/servers/{call.Route("server_id")}/tags/{Uri.EscapeDataString(tag)}") : Reply.Empty(204);
    }

    private static async Task<Reply> Remove(Call call)
    {
        var tag = call.Route("tag");
        await ChangeAsync(call, "delete tag", async (db, id) => await db.ServerTags.Where(t => t.ServerId == id && t.Tag == tag).ExecuteDeleteAsync() == 1
            ? true : throw new NotFoundError($"Server {id} has no tag '{tag}'"));
        return Reply.Empty();
    }

    private static Task<List<string>> TagsAsync(NovaDb db, string id) => db.ServerTags.Where(t => t.ServerId == id).OrderBy(t => t.Tag).Select(t => t.Tag).ToListAsync();

    private static async Task<T> ChangeAsync<T>(Call call, string word, Func<NovaDb, string, Task<T>> change)
    {
        var server = await call.ServerAsync();
        return await call.Get<Store<NovaDb>>().WriteAsync(async db =>
        {
            var state = await db.Servers.Where(s => s.Id == server.Id && !s.Deleted).Select(s => s.VmState).FirstOrDefaultAsync() ?? throw ServerErrors.NotFound(server.Id);
            if (state is not (VmStates.Active or VmStates.Paused or VmStates.Suspended or VmStates.Stopped)) { throw ServerErrors.InvalidState(word, server.Id, "vm_state", state); }
            var result = await change(db, server.Id);
            await db.Servers.Where(s => s.Id == server.Id).ExecuteUpdateAsync(u => u.SetProperty(s => s.UpdatedAt, call.Context.Now));
            db.Record(call.Context, word, "server", server.Id, server.ProjectId);
            return result;
        });
    }

    private sealed record TagsBody
    {
        [RequiredField, Items(Max = NovaLimits.Tags), Text(Min = 1, Max = NovaLimits.Tag, Pattern = "^[^,/]*$")] public required List<string> Tags { get; init; }
    }
}
