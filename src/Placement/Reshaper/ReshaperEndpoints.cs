using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;
using Nephos.Placement.Allocations;
using Nephos.Placement.Inventories;

namespace Nephos.Placement.Reshaper;

/// <summary>
/// Moves inventories between providers together with the allocations that use them, all or nothing (placement api-ref, "Reshaper"). For services only, as
/// upstream: it is how a compute service puts what a host has into a new tree.
/// </summary>
internal static class ReshaperEndpoints
{
    public static void Map(ResourceGroup reshaper) =>
        reshaper.Post("", PlacementReplies.Takes(Reshape)).Policy("placement:reshaper:reshape", Rules.Service).Since("1.30").Answers(204);

    private static async Task<Reply> Reshape(Call call)
    {
        var body = await call.JsonAsync().ConfigureAwait(false);
        AllocationBody.Object(body, []);
        AllocationBody.Only(body, [], name => name is "inventories" or "allocations");
        var inventories = Inventories(call, AllocationBody.Required(body, "inventories", []));
        var allocations = AllocationBody.ReadAll(call, AllocationBody.Required(body, "allocations", []), mayBeEmpty: true, "allocations");
        await call.Get<ReshapeOperations>().ReshapeAsync(call.Context, inventories, allocations, call.Cancel).ConfigureAwait(false);
        return Reply.Empty();
    }

    private static List<ProviderInventories> Inventories(Call call, JsonElement inventories)
    {
        AllocationBody.Object(inventories, ["inventories"]);
        var found = new List<ProviderInventories>();
        foreach (var provider in inventories.EnumerateObject())
        {
            AllocationBody.CheckUuid(provider.Name, ["inventories"]);
            var faults = new List<WireFault>();
            var update = WireJson.Read<UpdateInventories>(provider.Value, call.Version, ["inventories", provider.Name], faults) ?? throw call.Endpoint.Api.Errors.Invalid(faults);
            var id = Query.Uuid(provider.Name);
            InventoryEndpoints.CheckClassNames(update.Inventories.Keys);
            found.Add(new ProviderInventories(id, update.ResourceProviderGeneration, [.. update.Inventories.Select(i => InventoryEndpoints.CheckedRatio(i.Value.Row(id, i.Key, call.Context.Now)))]));
        }
        return found.Count > 0 ? found : throw PlacementErrors.Schema("{} does not have enough properties", "minProperties", ["inventories"]);
    }
}
