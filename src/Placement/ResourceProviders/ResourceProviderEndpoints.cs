using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;

namespace Nephos.Placement.ResourceProviders;

internal sealed record CreateResourceProvider
{
    [RequiredField, Text(Max = ResourceProvider.MaxName)] public required string Name { get; init; }
    [Text(Format = "uuid")] public string? Uuid { get; init; }
    [Since("1.14"), NullableField, Text(Format = "uuid")] public string? ParentProviderUuid { get; init; }
}

internal sealed record UpdateResourceProvider
{
    [RequiredField, Text(Max = ResourceProvider.MaxName)] public required string Name { get; init; }
    [Since("1.14"), NullableField, Text(Format = "uuid")] public Optional<string?> ParentProviderUuid { get; init; }
}

internal sealed record LinkView(string Rel, string Href);

internal sealed record ResourceProviderView(string Uuid, string Name, long Generation, IReadOnlyList<LinkView> Links)
{
    [Since("1.14")] public string? ParentProviderUuid { get; init; }
    [Since("1.14")] public string? RootProviderUuid { get; init; }

    public static ResourceProviderView Of(Call call, ResourceProvider provider)
    {
        var url = $"{call.Endpoint.Api.Prefix}/resource_providers/{provider.Id}";
        var links = new List<LinkView> { new("self", url), new("inventories", url + "/inventories"), new("usages", url + "/usages") };
        if (call.Is(1)) { links.Add(new("aggregates", url + "/aggregates")); }
        if (call.Is(6)) { links.Add(new("traits", url + "/traits")); }
        if (call.Is(11)) { links.Add(new("allocations", url + "/allocations")); }
        return new(provider.Id, provider.Name, provider.Generation, links) { ParentProviderUuid = provider.ParentId, RootProviderUuid = provider.RootId };
    }
}

/// <summary>Providers (placement api-ref, "Resource Providers").</summary>
internal static class ResourceProviderEndpoints
{
    public static void Map(ResourceGroup providers)
    {
        providers.Post("", PlacementReplies.Takes(Create)).Policy("placement:resource_providers:create", PlacementReplies.AdminOrService).Answers(201);
        providers.Get("", PlacementReplies.Json(List)).Policy("placement:resource_providers:list", PlacementReplies.AdminOrService).NotPaged("upstream answers all");
        providers.Get("/{uuid}", PlacementReplies.Json(Show)).Policy("placement:resource_providers:show", PlacementReplies.AdminOrService);
        providers.Put("/{uuid}", PlacementReplies.Takes(Update)).Policy("placement:resource_providers:update", PlacementReplies.AdminOrService);
        providers.Delete("/{uuid}", Delete).Policy("placement:resource_providers:delete", PlacementReplies.AdminOrService).Answers(204);
    }

    private static async Task<Reply> Create(Call call)
    {
        var body = await call.JsonBodyAsync<CreateResourceProvider>().ConfigureAwait(false);
        var id = body.Uuid is { } uuid ? Query.Uuid(uuid) : NewId.Uuid();
        var provider = await call.Get<ResourceProviderOperations>().CreateAsync(call.Context, id, body.Name, body.ParentProviderUuid is { } parent ? Query.Uuid(parent) : null, call.Cancel).ConfigureAwait(false);
        // Upstream: 201 and nothing before 1.20, 200 and the provider from then on.
        var reply = call.Is(20) ? Reply.Json(ResourceProviderView.Of(call, provider), 200).Dated(call, provider.UpdatedAt) : Reply.Empty(201);
        return reply.With("Location", $"{call.BaseUrl}/resource_providers/{id}");
    }

    private static async Task<Reply> List(Call call)
    {
        Query.CheckNames(call.Query, name => name switch { "name" or "uuid" => true, "member_of" => call.Is(3), "resources" => call.Is(4), "in_tree" => call.Is(14), "required" => call.Is(18), _ => false });
        var query = call.Query;
        if (query["uuid"] is { } uuid && !NewId.IsUuidLike(uuid)) { throw new BadRequestError($"Invalid query string parameters: '{uuid}' is not a 'uuid'"); }
        var filter = new ProviderFilter
        {
            Id = query["uuid"] is { } id ? Query.Uuid(id) : null,
            Name = query["name"],
            InTree = query["in_tree"] is { } tree ? Query.InTree(tree) : null,
            Resources = query["resources"] is { } resources ? Query.Resources(resources) : null,
            Traits = Query.Traits(query.All("required"), call.Version),
            Aggregates = Query.Aggregates(query.All("member_of"), call.Version),
        };
        var providers = await call.Get<ResourceProviderOperations>().ListAsync(filter, call.Cancel).ConfigureAwait(false);
        return Reply.Member("resource_providers", providers.ConvertAll(p => ResourceProviderView.Of(call, p))).Dated(call, providers.Count > 0 ? providers.Max(p => p.UpdatedAt) : null);
    }

    private static async Task<Reply> Show(Call call)
    {
        var provider = await call.Get<ResourceProviderOperations>().FindAsync(call.Route("uuid"), call.Cancel).ConfigureAwait(false);
        return Reply.Json(ResourceProviderView.Of(call, provider)).Dated(call, provider.UpdatedAt);
    }

    private static async Task<Reply> Update(Call call)
    {
        await call.Get<ResourceProviderOperations>().FindAsync(call.Route("uuid"), call.Cancel).ConfigureAwait(false);
        var body = await call.JsonBodyAsync<UpdateResourceProvider>().ConfigureAwait(false);
        var parent = body.ParentProviderUuid.Or(null) is { } id ? Query.Uuid(id) : null;
        var provider = await call.Get<ResourceProviderOperations>().UpdateAsync(call.Context, call.Route("uuid"), body.Name, body.ParentProviderUuid.IsSet, parent, call.Is(37), call.Cancel).ConfigureAwait(false);
        return Reply.Json(ResourceProviderView.Of(call, provider)).Dated(call, provider.UpdatedAt);
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<ResourceProviderOperations>().DeleteAsync(call.Context, call.Route("uuid"), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }
}
