using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Store;
using Nephos.Placement.ResourceProviders;

namespace Nephos.Placement.Usages;

/// <summary>What is used of a provider, and by a project (placement api-ref, "Usages").</summary>
internal static class UsageEndpoints
{
    public static void Map(ResourceGroup root)
    {
        root.Get("/resource_providers/{uuid}/usages", PlacementReplies.Json(OfProvider)).Policy("placement:resource_providers:usages", PlacementReplies.AdminOrService);
        root.Get("/usages", PlacementReplies.Json(OfProject)).PolicyOnRow("placement:usages", Rules.ProjectReaderOrService).Since("1.9");
    }

    private static async Task<Reply> OfProvider(Call call)
    {
        var id = call.Route("uuid");
        var provider = await call.Get<ResourceProviderOperations>().FindAsync(id, call.Cancel).ConfigureAwait(false);
        var usages = await call.Get<Store<PlacementDb>>().ReadAsync(db => db.Inventories.Where(i => i.ProviderId == id).ToDictionaryAsync(i => i.ResourceClass, i => i.Used, call.Cancel), call.Cancel).ConfigureAwait(false);
        return Reply.Members([("resource_provider_generation", provider.Generation), ("usages", usages)]).Dated(call, null);
    }

    private static async Task<Reply> OfProject(Call call)
    {
        var (project, user, type) = (call.Query["project_id"], call.Query["user_id"], call.Query["consumer_type"]);
        call.EnforceProject("placement:usages", project);
        Query.CheckNames(call.Query, name => name is "project_id" or "user_id" || (name == "consumer_type" && call.Is(38)));
        if (project is null) { throw PlacementErrors.QueryString("'project_id' is a required property", "required"); }
        CheckLength("project_id", project);
        CheckLength("user_id", user);
        CheckLength("consumer_type", type);
        if (type is not (null or "all" or "unknown") && !Query.ClassName().IsMatch(type)) { throw PlacementErrors.QueryString($"'{type}' does not match '^[A-Z0-9_]+$|^all|^unknown$'", "pattern", "consumer_type"); }
        var rows = await call.Get<Store<PlacementDb>>().ReadAsync(db => (
            from consumer in db.Consumers
            where consumer.ProjectId == project && (user == null || consumer.UserId == user) && (type == null || type == "all" || consumer.ConsumerType == type)
            join allocation in db.Allocations on consumer.Id equals allocation.ConsumerId
            group allocation by new { consumer.ConsumerType, allocation.ResourceClass } into g
            select new { g.Key.ConsumerType, g.Key.ResourceClass, Used = g.Sum(a => a.Used) }).ToListAsync(call.Cancel), call.Cancel).ConfigureAwait(false);
        if (!call.Is(38)) { return Reply.Member("usages", rows.GroupBy(r => r.ResourceClass).ToDictionary(g => g.Key, g => g.Sum(r => r.Used), StringComparer.Ordinal)).Dated(call, null); }
        var counts = await call.Get<Store<PlacementDb>>().ReadAsync(db => db.Consumers.Where(c => c.ProjectId == project && (user == null || c.UserId == user)).GroupBy(c => c.ConsumerType)
            .Select(g => new { g.Key, Count = g.LongCount() }).ToDictionaryAsync(g => g.Key, g => g.Count, call.Cancel), call.Cancel).ConfigureAwait(false);
        var usages = new Dictionary<string, Dictionary<string, long>>(StringComparer.Ordinal);
        foreach (var group in rows.GroupBy(r => type == "all" ? "all" : r.ConsumerType))
        {
            var usage = group.GroupBy(r => r.ResourceClass).ToDictionary(g => g.Key, g => g.Sum(r => r.Used), StringComparer.Ordinal);
            usage["consumer_count"] = type == "all" ? counts.Values.Sum() : counts.GetValueOrDefault(group.Key);
            usages[group.Key] = usage;
        }
        return Reply.Member("usages", usages).Dated(call, null);
    }

    /// <summary>schemas/usage.py: 1 to 255 characters each.</summary>
    private static void CheckLength(string name, string? value)
    {
        if (value is { Length: 0 }) { throw PlacementErrors.QueryString("'' is too short", "minLength", name); }
        if (value is { Length: > 255 }) { throw PlacementErrors.QueryString($"'{value}' is too long", "maxLength", name); }
    }
}
