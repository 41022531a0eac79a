using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Aggregates;

/// <summary>The aggregates a provider is in (placement api-ref, "Resource provider aggregates"). A bare list before 1.19, with a generation from then on.</summary>
internal static class AggregateEndpoints
{
    public static void Map(ResourceGroup aggregates)
    {
        aggregates.Get("", PlacementReplies.Json(List)).Policy("placement:resource_providers:aggregates:list", PlacementReplies.AdminOrService).Since("1.1").NotPaged("few");
        aggregates.Put("", PlacementReplies.Takes(Replace)).Policy("placement:resource_providers:aggregates:update", PlacementReplies.AdminOrService).Since("1.1");
    }

    private static async Task<Reply> List(Call call)
    {
        var id = call.Route("uuid");
        var provider = await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var aggregates = await call.Get<Store<PlacementDb>>().ReadAsync(db => db.ProviderAggregates.Where(a => a.ProviderId == id).OrderBy(a => a.AggregateId).Select(a => a.AggregateId).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Show(call, aggregates, provider.Generation);
    }

    private static async Task<Reply> Replace(Call call)
    {
        var id = call.Route("uuid");
        var provider = await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var (aggregates, seen) = Read(call, await call.JsonAsync().ConfigureAwait(false));
        if (seen is { } wanted && wanted != provider.Generation) { throw Conflict(); }
        var generation = await call.Get<Store<PlacementDb>>().WriteAsync(async db =>
        {
            // Before 1.19 the generation neither counts nor grows.
            var next = seen is { } g ? await ResourceProviderOperations.StepAsync(db, id, g, call.Context.Now, Conflict, call.Cancel).ConfigureAwait(false) : provider.Generation;
            if (seen is null) { await db.Providers.Where(p => p.Id == id).ExecuteUpdateAsync(u => u.SetProperty(p => p.Revision, p => p.Revision + 1), call.Cancel).ConfigureAwait(false); }
            await db.ProviderAggregates.Where(a => a.ProviderId == id).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false);
            db.ProviderAggregates.AddRange(aggregates.Select(a => new ProviderAggregate { ProviderId = id, AggregateId = a }));
            db.Record(call.Context, "update", "resource_provider_aggregates", id);
            return next;
        }, call.Cancel).ConfigureAwait(false);
        return Show(call, aggregates, generation);
    }

    private static (List<string> Aggregates, long? Generation) Read(Call call, JsonElement body)
    {
        long? generation = null;
        var list = body;
        if (call.Is(19))
        {
            if (body.ValueKind != JsonValueKind.Object) { throw new BadRequestError("JSON does not validate: the body is not of type 'object'"); }
            if (!body.TryGetProperty("aggregates", out list)) { throw new BadRequestError("JSON does not validate: 'aggregates' is a required property"); }
            if (!body.TryGetProperty("resource_provider_generation", out var number)) { throw new BadRequestError("JSON does not validate: 'resource_provider_generation' is a required property"); }
            generation = number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out var value) ? value : throw new BadRequestError("JSON does not validate: resource_provider_generation is not of type 'integer'");
        }
        if (list.ValueKind != JsonValueKind.Array) { throw new BadRequestError("JSON does not validate: aggregates is not of type 'array'"); }
        var aggregates = list.EnumerateArray().Select(a => a.ValueKind == JsonValueKind.String && NewId.IsUuidLike(a.GetString()) ? Query.Uuid(a.GetString()!) : throw new BadRequestError($"JSON does not validate: '{a}' is not a 'uuid'")).ToList();
        return aggregates.Distinct(StringComparer.Ordinal).Count() == aggregates.Count ? (aggregates, generation) : throw PlacementErrors.Schema($"{WireSchema.Show(list)} has non-unique elements", "uniqueItems", call.Is(19) ? ["aggregates"] : []);
    }

    private static Reply Show(Call call, List<string> aggregates, long generation) =>
        (call.Is(19) ? Reply.Members([("aggregates", aggregates), ("resource_provider_generation", generation)]) : Reply.Member("aggregates", aggregates)).Dated(call, null);

    private static ApiError Conflict() => new ConflictError("Resource provider's generation already changed. Please update the generation and try again.", PlacementErrors.ConcurrentUpdate);
}
