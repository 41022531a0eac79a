using System.Text.Json;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Federation.Mappings;

/// <summary>Mappings. Upstream: <c>keystone/api/os_federation.py</c>, MappingResource. Here the caller's rights come before the body's check.</summary>
internal static class MappingEndpoints
{
    public static void Map(ResourceGroup mappings)
    {
        mappings.Get("", List).Policy("identity:list_mappings", Policies.AdminOrSystemReader).NotPaged("a cloud has a handful");
        mappings.Put("/{mapping_id}", Create).Policy("identity:create_mapping", Policies.Admin).Answers(201);
        mappings.Get("/{mapping_id}", Show).Policy("identity:get_mapping", Policies.AdminOrSystemReader);
        mappings.Patch("/{mapping_id}", Update).Policy("identity:update_mapping", Policies.Admin);
        mappings.Delete("/{mapping_id}", Delete).Policy("identity:delete_mapping", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call) => call.List("mappings", (await call.Get<MappingOperations>().ListAsync()).ConvertAll(row => MappingView.Of(row, call.V3())));

    private static async Task<Reply> Create(Call call) => View(call, await call.Get<MappingOperations>().CreateAsync(call.Context, await ReadAsync(call)));

    private static async Task<Reply> Show(Call call) => View(call, await call.Get<MappingOperations>().FindAsync(call.Route("mapping_id")) ?? throw FederationErrors.NoMapping(call.Route("mapping_id")));

    private static async Task<Reply> Update(Call call) => View(call, await call.Get<MappingOperations>().UpdateAsync(call.Context, await ReadAsync(call)));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<MappingOperations>().DeleteAsync(call.Context, call.Route("mapping_id"));
        return Reply.Empty();
    }

    /// <summary>The body, checked against the schema of its own version; a mapping without a version gets the configured one.</summary>
    private static async Task<Mapping> ReadAsync(Call call)
    {
        var body = await call.JsonAsync();
        var given = body.ValueKind == JsonValueKind.Object && body.TryGetProperty("mapping", out var member) ? member : JsonDocument.Parse("{}").RootElement;
        var version = given.ValueKind == JsonValueKind.Object && given.TryGetProperty("schema_version", out var named) && named is not { ValueKind: JsonValueKind.Null } ? named : default;
        var text = version.ValueKind switch
        {
            JsonValueKind.Undefined => call.Get<FederationSettings>().MappingSchemaVersion,
            JsonValueKind.String => version.GetString()!,
            _ => version.GetRawText(),
        };
        var faults = MappingSchema.Check(text, given);
        if (faults.Count > 0) { throw new BadRequestError(string.Concat(faults.Select(f => f + "\n"))); }
        return new Mapping { Id = call.Route("mapping_id"), Rules = given.GetProperty("rules").GetRawText(), SchemaVersion = text };
    }

    private static Reply View(Call call, Mapping row) => Reply.Member("mapping", MappingView.Of(row, call.V3()));
}

/// <summary>A mapping as clients see it.</summary>
public sealed record MappingView(string Id, JsonElement Rules, string SchemaVersion, SelfLink Links)
{
    internal static MappingView Of(Mapping row, string v3) => new(row.Id, JsonSerializer.Deserialize<JsonElement>(row.Rules), row.SchemaVersion, new SelfLink($"{v3}/OS-FEDERATION/mappings/{Uri.EscapeDataString(row.Id)}"));
}
