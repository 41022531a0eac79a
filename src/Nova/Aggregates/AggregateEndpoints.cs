using System.Globalization;
using Nephos.Kernel.Api;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Policy;
using Nephos.Kernel.Wire;

namespace Nephos.Nova.Aggregates;

/// <summary>Host aggregates (api-ref compute, "Host aggregates"). Caching images on their hosts (2.81) is not offered yet.</summary>
internal static class AggregateEndpoints
{
    private const string Root = "os_compute_api:os-aggregates:";

    public static void Map(ResourceGroup aggregates)
    {
        aggregates.Get("", List).Policy(Root + "index", Rules.Admin).NotPaged("upstream gives the whole list");
        aggregates.Post("", Create).Policy(Root + "create", Rules.Admin);
        aggregates.Get("/{id}", Show).Policy(Root + "show", Rules.Admin);
        aggregates.Put("/{id}", Update).Policy(Root + "update", Rules.Admin);
        aggregates.Delete("/{id}", Delete).Policy(Root + "delete", Rules.Admin);
        aggregates.Action("/{id}/action", "add_host", AddHost).Policy(Root + "add_host", Rules.Admin);
        aggregates.Action("/{id}/action", "remove_host", RemoveHost).Policy(Root + "remove_host", Rules.Admin);
        aggregates.Action("/{id}/action", "set_metadata", SetMetadata).Policy(Root + "set_metadata", Rules.Admin);
    }

    private static async Task<Reply> List(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return Reply.Member("aggregates", (await call.Get<AggregateOperations>().ListAsync(call.Cancel)).ConvertAll(AggregateView.Of));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateAggregate>("aggregate");
        var zone = request.AvailabilityZone?.Trim();
        var (aggregate, _) = await call.Get<AggregateOperations>().CreateAsync(call.Context, request.Name.Trim(), string.IsNullOrEmpty(zone) ? null : zone);
        return Reply.Member("aggregate", new NewAggregateView(aggregate));
    }

    private static async Task<Reply> Show(Call call)
    {
        call.KnownOnly(Microversions.V2_102);
        return View(await call.Get<AggregateOperations>().FindAsync(Id(call), call.Cancel));
    }

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyAsync<UpdateAggregate>("aggregate");
        if (request.Name is null && !request.AvailabilityZone.IsSet)
        {
            throw new BadRequestError("Invalid input for field/attribute aggregate. Value: {}. {} is not valid under any of the given schemas");
        }
        return View(await call.Get<AggregateOperations>().UpdateAsync(call.Context, Id(call), request.Name?.Trim(), request.AvailabilityZone.IsSet, request.AvailabilityZone.Or(null)));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<AggregateOperations>().DeleteAsync(call.Context, Id(call));
        return Reply.Empty();
    }

    private static async Task<Reply> AddHost(Call call)
    {
        var host = (await call.BodyAsync<HostBody>("add_host")).Host;
        return View(await call.Get<AggregateOperations>().AddHostAsync(call.Context, Id(call), host));
    }

    private static async Task<Reply> RemoveHost(Call call)
    {
        var host = (await call.BodyAsync<HostBody>("remove_host")).Host;
        return View(await call.Get<AggregateOperations>().RemoveHostAsync(call.Context, Id(call), host));
    }

    private static async Task<Reply> SetMetadata(Call call)
    {
        var metadata = (await call.BodyAsync<MetadataBody>("set_metadata")).Metadata;
        var faults = new List<WireFault>();
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (key, value) in metadata)
        {
            string[] path = ["set_metadata", "metadata", key];
            if (value.ValueKind is not (System.Text.Json.JsonValueKind.String or System.Text.Json.JsonValueKind.Null)) { faults.Add(new(WireFaultKind.Type, path, WireSchema.Show(value), "'string', 'null'")); }
            else if (value.GetString() is { Length: > 255 }) { faults.Add(new(WireFaultKind.TooLong, path, WireSchema.Show(value), "255")); }
            else { changes[key] = value.GetString(); }
        }
        if (faults.Count > 0) { throw call.Endpoint.Api.Errors.Invalid(faults); }
        return View(await call.Get<AggregateOperations>().SetMetadataAsync(call.Context, Id(call), changes));
    }

    private static Reply View(AggregateAndHosts found) => Reply.Member("aggregate", AggregateView.Of(found));

    /// <summary>The id is an integer; anything else is 400.</summary>
    private static string Id(Call call) => long.TryParse(call.Route("id"), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? call.Route("id")
        : throw new BadRequestError("Invalid input received: id must be an integer");

    private sealed record CreateAggregate
    {
        [RequiredField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.NamePattern)] public required string Name { get; init; }
        [NullableField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.ZonePattern)] public string? AvailabilityZone { get; init; }
    }

    private sealed record UpdateAggregate
    {
        [Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.DescriptionPattern)] public string? Name { get; init; }
        [NullableField, Text(Min = 1, Max = NovaLimits.Name, Pattern = NovaLimits.ZonePattern)] public Optional<string?> AvailabilityZone { get; init; }
    }

    private sealed record HostBody
    {
        [RequiredField, Text(Min = 1, Max = 255, Pattern = NovaLimits.HostPattern)] public required string Host { get; init; }
    }

    private sealed record MetadataBody
    {
        [RequiredField, Text(KeyPattern = NovaLimits.MetadataKeyPattern)] public required Dictionary<string, System.Text.Json.JsonElement> Metadata { get; init; }
    }

    /// <summary>What a create answers: upstream leaves hosts and metadata out.</summary>
    private sealed class NewAggregateView(Aggregate aggregate)
    {
        public string? AvailabilityZone { get; } = aggregate.Zone;
        public string CreatedAt { get; } = WireTime.Micros(aggregate.CreatedAt);
        public bool Deleted { get; }
        public string? DeletedAt { get; }
        public long Id { get; } = aggregate.Number;
        public string Name { get; } = aggregate.Name;
        public string? UpdatedAt { get; } = WireTime.Micros(aggregate.UpdatedAt);
        [Since("2.41")] public string Uuid { get; } = aggregate.Id;
    }

    private sealed record AggregateView(long Id, string Name, string? AvailabilityZone, IReadOnlyList<string> Hosts, Dictionary<string, string> Metadata, string CreatedAt, string? UpdatedAt)
    {
        public bool Deleted { get; }
        public string? DeletedAt { get; }
        [Since("2.41")] public required string Uuid { get; init; }

        public static AggregateView Of(AggregateAndHosts found)
        {
            var (aggregate, hosts) = found;
            var metadata = new Dictionary<string, string>(aggregate.Metadata, StringComparer.Ordinal);
            if (aggregate.Zone is { } zone) { metadata["availability_zone"] = zone; }
            return new(aggregate.Number, aggregate.Name, aggregate.Zone, hosts, metadata, WireTime.Micros(aggregate.CreatedAt), WireTime.Micros(aggregate.UpdatedAt)) { Uuid = aggregate.Id };
        }
    }
}
