using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Errors;

namespace Nephos.Keystone.Credentials;

/// <summary>Credentials. Upstream: identity api-ref, "Credentials". Tokens of trusts, OAuth and application credentials reach only credentials of their project.</summary>
internal static class CredentialEndpoints
{
    private const string Read = Policies.AdminOrSystemReader + " or user_id:%(target.credential.user_id)s";
    private const string Write = Policies.Admin + " or user_id:%(target.credential.user_id)s";

    public static void Map(ResourceGroup credentials)
    {
        credentials.Get("", List).PolicyOnRow("identity:list_credentials", Read).NotPaged("upstream does not");
        credentials.Post("", Create).PolicyOnRow("identity:create_credential", Write).Answers(201);
        credentials.Get("/{credential_id}", Show).PolicyOnRow("identity:get_credential", Read);
        credentials.Patch("/{credential_id}", Update).PolicyOnRow("identity:update_credential", Write);
        credentials.Delete("/{credential_id}", Delete).PolicyOnRow("identity:delete_credential", Write).Answers(204);
    }

    private static async Task<Reply> List(Call call)
    {
        var who = call.Context.Who;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.credential.user_id", who.SystemScope is null ? who.UserId : null)));
        // Whom policy lets see the credential of anybody sees all, others their own.
        var all = call.Allows("identity:get_credential", Target.Of(("target.credential.user_id", "")));
        var rows = await call.Get<CredentialOperations>().ListAsync(call.Query, all ? null : who.UserId, Narrowed(who) ? who.ProjectId : null);
        return call.List("credentials", rows.ConvertAll(row => CredentialView.Of(row, call.V3())));
    }

    private static async Task<Reply> Create(Call call)
    {
        var request = await call.BodyAsync<CreateCredential>("credential");
        var who = call.Context.Who;
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.credential.user_id", request.UserId)));
        if (CredentialOperations.IsEc2(request.Type)) { RefuseRestricted(who); }
        EnsureInScope(who, request.ProjectId.Value);
        return Reply.Member("credential", CredentialView.Of(await call.Get<CredentialOperations>().CreateAsync(call.Context, request), call.V3()));
    }

    private static async Task<Reply> Show(Call call) => Reply.Member("credential", CredentialView.Of(await FindAsync(call), call.V3()));

    private static async Task<Reply> Update(Call call)
    {
        var seen = await FindAsync(call);
        var request = await call.BodyAsync<UpdateCredential>("credential");
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.credential.user_id", request.UserId ?? seen.Row.UserId)));
        return Reply.Member("credential", CredentialView.Of(await call.Get<CredentialOperations>().UpdateAsync(call.Context, seen, request), call.V3()));
    }

    private static async Task<Reply> Delete(Call call)
    {
        await call.Get<CredentialOperations>().DeleteAsync(call.Context, (await FindAsync(call)).Row.Id);
        return Reply.Empty();
    }

    private static async Task<OpenCredential> FindAsync(Call call)
    {
        var found = await call.Get<CredentialOperations>().FindAsync(call.Route("credential_id"));
        call.Enforce(call.Endpoint.PolicyName!, Target.Of(("target.credential.user_id", found?.Row.UserId)));
        if (found is null) { throw Faults.NotFound("credential", call.Route("credential_id")); }
        EnsureInScope(call.Context.Who, found.Row.ProjectId);
        return found;
    }

    internal static void RefuseRestricted(Identity who)
    {
        if (who is { ApplicationCredentialId: not null, IsUnrestricted: false }) { throw Faults.Forbidden("Using method 'application_credential' is not allowed for managing additional credentials."); }
    }

    /// <summary>A token of one project must not reach secrets of another, nor those of no project, such as the user's second factor.</summary>
    internal static void EnsureInScope(Identity who, string? projectId)
    {
        if (Narrowed(who) && projectId != who.ProjectId) { throw Faults.Forbidden("Credential project does not match the project scope of the delegated token"); }
    }

    internal static bool Narrowed(Identity who) => who.IsDelegated || who.ApplicationCredentialId is not null;
}
