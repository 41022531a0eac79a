using System.Text.Json;
using Nephos.Kernel.Wire;
using Nephos.Keystone.ServiceEndpoints;

namespace Nephos.Keystone.EndpointGroups;

/// <summary>Body of a create. Upstream: <c>keystone/catalog/schema.py</c>.</summary>
public sealed record CreateEndpointGroup
{
    [RequiredField, Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public required string Name { get; init; }
    [NullableField] public string? Description { get; init; }
    [RequiredField] public required EndpointFilters Filters { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateEndpointGroup
{
    [Text(Min = 1, Max = 255, Pattern = @"[\S]+")] public string? Name { get; init; }
    [NullableField] public Optional<string?> Description { get; init; }
    public EndpointFilters? Filters { get; init; }
}

/// <summary>What the endpoints of a group have in common.</summary>
public sealed record EndpointFilters
{
    [Text(OneOf = ["admin", "internal", "public"])] public string? Interface { get; init; }
    public string? ServiceId { get; init; }
    [NullableField] public Optional<string?> RegionId { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Other { get; init; }

    internal bool IsEmpty => Interface is null && ServiceId is null && !RegionId.IsSet && Other is null or { Count: 0 };

    internal string Text()
    {
        if (Other is { Count: > 0 }) { throw Faults.Expecting("service_id or region_id or interface", "endpoint_group"); }
        var all = new Dictionary<string, string?>();
        if (ServiceId is not null) { all["service_id"] = ServiceId; }
        if (RegionId.IsSet) { all["region_id"] = RegionId.Value; }
        if (Interface is not null) { all["interface"] = Interface; }
        return JsonSerializer.Serialize(all);
    }

    /// <summary>The endpoints of a group, of all that there are.</summary>
    internal static IEnumerable<ServiceEndpoint> Among(string filters, IEnumerable<ServiceEndpoint> endpoints)
    {
        var wanted = JsonSerializer.Deserialize<Dictionary<string, string?>>(filters)!;
        return endpoints.Where(e => wanted.All(f => f.Value == f.Key switch { "service_id" => e.ServiceId, "region_id" => e.RegionId, _ => e.Interface }));
    }
}

/// <summary>An endpoint group as clients see it.</summary>
public sealed record EndpointGroupView(string Id, string Name, string? Description, Dictionary<string, string?> Filters, SelfLink Links)
{
    internal static EndpointGroupView Of(EndpointGroup group, string v3) =>
        new(group.Id, group.Name, group.Description, JsonSerializer.Deserialize<Dictionary<string, string?>>(group.Filters)!, new SelfLink($"{v3}/OS-EP-FILTER/endpoint_groups/{group.Id}"));
}

/// <summary>That a project has a group. Upstream's link has no host.</summary>
public sealed record ProjectEndpointGroupView(string EndpointGroupId, string ProjectId, SelfLink Links);
