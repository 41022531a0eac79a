using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Allocations;

/// <summary>Allocations by consumer and by provider (placement api-ref, "Allocations").</summary>
internal static class AllocationEndpoints
{
    public static void Map(ResourceGroup root)
    {
        root.Post("/allocations", PlacementReplies.Takes(Manage)).Policy("placement:allocations:manage", PlacementReplies.AdminOrService).Since("1.13").Answers(204);
        root.Get("/allocations/{consumer_uuid}", PlacementReplies.Json(Show)).Policy("placement:allocations:list", PlacementReplies.AdminOrService);
        root.Put("/allocations/{consumer_uuid}", PlacementReplies.Takes(Put)).Policy("placement:allocations:update", PlacementReplies.AdminOrService).Answers(204);
        root.Delete("/allocations/{consumer_uuid}", Delete).Policy("placement:allocations:delete", PlacementReplies.AdminOrService).Answers(204);
        root.Get("/resource_providers/{uuid}/allocations", PlacementReplies.Json(OfProvider)).Policy("placement:resource_providers:allocations:list", PlacementReplies.AdminOrService).NotPaged("upstream answers all");
    }

    private static async Task<Reply> Manage(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        var wanted = AllocationBody.ReadAll(call, body, mayBeEmpty: false);
        await CheckAsync(call, wanted).ConfigureAwait(false);
        await call.Get<AllocationOperations>().ReplaceAsync(call.Context, wanted, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Put(Call call)
    {
        var id = call.Route("consumer_uuid");
        if (!NewId.IsUuidLike(id)) { throw new BadRequestError($"Malformed consumer_uuid: {id}"); }
        var wanted = AllocationBody.Read(call, Query.Uuid(id), await call.JsonAsync().ConfigureAwait(false), isPost: false);
        await CheckAsync(call, [wanted]).ConfigureAwait(false);
        await call.Get<AllocationOperations>().ReplaceAsync(call.Context, [wanted], call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Delete(Call call)
    {
        var id = call.Route("consumer_uuid");
        return await call.Get<AllocationOperations>().RemoveAsync(call.Context, id, call.Cancel).ConfigureAwait(false) ? Reply.Empty() : throw new NotFoundError($"No allocations for consumer '{id}'");
    }

    private static async Task<Reply> Show(Call call)
    {
        var id = call.Route("consumer_uuid");
        var (consumer, rows) = await call.Get<Store<PlacementDb>>().ReadAsync(async db => (
            await db.Consumers.FirstOrDefaultAsync(c => c.Id == id, call.Cancel).ConfigureAwait(false),
            await (from a in db.Allocations where a.ConsumerId == id join p in db.Providers on a.ProviderId equals p.Id orderby p.Id, a.ResourceClass select new { Allocation = a, p.Generation }).ToListAsync(call.Cancel).ConfigureAwait(false)), call.Cancel).ConfigureAwait(false);
        var allocations = rows.GroupBy(r => r.Allocation.ProviderId).ToDictionary(g => g.Key, g => new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["generation"] = g.First().Generation, ["resources"] = g.ToDictionary(r => r.Allocation.ResourceClass, r => r.Allocation.Used, StringComparer.Ordinal),
        }, StringComparer.Ordinal);
        var members = new List<(string, object?)> { ("allocations", allocations) };
        if (consumer is not null && call.Is(12)) { members.AddRange([("project_id", consumer.ProjectId), ("user_id", consumer.UserId)]); }
        if (consumer is not null && call.Is(28)) { members.Add(("consumer_generation", consumer.Generation)); }
        if (consumer is not null && call.Is(38)) { members.Add(("consumer_type", consumer.ConsumerType)); }
        return Reply.Members(members).Dated(call, rows.Count > 0 ? rows.Max(r => r.Allocation.CreatedAt) : null);
    }

    private static async Task<Reply> OfProvider(Call call)
    {
        var id = call.Route("uuid");
        var provider = await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var rows = await call.Get<Store<PlacementDb>>().ReadAsync(db => (
            from a in db.Allocations where a.ProviderId == id join c in db.Consumers on a.ConsumerId equals c.Id orderby c.Id select new { Allocation = a, c.Generation }).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        var allocations = rows.GroupBy(r => r.Allocation.ConsumerId).ToDictionary(g => g.Key, g =>
        {
            var view = new Dictionary<string, object>(StringComparer.Ordinal) { ["resources"] = g.ToDictionary(r => r.Allocation.ResourceClass, r => r.Allocation.Used, StringComparer.Ordinal) };
            if (call.Is(28)) { view["consumer_generation"] = g.First().Generation; }
            return view;
        }, StringComparer.Ordinal);
        return Reply.Members([("allocations", allocations), ("resource_provider_generation", provider.Generation)]).Dated(call, rows.Count > 0 ? rows.Max(r => r.Allocation.CreatedAt) : null);
    }

    /// <summary>Providers and classes that do not exist are 400, before anything is written.</summary>
    private static Task<bool> CheckAsync(Call call, IReadOnlyList<ConsumerAllocations> wanted) => call.Get<Store<PlacementDb>>().ReadAsync(async db =>
    {
        await AllocationOperations.CheckConsumersAsync(db, wanted, call.Cancel).ConfigureAwait(false);
        await AllocationOperations.CheckProvidersAsync(db, wanted, call.Cancel).ConfigureAwait(false);
        if (await Names.UnknownClassAsync(db, wanted.SelectMany(w => w.Resources.Values).SelectMany(r => r.Keys), call.Cancel).ConfigureAwait(false) is { } unknown)
        {
            throw new BadRequestError($"Unable to allocate inventory {(call.Endpoint.Method == "PUT" ? $"for consumer {wanted[0].ConsumerId}: " : "")}No such resource class {unknown}.");
        }
        return true;
    }, call.Cancel);
}
