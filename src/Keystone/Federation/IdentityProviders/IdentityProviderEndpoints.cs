using Nephos.Kernel.Api;
using Nephos.Kernel.Ids;

namespace Nephos.Keystone.Federation.IdentityProviders;

/// <summary>Identity providers. Upstream: identity api-ref, OS-FEDERATION, "Identity providers"; <c>keystone/api/os_federation.py</c>. A body is checked before the caller's rights, as there.</summary>
internal static class IdentityProviderEndpoints
{
    public static void Map(ResourceGroup providers)
    {
        providers.Get("", List).Policy("identity:list_identity_providers", Policies.AdminOrSystemReader).NotPaged("a cloud has a handful");
        providers.Put("/{idp_id}", Create).PolicyOnRow("identity:create_identity_provider", Policies.Admin).Answers(201);
        providers.Get("/{idp_id}", Show).Policy("identity:get_identity_provider", Policies.AdminOrSystemReader);
        providers.Patch("/{idp_id}", Update).PolicyOnRow("identity:update_identity_provider", Policies.Admin);
        providers.Delete("/{idp_id}", Delete).Policy("identity:delete_identity_provider", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var rows = await call.Get<IdentityProviderOperations>().ListAsync(call.Query);
        return call.List("identity_providers", rows.ConvertAll(row => IdentityProviderView.Of(row, call.V3())));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = (await call.BodyThenRightsAsync<CreateIdentityProviderBody>(null)).IdentityProvider ?? new CreateIdentityProvider();
        return View(call, await call.Get<IdentityProviderOperations>().CreateAsync(call.Context, call.Route("idp_id"), request, NewId.Hex()));
    }

    private static async Task<Reply> Show(Call call) => View(call, await call.Get<IdentityProviderOperations>().FindAsync(call.Route("idp_id")) ?? throw FederationErrors.NoIdentityProvider(call.Route("idp_id")));

    private static async Task<Reply> Update(Call call)
    {
        var request = await call.BodyThenRightsAsync<UpdateIdentityProvider>("identity_provider");
        return View(call, await call.Get<IdentityProviderOperations>().UpdateAsync(call.Context, call.Route("idp_id"), request));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<IdentityProviderOperations>().DeleteAsync(call.Context, call.Route("idp_id"));
        return Reply.Empty();
    }

    private static Reply View(Call call, IdentityProviderRow row) => Reply.Member("identity_provider", IdentityProviderView.Of(row, call.V3()));
}
