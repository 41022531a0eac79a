using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;
using Nephos.Kernel.Ids;
using Nephos.Kernel.Store;
using Nephos.Kernel.Wire;
using Nephos.Keystone.Catalog;
using Nephos.Keystone.Lists;
using Nephos.Keystone.Regions;

namespace Nephos.Keystone.ServiceEndpoints;

/// <summary>The addresses in the catalog. Upstream: identity api-ref, "Endpoints".</summary>
internal static class ServiceEndpointResource
{
    public static void Map(ResourceGroup endpoints)
    {
        endpoints.Get("", List).Policy("identity:list_endpoints", Policies.AdminOrSystemReader).Paged();
        endpoints.Post("", Create).Policy("identity:create_endpoint", Policies.Admin).Answers(201);
        endpoints.Get("/{endpoint_id}", Show).Policy("identity:get_endpoint", Policies.AdminOrSystemReader);
        endpoints.Patch("/{endpoint_id}", Update).Policy("identity:update_endpoint", Policies.Admin);
        endpoints.Delete("/{endpoint_id}", Delete).Policy("identity:delete_endpoint", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        if (call.Query["interface"] is { } kind && kind is not ("admin" or "internal" or "public")) { throw new BadRequestError($"Invalid input for field/attribute interface. Value: {kind}. '{kind}' is not one of ['admin', 'internal', 'public']"); }
        return call.Page("endpoints", (await call.Get<ServiceEndpointOperations>().ListAsync(call.Query)).Page(call.Query, call.Get<KeystoneSettings>(), e => e.Id), e => ServiceEndpointView.Of(e, call.V3()), e => e.Id);
    }

    private static async Task<Reply> Create(Call call) =>
        Reply.Member("endpoint", ServiceEndpointView.Of(await call.Get<ServiceEndpointOperations>().CreateAsync(call.Context, await call.BodyAsync<CreateEndpoint>("endpoint")), call.V3()));

    private static async Task<Reply> Show(Call call) =>
        Reply.Member("endpoint", ServiceEndpointView.Of(await call.Get<ServiceEndpointOperations>().GetAsync(call.Route("endpoint_id")), call.V3()));

    private static async Task<Reply> Update(Call call) =>
        Reply.Member("endpoint", ServiceEndpointView.Of(await call.Get<ServiceEndpointOperations>().UpdateAsync(call.Context, call.Route("endpoint_id"), await call.BodyAsync<UpdateEndpoint>("endpoint")), call.V3()));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<ServiceEndpointOperations>().DeleteAsync(call.Context, call.Route("endpoint_id"));
        return Reply.Empty();
    }
}

/// <summary>Body of a create. Upstream: <c>keystone/catalog/schema.py</c>. <c>region</c> is the older name of <c>region_id</c>, and makes the region when there is none.</summary>
public sealed record CreateEndpoint
{
    [RequiredField, Text(OneOf = ["admin", "internal", "public"])] public required string Interface { get; init; }
    [RequiredField] public required string ServiceId { get; init; }
    [RequiredField, Text(Max = 225, Pattern = "^[a-zA-Z0-9+.-]+:.+")] public required string Url { get; init; }
    [NullableField] public string? RegionId { get; init; }
    [NullableField] public string? Region { get; init; }
    public bool? Enabled { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateEndpoint
{
    [Text(OneOf = ["admin", "internal", "public"])] public string? Interface { get; init; }
    public string? ServiceId { get; init; }
    [Text(Max = 225, Pattern = "^[a-zA-Z0-9+.-]+:.+")] public string? Url { get; init; }
    [NullableField] public Optional<string?> RegionId { get; init; }
    [NullableField] public string? Region { get; init; }
    public bool? Enabled { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>An endpoint as clients see it.</summary>
public sealed record ServiceEndpointView(string Id, string Interface, string? RegionId, string? Region, string ServiceId, string Url, bool Enabled, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static ServiceEndpointView Of(ServiceEndpoint row, string v3) => new(row.Id, row.Interface, row.RegionId, row.RegionId, row.ServiceId, row.Url, row.Enabled, new SelfLink($"{v3}/endpoints/{row.Id}"))
    {
        Extra = Keystone.Extra.Read(row.Extra),
    };
}

/// <summary>Reads and writes of endpoints.</summary>
internal sealed class ServiceEndpointOperations(Store<KeystoneDb> store, CatalogCache catalog)
{
    public Task<ServiceEndpoint?> FindAsync(string id) => store.ReadAsync(db => db.ServiceEndpoints.FirstOrDefaultAsync(e => e.Id == id));

    public async Task<ServiceEndpoint> GetAsync(string id) => await FindAsync(id) ?? throw NotFound(id);

    public Task<List<ServiceEndpoint>> ListAsync() => store.ReadAsync(db => db.ServiceEndpoints.OrderBy(e => e.Id).ToListAsync());

    public Task<List<ServiceEndpoint>> ListAsync(CallQuery query) => store.ReadAsync(db =>
        db.ServiceEndpoints.Text(query, "interface", e => e.Interface).Text(query, "service_id", e => e.ServiceId).Text(query, "region_id", e => e.RegionId).OrderBy(e => e.Id).ToListAsync());

    public Task<ServiceEndpoint> CreateAsync(RequestContext context, CreateEndpoint request) => store.WriteAsync(async db =>
    {
        EnsureUrl(request.Url);
        var row = new ServiceEndpoint
        {
            Id = NewId.Hex(),
            Interface = request.Interface,
            ServiceId = request.ServiceId,
            RegionId = request.RegionId ?? await RegionAsync(db, request.Region),
            Url = request.Url,
            Enabled = request.Enabled ?? true,
            Extra = Extra.Write(WithoutOurs(request.Extra)),
        };
        await EnsureReferencesAsync(db, row);
        db.ServiceEndpoints.Add(row);
        await catalog.ChangedAsync(db);
        db.Record(context, "create", "endpoint", row.Id);
        return row;
    });

    /// <summary>An endpoint of the cloud's own that an operator changes is theirs from then on: no start sets it back.</summary>
    public Task<ServiceEndpoint> UpdateAsync(RequestContext context, string id, UpdateEndpoint request) => store.WriteAsync(async db =>
    {
        if (request.Extra is { } extra && extra.TryGetValue("id", out var other) && other.ToString() != id) { throw new BadRequestError("Cannot change ID"); }
        if (request.Url is { } url) { EnsureUrl(url); }
        var row = await db.ServiceEndpoints.AsTracking().FirstOrDefaultAsync(e => e.Id == id) ?? throw NotFound(id);
        row.Own = false;
        row.Interface = request.Interface ?? row.Interface;
        row.ServiceId = request.ServiceId ?? row.ServiceId;
        row.Url = request.Url ?? row.Url;
        row.Enabled = request.Enabled ?? row.Enabled;
        if (request.RegionId.IsSet) { row.RegionId = request.RegionId.Value; }
        else if (request.Region is not null) { row.RegionId = await RegionAsync(db, request.Region); }
        row.Extra = Extra.Merge(row.Extra, WithoutOurs(request.Extra));
        await EnsureReferencesAsync(db, row);
        await catalog.ChangedAsync(db);
        db.Record(context, "update", "endpoint", id);
        return row;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.ServiceEndpoints.Where(e => e.Id == id).ExecuteDeleteAsync() == 0) { throw NotFound(id); }
        await db.EndpointPolicies.Where(a => a.EndpointId == id).ExecuteDeleteAsync();
        await catalog.ChangedAsync(db);
        db.Record(context, "delete", "endpoint", id);
    });

    public static NotFoundError NotFound(string id) => new($"Could not find endpoint: {id}.");

    private static async Task<string?> RegionAsync(KeystoneDb db, string? name)
    {
        if (name is not null && !await db.Regions.AnyAsync(r => r.Id == name))
        {
            db.Regions.Add(new Region { Id = name });
            await db.SaveChangesAsync();
        }
        return name;
    }

    private static async Task EnsureReferencesAsync(KeystoneDb db, ServiceEndpoint row)
    {
        if (row.RegionId is not null && !await db.Regions.AnyAsync(r => r.Id == row.RegionId)) { throw Faults.Expecting("endpoint region_id", "region table"); }
        if (!await db.Services.AnyAsync(s => s.Id == row.ServiceId)) { throw Faults.Expecting("endpoint service_id", "service table"); }
    }

    /// <summary>What the catalog could not fill in later is refused now.</summary>
    private static void EnsureUrl(string url)
    {
        if (Catalog.CatalogReader.Fill(url, "project", "user") is null) { throw new BadRequestError($"Cannot create an endpoint with an invalid URL: {url}."); }
    }

    private static Dictionary<string, JsonElement>? WithoutOurs(Dictionary<string, JsonElement>? extra) => extra?.Where(e => e.Key is not ("id" or "links")).ToDictionary(e => e.Key, e => e.Value);
}
