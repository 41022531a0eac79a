using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Traits;

internal sealed record SetTraits
{
    [RequiredField] public long ResourceProviderGeneration { get; init; }
    [RequiredField] public required IReadOnlyList<string> Traits { get; init; }
}

/// <summary>Traits, and those of a provider (placement api-ref, "Traits", "Resource provider traits").</summary>
internal static class TraitEndpoints
{
    public static void Map(ResourceGroup root)
    {
        root.Get("/traits", PlacementReplies.Json(List)).Policy("placement:traits:list", PlacementReplies.AdminOrService).Since("1.6").NotPaged("upstream answers all");
        root.Get("/traits/{name}", Show).Policy("placement:traits:show", PlacementReplies.AdminOrService).Since("1.6").Answers(204);
        root.Put("/traits/{name}", Put).Policy("placement:traits:update", PlacementReplies.AdminOrService).Since("1.6").Answers(201);
        root.Delete("/traits/{name}", Delete).Policy("placement:traits:delete", PlacementReplies.AdminOrService).Since("1.6").Answers(204);
        var provider = root.Group("/resource_providers/{uuid}/traits");
        provider.Get("", PlacementReplies.Json(ListOfProvider)).Policy("placement:resource_providers:traits:list", PlacementReplies.AdminOrService).Since("1.6").NotPaged("few");
        provider.Put("", PlacementReplies.Takes(SetOfProvider)).Policy("placement:resource_providers:traits:update", PlacementReplies.AdminOrService).Since("1.6");
        provider.Delete("", ClearProvider).Policy("placement:resource_providers:traits:delete", PlacementReplies.AdminOrService).Since("1.6").Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        Query.CheckNames(call.Query, name => name is "name" or "associated");
        var names = await Store(call).ReadAsync(db => db.CustomTraits.OrderBy(t => t.Name).Select(t => t.Name).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        IEnumerable<string> traits = StandardTraits.All.Concat(names);
        if (call.Query["name"] is { } filter)
        {
            var colon = filter.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) { throw new BadRequestError($"Badly formatted name parameter. Expected name query string parameter in form: ?name=[in|startswith]:[name1,name2|prefix]. Got: \"{filter}\""); }
            var value = filter[(colon + 1)..];
            traits = filter[..colon] switch
            {
                "in" => traits.Where(value.Split(',').ToHashSet(StringComparer.Ordinal).Contains),
                "startswith" => traits.Where(t => t.StartsWith(value, StringComparison.Ordinal)),
                _ => traits,
            };
        }
        if (call.Query["associated"] is { } associated)
        {
            var wanted = associated.ToLowerInvariant() switch { "true" => true, "false" => false, _ => throw new BadRequestError("The query parameter \"associated\" only accepts \"true\" or \"false\"") };
            var used = await Store(call).ReadAsync(db => db.ProviderTraits.Select(t => t.Trait).Distinct().ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
            traits = traits.Where(t => used.Contains(t) == wanted);
        }
        return Reply.Member("traits", traits.ToList()).Dated(call, null);
    }

    private static async Task<Reply> Show(Call call) =>
        await KnownAsync(call, call.Route("name")).ConfigureAwait(false) ? Reply.Empty().Dated(call, null) : throw NoTrait(call.Route("name"));

    private static async Task<Reply> Put(Call call)
    {
        var name = call.Route("name");
        if (!StandardTraits.IsCustomName(name))
        {
            throw new BadRequestError("The trait is invalid. A valid trait must be no longer than 255 characters, start with the prefix \"CUSTOM_\" and use following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"");
        }
        var made = await Store(call).WriteAsync(async db =>
        {
            if (await db.CustomTraits.AnyAsync(t => t.Name == name, call.Cancel).ConfigureAwait(false)) { return false; }
            db.CustomTraits.Add(new CustomTrait { Name = name, CreatedAt = call.Context.Now });
            db.Record(call.Context, "create", "trait", name);
            return true;
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty(made ? 201 : 204).With("Location", $"{call.BaseUrl}/traits/{name}").Dated(call, null);
    }

    private static async Task<Reply> Delete(Call call)
    {
        var name = call.Route("name");
        if (StandardTraits.All.Contains(name)) { throw new BadRequestError($"Cannot delete standard trait {name}."); }
        await Store(call).WriteAsync(async db =>
        {
            if (await db.ProviderTraits.AnyAsync(t => t.Trait == name, call.Cancel).ConfigureAwait(false)) { throw new ConflictError($"The trait {name} is in use by a resource provider."); }
            if (await db.CustomTraits.Where(t => t.Name == name).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false) == 0) { throw NoTrait(name); }
            db.Record(call.Context, "delete", "trait", name);
        }, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> ListOfProvider(Call call)
    {
        var id = call.Route("uuid");
        var provider = await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var traits = await Store(call).ReadAsync(db => db.ProviderTraits.Where(t => t.ProviderId == id).OrderBy(t => t.Trait).Select(t => t.Trait).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Members([("traits", traits), ("resource_provider_generation", provider.Generation)]).Dated(call, null);
    }

    private static async Task<Reply> SetOfProvider(Call call)
    {
        var body = await call.JsonBodyAsync<SetTraits>().ConfigureAwait(false);
        if (body.Traits.FirstOrDefault(t => t.Length is 0 or > 255) is { } bad) { throw new BadRequestError($"JSON does not validate: '{bad}' is too {(bad.Length == 0 ? "short" : "long")}"); }
        var generation = await SetAsync(call, body.Traits, body.ResourceProviderGeneration).ConfigureAwait(false);
        return Reply.Members([("traits", body.Traits.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList()), ("resource_provider_generation", generation)]).Dated(call, null);
    }

    private static async Task<Reply> ClearProvider(Call call)
    {
        await SetAsync(call, [], null).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static Task<long> SetAsync(Call call, IReadOnlyList<string> traits, long? seen)
    {
        var id = call.Route("uuid");
        return Store(call).WriteAsync(async db =>
        {
            var provider = await ResourceProviderOperations.FindAsync(db, id, call.Cancel).ConfigureAwait(false);
            if (seen is { } generation && generation != provider.Generation) { throw Conflict(); }
            var unknown = await Names.UnknownTraitsAsync(db, traits, call.Cancel).ConfigureAwait(false);
            if (unknown.Count > 0) { throw new BadRequestError($"No such trait {string.Join(", ", unknown)}"); }
            var next = await ResourceProviderOperations.StepAsync(db, id, provider.Generation, call.Context.Now, Conflict, call.Cancel).ConfigureAwait(false);
            await db.ProviderTraits.Where(t => t.ProviderId == id).ExecuteDeleteAsync(call.Cancel).ConfigureAwait(false);
            db.ProviderTraits.AddRange(traits.Distinct(StringComparer.Ordinal).Select(t => new ProviderTrait { ProviderId = id, Trait = t }));
            db.Record(call.Context, "update", "resource_provider_traits", id);
            return next;
        }, call.Cancel);
    }

    private static async Task<bool> KnownAsync(Call call, string name) =>
        StandardTraits.All.Contains(name) || await Store(call).ReadAsync(db => db.CustomTraits.AnyAsync(t => t.Name == name, call.Cancel), call.Cancel).ConfigureAwait(false);

    private static Store<PlacementDb> Store(Call call) => call.Get<Store<PlacementDb>>();
    private static ApiError NoTrait(string name) => new NotFoundError($"No such trait(s): {name}.");
    private static ApiError Conflict() => new ConflictError("Resource provider's generation already changed. Please update the generation and try again.", PlacementErrors.ConcurrentUpdate);
}
