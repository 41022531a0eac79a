using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Wire;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Inventories;

/// <summary>One inventory in a request (schemas/inventory.py).</summary>
internal record InventoryBody
{
    [RequiredField, Number(Min = 1, Max = Inventory.MaxInt)] public long Total { get; init; }
    [Number(Min = 0, Max = Inventory.MaxInt)] public long Reserved { get; init; }
    [Number(Min = 1, Max = Inventory.MaxInt)] public long MinUnit { get; init; } = 1;
    [Number(Min = 1, Max = Inventory.MaxInt)] public long MaxUnit { get; init; } = Inventory.MaxInt;
    [Number(Min = 1, Max = Inventory.MaxInt)] public long StepSize { get; init; } = 1;
    public double AllocationRatio { get; init; } = 1;

    public Inventory Row(string providerId, string resourceClass, DateTime now) => new()
    {
        ProviderId = providerId, ResourceClass = resourceClass, Total = Total, Reserved = Reserved, MinUnit = MinUnit, MaxUnit = MaxUnit, StepSize = StepSize, AllocationRatio = AllocationRatio, UpdatedAt = now,
    };
}

internal sealed record UpdateInventory : InventoryBody
{
    [RequiredField] public long ResourceProviderGeneration { get; init; }
}

internal sealed record CreateInventory : InventoryBody
{
    public long? ResourceProviderGeneration { get; init; }
    [RequiredField, Text(Pattern = "^[A-Z0-9_]+$")] public required string ResourceClass { get; init; }
}

internal sealed record UpdateInventories
{
    [RequiredField] public long ResourceProviderGeneration { get; init; }
    [RequiredField] public required Dictionary<string, InventoryBody> Inventories { get; init; }
}

internal record InventoryView(long Total, long Reserved, long MinUnit, long MaxUnit, long StepSize, double AllocationRatio)
{
    [OmitNull] public long? ResourceProviderGeneration { get; init; }
    public static InventoryView Of(Inventory i, long? generation = null) => new(i.Total, i.Reserved, i.MinUnit, i.MaxUnit, i.StepSize, i.AllocationRatio) { ResourceProviderGeneration = generation };
}

/// <summary>Inventories of a provider (placement api-ref, "Resource provider inventories").</summary>
internal static class InventoryEndpoints
{
    public static void Map(ResourceGroup inventories)
    {
        inventories.Get("", PlacementReplies.Json(List)).Policy("placement:resource_providers:inventories:list", PlacementReplies.AdminOrService).NotPaged("one per resource class");
        inventories.Post("", PlacementReplies.Takes(Create)).Policy("placement:resource_providers:inventories:create", PlacementReplies.AdminOrService).Answers(201);
        inventories.Put("", PlacementReplies.Takes(Replace)).Policy("placement:resource_providers:inventories:update", PlacementReplies.AdminOrService);
        inventories.Delete("", DeleteAll).Policy("placement:resource_providers:inventories:delete", PlacementReplies.AdminOrService).Answers(204);
        inventories.Get("/{resource_class}", PlacementReplies.Json(Show)).Policy("placement:resource_providers:inventories:show", PlacementReplies.AdminOrService);
        inventories.Put("/{resource_class}", PlacementReplies.Takes(Update)).Policy("placement:resource_providers:inventories:update", PlacementReplies.AdminOrService);
        inventories.Delete("/{resource_class}", Delete).Policy("placement:resource_providers:inventories:delete", PlacementReplies.AdminOrService).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var (provider, inventories) = await call.Get<InventoryOperations>().ListAsync(call.Route("uuid"), call.Cancel).ConfigureAwait(false);
        return Show(call, inventories, provider.Generation);
    }

    private static async Task<Reply> Show(Call call)
    {
        var (id, resourceClass) = (call.Route("uuid"), call.Route("resource_class"));
        var (provider, inventories) = await call.Get<InventoryOperations>().ListAsync(id, call.Cancel).ConfigureAwait(false);
        var inventory = inventories.Find(i => i.ResourceClass == resourceClass) ?? throw new NotFoundError($"No inventory of class {resourceClass} for {id}");
        return Reply.Json(InventoryView.Of(inventory, provider.Generation)).Dated(call, inventory.UpdatedAt);
    }

    private static async Task<Reply> Create(Call call)
    {
        var id = call.Route("uuid");
        await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var body = await call.JsonBodyAsync<CreateInventory>().ConfigureAwait(false);
        var inventory = Checked(call, body.Row(id, body.ResourceClass, call.Context.Now), "create");
        var generation = await call.Get<InventoryOperations>().PutAsync(call.Context, id, body.ResourceProviderGeneration, inventory, exists: false, call.Cancel).ConfigureAwait(false);
        return Reply.Json(InventoryView.Of(inventory, generation)).Dated(call, inventory.UpdatedAt).With("Location", $"{call.BaseUrl}/resource_providers/{id}/inventories/{body.ResourceClass}");
    }

    private static async Task<Reply> Update(Call call)
    {
        var (id, resourceClass) = (call.Route("uuid"), call.Route("resource_class"));
        await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var body = await call.JsonBodyAsync<UpdateInventory>().ConfigureAwait(false);
        var inventory = Checked(call, body.Row(id, resourceClass, call.Context.Now), "update");
        var generation = await call.Get<InventoryOperations>().PutAsync(call.Context, id, body.ResourceProviderGeneration, inventory, exists: true, call.Cancel).ConfigureAwait(false);
        return Reply.Json(InventoryView.Of(inventory, generation)).Dated(call, inventory.UpdatedAt);
    }

    private static async Task<Reply> Replace(Call call)
    {
        var id = call.Route("uuid");
        await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var body = await call.JsonBodyAsync<UpdateInventories>().ConfigureAwait(false);
        CheckClassNames(body.Inventories.Keys);
        var inventories = body.Inventories.Select(i => Checked(call, i.Value.Row(id, i.Key, call.Context.Now), "update")).ToList();
        var generation = await call.Get<InventoryOperations>().ReplaceAsync(call.Context, id, body.ResourceProviderGeneration, inventories, call.Cancel).ConfigureAwait(false);
        return Show(call, inventories, generation);
    }

    /// <summary>Before 1.5 the method is none here: 405, where other calls that came later are 404.</summary>
    private static async Task<Reply> DeleteAll(Call call)
    {
        if (!call.Is(5)) { throw call.Endpoint.Api.Errors.NoMethod("DELETE"); }
        await call.Get<InventoryOperations>().ReplaceAsync(call.Context, call.Route("uuid"), null, [], call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<InventoryOperations>().DeleteAsync(call.Context, call.Route("uuid"), call.Route("resource_class"), call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static Reply Show(Call call, List<Inventory> inventories, long generation) => Reply.Members(
    [
        ("resource_provider_generation", generation),
        ("inventories", inventories.ToDictionary(i => i.ResourceClass, i => InventoryView.Of(i), StringComparer.Ordinal)),
    ]).Dated(call, inventories.Count > 0 ? inventories.Max(i => i.UpdatedAt) : null);

    internal static Inventory CheckedRatio(Inventory inventory) => inventory.AllocationRatio <= Inventory.MaxRatio ? inventory
        : throw PlacementErrors.Schema($"{inventory.AllocationRatio.ToString(CultureInfo.InvariantCulture)} is greater than the maximum of 3.40282e+38", "maximum", ["allocation_ratio"]);

    internal static void CheckClassNames(IEnumerable<string> names)
    {
        if (names.FirstOrDefault(n => !Query.ClassName().IsMatch(n)) is { } bad) { throw PlacementErrors.Schema($"'{bad}' does not match any of the regexes: '^[A-Z0-9_]+$'", "additionalProperties", ["inventories"]); }
    }

    /// <summary>Something must be left to give; from 1.26 on nothing may be.</summary>
    internal static Inventory Checked(Call call, Inventory inventory, string verb)
    {
        CheckedRatio(inventory);
        var capacity = (inventory.Total - inventory.Reserved) * inventory.AllocationRatio;
        if (call.Is(26) ? capacity >= 0 : capacity > 0) { return inventory; }
        throw new BadRequestError($"Unable to {verb} inventory for resource provider {inventory.ProviderId}: Invalid inventory for '{inventory.ResourceClass}' on resource provider '{inventory.ProviderId}'. "
            + $"The reserved value is greater than {(call.Is(26) ? "" : "or equal to ")}total.");
    }
}
