using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Keystone.Roles;

namespace Nephos.Keystone.Trusts;

/// <summary>Trusts. Upstream: identity api-ref, "Trusts" (OS-TRUST). Unlike elsewhere, a trust that is not there is 404 to everyone. Tokens of application credentials get nowhere here.</summary>
internal static class TrustEndpoints
{
    private const string ReadTrust = Policies.AdminOrSystemReader + " or user_id:%(target.trust.trustor_user_id)s or user_id:%(target.trust.trustee_user_id)s";

    public static void Map(ResourceGroup trusts)
    {
        trusts.Get("", List).PolicyOnRow("identity:list_trusts", Policies.AdminOrSystemReader).NotPaged("upstream does not");
        trusts.Api.Declare("identity:list_trusts_for_trustor", Policies.AdminOrSystemReader + " or user_id:%(target.trust.trustor_user_id)s");
        trusts.Api.Declare("identity:list_trusts_for_trustee", Policies.AdminOrSystemReader + " or user_id:%(target.trust.trustee_user_id)s");
        trusts.Post("", Create).PolicyOnRow("identity:create_trust", "user_id:%(target.trust.trustor_user_id)s").Answers(201);
        trusts.Get("/{trust_id}", Show).PolicyOnRow("identity:get_trust", ReadTrust);
        trusts.Delete("/{trust_id}", Delete).PolicyOnRow("identity:delete_trust", Policies.Admin + " or user_id:%(target.trust.trustor_user_id)s").Answers(204);
        trusts.Get("/{trust_id}/roles", Roles).PolicyOnRow("identity:list_roles_for_trust", ReadTrust).NotPaged("a trust has few roles");
        trusts.Get("/{trust_id}/roles/{role_id}", Role).PolicyOnRow("identity:get_role_for_trust", ReadTrust);
    }

    private static async Task<Reply> List(Call call)
    {
        var (trustor, trustee) = (call.Query["trustor_user_id"], call.Query["trustee_user_id"]);
        if (!string.IsNullOrEmpty(trustor)) { call.Enforce("identity:list_trusts_for_trustor", Target.Of(("target.trust.trustor_user_id", trustor))); }
        else if (!string.IsNullOrEmpty(trustee)) { call.Enforce("identity:list_trusts_for_trustee", Target.Of(("target.trust.trustee_user_id", trustee))); }
        else { call.Enforce(call.Endpoint.PolicyName!, Target.Of()); }
        RefuseApplicationCredential(call.Context.Who);
        // Upstream answers none to a query that names neither.
        var rows = string.IsNullOrEmpty(trustor) && string.IsNullOrEmpty(trustee) && call.Query.Names.Any() ? [] : await call.Get<TrustOperations>().ListAsync(trustor, trustee);
        return call.List("trusts", rows.ConvertAll(trust => TrustView.Of(trust, call.V3())));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateTrust>("trust");
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.trust.trustor_user_id", request.TrustorUserId)));
        RefuseApplicationCredential(call.Context.Who);
        if (!string.IsNullOrEmpty(request.ProjectId) && request.Roles is not { Count: > 0 }) { throw Faults.Forbidden("At least one role should be specified"); }
        if (call.Context.UserId != request.TrustorUserId) { throw Faults.Forbidden("The authenticated user should match the trustor"); }
        var (trust, roles) = await call.Get<TrustOperations>().CreateAsync(call.Context, request);
        return Reply.Member("trust", TrustView.Of(trust, roles, call.V3()));
    }

    private static async Task<Reply> Show(Call call)
    {
        var (trust, roles) = await FindAsync(call);
        return Reply.Member("trust", TrustView.Of(trust, roles, call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        var (trust, _) = await FindAsync(call);
        await call.Get<TrustOperations>().DeleteAsync(call.Context, trust.Id);
        return Reply.Empty();
    }

    private static async Task<Reply> Roles(Call call)
    {
        var (trust, roles) = await FindAsync(call);
        return Reply.Members([("roles", roles.ConvertAll(role => RoleView.Of(role, call.V3()))), ("links", TrustView.LinksOfRoles(trust.Id, call.V3()))]);
    }

    private static async Task<Reply> Role(Call call)
    {
        var (_, roles) = await FindAsync(call);
        var id = call.Route("role_id");
        return Reply.Member("role", RoleView.Of(roles.Find(role => role.Id == id) ?? throw Faults.NotFound("role", id), call.V3()));
    }

    private static async Task<(Trust Trust, List<Role> Roles)> FindAsync(Call call)
    {
        var found = await call.Get<TrustOperations>().FindAsync(call.Route("trust_id"), call.Context.Now);
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.trust.trustor_user_id", found.Trust.TrustorUserId), ("target.trust.trustee_user_id", found.Trust.TrusteeUserId)));
        RefuseApplicationCredential(call.Context.Who);
        return found;
    }

    /// <summary>An application credential is for one project; through trusts it would reach further.</summary>
    private static void RefuseApplicationCredential(Identity who)
    {
        if (who.ApplicationCredentialId is not null) { throw Faults.Forbidden("Using method 'application_credential' is not allowed for managing trusts."); }
    }
}
