using Nephos.Kernel.Api;
using Nephos.Keystone.Lists;

namespace Nephos.Keystone.RegisteredLimits;

/// <summary>What services limit, and the defaults. Upstream: identity api-ref, "Unified Limits".</summary>
internal static class RegisteredLimitEndpoints
{
    public static void Map(ResourceGroup limits)
    {
        limits.Get("", List).Policy("identity:list_registered_limits", Policies.Anyone).Paged();
        limits.Post("", Create).Policy("identity:create_registered_limits", Policies.Admin).Answers(201);
        limits.Get("/{registered_limit_id}", Show).Policy("identity:get_registered_limit", Policies.Anyone);
        limits.Patch("/{registered_limit_id}", Update).Policy("identity:update_registered_limit", Policies.Admin);
        limits.Delete("/{registered_limit_id}", Delete).Policy("identity:delete_registered_limit", Policies.Admin).Answers(204);
    }

    private static async Task<Reply> List(Call call) =>
        call.Page("registered_limits", await call.Get<RegisteredLimitOperations>().ListAsync(call.Query), row => RegisteredLimitView.Of(row, call.V3()), row => row.Id);

    private static async Task<Reply> Create(Call call)
    {
        var made = await call.Get<RegisteredLimitOperations>().CreateAsync(call.Context, (await call.BodyAsync<CreateRegisteredLimits>(null)).RegisteredLimits);
        return Reply.Member("registered_limits", made.ConvertAll(row => RegisteredLimitView.Of(row, call.V3())));
    }

    private static async Task<Reply> Show(Call call) =>
        Reply.Member("registered_limit", RegisteredLimitView.Of(await call.Get<RegisteredLimitOperations>().FindAsync(call.Route("registered_limit_id")), call.V3()));

    private static async Task<Reply> Update(Call call)
    {
        var updated = await call.Get<RegisteredLimitOperations>().UpdateAsync(call.Context, call.Route("registered_limit_id"), await call.BodyAsync<UpdateRegisteredLimit>("registered_limit"));
        return Reply.Member("registered_limit", RegisteredLimitView.Of(updated, call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<RegisteredLimitOperations>().DeleteAsync(call.Context, call.Route("registered_limit_id"));
        return Reply.Empty();
    }
}
