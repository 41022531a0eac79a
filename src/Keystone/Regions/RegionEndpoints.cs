using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.Regions;

/// <summary>Regions. Upstream: identity api-ref, "Regions". A region with endpoints cannot be deleted; its children go with it.</summary>
internal static class RegionEndpoints
{
    public static void Map(ResourceGroup regions)
    {
        regions.Get("", List).NoPolicy("upstream's rule identity:list_regions lets everyone").Paged();
        regions.Post("", Create).Policy("identity:create_region", Policies.Admin).Answers(201);
        regions.Put("/{region_id}", CreateNamed).Policy("identity:create_region", Policies.Admin).Answers(201);
        regions.Get("/{region_id}", Show).NoPolicy("upstream's rule identity:get_region lets everyone");
        regions.Patch("/{region_id}", Update).Policy("identity:update_region", Policies.Admin);
        regions.Delete("/{region_id}", Delete).Policy("identity:delete_region", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        if (call.Query.Names.FirstOrDefault(n => n is not ("limit" or "marker") && !n.StartsWith("parent_region_id", StringComparison.Ordinal)) is { } other)
        {
            throw new BadRequestError($"Additional properties are not allowed ('{other}' was unexpected)");
        }
        var rows = (await call.Get<RegionOperations>().ListAsync()).AsQueryable().Text(call.Query, "parent_region_id", r => r.ParentRegionId);
        return call.Page("regions", rows.Page(call.Query, call.Get<KeystoneSettings>(), r => r.Id), r => RegionView.Of(r, call.V3()), r => r.Id);
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateRegion>("region");
        return await CreateAsync(call, request, string.IsNullOrEmpty(request.Id) ? NewId.Hex() : request.Id);
    }

    private static async Task<Reply> CreateNamed(Call call)
    {
        var (request, id) = (await call.BodyAsync<CreateRegion>("region"), call.Route("region_id"));
        if (request.Id is { } other && other != id) { throw new BadRequestError($"Conflicting region IDs specified: \"{id}\" != \"{other}\""); }
        return await CreateAsync(call, request, id);
    }

    private static async Task<Reply> CreateAsync(Call call, CreateRegion request, string id) =>
        Reply.Member("region", RegionView.Of(await call.Get<RegionOperations>().CreateAsync(call.Context, request, id), call.V3()));

    private static async Task<Reply> Show(Call call) =>
        Reply.Member("region", RegionView.Of(await call.Get<RegionOperations>().FindAsync(call.Route("region_id")) ?? throw Faults.NotFound("region", call.Route("region_id")), call.V3()));

    private static async Task<Reply> Update(Call call) =>
        Reply.Member("region", RegionView.Of(await call.Get<RegionOperations>().UpdateAsync(call.Context, call.Route("region_id"), await call.BodyAsync<UpdateRegion>("region")), call.V3()));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<RegionOperations>().DeleteAsync(call.Context, call.Route("region_id"));
        return Reply.Empty();
    }
}

/// <summary>Body of a create. Upstream: <c>keystone/catalog/schema.py</c>.</summary>
public sealed record CreateRegion
{
    [NullableField, Text(Max = 255)] public string? Id { get; init; }
    [NullableField, Text(Max = 255)] public string? Description { get; init; }
    [NullableField, Text(Min = 1, Max = 255)] public string? ParentRegionId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateRegion
{
    [Text(Min = 1, Max = 255)] public string? Id { get; init; }
    [NullableField, Text(Max = 255)] public Optional<string?> Description { get; init; }
    [NullableField, Text(Min = 1, Max = 255)] public Optional<string?> ParentRegionId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>A region as clients see it.</summary>
public sealed record RegionView(string Id, string Description, string? ParentRegionId, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static RegionView Of(Region region, string v3) => new(region.Id, region.Description, region.ParentRegionId, new SelfLink($"{v3}/regions/{Uri.EscapeDataString(region.Id)}")) { Extra = Keystone.Extra.Read(region.Extra) };
}
