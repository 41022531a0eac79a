using Nephos.Kernel.Api;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.ServiceProviders;

/// <summary>Service providers. Upstream: <c>keystone/api/os_federation.py</c>, ServiceProviderResource.</summary>
internal static class ServiceProviderEndpoints
{
    public static void Map(ResourceGroup providers)
    {
        providers.Get("", List).Policy("identity:list_service_providers", Policies.AdminOrSystemReader).NotPaged("a cloud has a handful");
        providers.Put("/{sp_id}", Create).PolicyOnRow("identity:create_service_provider", Policies.Admin).Answers(201);
        providers.Get("/{sp_id}", Show).Policy("identity:get_service_provider", Policies.AdminOrSystemReader);
        providers.Patch("/{sp_id}", Update).PolicyOnRow("identity:update_service_provider", Policies.Admin);
        providers.Delete("/{sp_id}", Delete).Policy("identity:delete_service_provider", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var rows = await call.Get<ServiceProviderOperations>().ListAsync(call.Query);
        return call.List("service_providers", rows.ConvertAll(row => ServiceProviderView.Of(row, call.V3())));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyThenRightsAsync<CreateServiceProvider>("service_provider");
        return View(call, await call.Get<ServiceProviderOperations>().CreateAsync(call.Context, call.Route("sp_id"), request));
    }

    private static async Task<Reply> Show(Call call) => View(call, await call.Get<ServiceProviderOperations>().FindAsync(call.Route("sp_id")) ?? throw FederationErrors.NoServiceProvider(call.Route("sp_id")));

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyThenRightsAsync<UpdateServiceProvider>("service_provider");
        return View(call, await call.Get<ServiceProviderOperations>().UpdateAsync(call.Context, call.Route("sp_id"), request));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<ServiceProviderOperations>().DeleteAsync(call.Context, call.Route("sp_id"));
        return Reply.Empty();
    }

    private static Reply View(Call call, ServiceProvider row) => Reply.Member("service_provider", ServiceProviderView.Of(row, call.V3()));
}

/// <summary>Body of a create. Upstream: <c>keystone/federation/schema.py</c>.</summary>
public sealed record CreateServiceProvider
{
    [RequiredField, Text(Max = 225, Pattern = "^[a-zA-Z0-9+.-]+:.+")] public required string AuthUrl { get; init; }
    [RequiredField, Text(Max = 225, Pattern = "^[a-zA-Z0-9+.-]+:.+")] public required string SpUrl { get; init; }
    [NullableField] public string? Description { get; init; }
    public bool? Enabled { get; init; }
    [NullableField] public string? RelayStatePrefix { get; init; }
}

/// <summary>Body of an update.</summary>
public sealed record UpdateServiceProvider : IUpdateBody
{
    [Text(Max = 225, Pattern = "^[a-zA-Z0-9+.-]+:.+")] public string? AuthUrl { get; init; }
    [Text(Max = 225, Pattern = "^[a-zA-Z0-9+.-]+:.+")] public string? SpUrl { get; init; }
    [NullableField] public Optional<string?> Description { get; init; }
    public bool? Enabled { get; init; }
    [NullableField] public Optional<string?> RelayStatePrefix { get; init; }

    bool IUpdateBody.IsEmpty => AuthUrl is null && SpUrl is null && !Description.IsSet && Enabled is null && !RelayStatePrefix.IsSet;
}

/// <summary>A service provider as clients see it.</summary>
public sealed record ServiceProviderView(string Id, bool Enabled, string? Description, string AuthUrl, string SpUrl, string RelayStatePrefix, SelfLink Links)
{
    internal static ServiceProviderView Of(ServiceProvider row, string v3) =>
        new(row.Id, row.Enabled, row.Description, row.AuthUrl, row.SpUrl, row.RelayStatePrefix, new SelfLink($"{v3}/OS-FEDERATION/service_providers/{Uri.EscapeDataString(row.Id)}"));
}

/// <summary>A service provider as tokens list it.</summary>
public sealed record ServiceProviderName(string AuthUrl, string Id, string SpUrl);
