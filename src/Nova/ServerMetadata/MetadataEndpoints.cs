using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Nova.Quotas;
using Nephos.Nova.Servers;

namespace Nephos.Nova.ServerMetadata;

/// <summary>Metadata of a server (api-ref compute, "Server metadata"): texts by key, shown to the guest too.</summary>
internal static class MetadataEndpoints
{
    private const string Root = "os_compute_api:server-metadata:";

    public static void Map(ResourceGroup metadata)
    {
        metadata.Get("", List).PolicyOnRow(Root + "index", Rules.ProjectReader).NotPaged("upstream gives the whole map");
        metadata.Post("", Merge).PolicyOnRow(Root + "create", Rules.ProjectMember).Quota("metadata_items");
        metadata.Put("", Replace).PolicyOnRow(Root + "update_all", Rules.ProjectMember).Quota("metadata_items");
        metadata.Get("/{key}", Show).PolicyOnRow(Root + "show", Rules.ProjectReader);
        metadata.Put("/{key}", Set).PolicyOnRow(Root + "update", Rules.ProjectMember).Quota("metadata_items");
        metadata.Delete("/{key}", Delete).PolicyOnRow(Root + "delete", Rules.ProjectMember).Answers(204);
    }

    private static async Task<Reply> List(Call call) => Reply.Member("metadata", (await call.ServerAsync()).Metadata);

    private static async Task<Reply> Merge(Call call)
    {
        var items = (await call.BodyAsync<MetadataBody>(null)).Metadata;
        return Reply.Member("metadata", await ChangeAsync(call, await call.ServerAsync(), "update metadata", old => Merged(old, items)));
    }

    private static async Task<Reply> Replace(Call call)
    {
        var items = (await call.BodyAsync<MetadataBody>(null)).Metadata;
        return Reply.Member("metadata", await ChangeAsync(call, await call.ServerAsync(), "update metadata", _ => items));
    }

    private static async Task<Reply> Set(Call call)
    {
        var items = (await call.BodyAsync<MetaBody>(null)).Meta;
        var key = call.Route("key");
        var server = await call.ServerAsync();
        if (items.Count != 1) { throw new BadRequestError($"Invalid input for field/attribute meta. Value: {{}}. {{}} {(items.Count == 0 ? "does not have enough properties" : "has too many properties")}"); }
        if (!items.ContainsKey(key)) { throw new BadRequestError("Request body and URI mismatch"); }
        await ChangeAsync(call, server, "update metadata", old => Merged(old, items));
        return Reply.Member("meta", items);
    }

    private static async Task<Reply> Show(Call call)
    {
        var (server, key) = (await call.ServerAsync(), call.Route("key"));
        return server.Metadata.TryGetValue(key, out var value) ? Reply.Member("meta", new Dictionary<string, string> { [key] = value }) : throw new NotFoundError("Metadata item was not found");
    }

    private static async Task<Reply> Delete(Call call)
    {
        var (server, key) = (await call.ServerAsync(), call.Route("key"));
        if (!server.Metadata.ContainsKey(key)) { throw new NotFoundError("Metadata item was not found"); }
        await ChangeAsync(call, server, "delete metadata", old => old.Where(p => p.Key != key).ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal));
        return Reply.Empty();
    }

    private static Dictionary<string, string> Merged(Dictionary<string, string> old, Dictionary<string, string> items)
    {
        var merged = new Dictionary<string, string>(old, StringComparer.Ordinal);
        foreach (var (key, value) in items) { merged[key] = value; }
        return merged;
    }

    private static Task<Dictionary<string, string>> ChangeAsync(Call call, Server seen, string word, Func<Dictionary<string, string>, Dictionary<string, string>> change) =>
        call.Get<Store<NovaDb>>().WriteAsync(async db =>
        {
            var server = await db.Servers.AsTracking().FirstOrDefaultAsync(s => s.Id == seen.Id && !s.Deleted) ?? throw ServerErrors.NotFound(seen.Id);
            if (server.LockedBy is not null && !call.Context.IsAdmin) { throw ServerErrors.Locked(server.Id); }
            if (server.VmState is not (VmStates.Active or VmStates.Paused or VmStates.Suspended or VmStates.Stopped)) { throw ServerErrors.InvalidState(word, server.Id, "vm_state", server.VmState); }
            var changed = change(server.Metadata);
            var limit = await QuotaCounts.LimitAsync(db, server.ProjectId, "metadata_items");
            if (limit >= 0 && changed.Count > limit) { throw new OverQuotaError($"Maximum number of metadata items exceeds {limit}"); }
            (server.Metadata, server.UpdatedAt) = (changed, call.Context.Now);
            server.Generation++;
            db.Record(call.Context, word, "server", server.Id, server.ProjectId);
            return changed;
        });

    private sealed record MetadataBody
    {
        [RequiredField, Text(Max = 255, KeyPattern = NovaLimits.MetadataKeyPattern)] public required Dictionary<string, string> Metadata { get; init; }
    }

    private sealed record MetaBody
    {
        [RequiredField, Text(Max = 255, KeyPattern = NovaLimits.MetadataKeyPattern)] public required Dictionary<string, string> Meta { get; init; }
    }
}
