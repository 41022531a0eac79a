using Nephos.Kernel.Api;
using Nephos.Kernel.Wire;

namespace Nephos.Keystone.Federation.Protocols;

/// <summary>Protocols of identity providers. Upstream: <c>keystone/api/os_federation.py</c>, IDPProtocolsCRUDResource.</summary>
internal static class FederationProtocolEndpoints
{
    public static void Map(ResourceGroup protocols)
    {
        protocols.Get("", List).Policy("identity:list_protocols", Policies.AdminOrSystemReader).NotPaged("an identity provider has one or two");
        protocols.Put("/{protocol_id}", Create).PolicyOnRow("identity:create_protocol", Policies.Admin).Answers(201);
        protocols.Get("/{protocol_id}", Show).Policy("identity:get_protocol", Policies.AdminOrSystemReader);
        protocols.Patch("/{protocol_id}", Update).PolicyOnRow("identity:update_protocol", Policies.Admin);
        protocols.Delete("/{protocol_id}", Delete).Policy("identity:delete_protocol", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var rows = await call.Get<FederationProtocolOperations>().ListAsync(call.Route("idp_id"));
        return call.List("protocols", rows.ConvertAll(row => ListedFederationProtocolView.Of(row, call.V3())));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyThenRightsAsync<CreateFederationProtocol>("protocol");
        var row = new FederationProtocol { Id = call.Route("protocol_id"), IdpId = call.Route("idp_id"), MappingId = request.MappingId, RemoteIdAttribute = request.RemoteIdAttribute };
        return View(call, await call.Get<FederationProtocolOperations>().CreateAsync(call.Context, row));
    }

    private static async Task<Reply> Show(Call call) => View(call,
        await call.Get<FederationProtocolOperations>().FindAsync(call.Route("idp_id"), call.Route("protocol_id")) ?? throw FederationErrors.NoProtocol(call.Route("idp_id"), call.Route("protocol_id")));

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyThenRightsAsync<UpdateFederationProtocol>("protocol");
        return View(call, await call.Get<FederationProtocolOperations>().UpdateAsync(call.Context, call.Route("idp_id"), call.Route("protocol_id"), request));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<FederationProtocolOperations>().DeleteAsync(call.Context, call.Route("idp_id"), call.Route("protocol_id"));
        return Reply.Empty();
    }

    private static Reply View(Call call, FederationProtocol row) => Reply.Member("protocol", FederationProtocolView.Of(row, call.V3()));
}

/// <summary>Body of a create. Upstream: <c>keystone/federation/schema.py</c>.</summary>
public sealed record CreateFederationProtocol
{
    [RequiredField, Text(Min = 1, Max = 64)] public required string MappingId { get; init; }
    [NullableField, Text(Max = 64)] public string? RemoteIdAttribute { get; init; }
}

/// <summary>Body of an update; the attribute cannot be taken away.</summary>
public sealed record UpdateFederationProtocol
{
    [RequiredField, Text(Min = 1, Max = 64)] public required string MappingId { get; init; }
    [Text(Max = 64)] public string? RemoteIdAttribute { get; init; }
}

/// <summary>A protocol as clients see it alone; upstream leaves the attribute out here.</summary>
public sealed record FederationProtocolView(string Id, string MappingId, FederationProtocolLinks Links)
{
    internal static FederationProtocolView Of(FederationProtocol row, string v3) => new(row.Id, row.MappingId, FederationProtocolLinks.Of(row, v3));
}

/// <summary>A protocol in a list.</summary>
public sealed record ListedFederationProtocolView(string Id, string IdpId, string MappingId, string? RemoteIdAttribute, FederationProtocolLinks Links)
{
    internal static ListedFederationProtocolView Of(FederationProtocol row, string v3) => new(row.Id, row.IdpId, row.MappingId, row.RemoteIdAttribute, FederationProtocolLinks.Of(row, v3));
}

public sealed record FederationProtocolLinks(string Self, string IdentityProvider)
{
    internal static FederationProtocolLinks Of(FederationProtocol row, string v3)
    {
        var provider = $"{v3}/OS-FEDERATION/identity_providers/{Uri.EscapeDataString(row.IdpId)}";
        return new($"{provider}/protocols/{Uri.EscapeDataString(row.Id)}", provider);
    }
}
