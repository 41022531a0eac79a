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

namespace Nephos.Keystone.Services;

/// <summary>The services of the catalog. Upstream: identity api-ref, "Services". With a service go its endpoints.</summary>
internal static class ServiceResource
{
    public static void Map(ResourceGroup services)
    {
        services.Get("", List).Policy("identity:list_services", Policies.AdminOrSystemReader).Paged();
        services.Post("", Create).Policy("identity:create_service", Policies.Admin).Answers(201);
        services.Get("/{service_id}", Show).Policy("identity:get_service", Policies.AdminOrSystemReader);
        services.Patch("/{service_id}", Update).Policy("identity:update_service", Policies.Admin);
        services.Delete("/{service_id}", Delete).Policy("identity:delete_service", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var rows = (await call.Get<ServiceOperations>().ListAsync()).ConvertAll(s => ServiceView.Of(s, call.V3()));
        // The name is no column, see Service.Extra; the few rows are filtered here.
        return call.Page("services", rows.AsQueryable().Text(call.Query, "type", s => s.Type).Text(call.Query, "name", s => s.Name).Page(call.Query, call.Get<KeystoneSettings>(), s => s.Id), s => s, s => s.Id);
    }

    private static async Task<Reply> Create(Call call) =>
        Reply.Member("service", ServiceView.Of(await call.Get<ServiceOperations>().CreateAsync(call.Context, await call.BodyAsync<CreateService>("service")), call.V3()));

    private static async Task<Reply> Show(Call call) =>
        Reply.Member("service", ServiceView.Of(await call.Get<ServiceOperations>().FindAsync(call.Route("service_id")) ?? throw Faults.NotFound("service", call.Route("service_id")), call.V3()));

    private static async Task<Reply> Update(Call call) =>
        Reply.Member("service", ServiceView.Of(await call.Get<ServiceOperations>().UpdateAsync(call.Context, call.Route("service_id"), await call.BodyAsync<UpdateService>("service")), call.V3()));

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<ServiceOperations>().DeleteAsync(call.Context, call.Route("service_id"));
        return Reply.Empty();
    }
}

/// <summary>Body of a create. Upstream: <c>keystone/catalog/schema.py</c>.</summary>
public sealed record CreateService
{
    [RequiredField, Text(Min = 1, Max = 255)] public required string Type { get; init; }
    public bool? Enabled { get; init; }
    [Text(Min = 1, Max = 255)] public string? Name { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>Body of an update.</summary>
[NotEmpty]
public sealed record UpdateService
{
    [Text(Min = 1, Max = 255)] public string? Type { get; init; }
    public bool? Enabled { get; init; }
    [Text(Min = 1, Max = 255)] public string? Name { get; init; }
    [Rest] public Dictionary<string, JsonElement>? Extra { get; init; }
}

/// <summary>A service as clients see it.</summary>
public sealed record ServiceView(string Id, string Type, bool Enabled, string Name, SelfLink Links)
{
    [Rest] public Dictionary<string, JsonElement> Extra { get; init; } = [];

    internal static ServiceView Of(Service service, string v3)
    {
        var extra = Keystone.Extra.Read(service.Extra);
        var name = extra.Remove("name", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
        return new(service.Id, service.Type, service.Enabled, name, new SelfLink($"{v3}/services/{service.Id}")) { Extra = extra };
    }
}

/// <summary>Reads and writes of services.</summary>
internal sealed class ServiceOperations(Store<KeystoneDb> store, CatalogCache catalog)
{
    public Task<Service?> FindAsync(string id) => store.ReadAsync(db => db.Services.FirstOrDefaultAsync(s => s.Id == id));
    public Task<List<Service>> ListAsync() => store.ReadAsync(db => db.Services.OrderBy(s => s.Id).ToListAsync());

    public Task<Service> CreateAsync(RequestContext context, CreateService request) => store.WriteAsync(async db =>
    {
        var service = new Service { Id = NewId.Hex(), Type = request.Type, Enabled = request.Enabled ?? true, Extra = Extra.Write(With(request.Extra, request.Name ?? "")) };
        db.Services.Add(service);
        await catalog.ChangedAsync(db);
        db.Record(context, "create", "service", service.Id);
        return service;
    });

    public Task<Service> UpdateAsync(RequestContext context, string id, UpdateService request) => store.WriteAsync(async db =>
    {
        if (request.Extra is { } extra && extra.TryGetValue("id", out var other) && other.ToString() != id) { throw new BadRequestError("Cannot change ID"); }
        var service = await db.Services.AsTracking().FirstOrDefaultAsync(s => s.Id == id) ?? throw Faults.NotFound("service", id);
        service.Type = request.Type ?? service.Type;
        service.Enabled = request.Enabled ?? service.Enabled;
        service.Extra = Extra.Merge(service.Extra, With(request.Extra, request.Name));
        await catalog.ChangedAsync(db);
        db.Record(context, "update", "service", id);
        return service;
    });

    public Task DeleteAsync(RequestContext context, string id) => store.WriteAsync(async db =>
    {
        if (await db.RegisteredLimits.AnyAsync(l => l.ServiceId == id)) { throw Faults.Conflict("service", $"service {id} has registered limits"); }
        await db.EndpointPolicies.Where(a => a.ServiceId == id || db.ServiceEndpoints.Any(e => e.ServiceId == id && e.Id == a.EndpointId)).ExecuteDeleteAsync();
        if (await db.Services.Where(s => s.Id == id).ExecuteDeleteAsync() == 0) { throw Faults.NotFound("service", id); }
        await catalog.ChangedAsync(db);
        db.Record(context, "delete", "service", id);
    });

    private static Dictionary<string, JsonElement> With(Dictionary<string, JsonElement>? extra, string? name)
    {
        var all = extra?.Where(e => e.Key is not ("id" or "links")).ToDictionary(e => e.Key, e => e.Value) ?? [];
        if (name is not null) { all["name"] = JsonSerializer.SerializeToElement(name); }
        return all;
    }
}
